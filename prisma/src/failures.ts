// What failed jobs have in common, and whose figures they leave behind: what an admin looks at before a retry.
import type { JobStatus } from '@closebell/shared/jobs';
import type { Queryable } from './client.js';

export type FailureGroup = Readonly<{
  fingerprint: string;
  kind: string;
  code: string;
  message: string;
  count: number;
  latest_at: Date;
  job_ids: string[];
}>;

/** Failed jobs whose run has ended as well: the parts of one that goes on may yet be made good, and a retry has forgotten its own. */
const FAILED = `
  SELECT job.* FROM jobs job JOIN jobs root ON root.id = job.run_id
  WHERE job.status = 'failed' AND root.status IN ('failed', 'partial', 'cancelled')`;

/** Failed jobs by cause, the most frequent first; at most 20 ids each. */
export async function listFailures(client: Queryable, limit: number): Promise<readonly FailureGroup[]> {
  const { rows } = await client.query<FailureGroup>(
    `SELECT error->>'fingerprint' AS fingerprint, kind, min(error->>'code') AS code, min(error->>'message') AS message, count(*) AS count,
       max(finished_at) AS latest_at, (array_agg(id ORDER BY finished_at DESC, id))[1:20] AS job_ids
     FROM (${FAILED}) AS failed GROUP BY 1, 2 ORDER BY count(*) DESC, 1 LIMIT $1`,
    [limit],
  );
  return rows;
}

/** The failed jobs of one cause, newest first. */
export async function listFailedJobIds(client: Queryable, fingerprint: string, limit: number): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM (${FAILED}) AS failed WHERE error->>'fingerprint' = $1 ORDER BY finished_at DESC, id LIMIT $2`,
    [fingerprint, limit],
  );
  return rows.map(({ id }) => id);
}

/**
 * The portfolios that `job` is about, and whether they are stale: without complete, current figures of its session. A batch is about those
 * of its chunks, which are jobs of their own, and until it has any about every active one.
 */
const ABOUT = `
  CROSS JOIN LATERAL (
    SELECT (job.payload->>'portfolioId')::uuid AS id
    UNION SELECT portfolio_id::uuid FROM jsonb_array_elements_text(coalesce(job.payload->'portfolioIds', '[]')) AS portfolio_id
    UNION SELECT active.id FROM portfolios active JOIN users owner ON owner.id = active.user_id
    WHERE owner.is_active AND job.kind IN ('run-batch', 'sweep-snapshots')
      AND NOT EXISTS (SELECT 1 FROM jobs part WHERE part.run_id = job.run_id AND part.kind = 'calculate-chunk')) AS named
  JOIN portfolios portfolio ON portfolio.id = named.id AND portfolio.deleted_at IS NULL
  LEFT JOIN portfolio_snapshots snapshot
    ON snapshot.portfolio_id = portfolio.id AND snapshot.snapshot_date = (job.payload->>'sessionDate')::date AND snapshot.is_complete`;

const IS_STALE = `portfolio.dirty_from IS NOT NULL OR snapshot.portfolio_id IS NULL`;

/** A number of portfolios and the first 20 of them by id. */
export type Portfolios = Readonly<{ count: number; portfolio_ids: readonly string[] }>;

export type StalePortfolios = Portfolios & Readonly<{ fingerprint: string; kind: string }>;

/** What the failed jobs of each cause leave behind. */
export async function listStalePortfolios(
  client: Queryable,
  fingerprints: readonly string[],
): Promise<readonly StalePortfolios[]> {
  const { rows } = await client.query<StalePortfolios>(
    `SELECT fingerprint, kind, count(*) AS count, (array_agg(id ORDER BY id))[1:20] AS portfolio_ids
     FROM (SELECT DISTINCT job.error->>'fingerprint' AS fingerprint, job.kind, portfolio.id FROM (${FAILED}) AS job ${ABOUT}
           WHERE job.error->>'fingerprint' = ANY($1) AND (${IS_STALE})) AS stale
     GROUP BY fingerprint, kind`,
    [fingerprints],
  );
  return rows;
}

export type BlastRadius = Readonly<{
  /** All portfolios that the runs are about. */
  portfolios: Portfolios;
  /** Those of them that lack current figures. */
  stale: Portfolios;
}>;

/** What these runs reach, with all their parts. */
export async function readBlastRadius(client: Queryable, runIds: readonly string[]): Promise<BlastRadius> {
  const { rows } = await client.query<{ count: number; ids: string[] | null; stale_count: number; stale_ids: string[] | null }>(
    `SELECT count(*) AS count, (array_agg(id ORDER BY id))[1:20] AS ids, count(*) FILTER (WHERE is_stale) AS stale_count,
       (array_agg(id ORDER BY id) FILTER (WHERE is_stale))[1:20] AS stale_ids
     FROM (SELECT portfolio.id, bool_or(${IS_STALE}) AS is_stale FROM jobs job ${ABOUT} WHERE job.run_id = ANY($1) GROUP BY portfolio.id) AS reached`,
    [runIds],
  );
  const { count = 0, ids, stale_count: staleCount = 0, stale_ids: staleIds } = rows[0] ?? {};
  return {
    portfolios: { count, portfolio_ids: ids ?? [] },
    stale: { count: staleCount, portfolio_ids: staleIds ?? [] },
  };
}

/** How many jobs of the run have each status, the root among them. */
export async function countTree(client: Queryable, runId: string): Promise<ReadonlyMap<JobStatus, number>> {
  const { rows } = await client.query<{ status: JobStatus; count: number }>(
    `SELECT status, count(*) AS count FROM jobs WHERE run_id = $1 GROUP BY status`,
    [runId],
  );
  return new Map(rows.map(({ status, count }) => [status, count]));
}
