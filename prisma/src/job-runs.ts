// What a worker does with a job row it holds: claim, stay alive, report, end. Every statement names the fence it holds and the
// state it leaves, so that a worker that was frozen and woken can write nothing.
import type { JobStatus } from '@closebell/shared/jobs';
import type pg from 'pg';
import { inTransaction, type Db, type Queryable } from './client.js';
import { announceEnds, inTree } from './job-trees.js';
import { JOBS_CHANNEL, submitJobs, type JobError, type JobPhase, type JobProgress, type JobRow, type NewJob } from './jobs.js';
import { hasUnsettledWork } from './unsettled-work.js';

/** The right to write for a job: worth nothing once the fence has moved on. */
export type JobHold = Readonly<{ id: string; fence: number; leaseMs: number }>;

export class FenceLostError extends Error {
  constructor(jobId: string) {
    super(`job ${jobId} was taken over: nothing more may be written for it`);
    this.name = 'FenceLostError';
  }
}

/** Takes the row if it still waits under this fence; null when it was ended, taken or re-queued meanwhile. */
export async function claimJob(client: Queryable, jobId: string, fence: number, leaseMs: number): Promise<JobRow | null> {
  const { rows } = await client.query<JobRow>(
    `UPDATE jobs SET status = 'running', started_at = coalesce(started_at, clock_timestamp()), heartbeat_at = clock_timestamp(),
       lease_until = clock_timestamp() + make_interval(secs => $3), attempts_made = attempts_made + 1
     WHERE id = $1 AND fence = $2 AND status = 'queued' RETURNING *`,
    [jobId, fence, leaseMs / 1000],
  );
  return rows[0] ?? null;
}

/** Gives back an entry that is not going to be claimed here: the row gets a new fence, and so a new entry, for another worker. */
export async function returnEntry(client: Queryable, jobId: string, fence: number): Promise<void> {
  await client.query(
    `WITH back AS (
       UPDATE jobs SET fence = fence + 1, enqueued_at = NULL WHERE id = $1 AND fence = $2 AND status = 'queued' RETURNING id)
     SELECT pg_notify('${JOBS_CHANNEL}', '') FROM back`,
    [jobId, fence],
  );
}

/** Extends the lease of the row and of the portfolios it claimed. `cancelRequested` is how a running job learns that its run is cancelled. */
export async function beat(client: Queryable, hold: JobHold): Promise<Readonly<{ held: boolean; cancelRequested: boolean }>> {
  const { rows } = await client.query<{ cancel_requested_at: Date | null }>(
    `WITH held AS (
       UPDATE jobs SET heartbeat_at = clock_timestamp(), lease_until = clock_timestamp() + make_interval(secs => $3)
       WHERE id = $1 AND fence = $2 AND status = 'running' RETURNING id, run_id, lease_until, cancel_requested_at),
     claimed AS (
       SELECT portfolio_id, held.lease_until FROM calculation_claims claim JOIN held ON claim.job_id = held.id
       WHERE claim.lease_until > clock_timestamp() ORDER BY portfolio_id FOR UPDATE OF claim),
     claims AS (
       UPDATE calculation_claims SET lease_until = claimed.lease_until FROM claimed WHERE calculation_claims.portfolio_id = claimed.portfolio_id)
     SELECT coalesce(held.cancel_requested_at, root.cancel_requested_at) AS cancel_requested_at
     FROM held LEFT JOIN jobs root ON root.id = held.run_id`,
    [hold.id, hold.fence, hold.leaseMs / 1000],
  );
  return { held: rows.length > 0, cancelRequested: rows[0]?.cancel_requested_at != null };
}

/**
 * Runs figures' writes in one transaction that starts by proving and extending the hold. Time-outs shorter than the lease end a
 * transaction whose worker was frozen, so that it cannot block its successor.
 */
export async function inFencedTransaction<T>(db: Db, hold: JobHold, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return inTransaction(db, async (client) => {
    await client.query(
      `SELECT set_config('statement_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $2, true)`,
      [String(Math.floor(hold.leaseMs * 0.8)), String(Math.floor(hold.leaseMs * 0.5))],
    );
    await proveHold(client, hold);
    return work(client);
  });
}

/**
 * For facts that many transactions of a job write side by side: stops the ones of a worker that has lost its hold, and locks nothing.
 * A worker frozen later on is ended by the server while its lease still runs.
 */
export async function inHeldTransaction<T>(
  db: Db,
  { id, fence }: JobHold,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return inTransaction(db, async (client) => {
    const { rowCount } = await client.query(`SELECT 1 FROM jobs WHERE id = $1 AND fence = $2 AND status = 'running'`, [
      id,
      fence,
    ]);
    if (rowCount === 0) throw new FenceLostError(id);
    return work(client);
  });
}

async function proveHold(client: Queryable, { id, fence, leaseMs }: JobHold): Promise<void> {
  const { rowCount } = await client.query(
    `UPDATE jobs SET lease_until = clock_timestamp() + make_interval(secs => $3) WHERE id = $1 AND fence = $2 AND status = 'running'`,
    [id, fence, leaseMs / 1000],
  );
  if (rowCount === 0) throw new FenceLostError(id);
}

