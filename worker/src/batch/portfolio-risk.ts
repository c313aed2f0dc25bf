// Phase 6 for some portfolios whose figures are stored: statistics of their symbols, then the risk of each, written in a transaction that proves
// the claims. A part that fails leaves the others and the figures alone.
import { proveClaims, type Claims } from '@closebell/prisma/calculation-claims';
import { FenceLostError, inFencedTransaction, type JobHold } from '@closebell/prisma/job-runs';
import { storePortfolioRisk, type NewPortfolioRisk } from '@closebell/prisma/portfolio-risk';
import { countPriceRows } from '@closebell/prisma/price-windows';
import { loadRealisedReturns } from '@closebell/prisma/realised-returns';
import { loadRiskLots } from '@closebell/prisma/risk-lots';
import { holdStatisticsChanges } from '@closebell/prisma/statistics-changes';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { groupBy } from '@closebell/shared/grouping';
import { portfolioRisk } from '@closebell/shared/risk/portfolio-risk';
import { METRICS_LOOKBACK } from '@closebell/shared/risk/realised-metrics';
import type { WorkerContext } from '../context.js';
import type { StoredMarket } from './risk-inputs.js';
import { ensureSymbolStatistics } from './symbol-statistics.js';

export type RiskRequest = Readonly<{
  /** With the session of their newest figures. */
  portfolios: readonly Readonly<{ portfolioId: string; sessionDate: string }>[];
  claims: Claims;
  hold: JobHold;
  signal: AbortSignal;
  /** The batch that this is a part of; null for a portfolio on its own. */
  batchRunId: string | null;
  /** The job is not tried again: what fails for all portfolios at once is then said of each, and their figures stand. */
  isLastTry: boolean;
}>;

export type RiskReport = Readonly<{
  /** Portfolios whose row is stored. */
  stored: readonly string[];
  /** Those of which a part failed; without a row where all did. */
  partial: readonly PartialRisk[];
  counts: Readonly<{ portfolios: number; symbols: number; scenarios: number }>;
}>;

/** By name of the part, what it says of its failure. */
export type PartialRisk = Readonly<{ portfolioId: string; failedParts: Readonly<Record<string, string>> }>;

/** Portfolios whose claim was lost meanwhile are left out. */
export async function measurePortfolios(context: WorkerContext, request: RiskRequest): Promise<RiskReport> {
  const reports: RiskReport[] = [];
  for (const [sessionDate, portfolios] of groupBy(request.portfolios, (portfolio) => portfolio.sessionDate)) {
    const portfolioIds = portfolios.map(({ portfolioId }) => portfolioId);
    reports.push(await measureOrExcuse(context, request, portfolioIds, sessionDate));
  }
  const sum = (count: (report: RiskReport) => number): number => reports.reduce((total, report) => total + count(report), 0);
  return {
    stored: reports.flatMap(({ stored }) => stored),
    partial: reports.flatMap(({ partial }) => partial),
    counts: {
      portfolios: sum(({ counts }) => counts.portfolios),
      symbols: sum(({ counts }) => counts.symbols),
      scenarios: Math.max(0, ...reports.map(({ counts }) => counts.scenarios)),
    },
  };
}

async function measureOrExcuse(
  context: WorkerContext,
  request: RiskRequest,
  portfolioIds: readonly string[],
  sessionDate: string,
): Promise<RiskReport> {
  try {
    return await measureSession(context, request, portfolioIds, sessionDate);
  } catch (error) {
    if (!request.isLastTry || request.signal.aborted || error instanceof FenceLostError) throw error;
    context.logger.error({ err: error, sessionDate }, 'risk failed');
    const partial = portfolioIds.map((portfolioId) => ({ portfolioId, failedParts: { risk: FAILED_TEXT } }));
    return { stored: [], partial, counts: { portfolios: 0, symbols: 0, scenarios: 0 } };
  }
}

