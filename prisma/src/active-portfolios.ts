// Which portfolios the nightly batch and the sweep look at.
import type { Queryable } from './client.js';

export async function listActivePortfolioIds(client: Queryable): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT p.id FROM portfolios p JOIN users u ON u.id = p.user_id WHERE p.deleted_at IS NULL AND u.is_active ORDER BY p.id`,
  );
  return rows.map(({ id }) => id);
}

/** Active portfolios that have no complete snapshot or no risk figures of the session, or are dirty. */
export async function listIncompletePortfolioIds(client: Queryable, sessionDate: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT p.id FROM portfolios p JOIN users u ON u.id = p.user_id
     WHERE p.deleted_at IS NULL AND u.is_active AND (dirty_from IS NOT NULL
       OR NOT EXISTS (SELECT 1 FROM portfolio_snapshots s WHERE s.portfolio_id = p.id AND snapshot_date = $1 AND is_complete)
       OR NOT EXISTS (SELECT 1 FROM portfolio_risk r WHERE r.portfolio_id = p.id AND r.session_date = $1))
     ORDER BY p.id`,
    [sessionDate],
  );
  return rows.map(({ id }) => id);
}
