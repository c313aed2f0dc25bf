// What waits and what runs, in numbers, for whoever watches the installation.
import type { JobKind } from '@closebell/shared/jobs';
import type { Queryable } from './client.js';

export type QueueDepth = Readonly<{
  kind: JobKind;
  status: 'queued' | 'running';
  jobs: number;
  /** Those that belong to no other job and have not been started, and those that have: a root that waits for its children runs. */
  runs_queued: number;
  runs_running: number;
  /** How long the oldest has been due; 0 for running ones and for those that are put off. */
  oldest_seconds: number;
  leases_held: number;
  leases_expired: number;
  waiting_for_children: number;
  /** Since the first start of the one that was started first; 0 when none was. */
  running_seconds: number;
}>;

/** The live jobs, by the index that holds only them: ended rows cost nothing. */
export async function readQueueDepth(client: Queryable): Promise<readonly QueueDepth[]> {
  const { rows } = await client.query<QueueDepth>(
    `SELECT kind, status, count(*) AS jobs,
       count(*) FILTER (WHERE parent_id IS NULL AND started_at IS NULL) AS runs_queued,
       count(*) FILTER (WHERE parent_id IS NULL AND started_at IS NOT NULL) AS runs_running,
       greatest(0, extract(epoch FROM clock_timestamp() - min(run_after) FILTER (WHERE status = 'queued')))::float8 AS oldest_seconds,
       count(*) FILTER (WHERE status = 'running' AND lease_until >= clock_timestamp()) AS leases_held,
       count(*) FILTER (WHERE status = 'running' AND lease_until < clock_timestamp()) AS leases_expired,
       count(*) FILTER (WHERE status = 'running' AND lease_until IS NULL) AS waiting_for_children,
       greatest(0, extract(epoch FROM clock_timestamp() - min(started_at)))::float8 AS running_seconds
     FROM jobs WHERE status IN ('queued', 'running') GROUP BY kind, status ORDER BY kind, status`,
  );
  return rows;
}

/** Seconds from start to end of the batch that was submitted last of those that ended; null before the first. */
export async function readLastBatchSeconds(client: Queryable): Promise<number | null> {
  const { rows } = await client.query<{ seconds: number }>(
    `SELECT extract(epoch FROM finished_at - started_at)::float8 AS seconds FROM jobs
     WHERE kind = 'run-batch' AND finished_at IS NOT NULL AND started_at IS NOT NULL ORDER BY created_at DESC LIMIT 1`,
  );
  return rows[0]?.seconds ?? null;
}
