// Every file of reference answers: what of it is compared, and how far ours may be from it.
import {
  conditionalShockDifferences,
  correlationDifferences,
  factorRegressionDifferences,
  linearDifferences,
  nearestCorrelationDifferences,
  stressSpreadDifferences,
} from './oracle-factors.js';
import {
  calendarDifferences,
  impliedVolatilityDifferences,
  optionSymbolDifferences,
  printedPriceDifferences,
  spotLadderDifferences,
} from './oracle-options.js';
import { empyricalAnswers, ffnDifferences, univariateDifferences, xirrDifferences } from './oracle-series.js';

export type OracleAnswer = Readonly<{
  file: string;
  compared: string;
  /** One for each figure; as `compared` says. */
  differences: () => readonly number[];
  tolerance: number;
}>;

const EASIER_SETS = ['Norris', 'Pontius', 'NoInt1', 'NoInt2', 'Wampler2'];
/** Their data were made so that rounding takes digits from any answer in float64. */
const HARDEST_SETS = ['Filip', 'Wampler1', 'Wampler3', 'Wampler4', 'Wampler5'];

export const ORACLE_ANSWERS: readonly OracleAnswer[] = [
  {
    file: 'empyrical_cases',
    compared: 'drawdown, volatility, Sharpe, Sortino, downside deviation, growth, beta, quantiles',
    differences: () => empyricalAnswers().differences,
    tolerance: 1e-8,
  },
  { file: 'ffn_cases', compared: 'beyond the digits printed', differences: ffnDifferences, tolerance: 1e-12 },
  { file: 'xirr_cases', compared: 'to the nearest root, relative', differences: xirrDifferences, tolerance: 1e-8 },
  {
    file: 'haug_european_options',
    compared: 'prices and Greeks of four digits',
    differences: printedPriceDifferences,
    tolerance: 1e-4,
  },
  {
    file: 'vollib_bs_ladder',
    compared: 'prices and Greeks, relative where it has the digits',
    differences: spotLadderDifferences,
    tolerance: 1e-6,
  },
  {
    file: 'implied_vol_cases',
    compared: 'volatilities beyond the rounding of the premium, and reasons',
    differences: impliedVolatilityDifferences,
    tolerance: 1e-11,
  },
  { file: 'occ_symbols', compared: 'symbols read wrongly', differences: optionSymbolDifferences, tolerance: 0 },
  {
    file: 'nist_strd_univariate',
    compared: 'means and standard deviations, relative',
    differences: univariateDifferences,
    tolerance: 10 ** -8.2,
  },
  {
    file: 'nist_strd_linear',
    compared: 'Longley: coefficients and errors, relative',
    differences: () => linearDifferences(['Longley']),
    tolerance: 1e-10,
  },
  {
    file: 'nist_strd_linear',
    compared: `${EASIER_SETS.join(', ')}, relative`,
    differences: () => linearDifferences(EASIER_SETS),
    tolerance: 1e-10,
  },
  {
    file: 'nist_strd_linear',
    compared: `${HARDEST_SETS.join(', ')}, relative`,
    differences: () => linearDifferences(HARDEST_SETS),
    tolerance: 10 ** -5.5,
  },
  {
    file: 'nyse_calendar_1990_2028',
    compared: 'sessions of each year, closures',
    differences: calendarDifferences,
    tolerance: 0,
  },
  {
    file: 'factor_regression_oracle',
    compared: 'betas, errors, R², VIF, condition, correlations, shrinkage',
    differences: factorRegressionDifferences,
    tolerance: 1e-10,
  },
  {
    file: 'factor_regression_oracle',
    compared: 'conditional shocks: moves, distances, P&L',
    differences: conditionalShockDifferences,
    tolerance: 1e-10,
  },
  {
    file: 'correlation_oracle',
    compared: 'correlations with gaps, overlaps, weighted average',
    differences: correlationDifferences,
    tolerance: 1e-12,
  },
  {
    file: 'stress_spread_oracle',
    compared: 'spread betas, covariance, moves, distances, P&L',
    differences: stressSpreadDifferences,
    tolerance: 1e-10,
  },
  {
    file: 'nearest_correlation_oracle',
    compared: 'nearest correlation matrices',
    differences: nearestCorrelationDifferences,
    tolerance: 1e-9,
  },
];

/** The metrics of empyrical that nothing here has: they are left out. */
export function uncoveredMetrics(): readonly string[] {
  return empyricalAnswers().uncovered;
}
