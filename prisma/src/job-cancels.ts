// The cancel of a run: it covers the whole tree and needs no worker for what waits.
import type { JobStatus } from '@closebell/shared/jobs';
import { keepNothingElse, type AlsoKeep, type Db, type Queryable } from './client.js';
import { announceEnds, inTree, type EndedRow, type TreeRoot } from './job-trees.js';

export type CancelResult = Readonly<{
  /** Jobs that ended at once. */
  ended: number;
  /** Jobs that run now and were asked to stop. */
  asked: number;
}>;

/**
 * Cancels the tree: what waits ends now, also when no worker is there; what runs is asked to stop at its next heartbeat. Finished jobs
 * stay as they are, and so does a tree that has ended.
 */
export async function cancelTree(
  db: Db,
  jobId: string,
  alsoKeep: AlsoKeep<CancelResult> = keepNothingElse,
): Promise<CancelResult> {
  return inTree(db, jobId, async (client, root) => {
    const result = await cancelBelow(client, root);
    await alsoKeep(client, result);
    return result;
  });
}

async function cancelBelow(client: Queryable, root: TreeRoot | null): Promise<CancelResult> {
  if (root === null || !isLive(root.status)) return { ended: 0, asked: 0 };
  await client.query(`UPDATE jobs SET cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()) WHERE id = $1`, [
    root.id,
  ]);
  // Nothing goes back to the queue below a cancelled root, so what is queued now is all that ever will be.
  const { rows: waiting } = await client.query<EndedRow>(
    `UPDATE jobs SET status = 'cancelled', fence = fence + 1, finished_at = clock_timestamp(), enqueued_at = NULL, lease_until = NULL, progress = NULL
       WHERE run_id = $1 AND (status = 'queued' OR status = 'running' AND lease_until < clock_timestamp()) RETURNING id, parent_id`,
    [root.id],
  );
  const parents = await announceEnds(client, waiting);
  const { rows: running } = await client.query<{ count: number }>(
    `SELECT count(*) FROM jobs WHERE run_id = $1 AND status = 'running' AND lease_until IS NOT NULL`,
    [root.id],
  );
  return { ended: waiting.length + parents, asked: running[0]?.count ?? 0 };
}

function isLive(status: JobStatus): boolean {
  return status === 'queued' || status === 'running';
}
