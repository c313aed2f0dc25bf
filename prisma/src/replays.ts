// Computing stored sessions again: what stands there now, and the wish to have it replaced, with all that belongs to it in one transaction.
import { randomUUID } from 'node:crypto';
import { claimPortfolios, releaseClaims } from './calculation-claims.js';
import { inTransaction, type Db, type Queryable } from './client.js';
import type { JobHold } from './job-runs.js';
import { submitJob } from './jobs.js';

export type StoredSession = Readonly<{ date: string; equity: string }>;

/** The complete sessions of a portfolio, oldest first. */
export async function listStoredSessions(client: Queryable, portfolioId: string): Promise<readonly StoredSession[]> {
  const { rows } = await client.query<StoredSession>(
    `SELECT snapshot_date AS date, equity FROM portfolio_snapshots WHERE portfolio_id = $1 AND is_complete ORDER BY snapshot_date`,
    [portfolioId],
  );
  return rows;
}

/** Every figure of every session as text, and the lots' values as a digest: two of these are equal when the figures are, to the byte. */
export type FiguresImage = Readonly<{
  /** By session, oldest first; columns without a value are null. */
  sessions: ReadonlyMap<string, Readonly<Record<string, string | null>>>;
  lotValues: string | null;
}>;

export async function readFiguresImage(client: Queryable, portfolioId: string, from: string): Promise<FiguresImage> {
  const { rows } = await client.query<{ date: string; columns: Record<string, string | null> }>(
    `SELECT snapshot_date AS date, (SELECT jsonb_object_agg(key, value) FROM jsonb_each_text(
       to_jsonb(s) - 'portfolio_id' - 'snapshot_date' - 'is_complete' - 'created_at')) AS columns
     FROM portfolio_snapshots s WHERE portfolio_id = $1 AND is_complete AND snapshot_date >= $2 ORDER BY snapshot_date`,
    [portfolioId, from],
  );
  const values = await client.query<{ digest: string | null }>(
    `SELECT md5(string_agg((to_jsonb(v) - 'portfolio_id')::text, '' ORDER BY session_date, position_id)) AS digest
     FROM position_values v WHERE portfolio_id = $1`,
    [portfolioId],
  );
  return {
    sessions: new Map(rows.map(({ date, columns }) => [date, columns])),
    lotValues: values.rows[0]?.digest ?? null,
  };
}

export type RecomputationRequest = Readonly<{
  portfolioId: string;
  /** Of the ledger that the request was planned from. */
  generation: number;
  /** The first session to be computed again, and the one up to which. */
  dirtyFrom: string;
  targetSession: string;
  /** Stored dates that no calculation writes: they go at once. */
  unexplained: readonly string[];
  /** What the figures are compared from afterwards. */
  compareFrom: string;
  /** For the audit log. */
  action: 'replay' | 'backfill';
  details: Readonly<Record<string, unknown>>;
}>;

export type RecomputationStart =
  | Readonly<{ outcome: 'submitted'; jobId: string; before: FiguresImage }>
  /** Another job computes the portfolio now. */
  | Readonly<{ outcome: 'claimed_elsewhere' }>
  /** The ledger is no longer the one that was planned from. */
  | Readonly<{ outcome: 'changed' }>;

/** How long a claim would last if this process died between two statements; its transaction would be gone much sooner. */
const CLAIM_MS = 30_000;

/**
 * Marks the portfolio dirty under its calculation claim and submits its calculation. Rows that the calculation writes are not deleted
 * here: it replaces them in the transaction that proves its own claim, so that readers have whole figures all along, and a computation
 * that fails has lost nothing. Only rows that no calculation would write (of a day without a session, or after the last one) go at once,
 * for nothing else would ever remove them.
 */
export async function startRecomputation(db: Db, request: RecomputationRequest): Promise<RecomputationStart> {
  const { portfolioId, targetSession } = request;
  const hold: JobHold = { id: randomUUID(), fence: 1, leaseMs: CLAIM_MS };
  return inTransaction(db, async (client) => {
    const claims = await claimPortfolios(client, hold, [portfolioId]);
    if (!claims.has(portfolioId)) return { outcome: 'claimed_elsewhere' };
    const isMarked = await markDirty(client, request);
    const before = await readFiguresImage(client, portfolioId, request.compareFrom);
    if (isMarked) await removeSessions(client, request);
    await releaseClaims(client, hold, claims);
    if (!isMarked) return { outcome: 'changed' };
    const { jobId } = await submitJob(
      client,
      'calculate-portfolio',
      { portfolioId, sessionDate: targetSession },
      { trigger: 'admin' },
    );
    await client.query(`INSERT INTO audit_log (action, subject, details) VALUES ($1, $2, $3)`, [
      request.action,
      portfolioId,
      JSON.stringify({ ...request.details, job_id: jobId }),
    ]);
    return { outcome: 'submitted', jobId, before };
  });
}

async function markDirty(client: Queryable, { portfolioId, generation, dirtyFrom }: RecomputationRequest): Promise<boolean> {
  const { rowCount } = await client.query(
    `UPDATE portfolios SET dirty_from = least(dirty_from, $3::date), generation = generation + 1
     WHERE id = $1 AND generation = $2 AND deleted_at IS NULL`,
    [portfolioId, generation, dirtyFrom],
  );
  return rowCount === 1;
}

async function removeSessions(client: Queryable, { portfolioId, unexplained }: RecomputationRequest): Promise<void> {
  await client.query(`DELETE FROM portfolio_snapshots WHERE portfolio_id = $1 AND snapshot_date = ANY($2::date[])`, [
    portfolioId,
    unexplained,
  ]);
}

/** Submits the calculation again if the portfolio is still dirty; null when it is clean. */
export async function continueRecomputation(db: Db, portfolioId: string, targetSession: string): Promise<string | null> {
  return inTransaction(db, async (client) => {
    const { rowCount } = await client.query(
      `SELECT 1 FROM portfolios WHERE id = $1 AND dirty_from IS NOT NULL AND deleted_at IS NULL`,
      [portfolioId],
    );
    if (rowCount === 0) return null;
    const { jobId } = await submitJob(
      client,
      'calculate-portfolio',
      { portfolioId, sessionDate: targetSession },
      { trigger: 'admin' },
    );
    return jobId;
  });
}
