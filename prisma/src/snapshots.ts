// Reads of calculated figures: complete snapshots and the lots' values beside them. Calculations write them elsewhere.
import type { OverviewPnl, OverviewSnapshot } from '@closebell/shared/ledger/overview';
import type { Queryable } from './client.js';

/** Money in the portfolio's currency; `short` figures are negative. */
export type SnapshotRow = Readonly<{
  snapshot_date: string;
  equity: number;
  cash: number;
  long_value: number;
  short_value: number;
  gross_value: number;
  net_value: number;
  daily_pnl: number;
  /** A fraction; null where no return can be told (the first session, or nothing invested). */
  daily_return: number | null;
  capital_flow: number;
  /** Share of gross value, as a fraction, that has a price of its own session. */
  coverage: number | null;
  valuation: 'full' | 'partial';
}>;

export type NewestSnapshot = SnapshotRow & OverviewSnapshot;

const MONEY = ['equity', 'cash', 'long_value', 'short_value', 'gross_value', 'net_value', 'daily_pnl', 'capital_flow'] as const;
const NEWEST_MONEY = [...MONEY, 'delta_long', 'delta_short', 'realised_pnl'] as const;
const STORED_MONEY = [...NEWEST_MONEY, 'cumulative_pnl', 'options_value', 'private_value'] as const;
const COLUMNS = `snapshot_date, ${MONEY.join(', ')}, daily_return, coverage, valuation`;
const NEWEST_COLUMNS = `${COLUMNS}, delta_long, delta_short, position_count, long_count, short_count, option_count, realised_pnl, created_at`;

const STORED_COLUMNS = `${NEWEST_COLUMNS}, cumulative_pnl, options_value, private_value, oldest_price_date, input_hash`;

/** One session's snapshot, whole. */
export type StoredSnapshot = NewestSnapshot &
  Readonly<{
    cumulative_pnl: number;
    options_value: number;
    private_value: number;
    /** The oldest close used; null when none was. */
    oldest_price_date: string | null;
    input_hash: Buffer;
  }>;

export type HistoryRange = Readonly<{
  from?: string | undefined;
  to?: string | undefined;
  /** Only sessions after this one: the last of the page before. */
  after?: string | undefined;
  limit: number;
}>;

/** Complete sessions, oldest first. */
export async function listSnapshots(
  client: Queryable,
  portfolioId: string,
  { from, to, after, limit }: HistoryRange,
): Promise<readonly SnapshotRow[]> {
  const { rows } = await client.query<SnapshotRow>(
    `SELECT ${COLUMNS} FROM portfolio_snapshots
     WHERE portfolio_id = $1 AND is_complete AND ($2::date IS NULL OR snapshot_date >= $2) AND ($3::date IS NULL OR snapshot_date <= $3)
       AND ($4::date IS NULL OR snapshot_date > $4)
     ORDER BY snapshot_date LIMIT $5`,
    [portfolioId, from ?? null, to ?? null, after ?? null, limit],
  );
  return rows.map((row) => withNumbers(row, MONEY));
}

/** Null before the first calculation. */
export async function findNewestSnapshot(client: Queryable, portfolioId: string): Promise<NewestSnapshot | null> {
  const { rows } = await client.query<NewestSnapshot>(
    `SELECT ${NEWEST_COLUMNS} FROM portfolio_snapshots WHERE portfolio_id = $1 AND is_complete ORDER BY snapshot_date DESC LIMIT 1`,
    [portfolioId],
  );
  return rows[0] ? withNumbers(rows[0], NEWEST_MONEY) : null;
}

/** Null when that session has no complete snapshot. */
export async function findSnapshot(client: Queryable, portfolioId: string, date: string): Promise<StoredSnapshot | null> {
  const { rows } = await client.query<StoredSnapshot>(
    `SELECT ${STORED_COLUMNS} FROM portfolio_snapshots WHERE portfolio_id = $1 AND snapshot_date = $2 AND is_complete`,
    [portfolioId, date],
  );
  return rows[0] ? withNumbers(rows[0], STORED_MONEY) : null;
}

