// What is stored of symbols that their next bars are judged by, read for many at once.
import type { Queryable } from '@closebell/prisma/client';
import { loadActions, loadClosesAsOf } from '@closebell/prisma/prices';
import { loadAcceptedBars } from '@closebell/prisma/quarantined-bars';
import { dayNumber, isoDate } from '@closebell/shared/calendar/calendar-date';
import { groupBy } from '@closebell/shared/grouping';
import type { KnownPrices } from './bar-inquiry.js';

/** The first session that a symbol is asked for. */
type Start = Readonly<{ symbol: string; from: string }>;

/** Of each start the close before it, and the symbol's splits up to `to`. */
export async function loadKnownPrices(
  client: Queryable,
  starts: readonly Start[],
  to: string,
): Promise<(start: Start) => KnownPrices> {
  const symbols = [...new Set(starts.map(({ symbol }) => symbol))];
  const [closes, actions, accepted] = await Promise.all([
    loadClosesAsOf(
      client,
      starts.map((start) => ({ symbol: start.symbol, date: dayBefore(start) })),
    ),
    loadActions(client, symbols, to),
    loadAcceptedBars(client, symbols),
  ]);
  const closeOf = new Map(closes.map((close) => [`${close.symbol} ${close.asOf}`, close]));
  const acceptedOf = groupBy(accepted, ({ symbol }) => symbol);
  return (start) => {
    const close = closeOf.get(`${start.symbol} ${dayBefore(start)}`);
    return {
      previous: close === undefined ? null : { sessionDate: close.sessionDate, close: close.closeE6 / 1e6 },
      splits: (actions.get(start.symbol) ?? []).flatMap((action) =>
        action.type === 'split' ? [{ exDate: action.exDate, ratio: action.numerator / action.denominator }] : [],
      ),
      accepted: acceptedOf.get(start.symbol) ?? [],
    };
  };
}

function dayBefore({ from }: Start): string {
  return isoDate(dayNumber(from) - 1);
}
