// Volatility of one series of returns: as it was, weighted to the recent, and forecast. All as fractions a year (× √252).
// `returns` are simple, of consecutive sessions, the last one newest; NaN is a gap.
import { regress } from './regression.js';
import { annualizedVolatility, SESSIONS_PER_YEAR, VOLATILITY_OBSERVATIONS_MIN } from './statistics.js';

const MONTH = 21;
const QUARTER = 63;
const DECAY = 0.94;

/** Sessions that Corsi's day, week and month look back. */
const HAR_WINDOWS = [1, 5, 22] as const;

/** With 60 rows, three months of overlapping ones, the forecast missed by four times as much as the last month's figure; with 252 by no more. */
const HAR_ROWS_MIN = 252;

/** A mean |return| is this share of the standard deviation, when returns are normal about 0. */
const MEAN_SIZE_BY_DEVIATION = Math.sqrt(2 / Math.PI);

const PERCENTILE_OBSERVATIONS_MIN = 60;

export type VolatilityFigures = Readonly<{
  realized21: number | null;
  realized63: number | null;
  ewma: number | null;
  /** Of the next 21 sessions. */
  forecast: number | null;
  /** realized21 / realized63 − 1: above 0 while volatility rises. */
  trend: number | null;
  /** Where realized21 lies among those of the last year's sessions, 0 to 1. */
  percentile: number | null;
}>;

/** Every figure; each is null where there are too few returns for it, as the function it is of says. */
export function volatilityFigures(returns: Float64Array): VolatilityFigures {
  const realized21 = realizedVolatility(returns, MONTH);
  const realized63 = realizedVolatility(returns, QUARTER);
  return {
    realized21,
    realized63,
    ewma: ewmaVolatility(returns),
    forecast: forecastVolatility(returns),
    trend: realized21 === null || !realized63 ? null : realized21 / realized63 - 1,
    percentile: volatilityPercentile(returns),
  };
}

/** Standard deviation (n − 1) of the last `sessions`; null with fewer than that many, or than 20 returns present in them. */
export function realizedVolatility(returns: Float64Array, sessions: number): number | null {
  return returns.length < sessions ? null : annualizedVolatility(returns.subarray(returns.length - sessions));
}

/**
 * Root of the mean square return, each session weighing 0.94 of the next (RiskMetrics, 1996), the weights made to sum to 1; a gap has none.
 * About a mean of 0. Null with fewer than 20 returns.
 */
export function ewmaVolatility(returns: Float64Array, decay: number = DECAY): number | null {
  let squares = 0;
  let weights = 0;
  let observations = 0;
  for (let i = 0; i < returns.length; i++) {
    const value = returns[i] as number;
    if (Number.isNaN(value)) continue;
    squares = decay * squares + value * value;
    weights = decay * weights + 1;
    observations += 1;
  }
  return observations < VOLATILITY_OBSERVATIONS_MIN ? null : Math.sqrt((squares / weights) * SESSIONS_PER_YEAR);
}

/**
 * Volatility of the next 21 sessions by regression on the day, week and month before (HAR, Corsi 2009). For want of intraday prices a
 * session's volatility is |return| / √(2/π), the σ whose mean |return| it would be. Gaps are closed up. Null with fewer than 294 returns
 * (252 rows), when the regression has no answer, or when that is not above 0.
 */
export function forecastVolatility(returns: Float64Array): number | null {
  const sums = sumsOfSizes(returns);
  const last = sums.length - 1;
  const meanBefore = (end: number, sessions: number) => ((sums[end] as number) - (sums[end - sessions] as number)) / sessions;
  const longest = HAR_WINDOWS[2];
  const rows = Math.max(0, last - MONTH - longest + 1);
  const target = Float64Array.from({ length: rows }, (_, row) => meanBefore(row + longest + MONTH, MONTH));
  const columns = HAR_WINDOWS.map((window) => Float64Array.from({ length: rows }, (_, row) => meanBefore(row + longest, window)));
  const fit = regress(target, columns, { observationsMin: HAR_ROWS_MIN });
  if (!fit.ok || fit.intercept === null) return null;
  let size = fit.intercept.coefficient;
  HAR_WINDOWS.forEach((window, k) => (size += (fit.coefficients[k] as number) * meanBefore(last, window)));
  return size > 0 ? (size / MEAN_SIZE_BY_DEVIATION) * Math.sqrt(SESSIONS_PER_YEAR) : null;
}

/**
 * Share of the last 252 sessions whose 21-session volatility was below today's, ties by half (today's own among them), so 0.5 when all are
 * equal. Null without one today, or with fewer than 60 in the year; all 252 need 272 sessions.
 */
export function volatilityPercentile(returns: Float64Array): number | null {
  const today = realizedVolatility(returns, MONTH);
  if (today === null) return null;
  let below = 0;
  let equal = 0;
  let observations = 0;
  const first = Math.max(MONTH, returns.length - SESSIONS_PER_YEAR + 1);
  for (let end = first; end <= returns.length; end++) {
    const volatility = annualizedVolatility(returns.subarray(end - MONTH, end));
    if (volatility === null) continue;
    observations += 1;
    if (volatility < today) below += 1;
    else if (volatility === today) equal += 1;
  }
  return observations < PERCENTILE_OBSERVATIONS_MIN ? null : (below + equal / 2) / observations;
}

/** Running sums of |return| over those present, from 0 on; one longer than they are many. */
function sumsOfSizes(returns: Float64Array): Float64Array {
  const present = returns.filter((value) => !Number.isNaN(value));
  const sums = new Float64Array(present.length + 1);
  for (let i = 0; i < present.length; i++) sums[i + 1] = (sums[i] as number) + Math.abs(present[i] as number);
  return sums;
}
