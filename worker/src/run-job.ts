// One delivery of one job: claim the row, run its handler, write how it ended. The only place that turns errors into retry or stop.
import { awaitChildren, beat, claimJob, endJob, FenceLostError, requeueJob, type JobHold } from '@closebell/prisma/job-runs';
import { findChildren, type JobError, type JobRow } from '@closebell/prisma/jobs';
import { AppError, ERRORS, type ErrorCode } from '@closebell/shared/errors';
import { JOBS, type JobKind, type JobPayload } from '@closebell/shared/jobs';
import type { JobRun, Outcome, WorkerContext } from './context.js';
import { HANDLERS } from './jobs/handlers.js';
import { createPhaseLog } from './phase-log.js';

export type RunOptions = Readonly<{
  leaseMs: number;
  /** Aborts when the worker stops: running jobs go back to the queue. */
  shutdown: AbortSignal;
}>;

type StopReason = 'cancelled' | 'timed-out' | 'hold-lost' | 'shutdown';

/** Never rejects for a job's sake: what went wrong stands in its row, or the lease runs out and the rescuer takes over. */
export async function runJob(
  context: WorkerContext,
  entry: Readonly<{ jobId: string; fence: number }>,
  options: RunOptions,
): Promise<void> {
  const job = await claimJob(context.db.pool, entry.jobId, entry.fence, options.leaseMs);
  // Delivered twice, or ended, cancelled or taken over since it was enqueued.
  if (job === null) return;
  const hold: JobHold = { id: job.id, fence: job.fence, leaseMs: options.leaseMs };
  const logger = context.logger.child({
    jobId: job.id,
    kind: job.kind,
    runId: job.run_id,
    requestId: job.request_id ?? undefined,
  });
  try {
    if (job.cancel_requested_at !== null) return await endJob(context.db, hold, { status: 'cancelled' });
    logger.info({ attempt: job.attempts_made }, 'job started');
    await settle(context, job, hold, await execute(context, job, hold, options, logger));
  } catch (error) {
    if (error instanceof FenceLostError) logger.warn('job was taken over');
    else logger.error({ err: error }, 'the end of a job could not be written; its lease will run out');
  }
}

type Ended = Outcome | Readonly<{ outcome: 'error'; error: unknown }> | Readonly<{ outcome: 'stopped'; reason: StopReason }>;

async function execute(
  context: WorkerContext,
  job: JobRow,
  hold: JobHold,
  { leaseMs, shutdown }: RunOptions,
  logger: WorkerContext['logger'],
): Promise<Ended> {
  const stop = new AbortController();
  const stopFor = (reason: StopReason) => stop.abort(reason);
  const timeout = setTimeout(() => stopFor('timed-out'), JOBS[job.kind].timeoutMs);
  const onShutdown = () => stopFor('shutdown');
  shutdown.addEventListener('abort', onShutdown, { once: true });
  if (shutdown.aborted) onShutdown();
  const heart = startHeart(context, hold, leaseMs, stopFor);
  const phases = createPhaseLog(context.db.pool, hold, job.phases);
  try {
    const handled = handle(context, job, { hold, signal: stop.signal, phase: phases.phase, progress: phases.progress, logger });
    return await Promise.race([handled, aborted(stop.signal)]);
  } catch (error) {
    return stop.signal.aborted ? { outcome: 'stopped', reason: stop.signal.reason as StopReason } : { outcome: 'error', error };
  } finally {
    clearTimeout(timeout);
    shutdown.removeEventListener('abort', onShutdown);
    clearInterval(heart);
    await phases.flush();
  }
}

async function handle(
  context: WorkerContext,
  job: JobRow,
  run: Omit<JobRun<JobKind>, 'job' | 'payload' | 'children'>,
): Promise<Outcome> {
  const payload = JOBS[job.kind].payload.safeParse(job.payload);
  if (!payload.success)
    throw new AppError('ERR_JOB_003', { message: `the payload does not fit its kind: ${payload.error.message}` });
  const children = await findChildren(context.db.pool, job.id);
  // Row, payload and handler are of one kind by the table; the compiler cannot see that through the union.
  const handler = HANDLERS[job.kind] as (context: WorkerContext, run: JobRun<JobKind>) => Promise<Outcome>;
  return handler(context, { ...run, job, children, payload: payload.data as JobPayload<JobKind> });
}

