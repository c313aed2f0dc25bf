// The threads that handlers run in. The main thread keeps queue, leases and relay: nothing a handler does can hold those up.
import type { Logger } from '@closebell/shared/infra/logger';
import { HandedBackError } from './handed-back-error.js';
import type { HandlerRunner } from './handler-run.js';
import { START_AGAIN_MS, startJobThread, type JobThread, type JobThreadOptions } from './start-job-thread.js';

export type JobThreads = HandlerRunner &
  Readonly<{
    /** Resolves when the first thread is up; rejects when it cannot be started. */
    ready: Promise<void>;
  }>;

export type JobThreadsOptions = JobThreadOptions & Readonly<{ threadsMax: number; logger: Logger }>;

/** Starts the first in the background; each other one when a job comes and all that there are have some. */
export function startJobThreads({ threadsMax, logger, ...options }: JobThreadsOptions): JobThreads {
  const threads = new Set<JobThread>();
  let stopping = false;
  const add = (): JobThread => {
    const thread = startJobThread(options);
    threads.add(thread);
    void thread.ended.then(({ error, wasReady }) => {
      threads.delete(thread);
      if (stopping) return;
      logger.error({ err: error }, 'a job thread ended and is replaced');
      if (wasReady) add();
      else setTimeout(() => stopping || add(), START_AGAIN_MS).unref();
    });
    return thread;
  };
  const { ready } = add();
  return {
    ready,
    run: (job, hold, signal) => {
      const idlest = leastBusy([...threads]);
      if (!idlest) return Promise.reject(new HandedBackError('no job thread is up', START_AGAIN_MS));
      const thread = idlest.count() > 0 && threads.size < threadsMax ? add() : idlest;
      return thread.run(job, hold, signal);
    },
    stop: async () => {
      stopping = true;
      await Promise.all([...threads].map((thread) => thread.close()));
    },
  };
}

/** Where a handler was told to stop and has not, it may block its thread: that one comes last. */
function leastBusy(threads: readonly JobThread[]): JobThread | undefined {
  return threads.toSorted((a, b) => a.unheeded() - b.unheeded() || a.count() - b.count())[0];
}
