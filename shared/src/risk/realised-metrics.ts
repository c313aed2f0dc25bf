// Risk of a portfolio as it turned out: figures of its realised daily returns.
import { univariateBetas } from '../calc/betas.js';
import { maxDrawdown, type MaxDrawdown } from '../calc/drawdown.js';
import { sharpeRatio, sortinoRatio } from '../calc/performance.js';
import { annualizedVolatility, countPresent, VOLATILITY_OBSERVATIONS_MIN } from '../calc/statistics.js';
import type { MissingReason, RealisedMetrics } from './risk-figures.js';
import type { RealisedReturns, RiskMarket } from './risk-market.js';
import { tailLosses } from './tail-losses.js';

export const METRICS_LOOKBACK = 90;

/** Over the sessions of `realised`, the last of which is the market's; every figure needs 20 returns. */
export function realisedMetrics(
  { sessions, returns, previousSession }: RealisedReturns,
  market: Pick<RiskMarket, 'returns' | 'benchmark'>,
): RealisedMetrics {
  const observations = countPresent(returns);
  const isEnough = observations >= VOLATILITY_OBSERVATIONS_MIN;
  const first = returns.findIndex((value) => !Number.isNaN(value));
  const last = returns.findLastIndex((value) => !Number.isNaN(value));
  const drawdown = isEnough ? maxDrawdown(returns) : null;
  const dateAt = (index: number | null): string | null => {
    if (index === null) return null;
    return index === -1 ? previousSession : (sessions[index] as string);
  };
  const beta = marketBeta(returns, market);
  const figures = {
    portfolio_beta: beta.beta,
    annualized_volatility: annualizedVolatility(returns),
    ...drawdownFigures(drawdown, dateAt),
    ...tailLosses(returns),
    sharpe_ratio: sharpeRatio(returns),
    sortino_ratio: sortinoRatio(returns),
  };
  return {
    lookback: sessions.length,
    observations,
    start_date: dateAt(first === -1 ? null : first),
    end_date: dateAt(last === -1 ? null : last),
    benchmark: market.benchmark,
    beta_observations: beta.observations,
    ...figures,
    reasons: missingReasons(figures, observations, beta),
  };
}

type MarketBeta = Readonly<{ beta: number | null; observations: number; reason: MissingReason | null }>;

function marketBeta(returns: Float64Array, market: Pick<RiskMarket, 'returns' | 'benchmark'>): MarketBeta {
  const series = market.benchmark === null ? undefined : market.returns.get(market.benchmark);
  if (series === undefined) return { beta: null, observations: 0, reason: 'no_market' };
  const { beta, observations } = univariateBetas([returns], series.subarray(-returns.length));
  const value = beta[0] as number;
  const count = observations[0] as number;
  if (!Number.isNaN(value)) return { beta: value, observations: count, reason: null };
  return {
    beta: null,
    observations: count,
    reason: count < VOLATILITY_OBSERVATIONS_MIN ? 'insufficient_history' : 'no_variation',
  };
}

type DrawdownFigures = Pick<RealisedMetrics, 'max_drawdown' | 'drawdown_peak' | 'drawdown_trough' | 'drawdown_recovery'>;

function drawdownFigures(drawdown: MaxDrawdown | null, dateAt: (index: number | null) => string | null): DrawdownFigures {
  return {
    max_drawdown: drawdown?.depth ?? null,
    drawdown_peak: dateAt(drawdown?.peakIndex ?? null),
    drawdown_trough: dateAt(drawdown?.troughIndex ?? null),
    drawdown_recovery: dateAt(drawdown?.recoveryIndex ?? null),
  };
}

const LOSSES_99: readonly string[] = ['value_at_risk_99', 'expected_shortfall_99'];
const RATIOS: readonly string[] = ['sharpe_ratio', 'sortino_ratio'];

/** Of the figures that say how much, not of dates: the index that never fell has none. */
function missingReasons(
  figures: Readonly<Record<string, number | string | null>>,
  observations: number,
  beta: MarketBeta,
): Readonly<Record<string, MissingReason>> {
  const reasonOf = (name: string): MissingReason => {
    if (name === 'portfolio_beta') return beta.reason ?? 'insufficient_history';
    return RATIOS.includes(name) && observations >= VOLATILITY_OBSERVATIONS_MIN ? 'no_variation' : 'insufficient_history';
  };
  const shown = ['portfolio_beta', 'annualized_volatility', 'max_drawdown', 'value_at_risk_95', ...LOSSES_99, ...RATIOS];
  return Object.fromEntries(shown.filter((name) => figures[name] === null).map((name) => [name, reasonOf(name)]));
}
