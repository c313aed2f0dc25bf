// What a change of lots, flows, trades or marks does to the stored figures. Every such change is made in one transaction that begins with
// `lockLedger` and ends with `markLedgerChanged`, so that changes of one portfolio follow each other and no calculation misses one.
import type { Queryable } from './client.js';
import { WHOLE_HISTORY } from './portfolios.js';

export type LockedLedger = Readonly<{
  userId: string;
  /** Decimal text: the equity at the close of `equityAsOf`. */
  equityBalance: string;
  /** The anchor: what is dated at or before it is inside the balance that the user stated. */
  equityAsOf: string;
}>;

/** Holds the portfolio's ledger against other changes until the transaction ends; null when there is no such portfolio. */
export async function lockLedger(client: Queryable, portfolioId: string): Promise<LockedLedger | null> {
  const { rows } = await client.query<LockedLedger>(
    `SELECT user_id AS "userId", equity_balance AS "equityBalance", equity_as_of AS "equityAsOf"
     FROM portfolios WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE`,
    [portfolioId],
  );
  return rows[0] ?? null;
}

/** From when on the figures change: the date's session and all after it, or, at or before the anchor, only those before the anchor. */
export type ChangeReach = 'from the date on' | 'before the anchor';

/** Declares the figures void that a change dated `date` moves: from its session on, or the whole history for one at or before the anchor. */
export async function markLedgerChanged(client: Queryable, portfolioId: string, date: string): Promise<ChangeReach> {
  const { rows } = await client.query<{ isInside: boolean }>(
    `UPDATE portfolios SET generation = generation + 1,
       dirty_from = least(dirty_from, CASE WHEN $2::date > equity_as_of THEN $2::date ELSE '${WHOLE_HISTORY}'::date END)
     WHERE id = $1 AND deleted_at IS NULL RETURNING $2::date <= equity_as_of AS "isInside"`,
    [portfolioId, date],
  );
  if (rows[0] === undefined) throw new Error(`portfolio ${portfolioId} is gone while its ledger is locked`);
  return rows[0].isInside ? 'before the anchor' : 'from the date on';
}
