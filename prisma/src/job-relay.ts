// The way from row to queue: the relay takes rows that are due, the rescuer brings back rows whose worker or queue entry was lost.
import { JOB_KINDS, JOBS, type QueueName } from '@closebell/shared/jobs';
import { inTransaction, type Db, type Queryable } from './client.js';
import { announceEnds, type EndedRow } from './job-trees.js';
import { JOBS_CHANNEL } from './jobs.js';

export type DueJob = Readonly<{ id: string; fence: number; queue: QueueName; kind: string; priority: number }>;

/**
 * Hands due rows to `enqueue` and notes that they went, in one transaction. A crash in between enqueues them again under the same
 * id, which the queue ignores. Several relays share the work by skipping each other's rows. Of a kind with an `inFlightMax` no more goes
 * than has a place; each end of such a job wakes the relays for the next.
 */
export async function relayDueJobs(db: Db, limit: number, enqueue: (jobs: readonly DueJob[]) => Promise<void>): Promise<number> {
  return inTransaction(db, async (client) => {
    await client.query(`SET LOCAL idle_in_transaction_session_timeout = '15s'`);
    const { rows } = await client.query<DueJob>(DUE_JOBS, [
      limit,
      BOUNDED_KINDS.map(({ kind }) => kind),
      BOUNDED_KINDS.map(({ inFlightMax }) => inFlightMax),
    ]);
    if (rows.length === 0) return 0;
    await enqueue(rows);
    await client.query(`UPDATE jobs SET enqueued_at = clock_timestamp() WHERE id = ANY($1)`, [rows.map(({ id }) => id)]);
    return rows.length;
  });
}

const BOUNDED_KINDS = JOB_KINDS.flatMap((kind) => {
  const { inFlightMax } = JOBS[kind];
  return inFlightMax === null ? [] : [{ kind, inFlightMax }];
});

const IS_DUE = `status = 'queued' AND enqueued_at IS NULL AND run_after <= clock_timestamp()`;

const DUE_JOBS = `
  WITH admitted AS (
    SELECT next.id FROM unnest($2::text[], $3::int[]) AS bounded (kind, in_flight_max)
    CROSS JOIN LATERAL (
      SELECT id FROM jobs WHERE kind = bounded.kind AND ${IS_DUE} ORDER BY run_after, id
      LIMIT greatest(0, bounded.in_flight_max - (
        SELECT count(*) FROM jobs WHERE kind = bounded.kind AND (status = 'running' OR status = 'queued' AND enqueued_at IS NOT NULL)))) AS next)
  SELECT id, fence, queue, kind, priority FROM jobs
  WHERE ${IS_DUE} AND (kind <> ALL ($2) OR id IN (SELECT id FROM admitted))
  ORDER BY priority, run_after LIMIT $1 FOR UPDATE SKIP LOCKED`;

export type Rescue = Readonly<{ requeued: number; failed: number; cancelled: number; reEnqueued: number }>;

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
    // A rescuer that is frozen must not keep the others from their work.
    await client.query(`SET LOCAL idle_in_transaction_session_timeout = '5s'`);
    const { rows } = await client.query<{ taken: boolean }>(`SELECT pg_try_advisory_xact_lock(hashtext($1)) AS taken`, [
      RESCUE_LOCK,
    ]);
    if (!rows[0]?.taken) return null;
    const requeued = await requeueExpired(client, limit);
    return { requeued, ...(await endAbandoned(client, limit)) };
  });
  if (taken === null) return null;
  return { ...taken, reEnqueued: await reEnqueueLost(db, { enqueuedForMs, limit, holds }) };
}

/** Expired rows that go on, and those that end: after their last try, or in a cancelled run. */
const GOES_ON = `job.attempts_made < job.attempts_max AND root.cancel_requested_at IS NULL`;
const IS_EXPIRED = `job.status = 'running' AND job.lease_until < clock_timestamp()`;

/**
 * Jobs that lost a worker together start apart from the second time on. Started together they would die together at every try, and a job
 * that kills its workers would take those beside it to their last one.
 */
const APART = `make_interval(secs => CASE WHEN attempts_made < 2 THEN 0 ELSE random() * 2 ^ attempts_made END)`;

