// A run as its pollers see it: the root's row, the children it waits for, and how long it has taken by the database's clock.
import type { Queryable } from './client.js';
import { findChildren, findJob, type JobRow } from './jobs.js';

/** What a run shows of its parts. */
export type RunPart = Pick<JobRow, 'kind' | 'status' | 'phases' | 'progress' | 'result'>;

export type Run = Readonly<{
  root: JobRow;
  /** Of the current try: a retry forgets the children of the one before. */
  children: readonly RunPart[];
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

/** The runs of roots already read, in their order, without a statement for each. */
export async function findRuns(client: Queryable, roots: readonly JobRow[]): Promise<readonly Run[]> {
  if (roots.length === 0) return [];
  const ids = roots.map(({ id }) => id);
  const { rows } = await client.query<{ id: string; seconds: number | null; children: readonly RunPart[] }>(
    `SELECT root.id, extract(epoch FROM coalesce(root.finished_at, clock_timestamp()) - root.started_at)::float8 AS seconds,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', kind, 'status', status, 'phases', phases, 'progress', progress, 'result', result)), '[]')
        FROM jobs WHERE parent_id = root.id) AS children
     FROM jobs root WHERE id = ANY($1)`,
    [ids],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return roots.map((root) => ({
    root,
    children: byId.get(root.id)?.children ?? [],
    elapsedSeconds: byId.get(root.id)?.seconds ?? 0,
  }));
}
