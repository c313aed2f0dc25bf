// Users, portfolios and lots as an import leaves them.
import { randomUUID } from 'node:crypto';
import type { Db } from '@closebell/prisma/client';

export async function makeUser(db: Db): Promise<string> {
  const { rows } = await db.pool.query<{ id: string }>(
    `INSERT INTO users (email, password_hash, full_name) VALUES ($1, 'none', 'A Tester') RETURNING id`,
    [`${randomUUID()}@example.com`],
  );
  return rows[0]!.id;
}

export type LotRecord = Readonly<{
  symbol: string;
  quantity: string;
  entryPrice: string;
  entryDate: string;
  exitPrice?: string;
  exitDate?: string;
  investmentClass?: 'PUBLIC' | 'OPTIONS' | 'PRIVATE';
  investmentSubtype?: string;
  underlyingSymbol?: string;
  strikePrice?: string;
  expirationDate?: string;
  optionType?: 'CALL' | 'PUT';
}>;

/** An option of the simulated market, put on a stock that the tests hold too. */
export const MSFT_PUT: LotRecord = {
  symbol: 'MSFT260116P00400000',
  quantity: '5',
  entryPrice: '25.1',
  entryDate: '2025-03-03',
  investmentClass: 'OPTIONS',
  underlyingSymbol: 'MSFT',
  strikePrice: '400',
  expirationDate: '2026-01-16',
  optionType: 'PUT',
};

export type PortfolioRecord = Readonly<{
  userId?: string;
  equity?: string;
  asOf: string;
  openedOn?: string;
  lots?: readonly LotRecord[];
}>;

export async function makePortfolio(
  db: Db,
  { userId, equity = '1000000', asOf, openedOn = asOf, lots = [] }: PortfolioRecord,
): Promise<string> {
  const { rows } = await db.pool.query<{ id: string }>(
    `INSERT INTO portfolios (user_id, name, account_name, account_type, equity_balance, equity_as_of, opened_on)
     VALUES ($1, 'Test', $2, 'taxable', $3, $4, $5) RETURNING id`,
    [userId ?? (await makeUser(db)), randomUUID(), equity, asOf, openedOn],
  );
  const portfolioId = rows[0]!.id;
  for (const lot of lots) await addLot(db, portfolioId, lot);
  return portfolioId;
}

export async function addLot(db: Db, portfolioId: string, lot: LotRecord): Promise<void> {
  await db.pool.query(
    `INSERT INTO positions (portfolio_id, symbol, quantity, entry_price, entry_date, exit_price, exit_date, investment_class, investment_subtype,
       underlying_symbol, strike_price, expiration_date, option_type) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      portfolioId,
      lot.symbol,
      lot.quantity,
      lot.entryPrice,
      lot.entryDate,
      lot.exitPrice ?? null,
      lot.exitDate ?? null,
      lot.investmentClass ?? 'PUBLIC',
      lot.investmentSubtype ?? null,
      lot.underlyingSymbol ?? null,
      lot.strikePrice ?? null,
      lot.expirationDate ?? null,
      lot.optionType ?? null,
    ],
  );
}

/** Every figure of a portfolio as text: two of these are equal when the figures are, to the byte. */
export async function figuresOf(db: Db, portfolioId: string): Promise<string> {
  return [await bookFiguresOf(db, portfolioId), ...(await riskLines(db, portfolioId))].join('\n');
}

/** The same without its risk, which also goes by the prices of factors. */
export async function bookFiguresOf(db: Db, portfolioId: string): Promise<string> {
  const snapshots = await db.pool.query<{ line: string }>(
    `SELECT (to_jsonb(s) - 'created_at' - 'portfolio_id')::text AS line FROM portfolio_snapshots s WHERE portfolio_id = $1 ORDER BY snapshot_date`,
    [portfolioId],
  );
  const values = await db.pool.query<{ line: string }>(
    `SELECT (to_jsonb(v) - 'portfolio_id' - 'position_id')::text || p.symbol AS line FROM position_values v JOIN positions p ON p.id = position_id
     WHERE v.portfolio_id = $1 ORDER BY 1`,
    [portfolioId],
  );
  return [...snapshots.rows, ...values.rows].map(({ line }) => line).join('\n');
}

/** Of the newest session alone: which earlier ones have a row depends on when calculations ran. Sectors are as profiles had them then. */
async function riskLines(db: Db, portfolioId: string): Promise<readonly string[]> {
  const risk = await db.pool.query<{ line: string }>(
    `SELECT (to_jsonb(r) - 'portfolio_id' - 'created_at' - 'option_impacts' #- '{concentration,sectors}')::text || coalesce((
       SELECT string_agg(impacts || p.symbol, ' ' ORDER BY p.symbol, impacts) FROM jsonb_each_text(option_impacts) AS lot (id, impacts)
       JOIN positions p ON p.id = lot.id::uuid), '') AS line
     FROM portfolio_risk r WHERE portfolio_id = $1 ORDER BY session_date DESC LIMIT 1`,
    [portfolioId],
  );
  return risk.rows.map(({ line }) => line);
}

/** How many pairs of sessions break equity(t) = equity(t−1) + pnl(t) + flow(t), by the database's own exact arithmetic. */
export async function brokenChains(db: Db): Promise<number> {
  const { rows } = await db.pool.query<{ count: number }>(
    `SELECT count(*) AS count FROM (
       SELECT equity - lag(equity) OVER (PARTITION BY portfolio_id ORDER BY snapshot_date) - daily_pnl - capital_flow AS rest
       FROM portfolio_snapshots WHERE is_complete) AS pairs WHERE rest <> 0`,
  );
  return rows[0]!.count;
}
