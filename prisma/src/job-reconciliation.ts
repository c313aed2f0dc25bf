// Job rows and what belongs to them, compared with each other: what a healthy installation never shows for longer than a moment, and the
// statement that mends each. Every repair names the state it leaves, so that one who comes second changes nothing.
import type { JobStatus, QueueName } from '@closebell/shared/jobs';
import { inTransaction, type Db, type Queryable } from './client.js';
import { announceEnds, inTree, type EndedRow } from './job-trees.js';
import { JOBS_CHANNEL, submitJob } from './jobs.js';

/** One thing that is not as it should be. Seen again with the same `state`, it has not moved in between. */
export type Discrepancy = Readonly<{ id: string; state: string; text: string }>;

/** Of one kind at a time: what is left shows in the next run. */
const LISTED_MAX = 10_000;

const IS_LIVE = `IN ('queued', 'running')`;

export type EnqueuedJob = Readonly<{ id: string; fence: number; queue: QueueName; kind: string }>;

/** Rows that say they are on the queue. */
export async function listEnqueued(client: Queryable): Promise<readonly EnqueuedJob[]> {
  const { rows } = await client.query<EnqueuedJob>(
    `SELECT id, fence, queue, kind FROM jobs WHERE status = 'queued' AND enqueued_at IS NOT NULL ORDER BY enqueued_at LIMIT $1`,
    [LISTED_MAX],
  );
  return rows;
}

/** Running rows whose worker gave no sign of life in time. */
export async function listExpiredLeases(client: Queryable): Promise<readonly Discrepancy[]> {
  return list(
    client,
    `SELECT id, fence::text AS state, format('%s, lease ran out at %s', kind, lease_until) AS text
     FROM jobs WHERE status = 'running' AND lease_until < clock_timestamp() ORDER BY lease_until LIMIT $1`,
  );
}

/** Live rows that count other than their live children. */
export async function listWrongChildCounts(client: Queryable): Promise<readonly Discrepancy[]> {
  return list(
    client,
    `SELECT job.id, format('%s %s %s', fence, open_children, live.count) AS state,
       format('%s counts %s open child(ren) and has %s', kind, open_children, live.count) AS text
     FROM jobs job CROSS JOIN LATERAL (SELECT count(*) FROM jobs child WHERE child.parent_id = job.id AND child.status ${IS_LIVE}) AS live
     WHERE job.status ${IS_LIVE} AND open_children <> live.count ORDER BY job.created_at LIMIT $1`,
  );
}

/** Rows that wait for children and have none. */
export async function listWaitingForNobody(client: Queryable): Promise<readonly Discrepancy[]> {
  return list(
    client,
    `SELECT id, fence::text AS state, format('%s waits for children and has none', kind) AS text
     FROM jobs WHERE status = 'running' AND lease_until IS NULL AND open_children = 0 ORDER BY created_at LIMIT $1`,
  );
}

/** Live rows whose run has ended, or is gone. */
export async function listLiveUnderEnded(client: Queryable): Promise<readonly Discrepancy[]> {
  return list(
    client,
    `SELECT job.id, format('%s %s', job.fence, job.status) AS state,
       format('%s is %s, its run %s %s', job.kind, job.status, job.run_id, coalesce(root.status, 'is gone')) AS text
     FROM jobs job LEFT JOIN jobs root ON root.id = job.run_id
     WHERE job.status ${IS_LIVE} AND job.id <> job.run_id AND (root.id IS NULL OR root.status NOT ${IS_LIVE}) ORDER BY job.created_at LIMIT $1`,
  );
}

/** Portfolios that a job claims which has ended, or is gone. */
export async function listOrphanedClaims(client: Queryable): Promise<readonly Discrepancy[]> {
  return list(
    client,
    `SELECT portfolio_id AS id, claim.fence::text AS state, format('claimed by job %s, which %s', job_id, coalesce(job.status, 'is gone')) AS text
     FROM calculation_claims claim LEFT JOIN jobs job ON job.id = job_id
     WHERE claim.lease_until > clock_timestamp() AND (job.id IS NULL OR job.status NOT ${IS_LIVE}) ORDER BY portfolio_id LIMIT $1`,
  );
}

const IS_ABANDONED = `NOT is_complete AND NOT EXISTS (
  SELECT 1 FROM calculation_claims claim LEFT JOIN jobs job ON job.id = claim.job_id
  WHERE claim.portfolio_id = slot.portfolio_id AND (claim.lease_until > clock_timestamp() OR job.status ${IS_LIVE}))`;

/** Slots of sessions that nobody computes any more; `state` is the session. */
export async function listAbandonedSlots(client: Queryable): Promise<readonly Discrepancy[]> {
  return list(
    client,
    `SELECT portfolio_id AS id, snapshot_date::text AS state, format('the slot of %s was left incomplete', snapshot_date) AS text
     FROM portfolio_snapshots slot WHERE ${IS_ABANDONED} ORDER BY portfolio_id, snapshot_date LIMIT $1`,
  );
}

