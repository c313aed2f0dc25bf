// One job thread as the main thread holds it: its start, what runs in it, and its end.
import type { Config } from '@closebell/shared/config';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { HandedBackError } from './handed-back-error.js';
import type { FromThread, ThreadStart, ToThread } from './thread-messages.js';
import { createThreadRuns, type ThreadRuns } from './thread-runs.js';

export type JobThread = Pick<ThreadRuns, 'run' | 'count' | 'unheeded'> &
  Readonly<{
    /** Resolves when it can run handlers; what is given to it before then waits. Rejects when it ends before. */
    ready: Promise<void>;
    /** Resolves when the thread is gone and every run of it is settled. */
    ended: Promise<ThreadEnding>;
    /** Lets handlers that heed their signal wind up, for 3 s at most, and ends the thread. */
    close: () => Promise<void>;
  }>;

export type ThreadEnding = Readonly<{ error: Error; wasReady: boolean }>;

export type JobThreadOptions = Readonly<{
  config: Config;
  databaseUrl: string;
  /** A handler that goes on for this long after its signal is ended with its thread. */
  abortGraceMs?: number;
  /** Of the thread; by default those of this process, so that what is preloaded here is preloaded there too. */
  execArgv?: readonly string[];
}>;

/** A thread that could not even start will not a moment later: the database is away, or the configuration is at fault. */
export const START_AGAIN_MS = 1_000;
/** Several times what the largest chunk takes. Beyond it the thread ends, and with it the tries that run there, but not the process. */
const MEMORY_MB_MAX = 1_024;
const CLOSE_WITHIN_MS = 3_000;

export function startJobThread({ config, databaseUrl, abortGraceMs = 10_000, execArgv }: JobThreadOptions): JobThread {
  const workerData: ThreadStart = { config, databaseUrl };
  const worker = new Worker(THREAD_FILE, {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB_MAX },
    ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
  });
  const tell = (message: ToThread): void => worker.postMessage(message);
  /** Why we end the thread ourselves; its other runs are then not to blame. */
  let endedFor: string | null = null;
  const onUnheeded = (jobId: string): void => {
    endedFor ??= `its thread was ended for job ${jobId}, which did not heed its signal`;
    void worker.terminate();
  };
  const runs = createThreadRuns({ tell, graceMs: abortGraceMs, onUnheeded });
  const { ready, ended } = watch(worker, runs.settle);
  return {
    ...runs,
    ready,
    ended: ended.then((ending) => {
      const error = faultOf(ending, endedFor);
      runs.rejectAll(error);
      return { ...ending, error };
    }),
    close: async () => {
      endedFor ??= 'the worker stops';
      tell({ type: 'close' });
      const patience = new AbortController();
      await Promise.race([ended, sleep(CLOSE_WITHIN_MS, undefined, { signal: patience.signal }).catch(() => undefined)]);
      patience.abort();
      await worker.terminate();
    },
  };
}

/** Threads run compiled files: from `src`, as tests run it, this leads to `dist` too. */
const THREAD_FILE = new URL('../dist/job-thread.js', import.meta.url);

type Watched = Readonly<{ ready: Promise<void>; ended: Promise<ThreadEnding> }>;

function watch(worker: Worker, settle: ThreadRuns['settle']): Watched {
  let wasReady = false;
  let death: Error | null = null;
  // An exception that nobody caught, or no memory left; `exit` follows it.
  worker.on('error', (error) => (death = error));
  const ended = new Promise<ThreadEnding>((resolve) => {
    worker.once('exit', (code) => resolve({ error: deathOf(death, code), wasReady }));
  });
  const ready = new Promise<void>((resolve, reject) => {
    worker.on('message', (message: FromThread) => {
      if (message.type === 'ended') return settle(message.key, message.end);
      wasReady = true;
      resolve();
    });
    void ended.then(({ error }) => reject(error));
  });
  // Asked for by those who start the worker only.
  ready.catch(() => {});
  return { ready, ended };
}

function deathOf(cause: Error | null, code: number): Error {
  if (cause === null) return new Error(`its thread ended with code ${code}`);
  return new Error(`its thread ended: ${cause.message}`, { cause });
}

/** What the runs of a thread that is gone are told: a failed try, unless we ended it for another, or it never was up. */
function faultOf({ error, wasReady }: ThreadEnding, endedFor: string | null): Error {
  if (endedFor !== null) return new HandedBackError(endedFor, 0);
  return wasReady ? error : new HandedBackError(error.message, START_AGAIN_MS);
}
