// How each of a user's portfolios stands: how many lots it has, and of when its newest figures are.
import type { Queryable } from './client.js';

export type PortfolioStanding = Readonly<{
  portfolioId: string;
  lotsOpen: number;
  lotsClosed: number;
  firstSnapshotDate: string | null;
  /** The newest complete snapshot; null before the first calculation. */
  newest: NewestStanding | null;
}>;

type NewestStanding = Readonly<{
  snapshotDate: string;
  equity: number;
  positionCount: number;
  longCount: number;
  shortCount: number;
  optionCount: number;
  valuation: 'full' | 'partial';
  coverage: number | null;
  oldestPriceDate: string | null;
  calculatedAt: string;
}>;

/** In no order. A lot is closed once `today` is its exit's day, or `session`, the last complete one, its expiration. */
export async function listPortfolioStandings(
  client: Queryable,
  portfolioIds: readonly string[],
  { today, session }: Readonly<{ today: string; session: string }>,
): Promise<readonly PortfolioStanding[]> {
  const { rows } = await client.query<PortfolioStanding>(
    `SELECT wanted.id AS "portfolioId", lots."lotsOpen", lots.total - lots."lotsOpen" AS "lotsClosed", newest.standing AS newest,
       (SELECT min(snapshot_date) FROM portfolio_snapshots WHERE portfolio_id = wanted.id AND is_complete) AS "firstSnapshotDate"
     FROM unnest($1::uuid[]) AS wanted (id)
     CROSS JOIN LATERAL (
       SELECT count(*) AS total,
         count(*) FILTER (WHERE (exit_date IS NULL OR exit_date > $2) AND (expiration_date IS NULL OR expiration_date > $3)) AS "lotsOpen"
       FROM positions WHERE portfolio_id = wanted.id AND deleted_at IS NULL) AS lots
     LEFT JOIN LATERAL (
       SELECT json_build_object('snapshotDate', snapshot_date, 'equity', equity, 'positionCount', position_count, 'longCount', long_count,
         'shortCount', short_count, 'optionCount', option_count, 'valuation', valuation, 'coverage', coverage,
         'oldestPriceDate', oldest_price_date, 'calculatedAt', created_at) AS standing
       FROM portfolio_snapshots WHERE portfolio_id = wanted.id AND is_complete ORDER BY snapshot_date DESC LIMIT 1) AS newest ON true`,
    [portfolioIds, today, session],
  );
  return rows;
}
