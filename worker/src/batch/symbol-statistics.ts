// What is known of each symbol in a session, worked out once for everybody: whoever comes first stores it, and the others find it there.
import type { Queryable } from '@closebell/prisma/client';
import { loadCorrelatedSymbols, replaceCorrelations, type CorrelationTable } from '@closebell/prisma/correlations';
import { inHeldTransaction, type JobHold } from '@closebell/prisma/job-runs';
import { countPriceRows, loadPriceWindows, type PriceWindows, type PriceWindowsRequest } from '@closebell/prisma/price-windows';
import { holdStatisticsChanges, lockComputationOf } from '@closebell/prisma/statistics-changes';
import { findLackingStatistics, insertFactorModel, insertSymbolStatistics } from '@closebell/prisma/symbol-statistics';
import { pairwiseCorrelations } from '@closebell/shared/calc/correlation';
import { FACTOR_SYMBOLS } from '@closebell/shared/calc/factors';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import {
  FACTOR_CLOSES,
  factorBasis,
  factorModelOfSession,
  REGRESSION_SESSIONS,
  SYMBOL_CLOSES,
  type FactorModelOfSession,
} from '@closebell/shared/risk/factor-model-of-session';
import { symbolStatistics, type SymbolStatistics } from '@closebell/shared/risk/symbol-statistics';
import type { WorkerContext } from '../context.js';

export type StatisticsRequest = Readonly<{
  symbols: readonly string[];
  sessionDate: string;
  hold: JobHold;
  signal: AbortSignal;
  /** The symbols are all that are in use: their correlations are stored too. */
  isUniverse?: boolean;
}>;

/** How many symbols and pairs were stored that were not there yet. */
export type StatisticsReport = Readonly<{ symbols: number; pairs: number }>;

/** Of one transaction, which a worker that is killed or frozen gives up: the others wait for it no longer than it takes. */
const SYMBOLS_PER_BLOCK = 500;
/** A table of more symbols would be larger than what reads it: readers then work out the pairs they need. */
const CORRELATED_SYMBOLS_MAX = 3_000;

/**
 * Stores the factor model of the session and the statistics of the symbols that lack them. Afterwards each symbol has a row, also one without
 * a price, until its prices change. Rows depend on the stored prices alone. Throws FenceLostError when the job is no longer held.
 */
export async function ensureSymbolStatistics(
  context: Pick<WorkerContext, 'db' | 'calendar' | 'logger'>,
  { symbols: asked, sessionDate, hold, signal, isUniverse = false }: StatisticsRequest,
): Promise<StatisticsReport> {
  const { db, calendar } = context;
  const symbols = [...new Set(asked)].sort((a, b) => (a < b ? -1 : 1));
  const lacking = await findLackingStatistics(db.pool, symbols, sessionDate);
  let stored = 0;
  for (const block of blocksOf(lacking)) {
    signal.throwIfAborted();
    stored += await inHeldTransaction(db, hold, (client) => storeBlock(client, calendar, block, sessionDate));
  }
  if (!isUniverse) return { symbols: stored, pairs: 0 };
  signal.throwIfAborted();
  return { symbols: stored, pairs: await ensureCorrelations(context, symbols, sessionDate, hold) };
}

/** At least one where the model is lacking. */
function blocksOf({
  isModelLacking,
  symbols,
}: Awaited<ReturnType<typeof findLackingStatistics>>): readonly (readonly string[])[] {
  if (isModelLacking && symbols.length === 0) return [[]];
  return Array.from({ length: Math.ceil(symbols.length / SYMBOLS_PER_BLOCK) }, (_, block) =>
    symbols.slice(block * SYMBOLS_PER_BLOCK, (block + 1) * SYMBOLS_PER_BLOCK),
  );
}

async function storeBlock(
  client: Queryable,
  calendar: TradingCalendar,
  block: readonly string[],
  sessionDate: string,
): Promise<number> {
  await lockComputationOf(client, sessionDate);
  const made = await madeOfStoredPrices(client, () => computeBlock(client, calendar, block, sessionDate));
  if (made === null) return 0;
  if (made.model !== null) await insertFactorModel(client, made.model);
  await insertSymbolStatistics(client, sessionDate, made.statistics);
  return made.statistics.length;
}

