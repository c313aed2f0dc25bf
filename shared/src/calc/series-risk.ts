// Statistics of many series of returns in one call, for the nightly run.
import { maxDrawdown } from './drawdown.js';
import { SESSIONS_PER_YEAR, VOLATILITY_OBSERVATIONS_MIN } from './statistics.js';

/** No place in a series; −1 is its start. */
const NONE = -2;

export type SeriesBatch = Readonly<{
  /** Simple returns, one series after the other, each of `sessions` places; NaN is a gap. */
  returns: Float64Array;
  sessions: number;
  /** Of the same sessions. */
  benchmark: Float64Array;
}>;

/** One place for each series. NaN where a figure is not known. */
export type SeriesRisk = Readonly<{
  /** Returns present. */
  observations: Int32Array;
  /** Mean return of a session, as a fraction. */
  mean: Float64Array;
  /** Standard deviation (n − 1) × √252, as a fraction; NaN below 20 returns. */
  volatility: Float64Array;
  /** As `maxDrawdown` defines it: 0 or less; NaN without a return. */
  maxDrawdown: Float64Array;
  /** Places in the series as `maxDrawdown` has them; where that has null, −2. */
  peakIndex: Int32Array;
  troughIndex: Int32Array;
  recoveryIndex: Int32Array;
  /** Sessions on which both series and benchmark have a return. */
  pairs: Int32Array;
  /** Covariance with the benchmark by its variance, both over the pairs; NaN below 20 of them and for a benchmark that stands still. */
  beta: Float64Array;
}>;

/** Throws RangeError when the returns are not whole series or the benchmark is not of their length. */
export function seriesRisk({ returns, sessions, benchmark }: SeriesBatch): SeriesRisk {
  const count = returns.length / sessions;
  if (!Number.isInteger(count) || benchmark.length !== sessions) {
    throw new RangeError(`${returns.length} returns and a benchmark of ${benchmark.length} for series of ${sessions}`);
  }
  const risk = emptyRisk(count);
  for (let series = 0; series < count; series++) {
    const own = returns.subarray(series * sessions, (series + 1) * sessions);
    drawdownOf(risk, series, own);
    momentsOf(risk, series, own, benchmark);
  }
  return risk;
}

function emptyRisk(count: number): SeriesRisk {
  const unknown = () => new Float64Array(count).fill(Number.NaN);
  const places = () => new Int32Array(count).fill(NONE);
  return {
    observations: new Int32Array(count),
    mean: unknown(),
    volatility: unknown(),
    maxDrawdown: unknown(),
    peakIndex: places(),
    troughIndex: places(),
    recoveryIndex: places(),
    pairs: new Int32Array(count),
    beta: unknown(),
  };
}

function drawdownOf(risk: SeriesRisk, series: number, returns: Float64Array): void {
  const drawdown = maxDrawdown(returns);
  if (drawdown === null) return;
  risk.maxDrawdown[series] = drawdown.depth;
  risk.peakIndex[series] = drawdown.peakIndex ?? NONE;
  risk.troughIndex[series] = drawdown.troughIndex ?? NONE;
  risk.recoveryIndex[series] = drawdown.recoveryIndex ?? NONE;
}

function momentsOf(risk: SeriesRisk, series: number, returns: Float64Array, benchmark: Float64Array): void {
  // One declaration each: V8 makes a list of them an array, which costs more than twice the time.
  let count = 0;
  let pairs = 0;
  let sum = 0;
  let benchmarkSum = 0;
  for (let i = 0; i < returns.length; i++) {
    const value = returns[i] as number;
    if (Number.isNaN(value)) continue;
    count += 1;
    sum += value;
    const market = benchmark[i] as number;
    if (Number.isNaN(market)) continue;
    pairs += 1;
    benchmarkSum += market;
  }
  const centre = sum / count;
  const benchmarkCentre = benchmarkSum / pairs;
  let squares = 0;
  // Over the pairs the benchmark's deviations sum to 0, so a series' own need not be from its mean over the same.
  let products = 0;
  let benchmarkSquares = 0;
  for (let i = 0; i < returns.length; i++) {
    const value = returns[i] as number;
    if (Number.isNaN(value)) continue;
    const deviation = value - centre;
    squares += deviation * deviation;
    const benchmarkDeviation = (benchmark[i] as number) - benchmarkCentre;
    if (Number.isNaN(benchmarkDeviation)) continue;
    products += deviation * benchmarkDeviation;
    benchmarkSquares += benchmarkDeviation * benchmarkDeviation;
  }
  risk.observations[series] = count;
  risk.pairs[series] = pairs;
  if (count > 0) risk.mean[series] = centre;
  if (count >= VOLATILITY_OBSERVATIONS_MIN) {
    risk.volatility[series] = Math.sqrt((squares / (count - 1)) * SESSIONS_PER_YEAR);
  }
  // The deviations of a constant are not 0 but the rounding of its mean.
  const rounding = pairs * (pairs * Number.EPSILON * benchmarkCentre) ** 2;
  if (pairs >= VOLATILITY_OBSERVATIONS_MIN && benchmarkSquares > rounding) risk.beta[series] = products / benchmarkSquares;
}
