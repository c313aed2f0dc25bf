// What has become of a batch's portfolios, added up by Postgres from the chunks that have ended: while the batch runs and after it.
import type { Queryable } from './client.js';

/** processed = succeeded + partial + failed + skipped; portfolios = processed + cancelled + those of chunks that have not ended. */
export type BatchTotals = Readonly<{
  /** All that the chunks are to compute; 0 until the batch has made them. */
  portfolios: number;
  processed: number;
  succeeded: number;
  /** Computed, with a part of the risk figures missing. */
  partial: number;
  failed: number;
  /** Of chunks that were cancelled: not looked at, so not processed. */
  cancelled: number;
  skipped: Readonly<{ up_to_date: number; duplicate_run: number; deleted: number }>;
  /** Sessions computed, of all portfolios. */
  sessions: number;
  chunks: number;
}>;

const NO_TOTALS: BatchTotals = {
  portfolios: 0,
  processed: 0,
  succeeded: 0,
  partial: 0,
  failed: 0,
  cancelled: 0,
  skipped: { up_to_date: 0, duplicate_run: 0, deleted: 0 },
  sessions: 0,
  chunks: 0,
};

/** The totals of batches by the ids of their runs. */
export async function readBatchTotals(client: Queryable, runIds: readonly string[]): Promise<ReadonlyMap<string, BatchTotals>> {
  const { rows } = await client.query<StoredTotals>(TOTALS, [runIds]);
  const stored = new Map(rows.map(({ run_id: runId, ...totals }) => [runId, nest(totals)]));
  return new Map(runIds.map((runId) => [runId, stored.get(runId) ?? NO_TOTALS]));
}

type Flat = Omit<BatchTotals, 'skipped'> & BatchTotals['skipped'];
type StoredTotals = Flat & Readonly<{ run_id: string }>;

function nest({ up_to_date: upToDate, duplicate_run: duplicateRun, deleted, ...totals }: Flat): BatchTotals {
  return { ...totals, skipped: { up_to_date: upToDate, duplicate_run: duplicateRun, deleted } };
}

/** A chunk that failed without a result of its own failed for all its portfolios. */
const CHUNKS = `
  SELECT run_id, status, jsonb_array_length(payload->'portfolioIds') AS size,
    CASE WHEN status = 'failed' AND result IS NULL
      THEN jsonb_build_object('processed', jsonb_array_length(payload->'portfolioIds'), 'failed', jsonb_array_length(payload->'portfolioIds'))
      ELSE result END AS result
  FROM jobs WHERE run_id = ANY($1) AND kind = 'calculate-chunk'`;

const sumOf = (path: string): string => `coalesce(sum((result#>>'{${path}}')::int), 0)::int`;

const TOTALS = `
  SELECT run_id, coalesce(sum(size), 0)::int AS portfolios, ${sumOf('processed')} AS processed, ${sumOf('succeeded')} AS succeeded,
    ${sumOf('partial')} AS partial, ${sumOf('failed')} AS failed, coalesce(sum(size) FILTER (WHERE status = 'cancelled'), 0)::int AS cancelled,
    ${sumOf('skipped,up_to_date')} AS up_to_date, ${sumOf('skipped,duplicate_run')} AS duplicate_run, ${sumOf('skipped,deleted')} AS deleted,
    ${sumOf('sessions')} AS sessions, count(*)::int AS chunks
  FROM (${CHUNKS}) AS chunk GROUP BY run_id`;

export type PortfolioFailure = Readonly<{ portfolio_id: string; message: string }>;

export type PartialPortfolio = Readonly<{ portfolio_id: string; failed_parts: Readonly<Record<string, string>> }>;

/** Of which portfolios of a batch parts of the risk failed, and which; at most `limit`. */
export async function listBatchPartials(client: Queryable, runId: string, limit: number): Promise<readonly PartialPortfolio[]> {
  const { rows } = await client.query<PartialPortfolio>(
    `SELECT partial->>'portfolio_id' AS portfolio_id, partial->'failed_parts' AS failed_parts
     FROM jobs CROSS JOIN LATERAL jsonb_array_elements(result->'partials') AS partial
     WHERE run_id = $1 AND kind = 'calculate-chunk' AND result IS NOT NULL ORDER BY 1 LIMIT $2`,
    [runId, limit],
  );
  return rows;
}

/** Which portfolios of a batch failed, and why; at most `limit`. */
export async function listBatchFailures(client: Queryable, runId: string, limit: number): Promise<readonly PortfolioFailure[]> {
  const { rows } = await client.query<PortfolioFailure>(
    `SELECT failure->>'portfolio_id' AS portfolio_id, failure->>'message' AS message
     FROM jobs CROSS JOIN LATERAL jsonb_array_elements(result->'failures') AS failure
     WHERE run_id = $1 AND kind = 'calculate-chunk' AND result IS NOT NULL
     UNION ALL
     SELECT portfolio_id, error->>'message' FROM jobs CROSS JOIN LATERAL jsonb_array_elements_text(payload->'portfolioIds') AS portfolio_id
     WHERE run_id = $1 AND kind = 'calculate-chunk' AND status = 'failed' AND result IS NULL
     ORDER BY 1 LIMIT $2`,
    [runId, limit],
  );
  return rows;
}
