// What phase 6 says of a portfolio, as stored and read: types only. Keys of stored JSON are spelled as in the database.
import type { ExcludedSymbol } from './joint-window.js';
import type { ScenarioImpact } from './packed-stress.js';

/** Losses are positive; in dollars or as fractions of equity. Null with too few returns: 20 at 95 %, 100 at 99 %. */
export type TailLosses = Readonly<{
  value_at_risk_95: number | null;
  expected_shortfall_95: number | null;
  value_at_risk_99: number | null;
  expected_shortfall_99: number | null;
  /** As if returns were normal. */
  parametric_value_at_risk_95: number | null;
  parametric_expected_shortfall_95: number | null;
  parametric_value_at_risk_99: number | null;
  parametric_expected_shortfall_99: number | null;
}>;

/** Of the realised daily returns of the last sessions: fractions; null where `reasons` says why. */
export type RealisedMetrics = TailLosses &
  Readonly<{
    /** Sessions looked back on. */
    lookback: number;
    /** Returns there were in them. */
    observations: number;
    /** The first and last session with a return. */
    start_date: string | null;
    end_date: string | null;
    /** What stood for the market: SPY, or its fallback. */
    benchmark: string | null;
    /** Regression on the benchmark, over the sessions where both have a return. */
    portfolio_beta: number | null;
    beta_observations: number;
    annualized_volatility: number | null;
    /** 0 or less. */
    max_drawdown: number | null;
    drawdown_peak: string | null;
    drawdown_trough: string | null;
    drawdown_recovery: string | null;
    sharpe_ratio: number | null;
    sortino_ratio: number | null;
    /** By figure that is null. */
    reasons: Readonly<Record<string, MissingReason>>;
  }>;

export type MissingReason =
  | 'insufficient_history'
  | 'no_market'
  | 'no_variation'
  | 'nothing_covered'
  | 'no_factors'
  | 'no_equity'
  | 'no_holdings'
  | 'unknown_covariances';

/** What today's holdings would have made in each of the last sessions. */
export type HoldingsValueAtRisk = Readonly<{
  /** Sessions looked back on. */
  lookback: number;
  /** Of them, those in which every covered holding has a return. */
  observations: number;
  start_date: string | null;
  /** Share of gross value, by delta-adjusted value, that the figure covers. */
  coverage: number | null;
  /** Held symbols that it leaves out: what lowers the coverage, but for private holdings and those without a price. */
  excluded: readonly ExcludedSymbol[];
  dollars: TailLosses | null;
  /** Of equity; null when that is not above 0. */
  fractions: TailLosses | null;
  /** Why there are no dollars, or no fractions. */
  reason: MissingReason | null;
}>;

/** From today's holdings and the covariances of their returns. */
export type HoldingsVolatility = Readonly<{
  lookback: number;
  /** Fraction of equity a year. */
  volatility: number | null;
  coverage: number | null;
  excluded: readonly ExcludedSymbol[];
  /** What each symbol adds, of an option its underlying's: they sum to `volatility`; a hedge is below 0. */
  contributions: Readonly<Record<string, number>>;
  reason: MissingReason | null;
}>;

/** Of gross market value. */
export type ConcentrationFigures = Readonly<{
  herfindahl_index: number;
  effective_positions: number;
  top3_share: number;
  top10_share: number;
  positions: number;
  /** As profiles had them at the time. The largest first; null is the row of those whose sector is not known. */
  sectors: readonly SectorFigures[];
}>;

export type SectorFigures = Readonly<{
  sector: string | null;
  weight: number;
  net_weight: number;
  gross_market_value: number;
}>;

/** Of one option lot, by scenario in the order of the row's; dollars. */
export type OptionImpacts = Readonly<{ direct: readonly number[]; correlated: readonly (number | null)[] }>;

/** Each stands or falls on its own. */
export type RiskPart = 'exposures' | 'stress' | 'value_at_risk' | 'volatility' | 'concentration' | 'metrics';

export type PortfolioRisk = Readonly<{
  /** Share of gross value, by delta-adjusted value, that the betas cover; null when they cover nothing. */
  coverage: number | null;
  /** Dollars by model factor, in the order of the session's; null when nothing is covered or there are no factors. */
  exposures: Float64Array | null;
  /** Null where exposures are. */
  stress: readonly ScenarioImpact[] | null;
  /** By position id; covered lots only. */
  optionImpacts: Readonly<Record<string, OptionImpacts>>;
  /** The following are null only where the part failed, concentration also where there is nothing to measure. */
  valueAtRisk: HoldingsValueAtRisk | null;
  volatility: HoldingsVolatility | null;
  concentration: ConcentrationFigures | null;
  metrics: RealisedMetrics | null;
  /** What a part that failed says of it. */
  failedParts: Readonly<Partial<Record<RiskPart, string>>>;
}>;
