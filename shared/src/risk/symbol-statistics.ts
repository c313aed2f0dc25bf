// What is known of each symbol in a session, from its returns alone: the same for everybody who holds it.
import { univariateBetas } from '../calc/betas.js';
import { maxDrawdown } from '../calc/drawdown.js';
import { factorRegressions, type FactorRegression } from '../calc/factor-model.js';
import { countPresent, SESSIONS_PER_YEAR, VOLATILITY_OBSERVATIONS_MIN } from '../calc/statistics.js';
import { volatilityFigures } from '../calc/volatility.js';
import { REGRESSION_SESSIONS, SYMBOL_CLOSES, type FactorBasis } from './factor-model-of-session.js';

/** Why a figure is null. `no_recent_returns`: there are returns, but hardly any in the last month, as of a delisted symbol. */
export type StatisticReason =
  | 'no_market'
  | 'no_rates'
  | 'no_returns'
  | 'no_recent_returns'
  | 'insufficient_observations'
  | 'ill_conditioned'
  | 'no_variation'
  | 'no_forecast';

const UNIVARIATE = ['spy_90', 'spy_252', 'tlt_90'] as const;
const VOLATILITIES = ['realized_21', 'realized_63', 'ewma', 'forecast', 'trend', 'percentile'] as const;

const RETURNS_MAX = SYMBOL_CLOSES - 1;

/** As forecasts of volatility want them; with as many, one is missing because its regression has no answer. */
const FORECAST_OBSERVATIONS_MIN = 294;

/** Change of the symbol by unit of one factor alone, with intercept. Such betas overlap and are never summed. */
export type UnivariateBeta = Readonly<{
  beta: number | null;
  standard_error: number | null;
  r_squared: number | null;
  observations: number;
}>;

/** As it is stored: figures in JSON have the names they are shown by. */
export type SymbolStatistics = Readonly<{
  symbol: string;
  /** Sessions of the regression; where none could be tried, returns in its window of 252. */
  observations: number;
  /** In the order of the session's factors; null when there is no regression. */
  betas: Float64Array | null;
  standardErrors: Float64Array | null;
  rSquared: number | null;
  /** Annualised standard deviation of what the factors leave over. */
  residualVolatility: number | null;
  conditionNumber: number | null;
  /** A beta beyond ±5. */
  isExtreme: boolean;
  /** On what stands for SPY over 90 and 252 sessions, and on TLT over 90. */
  univariate: Readonly<Record<(typeof UNIVARIATE)[number], UnivariateBeta>>;
  /** Fractions a year; `trend` and `percentile` are plain fractions. */
  volatility: Readonly<Record<(typeof VOLATILITIES)[number], number | null>>;
  /** Deepest of the last 252 sessions, 0 or less, with its dates; null when there is no return. */
  drawdown: Drawdown | null;
  /** Of every figure that is null, by its name; the regression's under `regression`. */
  reasons: Readonly<Partial<Record<StatisticName, StatisticReason>>>;
}>;

type Drawdown = Readonly<{ max_drawdown: number; peak: string | null; trough: string | null; recovery: string | null }>;

export type StatisticName = (typeof UNIVARIATE)[number] | (typeof VOLATILITIES)[number] | 'regression' | 'drawdown';

export type SymbolReturns = Readonly<{
  /** Consecutive; the last one is the session itself. */
  sessions: readonly string[];
  symbols: readonly string[];
  /** Of every symbol: decimal total returns of the last sessions, NaN where missing; 503 at most count. */
  returns: ReadonlyMap<string, Float64Array>;
}>;

/** In the order of `symbols`. What one symbol is given does not depend on which others are worked out beside it. */
export function symbolStatistics({ sessions, symbols, returns }: SymbolReturns, basis: FactorBasis): readonly SymbolStatistics[] {
  const whole = symbols.map((symbol) => (returns.get(symbol) as Float64Array).subarray(-RETURNS_MAX));
  const year = whole.map((values) => values.subarray(-REGRESSION_SESSIONS));
  const regressions = factorRegressions(year, basis.factors);
  const sensitivities = {
    spy_90: sensitivitiesTo(basis.market, year, 90, 'no_market'),
    spy_252: sensitivitiesTo(basis.market, year, 252, 'no_market'),
    tlt_90: sensitivitiesTo(basis.rates, year, 90, 'no_rates'),
  };
  return symbols.map((symbol, i) => {
    const values = year[i] as Float64Array;
    const regression = regressionFigures(regressions[i] as FactorRegression, values);
    const univariate = UNIVARIATE.map((name) => [name, (sensitivities[name][i] as Sensitivity).figures] as const);
    const volatility = volatilityOf(whole[i] as Float64Array);
    const drawdown = drawdownOf(values, sessions);
    const reasons = [
      ['regression', regression.reason],
      ...UNIVARIATE.map((name) => [name, (sensitivities[name][i] as Sensitivity).reason] as const),
      ...VOLATILITIES.map((name) => [name, volatility.figures[name] === null ? volatility.reasonOf(name) : null] as const),
      ['drawdown', drawdown === null ? 'no_returns' : null],
    ] as const;
    return {
      symbol,
      ...regression.figures,
      univariate: Object.fromEntries(univariate) as SymbolStatistics['univariate'],
      volatility: volatility.figures,
      drawdown,
      reasons: Object.fromEntries(reasons.filter(([, reason]) => reason !== null)),
    };
  });
}

