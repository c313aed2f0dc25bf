// Job rows against the queue: rows whose entry is lost, and entries whose row is gone or has ended.
import type { Db } from '@closebell/prisma/client';
import { findLiveJobs, listEnqueued, type Discrepancy } from '@closebell/prisma/job-reconciliation';
import { rescueJobs } from '@closebell/prisma/job-relay';
import type { Transport } from '@closebell/shared/infra/queues';
import type { QueueName } from '@closebell/shared/jobs';

const PAGE = 500;

export async function listLostEntries(db: Db, transport: Transport): Promise<readonly Discrepancy[]> {
  const rows = await listEnqueued(db.pool);
  const lost: Discrepancy[] = [];
  for (let at = 0; at < rows.length; at += PAGE) {
    const page = rows.slice(at, at + PAGE);
    const held = await Promise.all(page.map(({ id, fence, queue }) => transport.holds({ queue, jobId: id, fence })));
    for (const [index, { id, fence, kind, queue }] of page.entries())
      if (!held[index])
        lost.push({ id, state: String(fence), text: `${kind} is queued, and the queue ${queue} does not have it` });
  }
  return lost;
}

/** Only what waits is looked at: an entry that is being delivered finds out by itself that its row has ended. */
const WAITING = ['waiting', 'prioritized', 'delayed'] as const;

/** `state` is the queue, `id` that of the entry. */
export async function listEntriesWithoutJob(db: Db, transport: Transport): Promise<readonly Discrepancy[]> {
  const leftover: Discrepancy[] = [];
  for (const [name, queue] of transport.queues) {
    for (let at = 0; ; at += PAGE) {
      const jobs = await queue.getJobs([...WAITING], at, at + PAGE - 1, true);
      const entries = jobs.flatMap((job) => {
        const { jobId } = (job.data ?? {}) as { jobId?: string };
        return job.id === undefined || jobId === undefined ? [] : [{ id: job.id, jobId }];
      });
      const live = await findLiveJobs(
        db.pool,
        entries.map(({ jobId }) => jobId),
      );
      for (const { id, jobId } of entries)
        if (!live.has(jobId))
          leftover.push({ id, state: name, text: `on the queue ${name}, and job ${jobId} has ended or is gone` });
      if (jobs.length < PAGE) break;
    }
  }
  return leftover;
}

/** An entry that was delivered meanwhile is locked and stays: its worker drops it. Returns whether it went. */
export async function removeEntry(transport: Transport, { id, state }: Discrepancy): Promise<boolean> {
  const removed = await transport.queues.get(state as QueueName)?.remove(id);
  return removed === 1;
}

const RESCUE_LIMIT = 1_000;

/** What every worker's rescuer does, until nothing is left: rows seen twice with an expired lease or a lost entry are among its own. */
export async function rescueAll(db: Db, transport: Transport, unseenForMs: number): Promise<void> {
  for (;;) {
    const rescued = await rescueJobs(db, { enqueuedForMs: unseenForMs, limit: RESCUE_LIMIT, holds: transport.holds });
    // Null: a worker's rescuer is at it just now.
    if (rescued === null || rescued.requeued + rescued.failed + rescued.cancelled + rescued.reEnqueued === 0) return;
  }
}
