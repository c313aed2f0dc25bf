// Prices, corporate actions, option marks and their rates of some lots, loaded together: what turns a ledger into figures.
import type { OptionMark } from '@closebell/shared/calc/option-marks';
import { rateCurve } from '@closebell/shared/calc/published-rate';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Config } from '@closebell/shared/config';
import { groupBy } from '@closebell/shared/grouping';
import type { LedgerLot } from '@closebell/shared/ledger/ledger';
import type { LotSources } from '@closebell/shared/ledger/lots';
import { contractDates, priceBook, VOLATILITY_REACH, type PriceBook } from '@closebell/shared/ledger/price-book';
import { lotKind, pricedSymbol } from '@closebell/shared/lot-kind';
import { OPTION_RATE_SERIES } from '@closebell/shared/market-data/provider';
import type { Queryable } from './client.js';
import { loadMarks } from './figures.js';
import { loadRates } from './interest-rates.js';
import { loadManualMarks } from './manual-marks.js';
import { loadActions, loadCloses, loadClosesAsOf } from './prices.js';

export type LotSourcesRequest = Readonly<{
  lots: readonly LedgerLot[];
  /** Sessions, both included. */
  from: string;
  to: string;
  /** Where the rate of marks that are not stored yet comes from: what is published where there is a key for it, else a fixed one. */
  config: Pick<Config, 'fredApiKey' | 'optionRate'>;
}>;

/** Everything but the axis, which each portfolio has of its own. */
export async function loadLotSources(
  client: Queryable,
  calendar: TradingCalendar,
  { lots, from, to, config }: LotSourcesRequest,
): Promise<Omit<LotSources, 'axis'>> {
  const options = lots.filter((lot) => lotKind(lot) === 'option');
  const privates = lots.filter((lot) => lotKind(lot) === 'private');
  const [prices, optionRateOn, stored, manualMarks] = await Promise.all([
    loadPriceBook(client, calendar, { lots, options, from, to }),
    loadOptionRates(client, { options, from, to, config }),
    loadMarks(
      client,
      options.map(({ positionId }) => positionId),
      from,
      to,
    ),
    loadManualMarks(
      client,
      privates.map(({ positionId }) => positionId),
    ),
  ]);
  const marks = new Map(
    [...groupBy(stored, ({ positionId }) => positionId)].map(([id, list]) => [
      id,
      new Map(list.map((mark): [string, OptionMark] => [mark.sessionDate, mark])),
    ]),
  );
  return { calendar, prices, marks, manualMarks, optionRateOn };
}

type OptionRatesRequest = Omit<LotSourcesRequest, 'lots'> & Readonly<{ options: readonly LedgerLot[] }>;

/** Also of the days of entry, whose premiums imply the volatilities. */
async function loadOptionRates(
  client: Queryable,
  { options, from, to, config: { fredApiKey, optionRate } }: OptionRatesRequest,
): Promise<LotSources['optionRateOn']> {
  if (options.length === 0 || fredApiKey === null) return () => optionRate;
  const first = options.reduce((earliest, { entryDate }) => (entryDate < earliest ? entryDate : earliest), from);
  return rateCurve(await loadRates(client, OPTION_RATE_SERIES, first, to), optionRate);
}

type PriceBookRequest = Pick<LotSourcesRequest, 'lots' | 'from' | 'to'> & Readonly<{ options: readonly LedgerLot[] }>;

async function loadPriceBook(
  client: Queryable,
  calendar: TradingCalendar,
  { lots, options, from: first, to }: PriceBookRequest,
): Promise<PriceBook> {
  const symbols = [...new Set(lots.map(pricedSymbol).filter((symbol) => symbol !== null))].sort();
  const from = options.length > 0 ? calendar.sessionsTo(first, VOLATILITY_REACH + 1)[0]! : first;
  const [stored, actions, dated] = await Promise.all([
    loadCloses(client, calendar, symbols, { from, to }),
    loadActions(client, symbols, to),
    loadClosesAsOf(client, contractDates(calendar, options, to)),
  ]);
  return priceBook(calendar, stored, actions, dated);
}
