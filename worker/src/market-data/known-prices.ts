// What is stored of symbols that their next bars are judged by, read for many at once.
import type { Queryable } from '@closebell/prisma/client';
import { loadActions, loadClosesAsOf } from '@closebell/prisma/prices';
import { loadAcceptedBars } from '@closebell/prisma/quarantined-bars';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { groupBy } from '@closebell/shared/grouping';
import type { KnownPrices } from './bar-inquiry.js';

/** `from`: the first session that is missing. `recheck`: how many sessions before it are asked for again. */
type Start = Readonly<{ symbol: string; from: string; recheck: number }>;

/** Of each start the closes before it, and the symbol's splits up to `to`. */
export async function loadKnownPrices(
  client: Queryable,
  calendar: TradingCalendar,
  starts: readonly Start[],
  to: string,
): Promise<(start: Start) => KnownPrices> {
  const symbols = [...new Set(starts.map(({ symbol }) => symbol))];
  const [closes, actions, accepted] = await Promise.all([
    loadClosesAsOf(
      client,
      starts.flatMap((start) => sessionsBefore(calendar, start).map((date) => ({ symbol: start.symbol, date }))),
    ),
    loadActions(client, symbols, to),
    loadAcceptedBars(client, symbols),
  ]);
  const closeOf = new Map(closes.map((close) => [`${close.symbol} ${close.asOf}`, close]));
  const acceptedOf = groupBy(accepted, ({ symbol }) => symbol);
  return (start) => {
    const { symbol } = start;
    const before = sessionsBefore(calendar, start).flatMap((date) => closeOf.get(`${symbol} ${date}`) ?? []);
    return {
      ...closesBefore(calendar, before),
      splits: (actions.get(symbol) ?? []).flatMap((action) =>
        action.type === 'split' ? [{ exDate: action.exDate, ratio: action.numerator / action.denominator }] : [],
      ),
      accepted: acceptedOf.get(symbol) ?? [],
    };
  };
}

/** Those to be checked again and the one before them, oldest first; fewer where the calendar begins. */
function sessionsBefore(calendar: TradingCalendar, { from, recheck }: Start): readonly string[] {
  return calendar.sessionsTo(from, recheck + 2).slice(0, -1);
}

type CloseAsOf = Readonly<{ sessionDate: string; asOf: string; closeE6: number }>;

/** Only what comes after a stored close is checked again: by that one the answer is judged. */
function closesBefore(calendar: TradingCalendar, before: readonly CloseAsOf[]): Pick<KnownPrices, 'previous' | 'recheck'> {
  const [oldest] = before;
  if (oldest === undefined) return { previous: null, recheck: null };
  const dated = ({ sessionDate, closeE6 }: CloseAsOf) => ({ sessionDate, close: closeE6 / 1e6 });
  const closes = before.filter(({ sessionDate, asOf }) => sessionDate === asOf && asOf > oldest.asOf).map(dated);
  return {
    previous: dated(oldest),
    recheck: closes.length === 0 ? null : { from: calendar.nextSession(oldest.asOf), closes },
  };
}
