// What a run shows of its phases. Written as it changes, at most a few times a second: pollers read it from the row.
import { saveProgress, type JobHold } from '@closebell/prisma/job-runs';
import type { JobPhase, JobProgress, JobRow } from '@closebell/prisma/jobs';
import type { PhaseReporter, ProgressReport, WorkerContext } from './context.js';

export type PhaseLog = Readonly<{
  phase: PhaseReporter;
  progress: (progress: ProgressReport) => void;
  /** Writes what is not written yet. A lost hold shows when the job's end is written, not here. */
  flush: () => Promise<void>;
}>;

const WRITE_EVERY_MS = 200;

/** Goes on from what an earlier stage or try of the same job has left. */
export function createPhaseLog(
  { db, metrics }: Pick<WorkerContext, 'db' | 'metrics'>,
  hold: JobHold,
  earlier: Pick<JobRow, 'phases' | 'progress'>,
): PhaseLog {
  let phases = earlier.phases.filter(({ status }) => status !== 'running');
  let current: JobProgress | null = earlier.progress;
  let dirty = false;
  let lastWriteAt = 0;
  let writing: Promise<void> = Promise.resolve();

  const write = (): Promise<void> => {
    dirty = false;
    lastWriteAt = performance.now();
    writing = writing.then(() => saveProgress(db.pool, hold, current, phases).catch(() => undefined));
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
      const started: JobPhase = {
        number,
        name,
        status: 'running',
        started_at: new Date().toISOString(),
        duration_ms: null,
        counts: {},
      };
      const startedMs = performance.now();
      const passed = (): number => {
        const durationMs = performance.now() - startedMs;
        metrics.observe('closebell_phase_seconds', { phase: name }, durationMs / 1000);
        return Math.round(durationMs);
      };
      put(started);
      try {
        const result = await work();
        put({ ...started, status: 'completed', duration_ms: passed(), counts: result.counts });
        return result;
      } catch (cause) {
        put({ ...started, status: 'failed', duration_ms: passed() });
        throw cause;
      }
    },
    progress: (progress) => {
      const within = progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0;
      current = { ...progress, reached: Math.max(current?.reached ?? 0, progress.phase + within) };
      changed();
    },
    flush: () => (dirty ? write() : writing),
  };
}
