// The job row: submitted, read, cancelled, retried. What a worker does with a row it holds is in job-runs.ts.
import { JOBS, type JobKind, type JobPayloadInput, type JobStatus, type JobTrigger } from '@closebell/shared/jobs';
import { inTransaction, type Db, type Queryable } from './client.js';

/** Sent with the commit of every row that waits to be enqueued; the relays listen. */
export const JOBS_CHANNEL = 'closebell_jobs';
/** Sent with the commit of every end, carrying the row's id; whoever waits for a job listens. */
export const JOB_ENDED_CHANNEL = 'closebell_job_ended';

export type JobPhase = Readonly<{
  number: number;
  name: string;
  status: 'running' | 'completed' | 'partial' | 'failed';
  started_at: string;
  duration_ms: number | null;
  counts: Readonly<Record<string, number>>;
}>;

export type JobProgress = Readonly<{ phase: number; phase_name: string; done: number; total: number; unit: string }>;
export type JobError = Readonly<{ code: string; message: string; fingerprint: string }>;

export type JobRow = Readonly<{
  id: string;
  kind: JobKind;
  payload: Record<string, unknown>;
  status: JobStatus;
  dedupe_key: string;
  parent_id: string | null;
  run_id: string;
  open_children: number;
  attempts_made: number;
  attempts_max: number;
  progress: JobProgress | null;
  phases: readonly JobPhase[];
  result: Record<string, unknown> | null;
  error: JobError | null;
  requested_by: string | null;
  acting_as: string | null;
  trigger: JobTrigger;
  request_id: string | null;
  fence: number;
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
  cancel_requested_at: Date | null;
}>;

export type JobOrigin = Readonly<{
  trigger: JobTrigger;
  requestedBy?: string | null;
  actingAs?: string | null;
  requestId?: string | null;
  /** The job this one belongs to, and the root of its tree. */
  parent?: Readonly<{ id: string; runId: string }>;
}>;

export type Submitted = Readonly<{ jobId: string; created: boolean }>;

const LIVE = `status IN ('queued', 'running')`;

/**
 * Inserts the row in the caller's transaction, or finds the live job that has its dedupe key.
 * Nothing is put on the queue here: the relay does that after the commit, so that a job and its cause are kept or lost together.
 */
export async function submitJob<K extends JobKind>(
  client: Queryable,
  kind: K,
  payload: JobPayloadInput<K>,
  origin: JobOrigin,
): Promise<Submitted> {
  const { queue, attemptsMax, priority } = JOBS[kind];
  const [parsed, dedupeKey] = parseForSubmit(kind, payload);
  // The job that conflicts may end before it is read; then the key is free and the next insert goes through.
  for (let attempt = 0; attempt < 10; attempt++) {
    // A look before the insert: the insert's conflict would wait for the transaction of the worker that is writing that job's figures,
    // and that one may wait for a row this transaction has locked.
    const live = await client.query<{ id: string }>(`SELECT id FROM jobs WHERE dedupe_key = $1 AND ${LIVE}`, [dedupeKey]);
    if (live.rows[0]) return { jobId: live.rows[0].id, created: false };
    const inserted = await client.query<{ id: string }>(INSERT_JOB, [
      kind,
      queue,
      JSON.stringify(parsed),
      dedupeKey,
      priority,
      attemptsMax,
      origin.parent?.id ?? null,
      origin.parent?.runId ?? null,
      origin.trigger,
      origin.requestedBy ?? null,
      origin.actingAs ?? null,
      origin.requestId ?? null,
    ]);
    if (inserted.rows[0]) return { jobId: inserted.rows[0].id, created: true };
  }
  throw new Error(`job ${dedupeKey} could neither be inserted nor found`);
}

function parseForSubmit(kind: JobKind, payload: unknown): readonly [Record<string, unknown>, string] {
  const definition = JOBS[kind];
  const parsed = definition.payload.parse(payload);
  // The table pairs each schema with the key made from it; the pair is lost to the compiler once the kind is a union.
  return [parsed, (definition.dedupeKey as (payload: unknown) => string)(parsed)];
}

const INSERT_JOB = `
  WITH made AS (
    INSERT INTO jobs (id, kind, queue, payload, dedupe_key, priority, attempts_max, parent_id, run_id, trigger, requested_by, acting_as, request_id)
    SELECT id, $1, $2, $3::jsonb, $4, $5, $6, $7::uuid, coalesce($8::uuid, id), $9, $10::uuid, $11::uuid, $12
    FROM (SELECT gen_random_uuid() AS id) AS new
    ON CONFLICT (dedupe_key) WHERE status IN ('queued', 'running') DO NOTHING
    RETURNING id)
  SELECT id, pg_notify('${JOBS_CHANNEL}', '') FROM made`;