const FAILED_TEXT =
  'No risk figures could be worked out for this session. All other figures stand; the next calculation tries again.';

/** Prices that change while they are read are rare: a third time in a row is a fault. */
const TRIES_MAX = 3;

async function measureSession(
  context: WorkerContext,
  request: RiskRequest,
  portfolioIds: readonly string[],
  sessionDate: string,
): Promise<RiskReport> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const measured = await measureOnce(context, request, portfolioIds, sessionDate);
    const stored = measured && (await store(context, request, sessionDate, measured));
    if (stored) return stored;
    context.riskMarkets.forget();
  }
  throw new Error(`the prices of ${sessionDate} changed ${TRIES_MAX} times while they were read`);
}

type Measured = Readonly<{ rows: readonly NewPortfolioRisk[]; symbols: number }> & StoredMarket;

/** Null when prices changed meanwhile. */
async function measureOnce(
  context: WorkerContext,
  { hold, signal, batchRunId }: RiskRequest,
  portfolioIds: readonly string[],
  sessionDate: string,
): Promise<Measured | null> {
  const { db, calendar } = context;
  const lots = await loadRiskLots({ client: db.pool, calendar }, portfolioIds, sessionDate);
  const symbols = [...new Set([...lots.values()].flat().flatMap(({ riskSymbol }) => riskSymbol ?? []))].sort();
  await ensureSymbolStatistics(context, { symbols, sessionDate, hold, signal });
  signal.throwIfAborted();
  const stored = await context.riskMarkets.load(context, { symbols, sessionDate, batchRunId });
  if (stored === null) return null;
  const [previousSession, ...sessions] = metricSessions(calendar, sessionDate);
  const realised = await loadRealisedReturns(db.pool, portfolioIds, sessions);
  const rows: NewPortfolioRisk[] = [];
  for (const [portfolioId, { equity, returns }] of realised) {
    signal.throwIfAborted();
    const input = {
      equity: Number(equity),
      lots: lots.get(portfolioId) ?? [],
      realised: { sessions, returns, previousSession: previousSession! },
    };
    rows.push({ portfolioId, equity, ...portfolioRisk(input, stored.market) });
    // Heartbeats and other jobs get their turn between two portfolios.
    await new Promise(setImmediate);
  }
  return { ...stored, rows, symbols: symbols.length };
}

/** The sessions of the realised returns, and the one before them. */
function metricSessions(calendar: TradingCalendar, sessionDate: string): readonly string[] {
  return calendar.sessionsTo(sessionDate, METRICS_LOOKBACK + 1);
}

/**
 * Null, and nothing written, when prices have changed since they were read: what was made of them must not outlive them. The lock keeps them
 * as they are until the rows stand.
 */
async function store(
  { db, calendar, logger }: WorkerContext,
  { claims, hold }: RiskRequest,
  sessionDate: string,
  { rows, symbols, market, request, rowsRead }: Measured,
): Promise<RiskReport | null> {
  const own = new Map(rows.map(({ portfolioId }) => [portfolioId, claims.get(portfolioId)!]));
  return inFencedTransaction(db, hold, async (client) => {
    const held = await proveClaims(client, hold, own);
    const kept = rows.filter(({ portfolioId }) => held.has(portfolioId));
    await holdStatisticsChanges(client);
    if ((await countPriceRows(client, request)) !== rowsRead) return null;
    await storePortfolioRisk(client, { sessionDate, previousSession: calendar.previousSession(sessionDate) }, kept);
    const partial = kept.filter(({ failedParts }) => Object.keys(failedParts).length > 0);
    for (const { portfolioId, failedParts } of partial) logger.error({ portfolioId, failedParts }, 'parts of the risk failed');
    return {
      stored: kept.map(({ portfolioId }) => portfolioId),
      partial: partial.map(({ portfolioId, failedParts }) => ({ portfolioId, failedParts })),
      counts: { portfolios: kept.length, symbols, scenarios: market.scenarios.length },
    };
  });
}
