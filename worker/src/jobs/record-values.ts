import { listActivePortfolioIds } from '@closebell/prisma/active-portfolios';
import {
  insertIntradayValues,
  loadStandingPortfolios,
  type IntradayValue,
  type StandingPortfolio,
} from '@closebell/prisma/intraday-values';
import { loadNowSources } from '@closebell/prisma/current-quotes';
import { readGeneration } from '@closebell/prisma/portfolios';
import { listHeldSymbols } from '@closebell/prisma/symbol-coverage';
import { valueNow, type NowSources } from '@closebell/shared/ledger/value-now';
import { pricedSymbol } from '@closebell/shared/lot-kind';
import type { Handler, JobRun, WorkerContext } from '../context.js';
import { fetchQuotes } from '../market-data/fetch-quotes.js';
import { slotFault } from '../value-slots.js';

/** Portfolios read at a time: some ten thousand lots, few enough for memory and enough for one pass over the tables to be worth it. */
const CHUNK_SIZE = 2_000;
/** What another job fetched a moment ago is not asked for again. */
const FETCHED_WITHIN_S = 5;

/** A portfolio alone is recorded after a change, whose calculation comes first. */
const CALCULATION_DELAY_MS = 500;

/**
 * What portfolios are worth at the latest quotes, recorded for the slot. Those that wait for a calculation are left out; the job of a single
 * one waits with it.
 */
export const recordValues: Handler<'record-values'> = async (context, run) => {
  const { db, calendar } = context;
  const { slot, portfolioId } = run.payload;
  const recordedAt = new Date(slot);
  const fault = slotFault(calendar, recordedAt, context.clock());
  if (fault !== null) return { outcome: 'done', result: { recorded: 0, note: fault } };
  if (portfolioId !== undefined && (await waitsForCalculation(db, portfolioId))) {
    return { outcome: 'snooze', delayMs: CALCULATION_DELAY_MS, reason: 'the portfolio waits for its calculation' };
  }
  const session = calendar.newYorkDate(recordedAt);
  const symbols = portfolioId === undefined ? await listHeldSymbols(db.pool, session) : await symbolsOf(db, portfolioId);
  const fetched = await fetchQuotes(context, { ...run, symbols, fetchedWithinSeconds: FETCHED_WITHIN_S });
  const sources = await loadNowSources(context.db.pool, context.calendar, symbols, context.clock());
  const portfolioIds = portfolioId === undefined ? await listActivePortfolioIds(db.pool) : [portfolioId];
  const values = await valueAll(context, run, sources, { portfolioIds, session, recordedAt });
  const recorded = await insertIntradayValues(db, run.hold, values);
  const quotes = { requested: fetched.requested, stored: fetched.stored, missing: fetched.missing.length };
  return { outcome: 'done', result: { recorded, left_out: portfolioIds.length - values.length, quotes } };
};

async function waitsForCalculation(db: WorkerContext['db'], portfolioId: string): Promise<boolean> {
  const isStanding = (await loadStandingPortfolios(db, [portfolioId])).length > 0;
  return !isStanding && (await readGeneration(db.pool, portfolioId)) !== null;
}

async function symbolsOf(db: WorkerContext['db'], portfolioId: string): Promise<readonly string[]> {
  const lots = (await loadStandingPortfolios(db, [portfolioId])).flatMap((portfolio) => portfolio.lots);
  return [...new Set(lots.map(({ entry }) => pricedSymbol(entry)).filter((symbol) => symbol !== null))];
}

type Slot = Readonly<{ portfolioIds: readonly string[]; session: string; recordedAt: Date }>;

async function valueAll(
  { db, logger }: WorkerContext,
  { signal }: JobRun<'record-values'>,
  sources: NowSources,
  { portfolioIds, session, recordedAt }: Slot,
): Promise<readonly IntradayValue[]> {
  const values: IntradayValue[] = [];
  for (let at = 0; at < portfolioIds.length; at += CHUNK_SIZE) {
    signal.throwIfAborted();
    const standing = await loadStandingPortfolios(db, portfolioIds.slice(at, at + CHUNK_SIZE));
    // Where the session's own snapshot is there already, it says what it closed at.
    for (const portfolio of standing.filter(({ snapshotDate }) => snapshotDate < session)) {
      const value = valueOf(sources, portfolio, logger);
      if (value !== null) values.push({ portfolioId: portfolio.portfolioId, recordedAt, ...value });
      // Other jobs of the thread get their turn between two portfolios.
      await new Promise(setImmediate);
    }
  }
  return values;
}

/** Null for one whose figures are beyond what can be exact: it costs the others nothing. */
function valueOf(sources: NowSources, portfolio: StandingPortfolio, logger: WorkerContext['logger']) {
  try {
    return valueNow(sources, portfolio);
  } catch (error) {
    logger.error({ err: error, portfolioId: portfolio.portfolioId }, 'portfolio could not be valued');
    return null;
  }
}
