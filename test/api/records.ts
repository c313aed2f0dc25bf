// Records as the worker and other requests would leave them.
import type { Db } from '@closebell/prisma/client';

type Portfolio = Readonly<{ userId: string; accountName?: string; equity?: number; asOf?: string; deleted?: boolean }>;

export async function insertPortfolio(
  db: Db,
  { userId, accountName = 'Broker 1', equity = 100_000, asOf = '2025-03-12', deleted = false }: Portfolio,
) {
  return insertedId(
    db,
    `INSERT INTO portfolios (user_id, name, account_name, account_type, equity_balance, equity_as_of, opened_on, deleted_at)
     VALUES ($1, 'Growth', $2, 'taxable', $3, $4, $4, CASE WHEN $5 THEN now() END) RETURNING id`,
    [userId, accountName, equity, asOf, deleted],
  );
}

type Snapshot = Readonly<{
  portfolioId: string;
  date: string;
  complete?: boolean;
  equity?: number;
  long?: number;
  short?: number;
  pnl?: number;
  realised?: number;
  delta?: readonly [long: number, short: number] | null;
  counts?: readonly [total: number, long: number, short: number, option: number];
}>;

export async function insertSnapshot(
  db: Db,
  {
    portfolioId,
    date,
    complete = true,
    equity = 100_000,
    long = 0,
    short = 0,
    pnl = 0,
    realised = 0,
    delta = null,
    counts = [0, 0, 0, 0],
  }: Snapshot,
): Promise<void> {
  await db.pool.query(
    `INSERT INTO portfolio_snapshots (portfolio_id, snapshot_date, is_complete, equity, cash, long_value, short_value, gross_value, net_value,
       options_value, private_value, delta_long, delta_short, position_count, long_count, short_count, option_count, daily_pnl, daily_return,
       cumulative_pnl, realised_pnl, capital_flow, coverage, valuation, input_hash)
     VALUES ($1, $2, $3, $4::numeric, $4::numeric - $5::numeric - $6::numeric, $5, $6, $5::numeric - $6::numeric, $5::numeric + $6::numeric, 0, 0, $7, $8,
       $9, $10, $11, $12, $13, NULL, $13, $14, 0, 1, 'full', '\\x00')`,
    [portfolioId, date, complete, equity, long, short, delta?.[0] ?? null, delta?.[1] ?? null, ...counts, pnl, realised],
  );
}

type Lot = Readonly<{
  portfolioId: string;
  symbol: string;
  investmentClass?: string;
  subtype?: string | null;
  underlying?: string | null;
}>;

export async function insertLot(
  db: Db,
  { portfolioId, symbol, investmentClass = 'PUBLIC', subtype = null, underlying = null }: Lot,
): Promise<string> {
  const isOption = investmentClass === 'OPTIONS';
  return insertedId(
    db,
    `INSERT INTO positions (portfolio_id, symbol, investment_class, investment_subtype, quantity, entry_price, entry_date, underlying_symbol,
       strike_price, expiration_date, option_type)
     VALUES ($1, $2, $3, $4, 10, 100, '2025-01-02', $5, $6, $7, $8) RETURNING id`,
    [
      portfolioId,
      symbol,
      investmentClass,
      subtype,
      underlying,
      isOption ? 100 : null,
      isOption ? '2026-01-16' : null,
      isOption ? 'CALL' : null,
    ],
  );
}

export async function insertLotValue(
  db: Db,
  {
    portfolioId,
    positionId,
    date,
    unrealised,
  }: Readonly<{ portfolioId: string; positionId: string; date: string; unrealised: number }>,
): Promise<void> {
  await db.pool.query(
    `INSERT INTO position_values (portfolio_id, session_date, position_id, quantity, price, price_source, price_date, age_sessions, market_value,
       cost_basis, unrealised_pnl)
     VALUES ($1, $2, $3, 10, 100, 'close', $2, 0, 1000 + $4::numeric, 1000, $4)`,
    [portfolioId, date, positionId, unrealised],
  );
}

type Bar = Readonly<{ symbol: string; date: string; close: number; revision?: number; provider?: string }>;

export async function insertClose(db: Db, { symbol, date, close, revision = 0, provider = 'files' }: Bar): Promise<void> {
  await db.pool.query(`INSERT INTO price_bars (symbol, session_date, close, revision, provider) VALUES ($1, $2, $3, $4, $5)`, [
    symbol,
    date,
    close,
    revision,
    provider,
  ]);
}

/** As a worker that has claimed the job would leave it when it ends. */
export async function endJob(
  db: Db,
  jobId: string,
  end: Readonly<{ status: string; result?: unknown; error?: unknown; phases?: unknown }>,
): Promise<void> {
  await db.pool.query(
    `UPDATE jobs SET status = $2, result = $3, error = $4, phases = coalesce($5, phases), started_at = coalesce(started_at, clock_timestamp()),
       finished_at = clock_timestamp(), open_children = 0, lease_until = NULL WHERE id = $1`,
    [jobId, end.status, json(end.result), json(end.error), json(end.phases)],
  );
  await db.pool.query(`SELECT pg_notify('closebell_job_ended', $1)`, [jobId]);
}

function json(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

async function insertedId(db: Db, statement: string, values: readonly unknown[]): Promise<string> {
  const { rows } = await db.pool.query<{ id: string }>(statement, [...values]);
  const row = rows[0];
  if (!row) throw new Error('nothing was inserted');
  return row.id;
}
