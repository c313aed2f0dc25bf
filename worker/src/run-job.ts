// One delivery of one job: claim the row, have its handler run, write how it ended. The only place that turns errors into retry or stop.
import {
  awaitChildren,
  beat,
  claimJob,
  endJob,
  FenceLostError,
  requeueJob,
  returnEntry,
  type JobEnd,
  type JobHold,
} from '@closebell/prisma/job-runs';
import type { JobError, JobRow } from '@closebell/prisma/jobs';
import { AppError, ERRORS, type ErrorCode } from '@closebell/shared/errors';
import { JOBS } from '@closebell/shared/jobs';
import type { Outcome, WorkerContext } from './context.js';
import { HandedBackError } from './handed-back-error.js';
import { loggerOf, type HandlerRunner } from './handler-run.js';

export type RunOptions = Readonly<{
  leaseMs: number;
  /** Aborts when the worker stops: running jobs go back to the queue, and no more are claimed. */
  shutdown: AbortSignal;
  runner: HandlerRunner;
}>;

type StopReason = 'cancelled' | 'timed-out' | 'hold-lost' | 'shutdown';

/** Never rejects for a job's sake: what went wrong stands in its row, or the lease runs out and the rescuer takes over. */
export async function runJob(
  worker: WorkerContext,
  entry: Readonly<{ jobId: string; fence: number }>,
  options: RunOptions,
): Promise<void> {
  const { pool } = worker.db;
  // The queue may hand over an entry it had fetched before it heard of our end: another worker is to have it at once.
  if (options.shutdown.aborted) return returnEntry(pool, entry.jobId, entry.fence);
  const job = await claimJob(pool, entry.jobId, entry.fence, options.leaseMs);
  // Delivered twice, or ended, cancelled or taken over since it was enqueued.
  if (job === null) return;
  const hold: JobHold = { id: job.id, fence: job.fence, leaseMs: options.leaseMs };
  // From here on every line says which job, run and request it is about.
  const logger = loggerOf(worker, job);
  const context = { ...worker, logger };
  const startedMs = performance.now();
  try {
    if (job.cancel_requested_at !== null) return await end(context, job, hold, { status: 'cancelled' });
    logger.info({ attempt: job.attempts_made }, 'job started');
    await settle(context, job, hold, await execute(context, job, hold, options));
  } catch (error) {
    if (error instanceof FenceLostError) logger.warn('job was taken over');
    else logger.error({ err: error }, 'the end of a job could not be written; its lease will run out');
  } finally {
    context.metrics.observe('closebell_job_seconds', { kind: job.kind }, (performance.now() - startedMs) / 1000);
  }
}

type Ended = Outcome | Readonly<{ outcome: 'error'; error: unknown }> | Readonly<{ outcome: 'stopped'; reason: StopReason }>;

async function execute(
  context: WorkerContext,
  job: JobRow,
  hold: JobHold,
  { leaseMs, shutdown, runner }: RunOptions,
): Promise<Ended> {
  const stop = new AbortController();
  const stopFor = (reason: StopReason) => stop.abort(reason);
  const onShutdown = () => stopFor('shutdown');
  if (shutdown.aborted) return { outcome: 'stopped', reason: 'shutdown' };
  shutdown.addEventListener('abort', onShutdown, { once: true });
  const timeout = setTimeout(() => stopFor('timed-out'), JOBS[job.kind].timeoutMs);
  const heart = startHeart(context, hold, leaseMs, stopFor);
  try {
    return await Promise.race([runner.run(job, hold, stop.signal), aborted(stop.signal)]);
  } catch (error) {
    return stop.signal.aborted ? { outcome: 'stopped', reason: stop.signal.reason as StopReason } : { outcome: 'error', error };
  } finally {
    clearTimeout(timeout);
    shutdown.removeEventListener('abort', onShutdown);
    clearInterval(heart);
  }
}

/** A handler that does not heed its signal is left to its thread: the fence keeps it from writing. */
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
      context.logger.warn({ err: error }, 'heartbeat failed');
    }
  };
  return setInterval(() => void tick(), Math.min(leaseMs / 4, HEARTBEAT_MAX_MS));
}

async function settle(context: WorkerContext, job: JobRow, hold: JobHold, ended: Ended): Promise<void> {
  const { db, logger } = context;
  switch (ended.outcome) {
    case 'done':
      logger.info({ status: ended.status ?? 'completed' }, 'job done');
      return end(context, job, hold, { status: ended.status ?? 'completed', result: ended.result });
    case 'stop':
      return end(context, job, hold, {
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
    return end(context, job, hold, {
      status: 'failed',
      error: jobError(job, 'ERR_JOB_002', `gave up waiting: ${ended.reason}`),
    });
  }
  context.logger.info({ reason: ended.reason }, 'job snoozes');
  return requeueJob(context.db, hold, { delayMs: ended.delayMs, keepsAttempt: true });
}

async function settleStopped(context: WorkerContext, job: JobRow, hold: JobHold, reason: StopReason): Promise<void> {
  switch (reason) {
    case 'cancelled':
      return end(context, job, hold, { status: 'cancelled' });
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
  if (cause instanceof HandedBackError) return handBack(context, hold, cause);
  const code: ErrorCode = cause instanceof AppError ? cause.code : 'ERR_SYS_001';
  const retryable = !(cause instanceof AppError) || ERRORS[code].retryable;
  const error = jobError(job, code, cause instanceof AppError ? cause.message : ERRORS[code].message, cause);
  const logger = context.logger.child({ attempt: job.attempts_made, code });
  if (retryable && job.attempts_made < job.attempts_max) {
    logger.warn({ err: cause }, 'job failed and will be tried again');
    await requeueJob(context.db, hold, { delayMs: backoffMs(job.attempts_made), keepsAttempt: false, error });
    return context.metrics.count('closebell_jobs_retried_total', { kind: job.kind, code });
  }
  logger.error({ err: cause }, 'job failed');
  return end(context, job, hold, { status: 'failed', error });
}

async function end({ db, metrics }: WorkerContext, { kind }: JobRow, hold: JobHold, how: JobEnd): Promise<void> {
  if ((await endJob(db, hold, how)) === 'queued') return;
  metrics.count('closebell_jobs_ended_total', { kind, status: how.status });
}

async function handBack({ db, logger }: WorkerContext, hold: JobHold, cause: HandedBackError): Promise<void> {
  logger.warn({ reason: cause.message }, 'job goes back to the queue');
  return requeueJob(db, hold, { delayMs: cause.delayMs, keepsAttempt: true });
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
