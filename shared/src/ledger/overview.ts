// A portfolio's newest figures as the overview shows them. Pure.
import { addMoney } from '../calc/exact-value.js';
import type { Overview } from '../contracts/analytics.js';

/** One session as it is stored. Money in the portfolio's currency; short values are negative. */
export type OverviewSnapshot = Readonly<{
  snapshot_date: string;
  equity: number;
  cash: number;
  long_value: number;
  short_value: number;
  gross_value: number;
  net_value: number;
  daily_pnl: number;
  coverage: number | null;
  valuation: 'full' | 'partial';
  /** Delta-adjusted values; null where options could not be marked. */
  delta_long: number | null;
  delta_short: number | null;
  position_count: number;
  long_count: number;
  short_count: number;
  option_count: number;
  realised_pnl: number;
  created_at: Date;
}>;

/** What the session's lots and the sessions before it add up to. */
export type OverviewPnl = Readonly<{
  unrealised_pnl: number | null;
  mtd_pnl: number;
  ytd_pnl: number;
  has_simulated_prices: boolean;
}>;

/** Percentages are fractions of equity: null when equity is not above 0. */
export function viewOverview(
  portfolio: Readonly<{ id: string; equity_balance: number }>,
  snapshot: OverviewSnapshot,
  pnl: OverviewPnl,
): Overview {
  const ofEquity = (value: number): number | null => (snapshot.equity > 0 ? value / snapshot.equity : null);
  // A portfolio without open lots has no values, and nothing unrealised.
  const unrealised = snapshot.position_count === 0 ? 0 : pnl.unrealised_pnl;
  return {
    available: true,
    portfolio_id: portfolio.id,
    equity_balance: portfolio.equity_balance,
    net_asset_value: snapshot.equity,
    total_value: snapshot.equity,
    cash_balance: snapshot.cash,
    leverage: ofEquity(snapshot.gross_value),
    exposures: {
      long_exposure: snapshot.long_value,
      short_exposure: snapshot.short_value,
      gross_exposure: snapshot.gross_value,
      net_exposure: snapshot.net_value,
      long_percentage: ofEquity(snapshot.long_value),
      short_percentage: ofEquity(snapshot.short_value),
      gross_percentage: ofEquity(snapshot.gross_value),
      net_percentage: ofEquity(snapshot.net_value),
    },
    pnl: {
      total_pnl: unrealised === null ? null : addMoney([unrealised, snapshot.realised_pnl]),
      unrealized_pnl: unrealised,
      realized_pnl: snapshot.realised_pnl,
      daily_pnl: snapshot.daily_pnl,
      mtd_pnl: pnl.mtd_pnl,
      ytd_pnl: pnl.ytd_pnl,
    },
    position_count: {
      total_positions: snapshot.position_count,
      long_count: snapshot.long_count,
      short_count: snapshot.short_count,
      option_count: snapshot.option_count,
    },
    delta_adjusted: viewDelta(snapshot),
    coverage: snapshot.coverage,
    valuation: snapshot.valuation,
    price_source: pnl.has_simulated_prices ? 'simulated' : null,
    snapshot_date: snapshot.snapshot_date,
    last_updated: snapshot.created_at.toISOString(),
  };
}

function viewDelta({ delta_long: long, delta_short: short }: OverviewSnapshot): Overview['delta_adjusted'] {
  if (long === null || short === null) return null;
  return { long, short, gross: addMoney([long, -short]), net: addMoney([long, short]) };
}
