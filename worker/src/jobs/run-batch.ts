import { listActivePortfolioIds } from '@closebell/prisma/active-portfolios';
import { listBatchFailures, listBatchPartials, readBatchTotals } from '@closebell/prisma/batch-totals';
import { loadLedgers, type Ledger } from '@closebell/prisma/ledger';
import { FenceLostError } from '@closebell/prisma/job-runs';
import { loadReadiness } from '@closebell/prisma/price-coverage';
import { hasEarlierBatch } from '@closebell/prisma/runs';
import { listUnsettledPortfolioIds } from '@closebell/prisma/unsettled-work';
import { pricedSymbol } from '@closebell/shared/lot-kind';
import { fetchMissingBars } from '../batch/market-data.js';
import { PHASES } from '../batch/phases.js';
import { profilePhase } from '../batch/profile-phase.js';
import { fetchMissingRates } from '../batch/rates.js';
import { ensureSymbolStatistics } from '../batch/symbol-statistics.js';
import type { Handler, JobRun, Outcome, WorkerContext } from '../context.js';

const EARLIER_BATCH_DELAY_MS = 500;

/** All active portfolios: profiles, rates, prices and statistics for the universe once, then the chunks as children, then their totals. */
export const runBatch: Handler<'run-batch'> = async (context, run) => {
  const chunks = run.children.filter(({ kind }) => kind === 'calculate-chunk');
  if (chunks.length > 0) {
    // A forced batch of the same session joins this one: what it made dirty behind the chunks is computed once more.
    const changed = await listUnsettledPortfolioIds(context.db.pool, run.job.run_id, run.payload.sessionDate);
    if (changed.length === 0) return totals(context, run);
    return { outcome: 'await', children: chunksOf(run, changed, context.config.batchChunkSize, chunks.length) };
  }
  // Side by side, the chunks of a later session would leave out what an earlier one holds, and its last session would be missing.
  if (await hasEarlierBatch(context.db.pool, run.payload.sessionDate))
    return { outcome: 'snooze', delayMs: EARLIER_BATCH_DELAY_MS, reason: 'the batch of an earlier session comes first' };
  const portfolioIds = await listActivePortfolioIds(context.db.pool);
  if (portfolioIds.length === 0) return totals(context, run);
  const ledgers = await loadAllLedgers(context, portfolioIds);
  await fetchUniverse(context, run, ledgers);
  await measureUniverse(context, run, ledgers);
  return { outcome: 'await', children: chunksOf(run, portfolioIds, context.config.batchChunkSize) };
};

const LEDGERS_AT_ONCE = 1_000;

async function fetchUniverse(context: WorkerContext, run: JobRun<'run-batch'>, ledgers: readonly Ledger[]): Promise<void> {
  const { payload, hold, phase, progress, signal, logger } = run;
  const profileWarnings = await profilePhase(context, run, { ledgers, sessionDate: payload.sessionDate, onboarding: false });
  const rateWarnings = await fetchMissingRates(context, { ledgers, hold, signal });
  const { number, name } = PHASES.marketData;
  await phase(PHASES.marketData, async () => {
    const onProgress = (done: number, total: number) =>
      progress({ phase: number, phase_name: name, done, total, unit: 'symbols' });
    const fetched = await fetchMissingBars(context, { ledgers, targetSession: payload.sessionDate, hold, signal, onProgress });
    const readiness = await loadReadiness(
      context.db.pool,
      context.calendar,
      ledgers.flatMap(({ lots }) => lots),
      payload.sessionDate,
    );
    const warnings = [...rateWarnings, ...profileWarnings, ...readiness.warnings];
    if (warnings.length > 0) logger.warn({ warnings: warnings.slice(0, 20), total: warnings.length }, 'market data incomplete');
    return {
      counts: { symbols: fetched.symbols, requests: fetched.requested, bars: fetched.barsInserted, warnings: warnings.length },
    };
  });
}

/** Figures do not wait for it: what fails here is tried again by each chunk, which says so of its portfolios if it fails there too. */
async function measureUniverse(
  context: WorkerContext,
  { payload: { sessionDate }, hold, signal, phase, logger }: JobRun<'run-batch'>,
  ledgers: readonly Ledger[],
): Promise<void> {
  try {
    await phase(PHASES.symbolStatistics, async () => {
      const symbols = symbolsInUse(ledgers, sessionDate);
      const counts = await ensureSymbolStatistics(context, { symbols, sessionDate, hold, signal, isUniverse: true });
      return { counts };
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof FenceLostError) throw error;
    logger.error({ err: error, sessionDate }, 'symbol statistics failed');
  }
}

/** Of the lots held at the close of the session. */
function symbolsInUse(ledgers: readonly Ledger[], sessionDate: string): readonly string[] {
  const held = ledgers.flatMap(({ lots }) =>
    lots.filter(({ entryDate, exitDate }) => entryDate <= sessionDate && (exitDate === null || exitDate > sessionDate)),
  );
  return [...new Set(held.map(pricedSymbol).filter((symbol) => symbol !== null))];
}

async function loadAllLedgers({ db }: WorkerContext, portfolioIds: readonly string[]): Promise<readonly Ledger[]> {
  const ledgers: Ledger[] = [];
  for (let at = 0; at < portfolioIds.length; at += LEDGERS_AT_ONCE) {
    ledgers.push(...(await loadLedgers(db.pool, portfolioIds.slice(at, at + LEDGERS_AT_ONCE))));
  }
  return ledgers;
}

function chunksOf({ job, payload }: JobRun<'run-batch'>, portfolioIds: readonly string[], size: number, first = 0) {
  return Array.from({ length: Math.ceil(portfolioIds.length / size) }, (_, index) => ({
    kind: 'calculate-chunk' as const,
    payload: {
      runId: job.id,
      chunk: first + index,
      sessionDate: payload.sessionDate,
      portfolioIds: portfolioIds.slice(index * size, (index + 1) * size),
    },
  }));
}

const FAILURES_LISTED_MAX = 100;

async function totals({ db }: WorkerContext, { job, payload }: JobRun<'run-batch'>): Promise<Outcome> {
  const total = (await readBatchTotals(db.pool, [job.run_id])).get(job.run_id)!;
  const failures = await listBatchFailures(db.pool, job.run_id, FAILURES_LISTED_MAX);
  const partials = await listBatchPartials(db.pool, job.run_id, FAILURES_LISTED_MAX);
  const result = { ...total, session_date: payload.sessionDate, failures, partials };
  if (total.failed > 0 && total.failed === total.processed)
    return { outcome: 'stop', code: 'ERR_JOB_003', message: 'Every portfolio of the batch failed.', result };
  if (total.processed === total.skipped.up_to_date)
    return { outcome: 'done', result: { ...result, note: 'every figure was there and still holds' } };
  return { outcome: 'done', status: total.failed + total.partial > 0 ? 'partial' : 'completed', result };
}
