// What an export or a report says of a portfolio, read as of one instant: types only. Fields are spelled as in the API's answers.
import type { z } from 'zod';
import type { snapshot } from '../contracts/portfolios.js';
import type { OverviewPnl, OverviewSnapshot } from '../ledger/overview.js';
import type { FactorModelOfSession } from '../risk/factor-model-of-session.js';
import type { PortfolioRisk } from '../risk/risk-figures.js';

export type ExportedPortfolio = Readonly<{
  id: string;
  name: string;
  account_name: string;
  account_type: string;
  currency: string;
  equity_balance: number;
  equity_as_of: string;
  /** First session whose stored figures no longer hold; null when all do. */
  dirty_from: string | null;
}>;

/** A lot as it was entered, and its value at the session. */
export type ExportedPosition = Readonly<{
  id: string;
  symbol: string;
  investment_class: 'PUBLIC' | 'OPTIONS' | 'PRIVATE';
  investment_subtype: string | null;
  /** Decimal text without trailing zeros, negative for a short; so are the prices. */
  quantity: string;
  entry_price: string;
  entry_date: string;
  exit_price: string | null;
  exit_date: string | null;
  underlying_symbol: string | null;
  strike_price: string | null;
  expiration_date: string | null;
  option_type: 'CALL' | 'PUT' | null;
  /** After splits. This and all below are null for a lot that the session did not value, such as a closed one. */
  current_quantity: number | null;
  price: number | null;
  price_source: string | null;
  price_date: string | null;
  age_sessions: number | null;
  market_value: number | null;
  cost_basis: number | null;
  unrealized_pnl: number | null;
  delta_adjusted_value: number | null;
  /** Fraction of gross market value. */
  weight: number | null;
}>;

export type ExportedSession = Readonly<z.output<typeof snapshot>>;

export type PortfolioFigures = Readonly<{
  portfolio: ExportedPortfolio;
  /** The newest session calculated, or that of the day asked for; null before the first. */
  snapshot: OverviewSnapshot | null;
  pnl: OverviewPnl | null;
  /** By symbol and entry date. Values are kept for the newest session only. */
  positions: readonly ExportedPosition[];
  /** Oldest first, up to the session. */
  history: readonly ExportedSession[];
  /** Null where phase 6 has not been done for the session. */
  risk: (PortfolioRisk & Readonly<{ equity: number }>) | null;
  model: FactorModelOfSession | null;
}>;