/** Uploads that wait for a job that does not exist. */
export async function listImportsWithoutJob(client: Queryable): Promise<readonly Discrepancy[]> {
  return list(
    client,
    `SELECT id, status AS state, format('%s since %s, and no job reads it', status, created_at) AS text FROM imports
     WHERE status ${IS_LIVE} AND NOT EXISTS (
       SELECT 1 FROM jobs WHERE kind = 'import-positions' AND payload->>'importId' = imports.id::text)
     ORDER BY created_at LIMIT $1`,
  );
}

async function list(client: Queryable, statement: string): Promise<readonly Discrepancy[]> {
  const { rows } = await client.query<Discrepancy>(statement, [LISTED_MAX]);
  return rows;
}

/** Of the given jobs, those whose row still stands and has not ended. */
export async function findLiveJobs(client: Queryable, jobIds: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ id: string }>(`SELECT id FROM jobs WHERE id = ANY($1::uuid[]) AND status ${IS_LIVE}`, [
    jobIds,
  ]);
  return new Set(rows.map(({ id }) => id));
}

/** Counts the children anew; a parent that then waits for nobody goes on. */
export async function recountChildren(db: Db, { id, state }: Discrepancy): Promise<void> {
  const [fence, counted] = state.split(' ');
  await inTree(db, id, async (client, root) => {
    await client.query(
      `UPDATE jobs SET open_children = (SELECT count(*) FROM jobs child WHERE child.parent_id = $1 AND child.status ${IS_LIVE})
       WHERE id = $1 AND fence = $2 AND open_children = $3 AND status ${IS_LIVE}`,
      [id, fence, counted],
    );
    await wake(client, id, fence!, root?.cancel_requested_at != null);
  });
}

/** running → queued, or cancelled with its run. */
export async function wakeWaiting(db: Db, { id, state }: Discrepancy): Promise<void> {
  await inTree(db, id, (client, root) => wake(client, id, state, root?.cancel_requested_at != null));
}

async function wake(client: Queryable, id: string, fence: string, isCancelled: boolean): Promise<void> {
  const { rows } = await client.query<EndedRow & Readonly<{ status: JobStatus }>>(
    `UPDATE jobs SET status = CASE WHEN $3 THEN 'cancelled' ELSE 'queued' END, finished_at = CASE WHEN $3 THEN clock_timestamp() END,
       fence = fence + 1, enqueued_at = NULL, run_after = clock_timestamp()
     WHERE id = $1 AND fence = $2 AND status = 'running' AND lease_until IS NULL AND open_children = 0 RETURNING id, parent_id, status`,
    [id, fence, isCancelled],
  );
  await announceEnds(
    client,
    rows.filter(({ status }) => status === 'cancelled'),
  );
  await client.query(`SELECT pg_notify('${JOBS_CHANNEL}', '')`);
}

/** queued or waiting → cancelled; one that runs now is asked to stop, and ends at its next heartbeat. */
export async function cancelLeftover(db: Db, { id, state }: Discrepancy): Promise<void> {
  const [fence] = state.split(' ');
  await inTree(db, id, async (client) => {
    const { rows } = await client.query<EndedRow>(
      `UPDATE jobs SET status = 'cancelled', fence = fence + 1, finished_at = clock_timestamp(), enqueued_at = NULL, lease_until = NULL, progress = NULL
       WHERE id = $1 AND fence = $2 AND (status = 'queued' OR status = 'running' AND (lease_until IS NULL OR lease_until < clock_timestamp()))
       RETURNING id, parent_id`,
      [id, fence],
    );
    await announceEnds(client, rows);
    await client.query(
      `UPDATE jobs SET cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()) WHERE id = $1 AND fence = $2 AND status = 'running'`,
      [id, fence],
    );
  });
}

export async function releaseOrphanedClaim(db: Db, { id, state }: Discrepancy): Promise<void> {
  await db.pool.query(`UPDATE calculation_claims SET lease_until = '-infinity' WHERE portfolio_id = $1 AND fence = $2`, [
    id,
    state,
  ]);
}

export async function removeAbandonedSlot(db: Db, { id, state }: Discrepancy): Promise<void> {
  await db.pool.query(`DELETE FROM portfolio_snapshots slot WHERE portfolio_id = $1 AND snapshot_date = $2 AND ${IS_ABANDONED}`, [
    id,
    state,
  ]);
}

/** Rows of ended jobs are kept this long: an older upload had its job, and nobody waits for it any more. */
const JOBS_KEPT_DAYS = 30;

/** Submits the import again; one so old that its job may have ended long ago fails instead. */
export async function resubmitImport(db: Db, { id, state }: Discrepancy): Promise<void> {
  await inTransaction(db, async (client) => {
    const { rows } = await client.query<{ user_id: string; is_old: boolean }>(
      `SELECT user_id, created_at < clock_timestamp() - make_interval(days => $3) AS is_old FROM imports WHERE id = $1 AND status = $2 FOR UPDATE`,
      [id, state, JOBS_KEPT_DAYS],
    );
    const [upload] = rows;
    if (upload === undefined) return;
    if (!upload.is_old) {
      await submitJob(client, 'import-positions', { importId: id }, { trigger: 'admin', requestedBy: upload.user_id });
      return;
    }
    await client.query(
      `UPDATE imports SET status = 'failed', error_code = 'ERR_JOB_001', error_text = 'the job that read this file is gone', finished_at = clock_timestamp()
       WHERE id = $1 AND status = $2`,
      [id, state],
    );
  });
}
