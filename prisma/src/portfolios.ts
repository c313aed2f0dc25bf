// The portfolio record. What it is worth is in snapshots.ts, what it holds comes from the ledger.
import type { Queryable } from './client.js';

export type PortfolioRow = Readonly<{
  id: string;
  user_id: string;
  name: string;
  account_name: string;
  account_type: string;
  currency: string;
  /** As the user stated it at the close of `equity_as_of`. */
  equity_balance: number;
  equity_as_of: string;
  description: string | null;
  /** First session whose stored figures no longer hold; null when all do. */
  dirty_from: string | null;
  created_at: Date;
}>;

/** A portfolio with its newest complete snapshot's worth; both null before the first calculation. */
export type ListedPortfolio = PortfolioRow & Readonly<{ net_asset_value: number | null; snapshot_date: string | null }>;

type Stored<T extends { equity_balance: number }> = Omit<T, 'equity_balance'> & Readonly<{ equity_balance: string }>;

const COLUMNS = `p.id, p.user_id, p.name, p.account_name, p.account_type, p.currency, p.equity_balance, p.equity_as_of, p.description,
  p.dirty_from, p.created_at`;

/** Null when there is none, or it was deleted. Whose it is, the caller checks. */
export async function findPortfolio(client: Queryable, portfolioId: string): Promise<PortfolioRow | null> {
  const { rows } = await client.query<Stored<PortfolioRow>>(
    `SELECT ${COLUMNS} FROM portfolios p WHERE p.id = $1 AND p.deleted_at IS NULL`,
    [portfolioId],
  );
  const row = rows[0];
  return row ? { ...row, equity_balance: Number(row.equity_balance) } : null;
}

/** The user's portfolios, oldest first; at most `limit`. */
export async function listPortfolios(client: Queryable, userId: string, limit: number): Promise<readonly ListedPortfolio[]> {
  const { rows } = await client.query<Stored<ListedPortfolio> & { net_asset_value: string | null }>(
    `SELECT ${COLUMNS}, newest.equity AS net_asset_value, newest.snapshot_date
     FROM portfolios p
     LEFT JOIN LATERAL (
       SELECT s.equity, s.snapshot_date FROM portfolio_snapshots s
       WHERE s.portfolio_id = p.id AND s.is_complete ORDER BY s.snapshot_date DESC LIMIT 1) newest ON true
     WHERE p.user_id = $1 AND p.deleted_at IS NULL ORDER BY p.created_at, p.id LIMIT $2`,
    [userId, limit],
  );
  return rows.map((row) => ({
    ...row,
    equity_balance: Number(row.equity_balance),
    net_asset_value: row.net_asset_value === null ? null : Number(row.net_asset_value),
  }));
}

/** How often what the portfolio's figures are made of has changed; null when there is no such portfolio. */
export async function readGeneration(client: Queryable, portfolioId: string): Promise<number | null> {
  const { rows } = await client.query<{ generation: number }>(
    `SELECT generation FROM portfolios WHERE id = $1 AND deleted_at IS NULL`,
    [portfolioId],
  );
  return rows[0]?.generation ?? null;
}

export async function hasAccountName(client: Queryable, userId: string, accountName: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT 1 FROM portfolios WHERE user_id = $1 AND account_name = $2 AND deleted_at IS NULL`,
    [userId, accountName],
  );
  return rowCount !== 0;
}

/** Before every history: a calculation clamps it to the first session it knows. */
export const WHOLE_HISTORY = '1990-01-02';

/**
 * Declares all stored figures void, so that the next calculation makes them again, and one that is under way runs once more.
 * Without an id: of every portfolio. Rows are locked in the order of their ids, so that two callers cannot wait for each other.
 */
export async function markWholeHistoryDirty(client: Queryable, portfolioId: string | null): Promise<void> {
  await client.query(
    `WITH chosen AS (
       SELECT id FROM portfolios WHERE deleted_at IS NULL AND ($1::uuid IS NULL OR id = $1) ORDER BY id FOR NO KEY UPDATE)
     UPDATE portfolios SET dirty_from = '${WHOLE_HISTORY}', generation = generation + 1 FROM chosen WHERE portfolios.id = chosen.id`,
    [portfolioId],
  );
}
