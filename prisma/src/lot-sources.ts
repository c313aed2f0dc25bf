// Prices, corporate actions and option marks of some lots, loaded together: what turns a ledger into figures.
import type { OptionMark } from '@closebell/shared/calc/option-marks';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { groupBy } from '@closebell/shared/grouping';
import type { LedgerLot } from '@closebell/shared/ledger/ledger';
import type { LotSources } from '@closebell/shared/ledger/lots';
import { contractDates, priceBook, VOLATILITY_REACH, type PriceBook } from '@closebell/shared/ledger/price-book';
import { lotKind, pricedSymbol } from '@closebell/shared/lot-kind';
import type { Queryable } from './client.js';
import { loadMarks } from './figures.js';
import { loadActions, loadCloses, loadClosesAsOf } from './prices.js';

export type LotSourcesRequest = Readonly<{
  lots: readonly LedgerLot[];
  /** Sessions, both included. */
  from: string;
  to: string;
  /** Continuously compounded, a year: of marks that are not stored yet. */
  optionRate: number;
}>;

/** Everything but the axis, which each portfolio has of its own. */
export async function loadLotSources(
  client: Queryable,
  calendar: TradingCalendar,
  { lots, from, to, optionRate }: LotSourcesRequest,
): Promise<Omit<LotSources, 'axis'>> {
  const options = lots.filter((lot) => lotKind(lot) === 'option');
  const [prices, stored] = await Promise.all([
    loadPriceBook(client, calendar, { lots, options, from, to }),
    loadMarks(
      client,
      options.map(({ positionId }) => positionId),
      from,
      to,
    ),
  ]);
  const marks = new Map(
    [...groupBy(stored, ({ positionId }) => positionId)].map(([id, list]) => [
      id,
      new Map(list.map((mark): [string, OptionMark] => [mark.sessionDate, mark])),
    ]),
  );
  return { calendar, prices, marks, optionRate };
}

type PriceBookRequest = Pick<LotSourcesRequest, 'lots' | 'from' | 'to'> & Readonly<{ options: readonly LedgerLot[] }>;

async function loadPriceBook(
  client: Queryable,
  calendar: TradingCalendar,
  { lots, options, from: first, to }: PriceBookRequest,
): Promise<PriceBook> {
  const symbols = [...new Set(lots.map(pricedSymbol).filter((symbol) => symbol !== null))].sort();
  const reach = options.length > 0 ? Math.min(VOLATILITY_REACH, calendar.sessionIndex(first)) : 0;
  const from = calendar.addSessions(first, -reach);
  const [stored, actions, dated] = await Promise.all([
    loadCloses(client, symbols, from, to),
    loadActions(client, symbols, to),
    loadClosesAsOf(client, contractDates(calendar, options, to)),
  ]);
  return priceBook(calendar, from, stored, actions, dated);
}
