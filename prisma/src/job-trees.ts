// A job and the jobs it waits for. Who adds to a tree, ends, cancels or retries a part of it locks its root first, and so sees whether it is
// cancelled; everything else changes one row at a time.
import { inTransaction, type Db, type Queryable } from './client.js';
import { JOB_ENDED_CHANNEL, JOBS_CHANNEL, type JobRow } from './jobs.js';

export type TreeRoot = Pick<JobRow, 'id' | 'status' | 'cancel_requested_at'>;

/**
 * Runs `work` in one transaction that holds the root of the job's tree: null when there is no such job. Rows below it are locked after it,
 * and nobody who holds only one of those waits for the root, so that ends, cancels and retries cannot wait for each other in a circle.
 */
export async function inTree<T>(
  db: Db,
  jobId: string,
  work: (client: Queryable, root: TreeRoot | null) => Promise<T>,
): Promise<T> {
  return inTransaction(db, async (client) => {
    // A process that is frozen while it holds the root must not keep the tree from everybody else.
    const { rows } = await client.query<TreeRoot>(
      `SELECT id, status, cancel_requested_at, set_config('idle_in_transaction_session_timeout', '5s', true)
       FROM jobs WHERE id = (SELECT run_id FROM jobs WHERE id = $1) FOR UPDATE`,
      [jobId],
    );
    return work(client, rows[0] ?? null);
  });
}

export type EndedRow = Readonly<{ id: string; parent_id: string | null }>;

/**
 * After the rows' last status, in the transaction that holds their trees: tells who waits for them. A parent whose last open child this was
 * goes back to the queue, or ends with a cancelled tree, and its own parent after it. Returns how many parents ended.
 */
export async function announceEnds(client: Queryable, ended: readonly EndedRow[]): Promise<number> {
  if (ended.length === 0) return 0;
  // The relays as well: an end may be the place on the queue that another job waits for.
  await client.query(
    `SELECT pg_notify('${JOB_ENDED_CHANNEL}', id) FROM unnest($1::text[]) AS ended (id) UNION ALL SELECT pg_notify('${JOBS_CHANNEL}', '')`,
    [ended.map(({ id }) => id)],
  );
  const children = ended.filter(({ parent_id: parentId }) => parentId !== null);
  if (children.length === 0) return 0;
  const parentIds = children.map(({ parent_id: parentId }) => parentId);
  await client.query(COUNT_ENDED_CHILDREN, [parentIds]);
  const { rows: parents } = await client.query<EndedRow & Pick<JobRow, 'status'>>(WAKE_PARENTS, [parentIds]);
  const cancelled = parents.filter(({ status }) => status === 'cancelled');
  return cancelled.length + (await announceEnds(client, cancelled));
}

const COUNT_ENDED_CHILDREN = `
  UPDATE jobs SET open_children = greatest(0, open_children - ended.count)
  FROM (SELECT id, count(*) AS count FROM unnest($1::uuid[]) AS parent (id) GROUP BY id) AS ended
  WHERE jobs.id = ended.id`;

const WAKE_PARENTS = `
  UPDATE jobs SET status = CASE WHEN root.cancel_requested_at IS NULL THEN 'queued' ELSE 'cancelled' END, fence = jobs.fence + 1,
    enqueued_at = NULL, run_after = clock_timestamp(),
    finished_at = CASE WHEN root.cancel_requested_at IS NULL THEN NULL ELSE clock_timestamp() END
  FROM jobs root
  WHERE jobs.id = ANY($1::uuid[]) AND root.id = jobs.run_id AND jobs.status = 'running' AND jobs.lease_until IS NULL AND jobs.open_children = 0
  RETURNING jobs.id, jobs.parent_id, jobs.status`;
