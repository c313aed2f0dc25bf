// The retry of runs that ended without success, by an admin. What it would do is told beforehand by the same look that decides.
import type { JobStatus } from '@closebell/shared/jobs';
import { keepNothingElse, type AlsoKeep, type Db, type Queryable } from './client.js';
import { inTree } from './job-trees.js';
import { JOBS_CHANNEL } from './jobs.js';

export type RetryRefusal =
  | Readonly<{ outcome: 'already_live'; liveJobId: string }>
  | Readonly<{ outcome: 'not_failed'; status: JobStatus }>;

export type RetryResult = Readonly<{ outcome: 'queued'; runId: string }> | RetryRefusal | Readonly<{ outcome: 'not_found' }>;

/**
 * Puts a failed, partial or cancelled job back in the queue with fresh attempts. It takes its dedupe key back, or is refused with the id of
 * the live job that has it: a retried job never runs beside a new one. A part of a run is retried by its root, whose tree has ended.
 */
export async function retryJob(db: Db, jobId: string, alsoKeep: AlsoKeep<RetryResult> = keepNothingElse): Promise<RetryResult> {
  const requeue = () =>
    inTree(db, jobId, async (client) => {
      const result = await requeueRoot(client, jobId);
      await alsoKeep(client, result);
      return result;
    });
  try {
    return await requeue();
  } catch (cause) {
    // A new job took the key between the look and the update; the second look finds it.
    if ((cause as { code?: unknown }).code === UNIQUE_VIOLATION) return requeue();
    throw cause;
  }
}

const UNIQUE_VIOLATION = '23505';

async function requeueRoot(client: Queryable, jobId: string): Promise<RetryResult> {
  const [plan] = await planRetries(client, [jobId]);
  if (plan === undefined) return { outcome: 'not_found' };
  const { runId, refusal } = plan;
  if (refusal !== null) return refusal;
  // The parts of the failed try go: the new one decides anew what it needs, and nothing is counted twice.
  await client.query(`DELETE FROM jobs WHERE run_id = $1 AND id <> $1`, [runId]);
  await client.query(
    `UPDATE jobs SET status = 'queued', fence = fence + 1, attempts_made = 0, run_after = clock_timestamp(), enqueued_at = NULL, lease_until = NULL,
       cancel_requested_at = NULL, started_at = NULL, finished_at = NULL, error = NULL, result = NULL, progress = NULL, phases = '[]', open_children = 0
     WHERE id = $1 AND status IN ('failed', 'partial', 'cancelled')`,
    [runId],
  );
  await client.query(`SELECT pg_notify('${JOBS_CHANNEL}', '')`);
  return { outcome: 'queued', runId };
}

/** `runId`: the root that a retry of the job puts back. `refusal`: null when nothing is in its way. */
export type RetryPlan = Readonly<{ jobId: string; runId: string; refusal: RetryRefusal | null }>;

/** What a retry of each job would do now, in the order of the ids; jobs that do not exist are left out. Changes nothing. */
export async function planRetries(client: Queryable, jobIds: readonly string[]): Promise<readonly RetryPlan[]> {
  const { rows } = await client.query<{ id: string; run_id: string; status: JobStatus; live_id: string | null }>(
    `SELECT job.id, job.run_id, root.status, live.id AS live_id
     FROM unnest($1::uuid[]) WITH ORDINALITY AS asked (id, place)
     JOIN jobs job ON job.id = asked.id
     JOIN jobs root ON root.id = job.run_id
     LEFT JOIN jobs live ON live.dedupe_key = root.dedupe_key AND live.status IN ('queued', 'running')
     ORDER BY asked.place`,
    [jobIds],
  );
  return rows.map((row) => ({ jobId: row.id, runId: row.run_id, refusal: refusalOf(row.status, row.live_id) }));
}

function refusalOf(status: JobStatus, liveJobId: string | null): RetryRefusal | null {
  if (status === 'queued' || status === 'running' || status === 'completed') return { outcome: 'not_failed', status };
  return liveJobId === null ? null : { outcome: 'already_live', liveJobId };
}