const COLUMNS = `id, kind, payload, status, dedupe_key, parent_id, run_id, open_children, attempts_made, attempts_max, progress, phases,
  result, error, requested_by, acting_as, trigger, request_id, fence, created_at, started_at, finished_at, cancel_requested_at`;

export async function findJob(client: Queryable, jobId: string): Promise<JobRow | null> {
  const { rows } = await client.query<JobRow>(`SELECT ${COLUMNS} FROM jobs WHERE id = $1`, [jobId]);
  return rows[0] ?? null;
}

/** The whole tree, root first. */
export async function findTree(client: Queryable, runId: string): Promise<readonly JobRow[]> {
  const { rows } = await client.query<JobRow>(
    `SELECT ${COLUMNS} FROM jobs WHERE run_id = $1 ORDER BY (id = run_id) DESC, created_at, id`,
    [runId],
  );
  return rows;
}

export async function findChildren(client: Queryable, parentId: string): Promise<readonly JobRow[]> {
  const { rows } = await client.query<JobRow>(`SELECT ${COLUMNS} FROM jobs WHERE parent_id = $1 ORDER BY created_at, id`, [
    parentId,
  ]);
  return rows;
}

export type JobFilter = Readonly<{
  status?: JobStatus;
  kinds?: readonly JobKind[];
  rootsOnly?: boolean;
  before?: string;
  limit: number;
}>;

/** Newest first; `before` is the id of the last job of the page before. */
export async function listJobs(
  client: Queryable,
  { status, kinds, rootsOnly = false, before, limit }: JobFilter,
): Promise<readonly JobRow[]> {
  const { rows } = await client.query<JobRow>(
    `SELECT ${COLUMNS} FROM jobs
     WHERE ($1::text IS NULL OR status = $1) AND ($2::text[] IS NULL OR kind = ANY($2)) AND (NOT $3 OR parent_id IS NULL)
       AND ($4::uuid IS NULL OR (created_at, id) < (SELECT created_at, id FROM jobs WHERE id = $4))
     ORDER BY created_at DESC, id DESC LIMIT $5`,
    [status ?? null, kinds ?? null, rootsOnly, before ?? null, limit],
  );
  return rows;
}

export type FailureGroup = Readonly<{
  fingerprint: string;
  kind: string;
  code: string;
  message: string;
  count: number;
  latest_at: Date;
  job_ids: string[];
}>;

/** Failed jobs by cause, the most frequent first; at most 20 ids each. */
export async function listFailures(client: Queryable, limit: number): Promise<readonly FailureGroup[]> {
  const { rows } = await client.query<FailureGroup>(
    `SELECT error->>'fingerprint' AS fingerprint, kind, min(error->>'code') AS code, min(error->>'message') AS message, count(*) AS count,
       max(finished_at) AS latest_at, (array_agg(id ORDER BY finished_at DESC))[1:20] AS job_ids
     FROM jobs WHERE status = 'failed' GROUP BY 1, 2 ORDER BY count(*) DESC, 1 LIMIT $1`,
    [limit],
  );
  return rows;
}

export type CancelResult = Readonly<{ ended: number; asked: number }>;

/** Cancels the tree: what waits ends now, what runs is asked to stop at its next heartbeat. Finished jobs stay as they are. */
export async function cancelTree(db: Db, runId: string): Promise<CancelResult> {
  return inTransaction(db, async (client) => {
    // Locked in one order, so that two cancels, or a cancel and an ending child, cannot wait for each other.
    await client.query(`SELECT id FROM jobs WHERE run_id = $1 AND ${LIVE} ORDER BY id FOR UPDATE`, [runId]);
    const asked = await client.query(
      `UPDATE jobs SET cancel_requested_at = clock_timestamp() WHERE run_id = $1 AND ${LIVE} AND cancel_requested_at IS NULL`,
      [runId],
    );
    const ended = await client.query<{ id: string; parent_id: string | null }>(
      `UPDATE jobs SET status = 'cancelled', finished_at = clock_timestamp(), fence = fence + 1, enqueued_at = NULL
       WHERE run_id = $1 AND status = 'queued' RETURNING id, parent_id`,
      [runId],
    );
    for (const { id, parent_id: parentId } of ended.rows) await announceEnd(client, id, parentId);
    return { ended: ended.rowCount ?? 0, asked: asked.rowCount ?? 0 };
  });
}

