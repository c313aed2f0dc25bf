// All that an export says of one portfolio, read as of one instant: a calculation that ends meanwhile must not mix two sessions.
import type { ExportedPosition, ExportedSession, PortfolioFigures } from '@closebell/shared/export/portfolio-figures';
import { asOfOneInstant, type Db, type Queryable } from './client.js';
import { loadPortfolioRisk } from './portfolio-risk.js';
import { findPortfolio } from './portfolios.js';
import { findSnapshotUpTo, summarisePnl } from './snapshots.js';
import { loadFactorModel } from './symbol-statistics.js';

/** Of the newest session, or of the newest up to the day `asOfDate`; null when there is no such portfolio. */
export async function loadPortfolioFigures(
  db: Db,
  portfolioId: string,
  asOfDate: string | null = null,
): Promise<PortfolioFigures | null> {
  return asOfOneInstant(db, async (client) => {
    const portfolio = await findPortfolio(client, portfolioId);
    if (portfolio === null) return null;
    const { user_id: _, created_at: __, description: ___, ...shown } = portfolio;
    const snapshot = await findSnapshotUpTo(client, portfolioId, asOfDate);
    const sessionDate = snapshot?.snapshot_date ?? null;
    const positions = await listPositions(client, { portfolioId, sessionDate, asOfDate });
    if (sessionDate === null) return { portfolio: shown, snapshot, pnl: null, positions, history: [], risk: null, model: null };
    return {
      portfolio: shown,
      snapshot,
      pnl: await summarisePnl(client, portfolioId, sessionDate),
      positions,
      history: await listSessions(client, portfolioId, sessionDate),
      risk: await loadPortfolioRisk(client, portfolioId, sessionDate),
      model: await loadFactorModel(client, sessionDate),
    };
  });
}

type LotsWanted = Readonly<{ portfolioId: string; sessionDate: string | null; asOfDate: string | null }>;

/** All lots, closed ones among them; of a day those entered by then, and closed only where they were by then. */
async function listPositions(
  client: Queryable,
  { portfolioId, sessionDate, asOfDate }: LotsWanted,
): Promise<readonly ExportedPosition[]> {
  const { rows } = await client.query<ExportedPosition>(
    `SELECT p.id, symbol, investment_class, investment_subtype, trim_scale(p.quantity)::text AS quantity, trim_scale(entry_price)::text AS entry_price,
       entry_date, CASE WHEN is_closed THEN trim_scale(exit_price)::text END AS exit_price, CASE WHEN is_closed THEN exit_date END AS exit_date,
       underlying_symbol, trim_scale(strike_price)::text AS strike_price, expiration_date, option_type, v.quantity::float8 AS current_quantity,
       v.price::float8 AS price, price_source, price_date, age_sessions, market_value::float8 AS market_value, cost_basis::float8 AS cost_basis,
       unrealised_pnl::float8 AS unrealized_pnl, delta_adjusted_value::float8 AS delta_adjusted_value, weight_gross AS weight
     FROM positions p CROSS JOIN LATERAL (SELECT exit_date <= coalesce($3::date, exit_date) AS is_closed) AS state
     LEFT JOIN position_values v ON v.portfolio_id = p.portfolio_id AND v.session_date = $2 AND v.position_id = p.id
     WHERE p.portfolio_id = $1 AND deleted_at IS NULL AND entry_date <= coalesce($3::date, entry_date)
     ORDER BY symbol, entry_date, p.quantity, p.id`,
    [portfolioId, sessionDate, asOfDate],
  );
  return rows;
}

/** Complete sessions up to one, oldest first. */
async function listSessions(client: Queryable, portfolioId: string, to: string): Promise<readonly ExportedSession[]> {
  const { rows } = await client.query<ExportedSession>(
    `SELECT snapshot_date, equity::float8 AS equity, equity::float8 AS total_value, cash::float8 AS cash, long_value::float8 AS long,
       short_value::float8 AS short, gross_value::float8 AS gross, net_value::float8 AS net, daily_pnl::float8 AS daily_pnl, daily_return,
       capital_flow::float8 AS capital_flow, valuation AS status, coverage
     FROM portfolio_snapshots WHERE portfolio_id = $1 AND is_complete AND snapshot_date <= $2 ORDER BY snapshot_date`,
    [portfolioId, to],
  );
  return rows;
}