export async function saveProgress(
  client: Queryable,
  hold: JobHold,
  progress: JobProgress | null,
  phases: readonly JobPhase[],
): Promise<void> {
  const { rowCount } = await client.query(
    `UPDATE jobs SET progress = $3, phases = $4 WHERE id = $1 AND fence = $2 AND status = 'running'`,
    [hold.id, hold.fence, progress === null ? null : JSON.stringify(progress), JSON.stringify(phases)],
  );
  if (rowCount === 0) throw new FenceLostError(hold.id);
}

export type JobEnd = Readonly<{
  status: Exclude<JobStatus, 'queued' | 'running'>;
  result?: Readonly<Record<string, unknown>> | null;
  error?: JobError | null;
}>;

/** `queued`: something came while the job ran, so it goes round once more instead. */
export async function endJob(db: Db, hold: JobHold, end: JobEnd): Promise<'ended' | 'queued'> {
  return inTree(db, hold.id, async (client, root) => {
    const isCancelled = root?.cancel_requested_at != null;
    const isDone = end.status === 'completed' || end.status === 'partial';
    if (isDone && !isCancelled && (await hasUnsettledWork(client, hold.id))) {
      await requeueIn(client, hold, { delayMs: 0, keepsAttempt: true });
      return 'queued';
    }
    await endJobIn(client, hold, end);
    return 'ended';
  });
}

async function endJobIn(client: Queryable, hold: JobHold, { status, result = null, error = null }: JobEnd): Promise<void> {
  const { rows } = await client.query<{ parent_id: string | null }>(
    `UPDATE jobs SET status = $3, result = $4, error = $5, finished_at = clock_timestamp(), lease_until = NULL, progress = NULL
     WHERE id = $1 AND fence = $2 AND status = 'running' RETURNING parent_id`,
    [hold.id, hold.fence, status, result === null ? null : JSON.stringify(result), error === null ? null : JSON.stringify(error)],
  );
  if (!rows[0]) throw new FenceLostError(hold.id);
  await announceEnds(client, [{ id: hold.id, parent_id: rows[0].parent_id }]);
}

export type Requeue = Readonly<{
  delayMs: number;
  /** An orderly pause gives its attempt back; a failed try does not. */
  keepsAttempt: boolean;
  error?: JobError | null;
}>;

/** running → queued: a retry after an error, or a snooze until something else has ended. In a cancelled run the job ends instead. */
export async function requeueJob(db: Db, hold: JobHold, requeue: Requeue): Promise<void> {
  await inTree(db, hold.id, async (client, root) => {
    if (root === null) throw new FenceLostError(hold.id);
    if (root.cancel_requested_at !== null) return endJobIn(client, hold, { status: 'cancelled', error: requeue.error ?? null });
    return requeueIn(client, hold, requeue);
  });
}

async function requeueIn(client: Queryable, hold: JobHold, { delayMs, keepsAttempt, error = null }: Requeue): Promise<void> {
  const { rowCount } = await client.query(
    `WITH back AS (
       UPDATE jobs SET status = 'queued', fence = fence + 1, enqueued_at = NULL, lease_until = NULL, error = $5,
         run_after = clock_timestamp() + make_interval(secs => $3), attempts_made = attempts_made - CASE WHEN $4 THEN 1 ELSE 0 END
       WHERE id = $1 AND fence = $2 AND status = 'running' RETURNING id)
     SELECT pg_notify('${JOBS_CHANNEL}', '') FROM back`,
    [hold.id, hold.fence, delayMs / 1000, keepsAttempt, error === null ? null : JSON.stringify(error)],
  );
  if (rowCount === 0) throw new FenceLostError(hold.id);
}

/** A job that another one submits and waits for. */
export type ChildJob = NewJob;

class NotSubmittedError extends Error {}

/**
 * Submits children and lets go of the row in one transaction: it stays `running` without a lease until the last child's end puts it
 * back to `queued`. `busy`: a child is live under another parent, or the run is cancelled, so nothing was submitted and the row is still held.
 */
export async function awaitChildren(
  db: Db,
  hold: JobHold,
  job: JobRow,
  children: readonly ChildJob[],
): Promise<'waiting' | 'busy'> {
  if (children.length === 0) throw new Error(`job ${job.id} would wait for no child, and so for ever`);
  try {
    await inTree(db, hold.id, async (client, root) => {
      await proveHold(client, hold);
      if (root === null || root.cancel_requested_at !== null) throw new NotSubmittedError();
      const submitted = await submitJobs(client, children, {
        trigger: job.trigger,
        requestedBy: job.requested_by,
        actingAs: job.acting_as,
        requestId: job.request_id,
        parent: { id: job.id, runId: job.run_id },
      });
      if (submitted < children.length) throw new NotSubmittedError();
      await client.query(
        `UPDATE jobs SET lease_until = NULL, open_children = $3, attempts_made = attempts_made - 1 WHERE id = $1 AND fence = $2`,
        [hold.id, hold.fence, children.length],
      );
    });
    return 'waiting';
  } catch (cause) {
    if (cause instanceof NotSubmittedError) return 'busy';
    throw cause;
  }
}
