// Volatility of a portfolio from its holdings of today and the covariances of their returns, and what each position adds to it.
import { SESSIONS_PER_YEAR } from './statistics.js';

export type WeightedPositions = Readonly<{
  /** Delta-adjusted market value by equity, one for each position; short below 0. They need not sum to 1. */
  weights: ArrayLike<number>;
  /** The row of the matrix for each position. Several positions may share one; −1 where there is none. */
  rows: ArrayLike<number>;
}>;

export type PortfolioVolatility = Readonly<{
  /** √(w′Σw) × √periods, as a fraction of equity a year. */
  volatility: number;
  /** What each position adds: w·(Σw) / √(w′Σw). They sum to `volatility`; a hedge is below 0; NaN for a position left out. */
  contributions: Float64Array;
  /** Share of gross weight that is in the figure. */
  coverage: number;
}>;

/**
 * From Σ, the covariances of one session's returns: `size` × `size`, symmetric, NaN where unknown. A position without a variance is left out,
 * and of two without a covariance between them the smaller one is. Null when nothing with a weight remains, or when w′Σw is below 0, as a
 * matrix put together from pairs allows. Throws RangeError when sizes differ, a row is beyond the matrix or a weight is not finite.
 */
export function portfolioVolatility(
  positions: WeightedPositions,
  covariance: Float64Array,
  size: number,
  periods: number = SESSIONS_PER_YEAR,
): PortfolioVolatility | null {
  requireMatching(positions, covariance, size);
  const { weights, rows } = positions;
  const included = coveredPositions(positions, covariance, size);
  const contributions = new Float64Array(weights.length).fill(Number.NaN);
  let variance = 0;
  let gross = 0;
  let covered = 0;
  for (const i of included) {
    const weight = weights[i] as number;
    covered += Math.abs(weight);
    const row = (rows[i] as number) * size;
    let own = 0;
    for (const j of included) {
      const term = weight * (covariance[row + (rows[j] as number)] as number) * (weights[j] as number);
      own += term;
      gross += Math.abs(term);
    }
    contributions[i] = own;
    variance += own;
  }
  // A book that hedges itself leaves only rounding, of either sign.
  if (Math.abs(variance) <= included.length * Number.EPSILON * gross) variance = 0;
  if (covered === 0 || variance < 0) return null;
  const volatility = Math.sqrt(variance) * Math.sqrt(periods);
  for (const i of included) contributions[i] = volatility === 0 ? 0 : ((contributions[i] as number) / variance) * volatility;
  return { volatility, contributions, coverage: Math.min(1, covered / grossOf(weights)) };
}

/** The positions whose covariances with one another are all known, taken in by size; in their own order. */
function coveredPositions({ weights, rows }: WeightedPositions, covariance: Float64Array, size: number): readonly number[] {
  const bySize = Array.from(weights, (_, i) => i)
    .filter((i) => Number(rows[i]) >= 0)
    .toSorted((a, b) => Math.abs(Number(weights[b])) - Math.abs(Number(weights[a])));
  const included: number[] = [];
  for (const i of bySize) {
    const isKnown = (j: number) => !Number.isNaN(covariance[Number(rows[i]) * size + Number(rows[j])]);
    if (isKnown(i) && included.every(isKnown)) included.push(i);
  }
  return included.toSorted((a, b) => a - b);
}

function grossOf(weights: ArrayLike<number>): number {
  let gross = 0;
  for (let i = 0; i < weights.length; i++) gross += Math.abs(weights[i] as number);
  return gross;
}

function requireMatching({ weights, rows }: WeightedPositions, covariance: Float64Array, size: number): void {
  const isMatching = weights.length === rows.length && covariance.length === size * size;
  if (!isMatching)
    throw new RangeError(`${weights.length} weights, ${rows.length} rows, ${covariance.length} for ${size} × ${size}`);
  for (let i = 0; i < rows.length; i++) {
    const isUsable = Number(rows[i]) < size && Number.isFinite(weights[i]);
    if (!isUsable) throw new RangeError(`Weight ${weights[i]} in row ${rows[i]} of a matrix of ${size}`);
  }
}
