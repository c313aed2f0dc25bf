// Covariance of several series over the sessions where all of them are present.
import { centre } from './deviations.js';

export type Covariance = Readonly<{
  /** One row and column for each series, row-major, in the square of their unit. */
  matrix: Float64Array;
  /** Sessions where every series has a value. */
  observations: number;
}>;

/**
 * Sample covariance (divisor n − 1) of the complete sessions: NaN is a gap and leaves its session out for all. Null with fewer
 * than two, or without a series. Throws RangeError when lengths differ.
 */
export function sampleCovariance(series: readonly Float64Array[]): Covariance | null {
  const { deviations, observations } = completeDeviations(series);
  if (observations < 2 || series.length === 0) return null;
  return { matrix: meanProducts(deviations, observations - 1), observations };
}

/** The series over their complete sessions, each less its mean there. */
export function completeDeviations(
  series: readonly Float64Array[],
): Readonly<{ deviations: readonly Float64Array[]; observations: number }> {
  const length = series[0]?.length ?? 0;
  if (series.some((values) => values.length !== length)) throw new RangeError('Series of one covariance have one length');
  const sessions: number[] = [];
  for (let t = 0; t < length; t++) {
    if (series.every((values) => !Number.isNaN(values[t]))) sessions.push(t);
  }
  const deviations = series.map((values) => {
    const complete = Float64Array.from(sessions, (t) => values[t] as number);
    centre(complete);
    return complete;
  });
  return { deviations, observations: sessions.length };
}

/** Sum over the sessions of the product of each two rows, divided by `divisor`: row-major and symmetric. */
export function meanProducts(rows: readonly Float64Array[], divisor: number): Float64Array {
  const size = rows.length;
  const matrix = new Float64Array(size * size);
  rows.forEach((a, i) => {
    for (let j = 0; j <= i; j++) {
      const b = rows[j] as Float64Array;
      let sum = 0;
      for (let t = 0; t < a.length; t++) sum += (a[t] as number) * (b[t] as number);
      matrix[i * size + j] = sum / divisor;
      matrix[j * size + i] = sum / divisor;
    }
  });
  return matrix;
}
