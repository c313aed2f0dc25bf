// The portfolio record. What it is worth is in snapshots.ts, what it holds comes from the ledger.
import type { PortfolioForm } from '@closebell/shared/contracts/portfolio-form';
import type { HistoryBounds } from '@closebell/shared/ledger/history-start';
import { randomUUID } from 'node:crypto';
import pg from 'pg';
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

export type NewPortfolio = Readonly<{
  userId: string;
  request: PortfolioForm;
  /** The anchor session, and the target session of now. */
  equityAsOf: string;
  openedOn: string;
  /** The id to take if it is free, for installations with foretold ids. */
  preferredId: string | null;
}>;

/**
 * The id; null when the user has a live portfolio of this account name. The partial unique index on live account names decides, so that of
 * several at once exactly one gets the name.
 */
export async function insertPortfolio(
  client: Queryable,
  { userId, request, equityAsOf, openedOn, preferredId }: NewPortfolio,
): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO portfolios (id, user_id, name, account_name, account_type, equity_balance, equity_as_of, opened_on, description)
     VALUES (CASE WHEN EXISTS (SELECT 1 FROM portfolios WHERE id = $1) THEN $9 ELSE $1 END::uuid, $2, $3, $4, $5, $6, $7, $8, $10)
     ON CONFLICT (user_id, account_name) WHERE deleted_at IS NULL DO NOTHING RETURNING id`,
    [
      preferredId ?? randomUUID(),
      userId,
      request.portfolio_name,
      request.account_name,
      request.account_type,
      request.equity_balance,
      equityAsOf,
      openedOn,
      randomUUID(),
      request.description,
    ],
  );
  return rows[0]?.id ?? null;
}

const NAME_TAKEN = 'portfolios_live_account_name';

/** False when the user has another live portfolio of this account name; the transaction is lost then. `equityAsOf`: a session. */
export async function updatePortfolio(
  client: Queryable,
  portfolioId: string,
  request: PortfolioForm,
  equityAsOf: string,
): Promise<boolean> {
  try {
    await client.query(
      `UPDATE portfolios SET name = $2, account_name = $3, account_type = $4, equity_balance = $5, equity_as_of = $6, description = $7
       WHERE id = $1 AND deleted_at IS NULL`,
      [
        portfolioId,
        request.portfolio_name,
        request.account_name,
        request.account_type,
        request.equity_balance,
        equityAsOf,
        request.description,
      ],
    );
    return true;
  } catch (cause) {
    if (cause instanceof pg.DatabaseError && cause.constraint === NAME_TAKEN) return false;
    throw cause;
  }
}

/** Its records stay, and nobody finds them any more. False when there was none. */
export async function deletePortfolio(client: Queryable, portfolioId: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `UPDATE portfolios SET deleted_at = clock_timestamp() WHERE id = $1 AND deleted_at IS NULL`,
    [portfolioId],
  );
  return rowCount === 1;
}

/** The live calculations of this one portfolio. */
export async function listLiveCalculations(client: Queryable, portfolioId: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM jobs WHERE kind = 'calculate-portfolio' AND status IN ('queued', 'running') AND payload->>'portfolioId' = $1::text`,
    [portfolioId],
  );
  return rows.map(({ id }) => id);
}

/** What decides where the history begins, and the stated balance (decimal text without needless zeros); null without the portfolio. */
export async function findHistoryBounds(
  client: Queryable,
  portfolioId: string,
): Promise<(HistoryBounds & Readonly<{ equityBalance: string }>) | null> {
  const { rows } = await client.query<HistoryBounds & { equityBalance: string }>(
    `SELECT equity_as_of AS "equityAsOf", opened_on AS "openedOn", trim_scale(equity_balance)::text AS "equityBalance",
       (SELECT min(entry_date) FROM positions lot WHERE lot.portfolio_id = p.id AND lot.deleted_at IS NULL) AS "firstEntryDate"
     FROM portfolios p WHERE id = $1 AND deleted_at IS NULL`,
    [portfolioId],
  );
  return rows[0] ?? null;
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