type MadeOfPrices<T> = T & Readonly<{ request: PriceWindowsRequest; prices: PriceWindows }>;

/**
 * Under the lock of changes, so that the prices stay what they are until the transaction ends. If they have changed while it was being
 * worked out, it is worked out again under the lock. Null when `compute` has nothing to do.
 */
async function madeOfStoredPrices<T>(
  client: Queryable,
  compute: () => Promise<MadeOfPrices<T> | null>,
): Promise<MadeOfPrices<T> | null> {
  const made = await compute();
  if (made === null) return null;
  await holdStatisticsChanges(client);
  return (await countPriceRows(client, made.request)) === made.prices.rowsRead ? made : compute();
}

type Block = Readonly<{ model: FactorModelOfSession | null; statistics: readonly SymbolStatistics[] }>;

async function computeBlock(
  client: Queryable,
  calendar: TradingCalendar,
  block: readonly string[],
  sessionDate: string,
): Promise<MadeOfPrices<Block> | null> {
  const { isModelLacking, symbols } = await findLackingStatistics(client, block, sessionDate);
  if (!isModelLacking && symbols.length === 0) return null;
  const factorCloses = isModelLacking ? FACTOR_CLOSES : SYMBOL_CLOSES;
  const request = {
    sessions: calendar.sessionsTo(sessionDate, factorCloses),
    closesWanted: new Map([
      ...symbols.map((symbol): [string, number] => [symbol, SYMBOL_CLOSES]),
      ...FACTOR_SYMBOLS.map((symbol): [string, number] => [symbol, factorCloses]),
    ]),
  };
  const prices = await loadPriceWindows(client, request);
  const basis = factorBasis(prices.closes, prices.returns);
  return {
    request,
    prices,
    model: isModelLacking ? factorModelOfSession(sessionDate, prices.closes, prices.returns) : null,
    statistics: symbolStatistics({ sessions: request.sessions, symbols, returns: prices.returns }, basis),
  };
}

async function ensureCorrelations(
  { db, calendar, logger }: Pick<WorkerContext, 'db' | 'calendar' | 'logger'>,
  symbols: readonly string[],
  sessionDate: string,
  hold: JobHold,
): Promise<number> {
  if (symbols.length > CORRELATED_SYMBOLS_MAX) {
    logger.warn({ symbols: symbols.length, most: CORRELATED_SYMBOLS_MAX }, 'too many symbols for a correlation table');
    return 0;
  }
  if (await isCorrelated(db.pool, symbols, sessionDate)) return 0;
  return inHeldTransaction(db, hold, async (client) => {
    await lockComputationOf(client, sessionDate);
    const made = await madeOfStoredPrices(client, () => computeCorrelations(client, calendar, symbols, sessionDate));
    if (made === null) return 0;
    await replaceCorrelations(client, made.table);
    return made.table.coefficients.length;
  });
}

async function computeCorrelations(
  client: Queryable,
  calendar: TradingCalendar,
  symbols: readonly string[],
  sessionDate: string,
): Promise<MadeOfPrices<Readonly<{ table: CorrelationTable }>> | null> {
  if (await isCorrelated(client, symbols, sessionDate)) return null;
  const closes = REGRESSION_SESSIONS + 1;
  const request = {
    sessions: calendar.sessionsTo(sessionDate, closes),
    closesWanted: new Map(symbols.map((symbol) => [symbol, closes])),
  };
  const prices = await loadPriceWindows(client, request);
  const returns = symbols.map((symbol) => (prices.returns.get(symbol) as Float64Array).subarray(-REGRESSION_SESSIONS));
  const { coefficients, overlaps } = pairwiseCorrelations(returns);
  const pairCounts = Uint16Array.from(overlaps);
  return { request, prices, table: { sessionDate, lookback: REGRESSION_SESSIONS, symbols, coefficients, pairCounts } };
}

async function isCorrelated(client: Queryable, symbols: readonly string[], sessionDate: string): Promise<boolean> {
  const known = await loadCorrelatedSymbols(client, sessionDate);
  return known !== null && known.length === symbols.length && known.every((symbol, at) => symbol === symbols[at]);
}
