// Covariance for few sessions by series: the sample's, drawn towards equal variances without correlation.
import { completeDeviations, meanProducts, type Covariance } from './covariance.js';

export type ShrunkCovariance = Covariance &
  Readonly<{
    /** Share of the target in the matrix, 0 to 1. */
    shrinkage: number;
  }>;

/**
 * (1 − shrinkage)·S + shrinkage·μ·I over the complete sessions, S with divisor n and μ its mean variance, the shrinkage being the
 * one that is expected to come nearest to the true matrix (Ledoit and Wolf 2004). Positive definite unless no series varies. Null
 * with fewer than two sessions, or without a series. Throws RangeError when lengths differ.
 */
export function ledoitWolf(series: readonly Float64Array[]): ShrunkCovariance | null {
  const { deviations, observations } = completeDeviations(series);
  const size = series.length;
  if (observations < 2 || size === 0) return null;
  const sample = meanProducts(deviations, observations);
  const meanVariance = trace(sample, size) / size;
  const sampleSquares = sumOfSquares(sample);
  // How far the sample lies from the target, and how much of that its own error explains; both as squared distances.
  const fromTarget = sumOfSquares(lessOnDiagonal(sample, size, meanVariance));
  const error = (meanFourthPower(deviations, observations) - sampleSquares) / observations;
  const shrinkage = fromTarget === 0 ? 0 : Math.min(1, Math.max(0, error / fromTarget));
  const matrix = lessOnDiagonal(
    sample.map((entry) => (1 - shrinkage) * entry),
    size,
    -shrinkage * meanVariance,
  );
  return { matrix, observations, shrinkage };
}

/** Mean over the sessions of the fourth power of the length of that session's deviations. */
function meanFourthPower(deviations: readonly Float64Array[], observations: number): number {
  let sum = 0;
  for (let t = 0; t < observations; t++) {
    let squares = 0;
    for (const row of deviations) squares += (row[t] as number) * (row[t] as number);
    sum += squares * squares;
  }
  return sum / observations;
}

function trace(matrix: Float64Array, n: number): number {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += matrix[k * n + k] as number;
  return sum;
}

function lessOnDiagonal(matrix: Float64Array, n: number, amount: number): Float64Array {
  const result = Float64Array.from(matrix);
  for (let k = 0; k < n; k++) result[k * n + k] = (result[k * n + k] as number) - amount;
  return result;
}

function sumOfSquares(matrix: Float64Array): number {
  return matrix.reduce((squares, entry) => squares + entry * entry, 0);
}