async function requeueExpired(client: Queryable, limit: number): Promise<number> {
  const { rowCount } = await client.query(
    `WITH back AS (
       UPDATE jobs SET status = 'queued', fence = fence + 1, enqueued_at = NULL, lease_until = NULL, run_after = clock_timestamp() + ${APART}
       WHERE id IN (SELECT job.id FROM jobs job JOIN jobs root ON root.id = job.run_id WHERE ${IS_EXPIRED} AND ${GOES_ON}
                    ORDER BY job.lease_until LIMIT $1 FOR UPDATE OF job SKIP LOCKED) RETURNING id)
     SELECT pg_notify('${JOBS_CHANNEL}', '') FROM back`,
    [limit],
  );
  return rowCount ?? 0;
}

/** A job that lost its worker at every try is stopped, it may be what kills them; one of a cancelled run has nobody left to stop it. */
async function endAbandoned(client: Queryable, limit: number): Promise<Readonly<{ failed: number; cancelled: number }>> {
  // A tree that is changing just now is left to the next turn, as is a row whose worker is writing.
  const { rows: roots } = await client.query<{ id: string }>(
    `SELECT id FROM jobs WHERE id IN (
       SELECT job.run_id FROM jobs job JOIN jobs root ON root.id = job.run_id WHERE ${IS_EXPIRED} AND NOT (${GOES_ON})
       ORDER BY job.lease_until LIMIT $1)
     FOR UPDATE SKIP LOCKED`,
    [limit],
  );
  if (roots.length === 0) return { failed: 0, cancelled: 0 };
  const { rows } = await client.query<EndedRow & Readonly<{ status: 'failed' | 'cancelled' }>>(END_ABANDONED, [
    roots.map(({ id }) => id),
  ]);
  await announceEnds(client, rows);
  const failed = rows.filter(({ status }) => status === 'failed').length;
  return { failed, cancelled: rows.length - failed };
}

const END_ABANDONED = `
  WITH ending AS (
    SELECT job.id, root.cancel_requested_at IS NOT NULL AS is_cancelled FROM jobs job JOIN jobs root ON root.id = job.run_id
    WHERE job.run_id = ANY($1) AND ${IS_EXPIRED} AND NOT (${GOES_ON}) FOR UPDATE OF job SKIP LOCKED)
  UPDATE jobs SET status = CASE WHEN is_cancelled THEN 'cancelled' ELSE 'failed' END, fence = fence + 1, lease_until = NULL,
    finished_at = clock_timestamp(), progress = NULL,
    error = CASE WHEN is_cancelled THEN NULL ELSE jsonb_build_object('code', 'ERR_JOB_001', 'fingerprint', kind || ' worker lost',
      'message', 'the worker was lost ' || attempts_made || ' times in a row while it ran this job') END
  FROM ending WHERE jobs.id = ending.id RETURNING jobs.id, parent_id, status`;

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
async function touchEnqueued(client: Queryable, jobs: readonly Entry[]): Promise<void> {
  if (jobs.length === 0) return;
  await client.query(
    `${STILL_QUEUED} UPDATE jobs SET enqueued_at = clock_timestamp() FROM still WHERE jobs.id = still.id`,
    columnsOf(jobs),
  );
}

async function dropEntries(client: Queryable, jobs: readonly Entry[]): Promise<number> {
  if (jobs.length === 0) return 0;
  const { rowCount } = await client.query(
    `${STILL_QUEUED}, lost AS (
       UPDATE jobs SET fence = jobs.fence + 1, enqueued_at = NULL FROM still WHERE jobs.id = still.id RETURNING jobs.id)
     SELECT pg_notify('${JOBS_CHANNEL}', '') FROM lost`,
    columnsOf(jobs),
  );
  return rowCount ?? 0;
}

type Entry = Readonly<{ id: string; fence: number }>;

/** A row that is locked is being claimed or cancelled: it needs no rescue, and to wait for it could mean to wait in a circle. */
const STILL_QUEUED = `
  WITH still AS (
    SELECT jobs.id FROM jobs JOIN unnest($1::uuid[], $2::bigint[]) AS seen (id, fence) ON jobs.id = seen.id AND jobs.fence = seen.fence
    WHERE status = 'queued' AND enqueued_at IS NOT NULL FOR UPDATE OF jobs SKIP LOCKED)`;

function columnsOf(jobs: readonly Entry[]): [ids: string[], fences: number[]] {
  return [jobs.map(({ id }) => id), jobs.map(({ fence }) => fence)];
}
