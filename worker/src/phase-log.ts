// What a run shows of its phases. Written as it changes, at most a few times a second: pollers read it from the row.
import { saveProgress, type JobHold } from '@closebell/prisma/job-runs';
import type { Queryable } from '@closebell/prisma/client';
import type { JobPhase, JobProgress } from '@closebell/prisma/jobs';
import type { PhaseReporter } from './context.js';

export type PhaseLog = Readonly<{
  phase: PhaseReporter;
  progress: (progress: JobProgress) => void;
  /** Writes what is not written yet. A lost hold shows when the job's end is written, not here. */
  flush: () => Promise<void>;
}>;

const WRITE_EVERY_MS = 200;

/** Goes on from `earlier`, the phases an earlier stage of the same run has finished. */
export function createPhaseLog(client: Queryable, hold: JobHold, earlier: readonly JobPhase[]): PhaseLog {
  let phases = earlier.filter(({ status }) => status !== 'running');
  let current: JobProgress | null = null;
  let dirty = false;
  let lastWriteAt = 0;
  let writing: Promise<void> = Promise.resolve();

  const write = (): Promise<void> => {
    dirty = false;
    lastWriteAt = performance.now();
    writing = writing.then(() => saveProgress(client, hold, current, phases).catch(() => undefined));
    return writing;
  };
  const changed = (): void => {
    dirty = true;
    if (performance.now() - lastWriteAt >= WRITE_EVERY_MS) void write();
  };
  const put = (phase: JobPhase): void => {
    phases = [...phases.filter(({ number }) => number !== phase.number), phase].sort((a, b) => a.number - b.number);
    changed();
  };

  return {
    phase: async ({ number, name }, work) => {
      const startedAt = new Date();
      const started: JobPhase = {
        number,
        name,
        status: 'running',
        started_at: startedAt.toISOString(),
        duration_ms: null,
        counts: {},
      };
      put(started);
      try {
        const result = await work();
        put({ ...started, status: 'completed', duration_ms: Date.now() - startedAt.getTime(), counts: result.counts });
        return result;
      } catch (cause) {
        put({ ...started, status: 'failed', duration_ms: Date.now() - startedAt.getTime() });
        throw cause;
      }
    },
    progress: (progress) => {
      current = progress;
      changed();
    },
    flush: () => (dirty ? write() : writing),
  };
}
