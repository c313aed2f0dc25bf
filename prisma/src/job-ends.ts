// Waiting for jobs to end: one LISTEN connection per process wakes every waiter, and a poll behind it covers what it misses.
import type { Db } from './client.js';
import { findJob, JOB_ENDED_CHANNEL, type JobRow } from './jobs.js';
import { listen } from './listen.js';

export type JobEnds = Readonly<{
  /** The job's row once it has ended; null when it is still live after `timeoutMs`. Holds no connection of the pool meanwhile. */
  wait: (jobId: string, timeoutMs: number) => Promise<JobRow | null>;
  /** Calls `onEnd` after the end of any job, until the function returned is called. What ends while the listener is away is missed. */
  onEnd: (onEnd: () => void) => () => void;
  close: () => Promise<void>;
}>;

const POLL_MS = 500;

/** Starts listening at once; the connection is made, and made again after a failure, in the background. */
export function listenForJobEnds(db: Db): JobEnds {
  const waiters = createWaiters();
  const watchers = new Set<() => void>();
  const onNotify = (jobId: string): void => {
    waiters.wake(jobId);
    for (const onEnd of watchers) onEnd();
  };
  const listener = listen(db.url, JOB_ENDED_CHANNEL, { onNotify });
  const poll = setInterval(() => void wakeEnded(db, waiters), POLL_MS);
  poll.unref();

  return {
    wait: async (jobId, timeoutMs) => {
      // Registered before the first look: an end between the look and the wait is not missed.
      const ended = waiters.waitFor(jobId, timeoutMs);
      const seen = await findEnded(db, jobId);
      if (seen !== null || timeoutMs <= 0) {
        waiters.wake(jobId);
        return seen;
      }
      await ended;
      return findEnded(db, jobId);
    },
    onEnd: (onEnd) => {
      watchers.add(onEnd);
      return () => void watchers.delete(onEnd);
    },
    close: async () => {
      clearInterval(poll);
      waiters.wakeAll();
      await listener.close();
    },
  };
}

async function findEnded(db: Db, jobId: string): Promise<JobRow | null> {
  const job = await findJob(db.pool, jobId);
  return job === null || job.status === 'queued' || job.status === 'running' ? null : job;
}

async function wakeEnded(db: Db, waiters: Waiters): Promise<void> {
  const jobIds = waiters.jobIds();
  if (jobIds.length === 0) return;
  try {
    const { rows } = await db.pool.query<{ id: string }>(
      `SELECT id FROM jobs WHERE id = ANY($1) AND status NOT IN ('queued', 'running')`,
      [jobIds],
    );
    for (const { id } of rows) waiters.wake(id);
  } catch {
    // The database is away: the next round asks again, and each waiter's own time-out ends its wait.
  }
}

type Waiters = Readonly<{
  waitFor: (jobId: string, timeoutMs: number) => Promise<void>;
  wake: (jobId: string) => void;
  wakeAll: () => void;
  jobIds: () => readonly string[];
}>;

function createWaiters(): Waiters {
  const waiting = new Map<string, Set<() => void>>();
  const wake = (jobId: string): void => {
    for (const resolve of waiting.get(jobId) ?? []) resolve();
  };
  return {
    waitFor: async (jobId, timeoutMs) => {
      const ofJob = waiting.get(jobId) ?? new Set();
      waiting.set(jobId, ofJob);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, timeoutMs);
        function done(): void {
          clearTimeout(timer);
          ofJob.delete(done);
          if (ofJob.size === 0) waiting.delete(jobId);
          resolve();
        }
        ofJob.add(done);
      });
    },
    wake,
    wakeAll: () => [...waiting.keys()].forEach(wake),
    jobIds: () => [...waiting.keys()],
  };
}
