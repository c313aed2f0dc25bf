// Sensitivity of many series to one benchmark alone. These betas overlap with each other, so they are shown beside and never
// summed.
import { centre, gatherPairs } from './deviations.js';

const OBSERVATIONS_MIN = 20;

/** Slope and its error need one observation more than the two figures fitted. */
const OBSERVATIONS_LEAST = 3;

const EXTREME = 5;

/** One entry for each series. NaN: too few pairs, or a benchmark that does not vary over them. */
export type UnivariateBetas = Readonly<{
  /** Change of the series by unit of the benchmark. */
  beta: Float64Array;
  standardError: Float64Array;
  /** Share of the series' variance explained; NaN too where the series does not vary. */
  rSquared: Float64Array;
  /** Sessions where both have a return. */
  observations: Int32Array;
}>;

/**
 * Least squares slope, with intercept, of each series of returns on the benchmark's, over the sessions where both are present
 * (NaN is a gap). All of one length, which is the lookback; throws RangeError otherwise. Sums about the means, residuals by a
 * pass of their own.
 */
export function univariateBetas(
  series: readonly Float64Array[],
  benchmark: Float64Array,
  observationsMin: number = OBSERVATIONS_MIN,
): UnivariateBetas {
  const betas = {
    beta: new Float64Array(series.length).fill(Number.NaN),
    standardError: new Float64Array(series.length).fill(Number.NaN),
    rSquared: new Float64Array(series.length).fill(Number.NaN),
    observations: new Int32Array(series.length),
  };
  const x = new Float64Array(benchmark.length);
  const y = new Float64Array(benchmark.length);
  series.forEach((returns, i) => {
    if (returns.length !== benchmark.length) {
      throw new RangeError(`${returns.length} returns beside ${benchmark.length} of the benchmark`);
    }
    const count = gatherPairs(benchmark, returns, x, y);
    betas.observations[i] = count;
    if (count >= Math.max(observationsMin, OBSERVATIONS_LEAST)) fitLine(x, y, count, betas, i);
  });
  return betas;
}

/** Beyond ±5: shown as it is, with a flag, and never capped. */
export function isExtremeBeta(beta: number): boolean {
  return Math.abs(beta) > EXTREME;
}

function fitLine(x: Float64Array, y: Float64Array, count: number, betas: UnivariateBetas, at: number): void {
  centre(x, count);
  centre(y, count);
  let squaresX = 0;
  let products = 0;
  for (let i = 0; i < count; i++) {
    squaresX += (x[i] as number) * (x[i] as number);
    products += (x[i] as number) * (y[i] as number);
  }
  if (squaresX === 0) return;
  const beta = products / squaresX;
  let left = 0;
  for (let i = 0; i < count; i++) {
    const residual = (y[i] as number) - beta * (x[i] as number);
    left += residual * residual;
  }
  const explained = beta * products;
  betas.beta[at] = beta;
  betas.standardError[at] = Math.sqrt(left / (count - 2) / squaresX);
  betas.rSquared[at] = explained / (explained + left);
}
