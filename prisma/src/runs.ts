// A run as its pollers see it: the root's row, the children it waits for, and how long it has taken by the database's clock.
import type { Queryable } from './client.js';
import { findChildren, findJob, type JobRow } from './jobs.js';

export type Run = Readonly<{
  root: JobRow;
  /** Of the current try: a retry forgets the children of the one before. */
  children: readonly JobRow[];
  /** From its first start to its end, or until now; 0 while it has not started. */
  elapsedSeconds: number;
}>;

/** Null when there is no such job, or it is part of another one. */
export async function findRun(client: Queryable, runId: string): Promise<Run | null> {
  // The root first: children read after it can only be further on, so that two polls never see the run go back.
  const root = await findJob(client, runId);
  if (root === null || root.parent_id !== null || root.run_id !== root.id) return null;
  const [children, elapsedSeconds] = await Promise.all([findChildren(client, runId), readElapsedSeconds(client, runId)]);
  return { root, children, elapsedSeconds };
}

async function readElapsedSeconds(client: Queryable, runId: string): Promise<number> {
  const { rows } = await client.query<{ seconds: number | null }>(
    `SELECT extract(epoch FROM coalesce(finished_at, clock_timestamp()) - started_at)::float8 AS seconds FROM jobs WHERE id = $1`,
    [runId],
  );
  return rows[0]?.seconds ?? 0;
}
