// Whether a job that is about to end has left something undone that came while it ran.
import type { Queryable } from './client.js';

/**
 * In the transaction of the job's end, which holds the root of its tree. A calculation has work left when its portfolio has changed since its
 * figures were written, a batch when one of its portfolios has.
 */
export async function hasUnsettledWork(client: Queryable, jobId: string): Promise<boolean> {
  const { rows } = await client.query<{ kind: string; run_id: string; session: string }>(
    `SELECT kind, run_id, payload->>'sessionDate' AS session FROM jobs WHERE id = $1`,
    [jobId],
  );
  const [job] = rows;
  if (job?.kind === 'calculate-portfolio') return isPortfolioChanged(client, jobId);
  if (job?.kind === 'run-batch') return (await listUnsettledPortfolioIds(client, job.run_id, job.session)).length > 0;
  return false;
}

/**
 * Whoever changes a portfolio locks its row and then joins its live calculation. Looked at under the same lock, either the change is seen
 * here, or it comes after this end and finds no calculation to join. One that came after the prices were prepared may need others.
 */
async function isPortfolioChanged(client: Queryable, jobId: string): Promise<boolean> {
  const { rows } = await client.query<{ is_changed: boolean }>(
    `SELECT coalesce(dirty_from <= (payload->>'sessionDate')::date, false) OR generation <> coalesce((
       SELECT (part.result->>'generation')::bigint FROM jobs part WHERE part.parent_id = jobs.id AND part.kind = 'prepare-portfolio'
       ORDER BY part.created_at DESC, part.id DESC LIMIT 1), generation) AS is_changed
     FROM jobs JOIN portfolios ON portfolios.id = (payload->>'portfolioId')::uuid AND deleted_at IS NULL
     WHERE jobs.id = $1 FOR UPDATE OF portfolios`,
    [jobId],
  );
  return rows[0]?.is_changed ?? false;
}

/**
 * Portfolios that a batch has computed and that changed since, but for those that failed in it and those that another job has in hand: they are
 * that one's to settle.
 * Whoever makes many dirty and joins a live batch locks its row (submitJobAfterChange), so that its end sees all of them or none.
 */
export async function listUnsettledPortfolioIds(
  client: Queryable,
  runId: string,
  sessionDate: string,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT p.id FROM portfolios p
     WHERE p.deleted_at IS NULL AND p.dirty_from <= $2
       AND p.id IN (SELECT jsonb_array_elements_text(payload->'portfolioIds')::uuid FROM jobs WHERE run_id = $1 AND kind = 'calculate-chunk')
       AND NOT EXISTS (
         SELECT 1 FROM jobs chunk WHERE chunk.run_id = $1 AND chunk.kind = 'calculate-chunk' AND (
           chunk.status = 'failed' AND chunk.payload->'portfolioIds' ? p.id::text
           OR chunk.result->'failures' @> jsonb_build_array(jsonb_build_object('portfolio_id', p.id))))
       AND NOT EXISTS (
         SELECT 1 FROM jobs own WHERE own.kind = 'calculate-portfolio' AND own.payload->>'portfolioId' = p.id::text AND own.status IN ('queued', 'running'))
       AND NOT EXISTS (SELECT 1 FROM calculation_claims held WHERE held.portfolio_id = p.id AND held.lease_until > clock_timestamp())
     ORDER BY p.id`,
    [runId, sessionDate],
  );
  return rows.map(({ id }) => id);
}
