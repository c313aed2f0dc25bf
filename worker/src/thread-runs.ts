// What runs in one job thread, by the try it belongs to: sent there, told to stop, and settled exactly once.
import type { Outcome } from './context.js';
import type { HandlerRunner } from './handler-run.js';
import { unpackError } from './packed-error.js';
import { runKey, type RunEnd, type ToThread } from './thread-messages.js';

export type ThreadRuns = Readonly<{
  run: HandlerRunner['run'];
  settle: (key: string, end: RunEnd) => void;
  /** For a thread that is gone. */
  rejectAll: (error: Error) => void;
  count: () => number;
  /** How many have been told to stop and have not. */
  unheeded: () => number;
}>;

export type ThreadRunsOptions = Readonly<{
  tell: (message: ToThread) => void;
  graceMs: number;
  /** A handler has gone on for `graceMs` after its signal. */
  onUnheeded: (jobId: string) => void;
}>;

type Run = {
  readonly jobId: string;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: Error) => void;
  grace: NodeJS.Timeout | null;
};

export function createThreadRuns({ tell, graceMs, onUnheeded }: ThreadRunsOptions): ThreadRuns {
  const runs = new Map<string, Run>();
  /** The run, which is no longer ours; null for one that was settled before, whose last word was still on its way. */
  const take = (key: string): Run | null => {
    const run = runs.get(key);
    if (!run) return null;
    runs.delete(key);
    if (run.grace !== null) clearTimeout(run.grace);
    return run;
  };
  const abort = (key: string, reason: unknown): void => {
    const run = runs.get(key);
    if (!run) return;
    tell({ type: 'abort', key, reason: String(reason) });
    run.grace = setTimeout(() => onUnheeded(run.jobId), graceMs);
  };
  return {
    run: (job, hold, signal) =>
      new Promise((resolve, reject) => {
        const key = runKey(hold);
        runs.set(key, { jobId: job.id, resolve, reject, grace: null });
        tell({ type: 'run', job, hold });
        if (signal.aborted) abort(key, signal.reason);
        else signal.addEventListener('abort', () => abort(key, signal.reason), { once: true });
      }),
    settle: (key, end) => {
      const run = take(key);
      if (end.ok) run?.resolve(end.outcome);
      else run?.reject(unpackError(end.error, run.jobId));
    },
    rejectAll: (error) => {
      for (const key of runs.keys()) take(key)?.reject(error);
    },
    count: () => runs.size,
    unheeded: () => [...runs.values()].filter(({ grace }) => grace !== null).length,
  };
}
