// A portfolio at one session with its lots and its history, read as of one instant: a calculation that ends meanwhile must not mix two.
import { inTransaction, type Db, type Queryable } from './client.js';
import { listPortfolioPositions, type PositionDetail } from './position-details.js';
import type { SnapshotRow } from './snapshots.js';

/** Money in the portfolio's currency; `short` figures are negative. */
export type CompleteSnapshot = SnapshotRow &
  Readonly<{
    options_value: number;
    private_value: number;
    delta_long: number | null;
    delta_short: number | null;
    position_count: number;
    long_count: number;
    short_count: number;
    option_count: number;
    cumulative_pnl: number;
    realised_pnl: number;
    oldest_price_date: string | null;
    created_at: Date;
  }>;

type CompleteRead = Readonly<{
  /** Null without a calculated session up to the day asked for. */
  snapshot: CompleteSnapshot | null;
  /** All lots, closed ones too, valued as of the newest session; empty when not asked for. */
  positions: readonly PositionDetail[];
  /** Up to the snapshot, oldest first; empty when not asked for. */
  sessions: readonly SnapshotRow[];
}>;

type CompleteWish = Readonly<{
  /** A day; the newest session without it. */
  asOfDate: string | undefined;
  /** How many of each at most; 0: none. */
  positionsMax: number;
  sessionsMax: number;
}>;

/** Whose portfolio it is, the caller has checked. */
export async function loadCompletePortfolio(
  db: Db,
  portfolioId: string,
  { asOfDate, positionsMax, sessionsMax }: CompleteWish,
): Promise<CompleteRead> {
  return inTransaction(db, async (client) => {
    await client.query(`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`);
    const snapshot = await findSnapshotUpTo(client, portfolioId, asOfDate);
    if (snapshot === null) return { snapshot, positions: [], sessions: [] };
    return {
      snapshot,
      positions: positionsMax === 0 ? [] : await listPortfolioPositions(client, portfolioId, positionsMax),
      sessions: sessionsMax === 0 ? [] : await listLastSessions(client, portfolioId, snapshot.snapshot_date, sessionsMax),
    };
  });
}

const SESSION = `snapshot_date, equity::float8 AS equity, cash::float8 AS cash, long_value::float8 AS long_value,
  short_value::float8 AS short_value, gross_value::float8 AS gross_value, net_value::float8 AS net_value, daily_pnl::float8 AS daily_pnl,
  daily_return, capital_flow::float8 AS capital_flow, coverage, valuation`;

async function findSnapshotUpTo(
  client: Queryable,
  portfolioId: string,
  asOfDate: string | undefined,
): Promise<CompleteSnapshot | null> {
  const { rows } = await client.query<CompleteSnapshot>(
    `SELECT ${SESSION}, options_value::float8 AS options_value, private_value::float8 AS private_value, delta_long::float8 AS delta_long,
       delta_short::float8 AS delta_short, position_count, long_count, short_count, option_count, cumulative_pnl::float8 AS cumulative_pnl,
       realised_pnl::float8 AS realised_pnl, oldest_price_date, created_at
     FROM portfolio_snapshots WHERE portfolio_id = $1 AND is_complete AND snapshot_date <= coalesce($2::date, 'infinity')
     ORDER BY snapshot_date DESC LIMIT 1`,
    [portfolioId, asOfDate ?? null],
  );
  return rows[0] ?? null;
}

async function listLastSessions(
  client: Queryable,
  portfolioId: string,
  to: string,
  limit: number,
): Promise<readonly SnapshotRow[]> {
  const { rows } = await client.query<SnapshotRow>(
    `SELECT ${SESSION} FROM portfolio_snapshots WHERE portfolio_id = $1 AND is_complete AND snapshot_date <= $2
     ORDER BY snapshot_date DESC LIMIT $3`,
    [portfolioId, to, limit],
  );
  return rows.toReversed();
}
