// The job row: submitted, read, pruned. What a worker does with a row it holds is in job-runs.ts, what becomes of whole trees in job-trees.ts,
// job-cancels.ts and job-retries.ts.
import { JOBS, type JobKind, type JobPayloadInput, type JobStatus, type JobTrigger } from '@closebell/shared/jobs';
import type { Queryable } from './client.js';

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

export type JobProgress = Readonly<{
  phase: number;
  phase_name: string;
  done: number;
  total: number;
  unit: string;
  /** The furthest that any try of the job has come, in phases: what a run shows never goes back. Rows of earlier versions lack it. */
  reached?: number;
}>;
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

/** A job to submit: its kind, and what that kind carries. */
export type NewJob = { [K in JobKind]: Readonly<{ kind: K; payload: JobPayloadInput<K> }> }[JobKind];

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
  return submit(client, { kind, payload } as NewJob, origin, '');
}

/**
 * As submitJob, in a transaction that has changed what a batch is about: a live job that is joined cannot end before it sees the change.
 * Not for a calculation: its end waits for the portfolio's row, which such a transaction holds.
 */
export async function submitJobAfterChange<K extends JobKind>(
  client: Queryable,
  kind: K,
  payload: JobPayloadInput<K>,
  origin: JobOrigin,
): Promise<Submitted> {
  return submit(client, { kind, payload } as NewJob, origin, 'FOR UPDATE');
}

async function submit(client: Queryable, given: NewJob, origin: JobOrigin, lock: '' | 'FOR UPDATE'): Promise<Submitted> {
  const job = parseForSubmit(given);
  // The job that conflicts may end before it is read; then the key is free and the next insert goes through.
  for (let attempt = 0; attempt < 10; attempt++) {
    // A look before the insert: the insert's conflict would wait for the transaction of the worker that is writing that job's figures,
    // and that one may wait for a row this transaction has locked.
    const live = await client.query<{ id: string }>(`SELECT id FROM jobs WHERE dedupe_key = $1 AND ${LIVE} ${lock}`, [
      job.dedupeKey,
    ]);
    if (live.rows[0]) return { jobId: live.rows[0].id, created: false };
    const [inserted] = await insertJobs(client, [job], origin);
    if (inserted !== undefined) return { jobId: inserted, created: true };
  }
  throw new Error(`job ${job.dedupeKey} could neither be inserted nor found`);
}

/** Inserts all in one statement; returns how many went in, fewer than were given when a live job has the dedupe key of one of them. */
export async function submitJobs(client: Queryable, jobs: readonly NewJob[], origin: JobOrigin): Promise<number> {
  return (await insertJobs(client, jobs.map(parseForSubmit), origin)).length;
}

type ParsedJob = Readonly<{ kind: JobKind; payload: Record<string, unknown>; dedupeKey: string }>;

function parseForSubmit({ kind, payload }: NewJob): ParsedJob {
  const definition = JOBS[kind];
  const parsed = definition.payload.parse(payload);
  // The table pairs each schema with the key made from it; the pair is lost to the compiler once the kind is a union.
  return { kind, payload: parsed, dedupeKey: (definition.dedupeKey as (payload: unknown) => string)(parsed) };
}

async function insertJobs(client: Queryable, jobs: readonly ParsedJob[], origin: JobOrigin): Promise<readonly string[]> {
  const definitions = jobs.map(({ kind }) => JOBS[kind]);
  const { rows } = await client.query<{ id: string }>(INSERT_JOBS, [
    jobs.map(({ kind }) => kind),
    definitions.map(({ queue }) => queue),
    jobs.map(({ payload }) => JSON.stringify(payload)),
    jobs.map(({ dedupeKey }) => dedupeKey),
    definitions.map(({ priority }) => priority),
    definitions.map(({ attemptsMax }) => attemptsMax),
    origin.parent?.id ?? null,
    origin.parent?.runId ?? null,
    origin.trigger,
    origin.requestedBy ?? null,
    origin.actingAs ?? null,
    origin.requestId ?? null,
  ]);
  return rows.map(({ id }) => id);
}

const INSERT_JOBS = `
  WITH made AS (
    INSERT INTO jobs (id, kind, queue, payload, dedupe_key, priority, attempts_max, parent_id, run_id, trigger, requested_by, acting_as, request_id)
    SELECT id, kind, queue, payload::jsonb, dedupe_key, priority, attempts_max, $7::uuid, coalesce($8::uuid, id), $9, $10::uuid, $11::uuid, $12
    FROM (SELECT gen_random_uuid() AS id, given.*
          FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[])
            AS given (kind, queue, payload, dedupe_key, priority, attempts_max)) AS new
    ON CONFLICT (dedupe_key) WHERE status IN ('queued', 'running') DO NOTHING
    RETURNING id)
  SELECT id, (SELECT pg_notify('${JOBS_CHANNEL}', '')) FROM made`;

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
     WHERE ($1::text IS NULL OR status = $1) AND ($2::text[] IS NULL OR kind = ANY($2)) AND (NOT $3 OR id = run_id)
       AND ($4::uuid IS NULL OR (created_at, id) < (SELECT created_at, id FROM jobs WHERE id = $4))
     ORDER BY created_at DESC, id DESC LIMIT $5`,
    [status ?? null, kinds ?? null, rootsOnly, before ?? null, limit],
  );
  return rows;
}

/** Deletes trees that ended before the given age; returns how many rows went. A tree that is being retried stays. */
export async function pruneJobs(client: Queryable, ageDays: number): Promise<number> {
  const { rowCount } = await client.query(
    `WITH old AS (
       SELECT id FROM jobs WHERE id = run_id AND NOT ${LIVE} AND finished_at < clock_timestamp() - make_interval(days => $1)
       FOR UPDATE SKIP LOCKED)
     DELETE FROM jobs USING old WHERE jobs.run_id = old.id`,
    [ageDays],
  );
  return rowCount ?? 0;
}
