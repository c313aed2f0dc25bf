// A run as its pollers see it: the root's row, the children it waits for, and how long it has taken by the database's clock.
// Always one statement: what it shows is of one moment, so that two polls never see the run go back.
import type { Queryable } from './client.js';
import type { JobRow } from './jobs.js';

const ROOT_COLUMNS = [
  'id',
  'run_id',
  'kind',
  'payload',
  'status',
  'trigger',
  'requested_by',
  'phases',
  'progress',
  'result',
  'error',
  'created_at',
  'started_at',
  'finished_at',
  'cancel_requested_at',
] as const satisfies readonly (keyof JobRow)[];

export type RunRoot = Pick<JobRow, (typeof ROOT_COLUMNS)[number]>;

/** What a run shows of its parts. */
export type RunPart = Pick<JobRow, 'kind' | 'status' | 'phases' | 'progress' | 'result'>;

export type Run = Readonly<{
  root: RunRoot;
  /** Of the current try: a retry forgets the children of the one before. */
  children: readonly RunPart[];
  /** From its first start to its end, or until now; 0 while it has not started. */
  elapsedSeconds: number;
}>;

const RUN = `${ROOT_COLUMNS.map((column) => `root.${column}`).join(', ')},
  extract(epoch FROM coalesce(root.finished_at, clock_timestamp()) - root.started_at)::float8 AS seconds,
  (SELECT coalesce(jsonb_agg(jsonb_build_object(
     'kind', part.kind, 'status', part.status, 'phases', part.phases, 'progress', part.progress, 'result', part.result)), '[]')
   FROM jobs part WHERE part.parent_id = root.id) AS children`;

type StoredRun = RunRoot & Readonly<{ seconds: number | null; children: readonly RunPart[] }>;

/** Null when there is no such job, or it is part of another one. */
export async function findRun(client: Queryable, runId: string): Promise<Run | null> {
  const { rows } = await client.query<StoredRun>(`SELECT ${RUN} FROM jobs root WHERE root.id = $1 AND root.run_id = root.id`, [
    runId,
  ]);
  return rows[0] ? toRun(rows[0]) : null;
}

/** The runs of these roots, in their order; one that was pruned meanwhile is left out. */
export async function findRuns(client: Queryable, roots: readonly Pick<JobRow, 'id'>[]): Promise<readonly Run[]> {
  if (roots.length === 0) return [];
  const { rows } = await client.query<StoredRun>(`SELECT ${RUN} FROM jobs root WHERE root.id = ANY($1)`, [
    roots.map(({ id }) => id),
  ]);
  const byId = new Map(rows.map((row) => [row.id, toRun(row)]));
  return roots.flatMap(({ id }) => byId.get(id) ?? []);
}

export type CalculationKey = Readonly<{ portfolioId: string; runId: string }>;

export type Calculation = Readonly<{
  /** Whose portfolio it is; null when there is none, or it was deleted. */
  ownerId: string | null;
  /** Null unless it is a calculation of this very portfolio. */
  run: Run | null;
}>;

/** Runs of portfolios and who may see them, in the order of the keys: all that polls ask for, without a statement for each. */
export async function findCalculations(client: Queryable, keys: readonly CalculationKey[]): Promise<readonly Calculation[]> {
  const { rows } = await client.query<{ owner_id: string | null } & (StoredRun | { id: null })>(
    `SELECT portfolio.user_id AS owner_id, ${RUN}
     FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS asked (portfolio_id, run_id, place)
     LEFT JOIN portfolios portfolio ON portfolio.id = asked.portfolio_id AND portfolio.deleted_at IS NULL
     LEFT JOIN jobs root ON root.id = asked.run_id AND root.run_id = root.id AND root.kind = 'calculate-portfolio'
       AND root.payload->>'portfolioId' = asked.portfolio_id::text
     ORDER BY asked.place`,
    [keys.map(({ portfolioId }) => portfolioId), keys.map(({ runId }) => runId)],
  );
  return rows.map((row) => ({ ownerId: row.owner_id, run: row.id === null ? null : toRun(row) }));
}

function toRun({ children, seconds, ...root }: StoredRun): Run {
  return { root, children, elapsedSeconds: seconds ?? 0 };
}

/** Whether a batch of an earlier session is still to end. */
export async function hasEarlierBatch(client: Queryable, sessionDate: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT 1 FROM jobs WHERE kind = 'run-batch' AND status IN ('queued', 'running') AND payload->>'sessionDate' < $1 LIMIT 1`,
    [sessionDate],
  );
  return rowCount !== 0;
}