/** After a row's last status: tells who waits for it, and puts its parent back in the queue when this was the last open child. */
export async function announceEnd(client: Queryable, jobId: string, parentId: string | null): Promise<void> {
  if (parentId !== null) await client.query(CLOSE_CHILD, [parentId]);
  await client.query(`SELECT pg_notify('${JOB_ENDED_CHANNEL}', $1), pg_notify('${JOBS_CHANNEL}', '')`, [jobId]);
}

const CLOSE_CHILD = `
  UPDATE jobs SET open_children = open_children - 1,
    status = CASE WHEN open_children = 1 AND status = 'running' THEN 'queued' ELSE status END,
    fence = CASE WHEN open_children = 1 AND status = 'running' THEN fence + 1 ELSE fence END,
    enqueued_at = CASE WHEN open_children = 1 AND status = 'running' THEN NULL ELSE enqueued_at END,
    run_after = clock_timestamp()
  WHERE id = $1 AND open_children > 0`;

export type RetryResult =
  | Readonly<{ outcome: 'queued'; jobId: string }>
  | Readonly<{ outcome: 'already_live'; liveJobId: string }>
  | Readonly<{ outcome: 'not_failed'; status: JobStatus }>
  | Readonly<{ outcome: 'not_found' }>;

/**
 * Puts a failed, partial or cancelled job back in the queue with fresh attempts. It takes its dedupe key back, or is refused with the id of
 * the live job that has it: a retried job never runs beside a new one. A child is retried by its root, whose tree has ended.
 */
export async function retryJob(db: Db, jobId: string): Promise<RetryResult> {
  try {
    return await requeueRoot(db, jobId);
  } catch (cause) {
    // A new job took the key between the look and the update; the second look finds it.
    if ((cause as { code?: string }).code === UNIQUE_VIOLATION) return requeueRoot(db, jobId);
    throw cause;
  }
}

const UNIQUE_VIOLATION = '23505';
const RETRYABLE: readonly JobStatus[] = ['failed', 'partial', 'cancelled'];

async function requeueRoot(db: Db, jobId: string): Promise<RetryResult> {
  return inTransaction(db, async (client) => {
    const job = await lockRootOf(client, jobId);
    if (!job) return { outcome: 'not_found' };
    if (!RETRYABLE.includes(job.status)) return { outcome: 'not_failed', status: job.status };
    const live = await client.query<{ id: string }>(`SELECT id FROM jobs WHERE dedupe_key = $1 AND ${LIVE}`, [job.dedupe_key]);
    if (live.rows[0]) return { outcome: 'already_live', liveJobId: live.rows[0].id };
    // The children of the failed try are forgotten: the new try decides anew what it needs.
    await client.query(`UPDATE jobs SET parent_id = NULL WHERE parent_id = $1`, [job.id]);
    await client.query(
      `UPDATE jobs SET status = 'queued', fence = fence + 1, attempts_made = 0, run_after = clock_timestamp(), enqueued_at = NULL, lease_until = NULL,
         cancel_requested_at = NULL, started_at = NULL, finished_at = NULL, error = NULL, result = NULL, progress = NULL, phases = '[]', open_children = 0
       WHERE id = $1 AND status = $2`,
      [job.id, job.status],
    );
    await client.query(`SELECT pg_notify('${JOBS_CHANNEL}', '')`);
    return { outcome: 'queued', jobId: job.id };
  });
}

async function lockRootOf(client: Queryable, jobId: string): Promise<Pick<JobRow, 'id' | 'status' | 'dedupe_key'> | null> {
  const { rows } = await client.query<Pick<JobRow, 'id' | 'status' | 'dedupe_key'>>(
    `SELECT id, status, dedupe_key FROM jobs WHERE id = (SELECT run_id FROM jobs WHERE id = $1) FOR UPDATE`,
    [jobId],
  );
  return rows[0] ?? null;
}

/** Deletes trees that ended before the given age; returns how many rows went. */
export async function pruneJobs(client: Queryable, ageDays: number): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM jobs WHERE run_id IN (
       SELECT id FROM jobs WHERE id = run_id AND NOT ${LIVE} AND finished_at < clock_timestamp() - make_interval(days => $1))`,
    [ageDays],
  );
  return rowCount ?? 0;
}
