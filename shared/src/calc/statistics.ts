// Mean, standard deviation, annualised volatility. A NaN in the values is a gap: it is left out, and the count is of what remains.

/** Fewer returns than this are too few for a volatility. */
export const VOLATILITY_OBSERVATIONS_MIN = 20;

/** Sessions that count as a year where a figure is annualised. */
export const SESSIONS_PER_YEAR = 252;

/** Arithmetic mean of the values present, in their unit; null when there are none. */
export function mean(values: ArrayLike<number>): number | null {
  const { count, mean } = centre(values);
  return count === 0 ? null : mean;
}

/** Sample standard deviation (divisor n − 1) of the values present, in their unit; null with fewer than two. */
export function standardDeviation(values: ArrayLike<number>): number | null {
  const { count, mean } = centre(values);
  if (count < 2) return null;
  let squares = 0;
  let residual = 0;
  for (let i = 0; i < values.length; i++) {
    const deviation = (values[i] as number) - mean;
    if (Number.isNaN(deviation)) continue;
    squares += deviation * deviation;
    residual += deviation;
  }
  // The residual would be 0 with an exact mean; its square takes out what the rounding of the mean has added.
  return Math.sqrt(Math.max(0, squares - (residual * residual) / count) / (count - 1));
}

/**
 * Standard deviation of a year's return from returns of one period each: × √periods, as a fraction (0.18 is 18 %). Null with fewer than
 * `observationsMin` returns present.
 */
export function annualizedVolatility(
  returns: ArrayLike<number>,
  periods: number = SESSIONS_PER_YEAR,
  observationsMin: number = VOLATILITY_OBSERVATIONS_MIN,
): number | null {
  if (countPresent(returns) < observationsMin) return null;
  const deviation = standardDeviation(returns);
  return deviation === null ? null : deviation * Math.sqrt(periods);
}

/** How many values are present, gaps left out. */
export function countPresent(values: ArrayLike<number>): number {
  let count = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isNaN(values[i])) count += 1;
  }
  return count;
}

/** The mean in two passes: the second adds the mean of what the first left over, which wins back the digits a long sum loses. */
function centre(values: ArrayLike<number>): Readonly<{ count: number; mean: number }> {
  const count = countPresent(values);
  if (count === 0) return { count, mean: Number.NaN };
  const rough = sumAround(values, 0) / count;
  return { count, mean: rough + sumAround(values, rough) / count };
}

function sumAround(values: ArrayLike<number>, origin: number): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const difference = (values[i] as number) - origin;
    if (!Number.isNaN(difference)) sum += difference;
  }
  return sum;
}