/** A handler that does not heed its signal is left behind: the fence keeps it from writing. */
function aborted(signal: AbortSignal): Promise<Ended> {
  return new Promise((resolve) => {
    const onAbort = () => resolve({ outcome: 'stopped', reason: signal.reason as StopReason });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

const HEARTBEAT_MAX_MS = 2_000;

function startHeart(
  context: WorkerContext,
  hold: JobHold,
  leaseMs: number,
  stopFor: (reason: StopReason) => void,
): NodeJS.Timeout {
  const tick = async (): Promise<void> => {
    try {
      const { held, cancelRequested } = await beat(context.db.pool, hold);
      if (!held) stopFor('hold-lost');
      else if (cancelRequested) stopFor('cancelled');
    } catch (error) {
      // The database may be back before the lease runs out; if not, the fence decides.
      context.logger.warn({ err: error, jobId: hold.id }, 'heartbeat failed');
    }
  };
  return setInterval(() => void tick(), Math.min(leaseMs / 4, HEARTBEAT_MAX_MS));
}

async function settle(context: WorkerContext, job: JobRow, hold: JobHold, ended: Ended): Promise<void> {
  const { db, logger } = context;
  switch (ended.outcome) {
    case 'done':
      logger.info({ jobId: job.id, kind: job.kind, status: ended.status ?? 'completed' }, 'job done');
      return endJob(db, hold, { status: ended.status ?? 'completed', result: ended.result });
    case 'stop':
      return endJob(db, hold, {
        status: 'failed',
        result: ended.result ?? null,
        error: jobError(job, ended.code, ended.message),
      });
    case 'await': {
      if ((await awaitChildren(db, hold, job, ended.children)) === 'waiting') return;
      return requeueJob(db, hold, { delayMs: BUSY_CHILD_DELAY_MS, keepsAttempt: true });
    }
    case 'snooze':
      return snooze(context, job, hold, ended);
    case 'stopped':
      return settleStopped(context, job, hold, ended.reason);
    case 'error':
      return settleError(context, job, hold, ended.error);
  }
}

const BUSY_CHILD_DELAY_MS = 1_000;
/** A job that was put off for this many of its time-outs will not get there: everything ends. */
const SNOOZE_TIMEOUTS_MAX = 6;

async function snooze(
  context: WorkerContext,
  job: JobRow,
  hold: JobHold,
  ended: Extract<Outcome, { outcome: 'snooze' }>,
): Promise<void> {
  const ageMs = Date.now() - (job.started_at ?? job.created_at).getTime();
  if (ageMs > SNOOZE_TIMEOUTS_MAX * JOBS[job.kind].timeoutMs) {
    return endJob(context.db, hold, {
      status: 'failed',
      error: jobError(job, 'ERR_JOB_002', `gave up waiting: ${ended.reason}`),
    });
  }
  context.logger.info({ jobId: job.id, kind: job.kind, reason: ended.reason }, 'job snoozes');
  return requeueJob(context.db, hold, { delayMs: ended.delayMs, keepsAttempt: true });
}

async function settleStopped(context: WorkerContext, job: JobRow, hold: JobHold, reason: StopReason): Promise<void> {
  switch (reason) {
    case 'cancelled':
      return endJob(context.db, hold, { status: 'cancelled' });
    case 'shutdown':
      return requeueJob(context.db, hold, { delayMs: 0, keepsAttempt: true });
    case 'timed-out':
      return settleError(context, job, hold, new AppError('ERR_JOB_002'));
    case 'hold-lost':
      throw new FenceLostError(job.id);
  }
}

async function settleError(context: WorkerContext, job: JobRow, hold: JobHold, cause: unknown): Promise<void> {
  if (cause instanceof FenceLostError) throw cause;
  const code: ErrorCode = cause instanceof AppError ? cause.code : 'ERR_SYS_001';
  const retryable = !(cause instanceof AppError) || ERRORS[code].retryable;
  const error = jobError(job, code, cause instanceof AppError ? cause.message : ERRORS[code].message, cause);
  const logger = context.logger.child({ jobId: job.id, kind: job.kind, attempt: job.attempts_made, code });
  if (retryable && job.attempts_made < job.attempts_max) {
    logger.warn({ err: cause }, 'job failed and will be tried again');
    return requeueJob(context.db, hold, { delayMs: backoffMs(job.attempts_made), keepsAttempt: false, error });
  }
  logger.error({ err: cause }, 'job failed');
  return endJob(context.db, hold, { status: 'failed', error });
}

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 60_000;

function backoffMs(attemptsMade: number): number {
  return Math.min(BACKOFF_FIRST_MS * 4 ** (attemptsMade - 1), BACKOFF_MAX_MS);
}

/** `message` is for the user and tells nothing internal; the fingerprint groups failures of one cause for the admin. */
function jobError(job: JobRow, code: ErrorCode, message: string, cause?: unknown): JobError {
  const told = cause instanceof Error ? `${cause.name}: ${cause.message}` : message;
  const shape = told.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, '<id>').replaceAll(/\d+(\.\d+)?/g, '<n>');
  return { code, message, fingerprint: `${job.kind} ${code} ${shape.split('\n')[0]?.slice(0, 160) ?? ''}` };
}
