// Return for risk taken. `returns` are simple, as fractions, of one period each; NaN is a gap and is left out.
import { dayNumber } from '../calendar/calendar-date.js';
import { countPresent, mean, SESSIONS_PER_YEAR, standardDeviation, VOLATILITY_OBSERVATIONS_MIN } from './statistics.js';

const DAYS_PER_YEAR = 365.25;

export type RatioOptions = Readonly<{
  /** Return of one period to be beaten: the risk-free rate for Sharpe, the target for Sortino. */
  hurdle?: number;
  periods?: number;
  observationsMin?: number;
}>;

/**
 * Sharpe's (1994) ratio: mean return above the hurdle by standard deviation (n − 1), × √periods. Null with too few returns, and without any
 * variation, where the ratio would be infinite.
 */
export function sharpeRatio(
  returns: ArrayLike<number>,
  { hurdle = 0, periods = SESSIONS_PER_YEAR, observationsMin = VOLATILITY_OBSERVATIONS_MIN }: RatioOptions = {},
): number | null {
  if (countPresent(returns) < observationsMin) return null;
  const centre = mean(returns);
  const deviation = standardDeviation(returns);
  return centre === null || !deviation ? null : ((centre - hurdle) / deviation) * Math.sqrt(periods);
}

/**
 * Sortino's ratio (Sortino and Price, 1994): mean return above the hurdle by downside deviation, both of a year. Null with too few returns,
 * and when none falls short, where the ratio would be infinite.
 */
export function sortinoRatio(
  returns: ArrayLike<number>,
  { hurdle = 0, periods = SESSIONS_PER_YEAR, observationsMin = VOLATILITY_OBSERVATIONS_MIN }: RatioOptions = {},
): number | null {
  const centre = mean(returns);
  const deviation = downsideDeviation(returns, { hurdle, periods, observationsMin });
  return centre === null || !deviation ? null : ((centre - hurdle) * periods) / deviation;
}

/** Root mean square of what the returns fall short of the hurdle, over all of them, × √periods. Null with too few returns. */
export function downsideDeviation(
  returns: ArrayLike<number>,
  { hurdle = 0, periods = SESSIONS_PER_YEAR, observationsMin = VOLATILITY_OBSERVATIONS_MIN }: RatioOptions = {},
): number | null {
  let count = 0;
  let squares = 0;
  for (let i = 0; i < returns.length; i++) {
    const excess = (returns[i] as number) - hurdle;
    if (Number.isNaN(excess)) continue;
    count += 1;
    if (excess < 0) squares += excess * excess;
  }
  return count === 0 || count < observationsMin ? null : Math.sqrt((squares / count) * periods);
}

/**
 * Yearly growth that compounds to `totalReturn` (a fraction) from one calendar date to another, in years of 365.25 days. −1 for a total loss;
 * null for more than that, and when the dates do not ascend.
 */
export function compoundAnnualGrowthRate(totalReturn: number, fromDate: string, toDate: string): number | null {
  const days = dayNumber(toDate) - dayNumber(fromDate);
  if (!(days > 0 && totalReturn >= -1)) return null;
  return Math.expm1((Math.log1p(totalReturn) * DAYS_PER_YEAR) / days);
}