/** Of the newest session up to the day `to`, without it of the newest; null when none of them is calculated. */
export async function findSnapshotUpTo(
  client: Queryable,
  portfolioId: string,
  to: string | null,
): Promise<StoredSnapshot | null> {
  const { rows } = await client.query<StoredSnapshot>(
    `SELECT ${STORED_COLUMNS} FROM portfolio_snapshots WHERE portfolio_id = $1 AND is_complete AND snapshot_date <= coalesce($2::date, 'infinity')
     ORDER BY snapshot_date DESC LIMIT 1`,
    [portfolioId, to],
  );
  return rows[0] ? withNumbers(rows[0], STORED_MONEY) : null;
}

/** The last complete sessions up to one, oldest first; at most `limit`. */
export async function listLastSnapshots(
  client: Queryable,
  portfolioId: string,
  { to, limit }: Readonly<{ to: string; limit: number }>,
): Promise<readonly SnapshotRow[]> {
  const { rows } = await client.query<SnapshotRow>(
    `SELECT ${COLUMNS} FROM portfolio_snapshots WHERE portfolio_id = $1 AND is_complete AND snapshot_date <= $2
     ORDER BY snapshot_date DESC LIMIT $3`,
    [portfolioId, to, limit],
  );
  return rows.map((row) => withNumbers(row, MONEY)).reverse();
}

/** The first and last complete session; both null before the first calculation. */
export async function findSnapshotRange(
  client: Queryable,
  portfolioId: string,
): Promise<Readonly<{ first: string | null; last: string | null }>> {
  const { rows } = await client.query<{ first: string | null; last: string | null }>(
    `SELECT min(snapshot_date) AS first, max(snapshot_date) AS last FROM portfolio_snapshots WHERE portfolio_id = $1 AND is_complete`,
    [portfolioId],
  );
  return rows[0] ?? { first: null, last: null };
}

/**
 * What one session's overview needs beside its snapshot: of the lots held then, null when they were not valued for it, and of the calendar
 * month and year up to it. Sums are made in numeric: exact to the last digit.
 */
export async function summarisePnl(client: Queryable, portfolioId: string, sessionDate: string): Promise<OverviewPnl> {
  const { rows } = await client.query<OverviewPnl>(
    `SELECT
       (SELECT sum(unrealised_pnl) FROM position_values WHERE portfolio_id = $1 AND session_date = $2) AS unrealised_pnl,
       coalesce(sum(daily_pnl) FILTER (WHERE snapshot_date >= date_trunc('month', $2::date)::date), 0) AS mtd_pnl,
       coalesce(sum(daily_pnl), 0) AS ytd_pnl,
       EXISTS (
         SELECT 1 FROM position_values v
         JOIN positions p ON p.id = v.position_id
         JOIN price_bars b ON b.symbol IN (p.symbol, p.underlying_symbol) AND b.session_date = v.price_date AND b.provider = 'simulated'
         WHERE v.portfolio_id = $1 AND v.session_date = $2) AS has_simulated_prices
     FROM portfolio_snapshots
     WHERE portfolio_id = $1 AND is_complete AND snapshot_date BETWEEN date_trunc('year', $2::date)::date AND $2`,
    [portfolioId, sessionDate],
  );
  const row = rows[0];
  if (!row) throw new Error('an aggregate returned no row');
  return withNumbers(row, ['unrealised_pnl', 'mtd_pnl', 'ytd_pnl']);
}

/** The driver gives numeric as text; here it becomes the JSON contract's number, once. */
function withNumbers<T extends Readonly<Record<string, unknown>>>(row: T, money: readonly (keyof T)[]): T {
  const converted = money.map((column) => [column, row[column] === null ? null : Number(row[column])] as const);
  return { ...row, ...Object.fromEntries(converted) };
}
