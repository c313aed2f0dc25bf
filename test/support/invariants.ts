// What must hold of a database once its workers have nothing left to do, whatever was done to them. Reads only, but for `recompute`.
import { requestBatch } from '@closebell/prisma/calculation-requests';
import type { Db } from '@closebell/prisma/client';
import { brokenChains } from './ledger.js';
import { until } from './until.js';
import { ended } from './worker.js';

/** What is under way; all of it is 0 at rest. */
export type UnderWay = Readonly<{
  liveJobs: number;
  heldClaims: number;
  incompleteSlots: number;
  openTransactions: number;
}>;

export const NOTHING_UNDER_WAY: UnderWay = { liveJobs: 0, heldClaims: 0, incompleteSlots: 0, openTransactions: 0 };

export async function underWay(db: Db): Promise<UnderWay> {
  const { rows } = await db.pool.query<UnderWay>(
    `SELECT
       (SELECT count(*) FROM jobs WHERE status IN ('queued', 'running')) AS "liveJobs",
       (SELECT count(*) FROM calculation_claims WHERE lease_until > clock_timestamp()) AS "heldClaims",
       (SELECT count(*) FROM portfolio_snapshots WHERE NOT is_complete) AS "incompleteSlots",
       (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'
          AND state_change < clock_timestamp() - interval '1 second') AS "openTransactions"`,
  );
  return rows[0]!;
}

/** Waits until nothing is live, and gives what else is left then. */
export async function drained(db: Db, timeoutMs: number): Promise<UnderWay> {
  await until('every job has ended', async () => (await underWay(db)).liveJobs === 0, timeoutMs);
  return await underWay(db);
}

/** Faults of the figures and of the job rows; all of it is 0, always. */
export type Damage = Readonly<{
  /** Pairs of sessions that break equity(t) = equity(t−1) + pnl(t) + flow(t). */
  brokenChains: number;
  /** Portfolios of which a session is missing between the first and the last. */
  gaps: number;
  /** Uploads that say they made a portfolio and did not, and portfolios of one account made twice. */
  wrongImports: number;
  /** Ended jobs that a live one waits for, or live ones below an ended root. */
  brokenTrees: number;
}>;

export const NO_DAMAGE: Damage = { brokenChains: 0, gaps: 0, wrongImports: 0, brokenTrees: 0 };

export async function damage(db: Db): Promise<Damage> {
  const { rows } = await db.pool.query<Omit<Damage, 'brokenChains'>>(
    `WITH sessions AS (SELECT DISTINCT snapshot_date AS date FROM portfolio_snapshots WHERE is_complete),
     spans AS (
       SELECT portfolio_id, min(snapshot_date) AS first, max(snapshot_date) AS last, count(*) AS have
       FROM portfolio_snapshots WHERE is_complete GROUP BY portfolio_id)
     SELECT
       (SELECT count(*) FROM spans WHERE have <> (SELECT count(*) FROM sessions WHERE date BETWEEN first AND last)) AS gaps,
       (SELECT count(*) FROM imports WHERE status = 'completed' AND NOT EXISTS (SELECT 1 FROM portfolios p WHERE p.id = portfolio_id))
         + (SELECT count(*) FROM (
              SELECT 1 FROM portfolios WHERE deleted_at IS NULL GROUP BY user_id, account_name HAVING count(*) > 1) AS twice) AS "wrongImports",
       (SELECT count(*) FROM jobs child JOIN jobs root ON root.id = child.run_id
          WHERE child.status IN ('queued', 'running') AND root.status NOT IN ('queued', 'running'))
         + (SELECT count(*) FROM jobs parent WHERE status = 'running' AND lease_until IS NULL AND open_children
              <> (SELECT count(*) FROM jobs child WHERE child.parent_id = parent.id AND child.status IN ('queued', 'running'))) AS "brokenTrees"`,
  );
  return { brokenChains: await brokenChains(db), ...rows[0]! };
}

/** Portfolio → a digest of every figure it has: two digests are equal when all figures are, to the byte. */
export async function figureDigests(db: Db): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.pool.query<{ id: string; digest: string }>(
    `SELECT id, md5(string_agg(line, E'\\n' ORDER BY line)) AS digest FROM (
       SELECT portfolio_id AS id, 'snapshot ' || (to_jsonb(s) - 'created_at')::text AS line FROM portfolio_snapshots s
       UNION ALL SELECT portfolio_id, 'lot ' || to_jsonb(v)::text FROM position_values v
       UNION ALL SELECT portfolio_id, 'forecast ' || to_jsonb(f)::text FROM var_backtests f
       -- Of the newest session alone: which earlier ones have a row depends on when calculations ran. Sectors are as profiles had them then.
       UNION ALL (SELECT DISTINCT ON (portfolio_id) portfolio_id, 'risk ' || (to_jsonb(r) - 'created_at' #- '{concentration,sectors}')::text FROM portfolio_risk r
         ORDER BY portfolio_id, session_date DESC)) AS figures
     GROUP BY id`,
  );
  return new Map(rows.map(({ id, digest }) => [id, digest]));
}

/** Deletes every figure and has the running workers compute all of them again; the portfolios whose figures came out otherwise. */
export async function differingAfterRecompute(db: Db, sessionDate: string, timeoutMs: number): Promise<readonly string[]> {
  const before = await figureDigests(db);
  await db.pool.query('DELETE FROM position_values');
  await db.pool.query('DELETE FROM portfolio_snapshots');
  await db.pool.query('DELETE FROM symbol_statistics');
  await db.pool.query('DELETE FROM factor_models');
  const { jobId } = await requestBatch(db, { sessionDate, force: true, origin: { trigger: 'admin' } });
  const { status, result } = await ended(db, jobId, timeoutMs);
  if (status !== 'completed') throw new Error(`the batch that computes all again ended ${status}: ${JSON.stringify(result)}`);
  const after = await figureDigests(db);
  return [...new Set([...before.keys(), ...after.keys()])].filter((id) => before.get(id) !== after.get(id));
}