type RegressionFigures = Omit<SymbolStatistics, 'symbol' | 'univariate' | 'volatility' | 'drawdown' | 'reasons'>;

function regressionFigures(
  regression: FactorRegression,
  returns: Float64Array,
): Readonly<{ figures: RegressionFigures; reason: StatisticReason | null }> {
  if (!regression.ok) {
    const { reason, observations, conditionNumber } = regression;
    const isTried = reason !== 'no_factors';
    return {
      figures: { ...NO_REGRESSION, observations: isTried ? observations : countPresent(returns), conditionNumber },
      reason: isTried ? reason : 'no_market',
    };
  }
  const { observations, coefficients, standardErrors, rSquared, residualStandardError, conditionNumber, extreme } = regression;
  return {
    figures: {
      observations,
      betas: coefficients,
      standardErrors,
      rSquared,
      residualVolatility: residualStandardError * Math.sqrt(SESSIONS_PER_YEAR),
      conditionNumber,
      isExtreme: extreme.length > 0,
    },
    reason: null,
  };
}

const NO_REGRESSION = { betas: null, standardErrors: null, rSquared: null, residualVolatility: null, isExtreme: false } as const;

type Sensitivity = Readonly<{ figures: UnivariateBeta; reason: StatisticReason | null }>;

function sensitivitiesTo(
  benchmark: Float64Array | null,
  returns: readonly Float64Array[],
  sessions: number,
  absent: 'no_market' | 'no_rates',
): readonly Sensitivity[] {
  if (benchmark === null) {
    const figures = { beta: null, standard_error: null, r_squared: null, observations: 0 };
    return returns.map(() => ({ figures, reason: absent }));
  }
  const recent = returns.map((values) => values.subarray(-sessions));
  const fits = univariateBetas(recent, benchmark.subarray(-sessions));
  return returns.map((_, i) => {
    const observations = fits.observations[i] as number;
    const figures = {
      beta: numberOrNull(fits.beta[i] as number),
      standard_error: numberOrNull(fits.standardError[i] as number),
      r_squared: numberOrNull(fits.rSquared[i] as number),
      observations,
    };
    if (figures.beta !== null) return { figures, reason: null };
    return { figures, reason: observations < VOLATILITY_OBSERVATIONS_MIN ? 'insufficient_observations' : 'no_variation' };
  });
}

function numberOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

type Volatilities = Readonly<{
  figures: SymbolStatistics['volatility'];
  reasonOf: (name: (typeof VOLATILITIES)[number]) => StatisticReason;
}>;

/** Without a month that has returns nothing is said of the present: weights and forecasts would tell of a time long ago. */
function volatilityOf(returns: Float64Array): Volatilities {
  const figures = volatilityFigures(returns);
  if (figures.realized21 === null) {
    const known = countPresent(returns);
    const reason = known < VOLATILITY_OBSERVATIONS_MIN ? 'insufficient_observations' : 'no_recent_returns';
    return { figures: NO_VOLATILITY, reasonOf: () => (known === 0 ? 'no_returns' : reason) };
  }
  const { realized21, realized63, ewma, forecast, trend, percentile } = figures;
  return {
    figures: { realized_21: realized21, realized_63: realized63, ewma, forecast, trend, percentile },
    reasonOf: (name) => {
      if (name === 'trend' && realized63 === 0) return 'no_variation';
      return name === 'forecast' && countPresent(returns) >= FORECAST_OBSERVATIONS_MIN
        ? 'no_forecast'
        : 'insufficient_observations';
    },
  };
}

const NO_VOLATILITY = { realized_21: null, realized_63: null, ewma: null, forecast: null, trend: null, percentile: null };

function drawdownOf(returns: Float64Array, sessions: readonly string[]): Drawdown | null {
  const deepest = maxDrawdown(returns);
  if (deepest === null) return null;
  const before = sessions.length - returns.length;
  const dateOf = (index: number | null): string | null => (index === null ? null : (sessions[before + index] ?? null));
  const { depth, peakIndex, troughIndex, recoveryIndex } = deepest;
  return { max_drawdown: depth, peak: dateOf(peakIndex), trough: dateOf(troughIndex), recovery: dateOf(recoveryIndex) };
}
