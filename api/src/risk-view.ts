// Realised and holdings' risk as they are shown. Pure.
import type { PortfolioRiskRow } from '@closebell/prisma/portfolio-risk';
import {
  backTestValueAtRisk,
  type LikelihoodRatioTest,
  type ValueAtRiskBackTest,
} from '@closebell/shared/calc/value-at-risk-backtest';
import type { ConcentrationAnswer, RiskMetrics, SectorExposure, ValueAtRisk } from '@closebell/shared/contracts/analytics-risk';
import type { ConcentrationFigures, HoldingsValueAtRisk, RealisedMetrics, TailLosses } from '@closebell/shared/risk/risk-figures';
import type { NoFigures } from './analysed-portfolio.js';
import { viewExcluded } from './excluded-view.js';
import { MISSING_WORDS } from '@closebell/shared/risk/missing-words';

/** What an answer is of. */
export type Subject = Pick<PortfolioRiskRow, 'portfolioId' | 'sessionDate'>;

export function viewRiskMetrics(
  { portfolioId, sessionDate }: Subject,
  metrics: RealisedMetrics,
  bottomUpBeta: number | null,
): RiskMetrics | NoFigures {
  if (metrics.annualized_volatility === null) {
    return {
      reason: 'no_results',
      message: `There are ${metrics.observations} daily returns in the last ${metrics.lookback} sessions, and 20 are needed. Every session adds one.`,
    };
  }
  const reasons = Object.entries(metrics.reasons).map(([figure, reason]) => [figure, MISSING_WORDS[reason]] as const);
  return {
    available: true,
    portfolio_id: portfolioId,
    risk_metrics: {
      portfolio_beta: metrics.portfolio_beta,
      bottom_up_beta: bottomUpBeta,
      annualized_volatility: metrics.annualized_volatility,
      max_drawdown: metrics.max_drawdown,
      ...viewTailLosses(metrics),
      sharpe_ratio: metrics.sharpe_ratio,
      sortino_ratio: metrics.sortino_ratio,
    },
    metadata: {
      calculation_date: sessionDate,
      lookback_days: metrics.lookback,
      date_range: { start: metrics.start_date, end: metrics.end_date },
      observations: metrics.observations,
      benchmark: metrics.benchmark,
      beta_observations: metrics.beta_observations,
      drawdown_peak: metrics.drawdown_peak,
      drawdown_trough: metrics.drawdown_trough,
      drawdown_recovery: metrics.drawdown_recovery,
      method: 'realised_daily_returns',
      reasons: {
        ...Object.fromEntries(reasons),
        ...(bottomUpBeta === null
          ? { bottom_up_beta: 'There are no factor exposures of this session; see factor-exposures.' }
          : {}),
      },
    },
  };
}

/** Stored figures may have more beside them. */
function viewTailLosses(losses: TailLosses): TailLosses {
  return {
    value_at_risk_95: losses.value_at_risk_95,
    expected_shortfall_95: losses.expected_shortfall_95,
    value_at_risk_99: losses.value_at_risk_99,
    expected_shortfall_99: losses.expected_shortfall_99,
    parametric_value_at_risk_95: losses.parametric_value_at_risk_95,
    parametric_expected_shortfall_95: losses.parametric_expected_shortfall_95,
    parametric_value_at_risk_99: losses.parametric_value_at_risk_99,
    parametric_expected_shortfall_99: losses.parametric_expected_shortfall_99,
  };
}

/** One place for each session of the back-test, NaN where there is none: neighbours are neighbours. */
export type BackTestSeries = Readonly<{ pnl: Float64Array; var95: Float64Array; var99: Float64Array }>;

export function viewValueAtRisk(
  { portfolioId, sessionDate }: Subject,
  figures: HoldingsValueAtRisk,
  { pnl, var95, var99 }: BackTestSeries,
): ValueAtRisk | NoFigures {
  const { dollars, fractions, lookback, observations, start_date: start, coverage, reason } = figures;
  if (dollars === null) return { reason: 'no_results', message: MISSING_WORDS[reason ?? 'nothing_covered'] };
  return {
    available: true,
    portfolio_id: portfolioId,
    calculation_date: sessionDate,
    horizon_sessions: 1,
    dollars,
    fractions,
    back_test: {
      value_at_risk_95: viewBackTest(backTestValueAtRisk(pnl, var95, 0.95)),
      value_at_risk_99: viewBackTest(backTestValueAtRisk(pnl, var99, 0.99)),
    },
    metadata: {
      lookback_days: lookback,
      start_date: start,
      observations,
      coverage,
      excluded: viewExcluded(figures.excluded),
      method: 'historical_holdings',
    },
  };
}

function viewBackTest(test: ValueAtRiskBackTest | null): ValueAtRisk['back_test']['value_at_risk_95'] {
  if (test === null) return null;
  return {
    observations: test.observations,
    exceptions: test.exceptions,
    exceptions_expected: test.exceptionsExpected,
    kupiec: viewRatio(test.unconditionalCoverage),
    christoffersen: test.independence && viewRatio(test.independence),
    conditional_coverage: test.conditionalCoverage && viewRatio(test.conditionalCoverage),
  };
}

function viewRatio({ statistic, pValue }: LikelihoodRatioTest) {
  return { statistic, p_value: pValue };
}

export function viewConcentration({ portfolioId, sessionDate }: Subject, figures: ConcentrationFigures): ConcentrationAnswer {
  return {
    available: true,
    portfolio_id: portfolioId,
    calculation_date: sessionDate,
    herfindahl_index: figures.herfindahl_index,
    effective_positions: figures.effective_positions,
    top3_share: figures.top3_share,
    top10_share: figures.top10_share,
    positions: figures.positions,
    metadata: { method: 'gross_market_value' },
  };
}

export function viewSectorExposure({ portfolioId, sessionDate }: Subject, { sectors }: ConcentrationFigures): SectorExposure {
  const known = sectors.filter(({ sector }) => sector !== null);
  return {
    available: true,
    portfolio_id: portfolioId,
    calculation_date: sessionDate,
    sectors: [...sectors],
    metadata: { coverage: known.reduce((sum, { weight }) => sum + weight, 0), method: 'gross_market_value' },
  };
}
