// One run of a handler: what run-job.ts asks for, wherever it happens (job-threads.ts, or this process).
import { findChildren, type JobRow } from '@closebell/prisma/jobs';
import type { JobHold } from '@closebell/prisma/job-runs';
import { AppError } from '@closebell/shared/errors';
import { JOBS, type JobKind, type JobPayload } from '@closebell/shared/jobs';
import type { JobRun, Outcome, WorkerContext } from './context.js';
import { HANDLERS } from './jobs/handlers.js';
import { createPhaseLog } from './phase-log.js';

export type HandlerRunner = Readonly<{
  /** Rejects with what the handler threw, or with a HandedBackError. The signal's reason is a text. */
  run: (job: JobRow, hold: JobHold, signal: AbortSignal) => Promise<Outcome>;
  /** Leaves no handler running; those that do not heed their signal within seconds are ended. */
  stop: () => Promise<void>;
}>;

/** In this thread, over this context: for tests, whose clocks and providers cannot go elsewhere. */
export function inlineRunner(context: WorkerContext): HandlerRunner {
  return { run: (job, hold, signal) => runHandler(context, job, hold, signal), stop: () => Promise.resolve() };
}

/** Throws ERR_JOB_003 for a payload that does not fit its kind, else what the handler throws. */
export async function runHandler(context: WorkerContext, job: JobRow, hold: JobHold, signal: AbortSignal): Promise<Outcome> {
  const payload = JOBS[job.kind].payload.safeParse(job.payload);
  if (!payload.success)
    throw new AppError('ERR_JOB_003', { message: `the payload does not fit its kind: ${payload.error.message}` });
  const children = await findChildren(context.db.pool, job.id);
  const logger = loggerOf(context, job);
  const phases = createPhaseLog(context, hold, job);
  // Row, payload and handler are of one kind by the table; the compiler cannot see that through the union.
  const handler = HANDLERS[job.kind] as (context: WorkerContext, run: JobRun<JobKind>) => Promise<Outcome>;
  const { phase, progress } = phases;
  const run = { job, hold, signal, logger, phase, progress, children, payload: payload.data as JobPayload<JobKind> };
  try {
    return await handler({ ...context, logger }, run);
  } finally {
    await phases.flush();
  }
}

/** Every line about a job names it, its kind, its run and the request it came with. */
export function loggerOf({ logger }: Pick<WorkerContext, 'logger'>, job: JobRow): WorkerContext['logger'] {
  return logger.child({ jobId: job.id, kind: job.kind, runId: job.run_id, requestId: job.request_id ?? undefined });
}
