// Target prices: at most one of each symbol in a portfolio. Nothing that is calculated goes by them.
import type { ParsedTargetPrice } from '@closebell/shared/csv/read-target-prices';
import type { Db, Queryable } from './client.js';
import { inTransactionOnce, type KeyHold } from './idempotency-keys.js';

/** Prices are decimal text. */
export type TargetPriceRow = ParsedTargetPrice & Readonly<{ id: string; portfolioId: string; createdAt: Date; updatedAt: Date }>;

const COLUMNS = `t.id, t.portfolio_id AS "portfolioId", t.symbol, target_price AS "targetPrice", target_date AS "targetDate",
  downside_price AS "downsidePrice", notes, t.created_at AS "createdAt", t.updated_at AS "updatedAt"`;

/** By symbol. */
export async function listTargetPrices(client: Queryable, portfolioId: string): Promise<readonly TargetPriceRow[]> {
  const { rows } = await client.query<TargetPriceRow>(
    `SELECT ${COLUMNS} FROM target_prices t WHERE portfolio_id = $1 ORDER BY symbol`,
    [portfolioId],
  );
  return rows;
}

/** A target price and whose it is; null when there is none, or its portfolio was deleted. */
export async function findTargetPrice(
  client: Queryable,
  targetId: string,
): Promise<Readonly<{ userId: string; target: TargetPriceRow }> | null> {
  const { rows } = await client.query<TargetPriceRow & { userId: string }>(
    `SELECT ${COLUMNS}, user_id AS "userId" FROM target_prices t JOIN portfolios p ON p.id = portfolio_id
     WHERE t.id = $1 AND p.deleted_at IS NULL`,
    [targetId],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { userId, ...target } = row;
  return { userId, target };
}

type Keeping = Readonly<{ portfolioId: string; targetsMax: number; keyHold: KeyHold | null }>;

/** 'taken' when the symbol has one, 'full' when no more fit. */
export async function createTargetPrice(
  db: Db,
  { portfolioId, targetsMax, keyHold, ...target }: Keeping & ParsedTargetPrice,
): Promise<Readonly<{ id: string }> | 'taken' | 'full'> {
  return inTransactionOnce(db, keyHold, async (client) => {
    const symbols = await lockTargets(client, portfolioId);
    if (symbols.has(target.symbol)) return 'taken';
    if (symbols.size >= targetsMax) return 'full';
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO target_prices (portfolio_id, symbol, target_price, target_date, downside_price, notes)
       VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
      [portfolioId, target.symbol, target.targetPrice, target.targetDate, target.downsidePrice, target.notes],
    );
    return rows[0]!;
  });
}

export type ImportedTargets = Readonly<{ created: number; updated: number }>;

/** Sets them all, each of another symbol, or none: 'full' when no more fit. */
export async function importTargetPrices(
  db: Db,
  { portfolioId, targetsMax, keyHold, targets }: Keeping & Readonly<{ targets: readonly ParsedTargetPrice[] }>,
): Promise<ImportedTargets | 'full'> {
  return inTransactionOnce(db, keyHold, async (client) => {
    const symbols = await lockTargets(client, portfolioId);
    const created = targets.filter(({ symbol }) => !symbols.has(symbol)).length;
    if (symbols.size + created > targetsMax) return 'full';
    await client.query(
      `INSERT INTO target_prices (portfolio_id, symbol, target_price, target_date, downside_price, notes)
       SELECT $1, given.* FROM unnest($2::text[], $3::numeric[], $4::date[], $5::numeric[], $6::text[])
         AS given (symbol, target_price, target_date, downside_price, notes)
       ON CONFLICT (portfolio_id, symbol) DO UPDATE SET target_price = EXCLUDED.target_price, target_date = EXCLUDED.target_date,
         downside_price = EXCLUDED.downside_price, notes = EXCLUDED.notes, updated_at = clock_timestamp()`,
      [
        portfolioId,
        targets.map(({ symbol }) => symbol),
        targets.map(({ targetPrice }) => targetPrice),
        targets.map(({ targetDate }) => targetDate),
        targets.map(({ downsidePrice }) => downsidePrice),
        targets.map(({ notes }) => notes),
      ],
    );
    return { created, updated: targets.length - created };
  });
}

/** The symbols that have one, held against other requests that add some until the transaction ends. */
async function lockTargets(client: Queryable, portfolioId: string): Promise<ReadonlySet<string>> {
  await client.query(`SELECT 1 FROM portfolios WHERE id = $1 FOR NO KEY UPDATE`, [portfolioId]);
  const { rows } = await client.query<{ symbol: string }>(`SELECT symbol FROM target_prices WHERE portfolio_id = $1`, [
    portfolioId,
  ]);
  return new Set(rows.map(({ symbol }) => symbol));
}

export type TargetChanges = Partial<Omit<ParsedTargetPrice, 'symbol'>>;

/** Changes what is given. A target price deleted meanwhile stays so. */
export async function updateTargetPrice(client: Queryable, targetId: string, changes: TargetChanges): Promise<void> {
  await client.query(
    `UPDATE target_prices SET updated_at = clock_timestamp(),
       target_price = coalesce(($2::jsonb ->> 'targetPrice')::numeric, target_price),
       target_date = CASE WHEN $2::jsonb ? 'targetDate' THEN ($2::jsonb ->> 'targetDate')::date ELSE target_date END,
       downside_price = CASE WHEN $2::jsonb ? 'downsidePrice' THEN ($2::jsonb ->> 'downsidePrice')::numeric ELSE downside_price END,
       notes = CASE WHEN $2::jsonb ? 'notes' THEN $2::jsonb ->> 'notes' ELSE notes END
     WHERE id = $1`,
    [targetId, JSON.stringify(changes)],
  );
}

export async function deleteTargetPrice(client: Queryable, targetId: string): Promise<void> {
  await client.query(`DELETE FROM target_prices WHERE id = $1`, [targetId]);
}
