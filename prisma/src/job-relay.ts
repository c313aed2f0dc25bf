// The way from row to queue: the relay takes rows that are due, the rescuer brings back rows whose worker or queue entry was lost.
import type { QueueName } from '@closebell/shared/jobs';
import { inTransaction, type Db, type Queryable } from './client.js';
import { announceEnd, JOBS_CHANNEL } from './jobs.js';

export type DueJob = Readonly<{ id: string; fence: number; queue: QueueName; kind: string; priority: number }>;

/**
 * Hands due rows to `enqueue` and notes that they went, in one transaction. A crash in between enqueues them again under the same
 * id, which the queue ignores. Several relays share the work by skipping each other's rows.
 */
export async function relayDueJobs(db: Db, limit: number, enqueue: (jobs: readonly DueJob[]) => Promise<void>): Promise<number> {
  return inTransaction(db, async (client) => {
    await client.query(`SET LOCAL idle_in_transaction_session_timeout = '15s'`);
    const { rows } = await client.query<DueJob>(
      `SELECT id, fence, queue, kind, priority FROM jobs
       WHERE status = 'queued' AND enqueued_at IS NULL AND run_after <= clock_timestamp()
       ORDER BY priority, run_after LIMIT $1 FOR UPDATE SKIP LOCKED`,
      [limit],
    );
    if (rows.length === 0) return 0;
    await enqueue(rows);
    await client.query(`UPDATE jobs SET enqueued_at = clock_timestamp() WHERE id = ANY($1)`, [rows.map(({ id }) => id)]);
    return rows.length;
  });
}

export type Rescue = Readonly<{ requeued: number; failed: number; reEnqueued: number }>;

const RESCUE_LOCK = 'closebell rescuer';

export type RescueOptions = Readonly<{
  /** An entry younger than this is not looked up on the queue. */
  enqueuedForMs: number;
  limit: number;
  holds: (entry: Readonly<{ queue: QueueName; jobId: string; fence: number }>) => Promise<boolean>;
}>;

/** One rescuer at a time, wherever it runs; null when another one is at it. */
export async function rescueJobs(db: Db, { enqueuedForMs, limit, holds }: RescueOptions): Promise<Rescue | null> {
  const taken = await inTransaction(db, async (client) => {
    const { rows } = await client.query<{ taken: boolean }>(`SELECT pg_try_advisory_xact_lock(hashtext($1)) AS taken`, [
      RESCUE_LOCK,
    ]);
    if (!rows[0]?.taken) return null;
    const requeued = await requeueExpired(client, limit);
    const failed = await failExhausted(client, limit);
    return { requeued, failed };
  });
  if (taken === null) return null;
  return { ...taken, reEnqueued: await reEnqueueLost(db, { enqueuedForMs, limit, holds }) };
}

async function requeueExpired(client: Queryable, limit: number): Promise<number> {
  const { rowCount } = await client.query(
    `WITH back AS (
       UPDATE jobs SET status = 'queued', fence = fence + 1, enqueued_at = NULL, lease_until = NULL, run_after = clock_timestamp()
       WHERE id IN (SELECT id FROM jobs WHERE status = 'running' AND lease_until < clock_timestamp() AND attempts_made < attempts_max
                    ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id)
     SELECT pg_notify('${JOBS_CHANNEL}', '') FROM back`,
    [limit],
  );
  return rowCount ?? 0;
}

/** A job that lost its worker at every try is stopped: it may be what kills them. */
async function failExhausted(client: Queryable, limit: number): Promise<number> {
  const { rows } = await client.query<{ id: string; parent_id: string | null }>(
    `UPDATE jobs SET status = 'failed', fence = fence + 1, lease_until = NULL, finished_at = clock_timestamp(),
       error = jsonb_build_object('code', 'ERR_JOB_001', 'fingerprint', kind || ' worker lost',
         'message', 'the worker was lost ' || attempts_made || ' times in a row while it ran this job')
     WHERE id IN (SELECT id FROM jobs WHERE status = 'running' AND lease_until < clock_timestamp() AND attempts_made >= attempts_max
                  ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED)
     RETURNING id, parent_id`,
    [limit],
  );
  for (const { id, parent_id: parentId } of rows) await announceEnd(client, id, parentId);
  return rows.length;
}

/** Rows the queue was given and no longer knows (a flush, a crash before the claim) get a new fence, and so a new entry. */
async function reEnqueueLost(db: Db, { enqueuedForMs, limit, holds }: RescueOptions): Promise<number> {
  const { rows } = await db.pool.query<{ id: string; fence: number; queue: QueueName }>(
    `SELECT id, fence, queue FROM jobs WHERE status = 'queued' AND enqueued_at < clock_timestamp() - make_interval(secs => $1)
     ORDER BY enqueued_at LIMIT $2`,
    [enqueuedForMs / 1000, limit],
  );
  const known = await Promise.all(rows.map(({ id, fence, queue }) => holds({ queue, jobId: id, fence })));
  const lost = rows.filter((_, index) => !known[index]);
  const kept = rows.filter((_, index) => known[index]);
  await touchEnqueued(db.pool, kept);
  return dropEntries(db.pool, lost);
}

/** A known entry goes to the end of the line of those to look up, so that a long queue is looked through in turns. */
async function touchEnqueued(client: Queryable, jobs: readonly { id: string; fence: number }[]): Promise<void> {
  if (jobs.length === 0) return;
  await client.query(
    `UPDATE jobs SET enqueued_at = clock_timestamp() FROM unnest($1::uuid[], $2::bigint[]) AS known (id, fence)
     WHERE jobs.id = known.id AND jobs.fence = known.fence AND status = 'queued' AND enqueued_at IS NOT NULL`,
    [jobs.map(({ id }) => id), jobs.map(({ fence }) => fence)],
  );
}

async function dropEntries(client: Queryable, jobs: readonly { id: string; fence: number }[]): Promise<number> {
  if (jobs.length === 0) return 0;
  const { rowCount } = await client.query(
    `WITH lost AS (
       UPDATE jobs SET fence = jobs.fence + 1, enqueued_at = NULL FROM unnest($1::uuid[], $2::bigint[]) AS gone (id, fence)
       WHERE jobs.id = gone.id AND jobs.fence = gone.fence AND status = 'queued' RETURNING jobs.id)
     SELECT pg_notify('${JOBS_CHANNEL}', '') FROM lost`,
    [jobs.map(({ id }) => id), jobs.map(({ fence }) => fence)],
  );
  return rowCount ?? 0;
}
