import { listActivePortfolioIds } from '@closebell/prisma/active-portfolios';
import { loadLedgers } from '@closebell/prisma/ledger';
import { loadReadiness } from '@closebell/prisma/price-coverage';
import type { JobRow } from '@closebell/prisma/jobs';
import { fetchMissingBars } from '../batch/market-data.js';
import { PHASES } from '../batch/phases.js';
import type { Handler, JobRun, Outcome, WorkerContext } from '../context.js';

/** All active portfolios: prices for the universe once, then the chunks as children, then their totals. */
export const runBatch: Handler<'run-batch'> = async (context, run) => {
  const chunks = run.children.filter(({ kind }) => kind === 'calculate-chunk');
  if (chunks.length > 0) return totals(run, chunks);
  const portfolioIds = await listActivePortfolioIds(context.db.pool);
  if (portfolioIds.length === 0) return { outcome: 'done', result: { ...NO_TOTALS, session_date: run.payload.sessionDate } };
  await fetchUniverse(context, run, portfolioIds);
  return { outcome: 'await', children: chunksOf(run, portfolioIds, context.config.batchChunkSize) };
};

const LEDGERS_AT_ONCE = 1_000;

async function fetchUniverse(
  context: WorkerContext,
  { payload, phase, progress, signal, logger }: JobRun<'run-batch'>,
  portfolioIds: readonly string[],
): Promise<void> {
  const { number, name } = PHASES.marketData;
  await phase(PHASES.marketData, async () => {
    const ledgers = [];
    for (let at = 0; at < portfolioIds.length; at += LEDGERS_AT_ONCE) {
      ledgers.push(...(await loadLedgers(context.db.pool, portfolioIds.slice(at, at + LEDGERS_AT_ONCE))));
    }
    const onProgress = (done: number, total: number) =>
      progress({ phase: number, phase_name: name, done, total, unit: 'symbols' });
    const fetched = await fetchMissingBars(context, { ledgers, targetSession: payload.sessionDate, signal, onProgress });
    const { warnings } = await loadReadiness(
      context.db.pool,
      context.calendar,
      ledgers.flatMap(({ lots }) => lots),
      payload.sessionDate,
    );
    if (warnings.length > 0) logger.warn({ warnings: warnings.slice(0, 20), total: warnings.length }, 'market data incomplete');
    return {
      counts: { symbols: fetched.symbols, requests: fetched.requested, bars: fetched.barsInserted, warnings: warnings.length },
    };
  });
}

function chunksOf({ job, payload }: JobRun<'run-batch'>, portfolioIds: readonly string[], size: number) {
  return Array.from({ length: Math.ceil(portfolioIds.length / size) }, (_, chunk) => ({
    kind: 'calculate-chunk' as const,
    payload: {
      runId: job.id,
      chunk,
      sessionDate: payload.sessionDate,
      portfolioIds: portfolioIds.slice(chunk * size, (chunk + 1) * size),
    },
  }));
}

type ChunkResult = Readonly<{
  processed: number;
  succeeded: number;
  failed: number;
  skipped: Readonly<{ up_to_date: number; duplicate_run: number; deleted: number }>;
  sessions: number;
  failures: readonly Readonly<{ portfolio_id: string; message: string }>[];
}>;

const NO_TOTALS = {
  processed: 0,
  succeeded: 0,
  failed: 0,
  skipped: { up_to_date: 0, duplicate_run: 0, deleted: 0 },
  sessions: 0,
  failures: [],
} as const satisfies ChunkResult;

const FAILURES_LISTED_MAX = 100;

function totals({ payload }: JobRun<'run-batch'>, chunks: readonly JobRow[]): Outcome {
  const total = chunks.map(resultOf).reduce(add, NO_TOTALS);
  const result = {
    ...total,
    failures: total.failures.slice(0, FAILURES_LISTED_MAX),
    chunks: chunks.length,
    session_date: payload.sessionDate,
  };
  if (total.failed === total.processed)
    return { outcome: 'stop', code: 'ERR_JOB_003', message: 'Every portfolio of the batch failed.', result };
  return { outcome: 'done', status: total.failed > 0 ? 'partial' : 'completed', result };
}

/** A chunk that ended without figures of its own failed for all its portfolios. */
function resultOf(chunk: JobRow): ChunkResult {
  if (chunk.result !== null) return chunk.result as ChunkResult;
  const portfolioIds = chunk.payload['portfolioIds'] as readonly string[];
  const message = chunk.error?.message ?? chunk.status;
  return {
    ...NO_TOTALS,
    processed: portfolioIds.length,
    failed: portfolioIds.length,
    failures: portfolioIds.map((id) => ({ portfolio_id: id, message })),
  };
}

function add(a: ChunkResult, b: ChunkResult): ChunkResult {
  return {
    processed: a.processed + b.processed,
    succeeded: a.succeeded + b.succeeded,
    failed: a.failed + b.failed,
    skipped: {
      up_to_date: a.skipped.up_to_date + b.skipped.up_to_date,
      duplicate_run: a.skipped.duplicate_run + b.skipped.duplicate_run,
      deleted: a.skipped.deleted + b.skipped.deleted,
    },
    sessions: a.sessions + b.sessions,
    failures: [...a.failures, ...b.failures],
  };
}
