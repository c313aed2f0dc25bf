// The symbols that users watch. Nothing that is calculated goes by them.
import type { Db, Queryable } from './client.js';
import { inTransactionOnce, type KeyHold } from './idempotency-keys.js';

export type WatchedSymbol = Readonly<{ symbol: string; name: string | null; addedAt: Date }>;

/** In the order they were added. */
export async function listWatchlist(client: Queryable, userId: string): Promise<readonly WatchedSymbol[]> {
  const { rows } = await client.query<WatchedSymbol>(
    `SELECT watchlist.symbol, name, added_at AS "addedAt" FROM watchlist LEFT JOIN securities ON securities.symbol = watchlist.symbol
     WHERE user_id = $1 ORDER BY added_at, watchlist.symbol`,
    [userId],
  );
  return rows;
}

export type NewWatched = Readonly<{ userId: string; symbol: string; symbolsMax: number; keyHold: KeyHold | null }>;

/** When it was added, as an ISO instant; 'listed' when it was there before, 'full' when no more fit. */
export async function addToWatchlist(
  db: Db,
  { userId, symbol, symbolsMax, keyHold }: NewWatched,
): Promise<Readonly<{ addedAt: string }> | 'listed' | 'full'> {
  return inTransactionOnce(db, keyHold, async (client) => {
    // One at a time: two that each find room for one more must not both take it.
    await client.query(`SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE`, [userId]);
    const { rows } = await client.query<{ count: number; isListed: boolean | null }>(
      `SELECT count(*) AS count, bool_or(symbol = $2) AS "isListed" FROM watchlist WHERE user_id = $1`,
      [userId, symbol],
    );
    if (rows[0]?.isListed === true) return 'listed';
    if ((rows[0]?.count ?? 0) >= symbolsMax) return 'full';
    const added = await client.query<{ addedAt: Date }>(
      `INSERT INTO watchlist (user_id, symbol, added_at) VALUES ($1, $2, clock_timestamp()) RETURNING added_at AS "addedAt"`,
      [userId, symbol],
    );
    return { addedAt: added.rows[0]!.addedAt.toISOString() };
  });
}

/** False when it was not there. */
export async function removeFromWatchlist(client: Queryable, userId: string, symbol: string): Promise<boolean> {
  const { rowCount } = await client.query(`DELETE FROM watchlist WHERE user_id = $1 AND symbol = $2`, [userId, symbol]);
  return rowCount !== 0;
}
