// What the other factors are expected to do when some are shocked.
import { choleskyFactor, solveCholesky } from '../calc/linear-algebra.js';

/** A scenario is taken to unfold within a month of sessions. */
const PLAUSIBILITY_SESSIONS = 21;

export type Propagation = Readonly<{
  /** Per factor its decimal return: a shocked one as given, any other as the shocked ones lead to expect. */
  moves: Float64Array;
  /** How far the shocks lie from no move, in standard deviations of 21 sessions jointly; 0 or more. */
  plausibility: number;
}>;

/**
 * Joint conditional expectation f2 = S21·S11⁻¹·f1 of the factors not shocked given all that are, at once (the regression of f2 on f1), and
 * the Mahalanobis distance √(f1′(21·S11)⁻¹f1) (Kupiec 1998; Mahalanobis 1936). `covariance`: of one session's returns, symmetric,
 * factors × factors, row-major. `shocks`: per factor a decimal return, NaN where not shocked. Null when S11 cannot be inverted: some shocked factors
 * move as one, or one not at all. Throws RangeError when the sizes differ.
 */
export function propagateShocks(covariance: Float64Array, shocks: Float64Array): Propagation | null {
  const count = shocks.length;
  if (covariance.length !== count * count) throw new RangeError(`A covariance of ${covariance.length} entries, ${count} factors`);
  const shocked = [...shocks.keys()].filter((i) => !Number.isNaN(shocks[i]));
  const s11 = Float64Array.from(shocked.flatMap((i) => shocked.map((j) => covariance[i * count + j] as number)));
  const factor = choleskyFactor(s11, shocked.length);
  if (factor === null) return null;
  const f1 = Float64Array.from(shocked, (i) => shocks[i] as number);
  const weights = solveCholesky(factor, shocked.length, f1);
  return {
    moves: shocks.map((shock, i) =>
      Number.isNaN(shock) ? sum(shocked, (k, j) => (covariance[i * count + k] as number) * (weights[j] as number)) : shock,
    ),
    plausibility: Math.sqrt(
      Math.max(
        0,
        sum(shocked, (_, j) => (f1[j] as number) * (weights[j] as number)),
      ) / PLAUSIBILITY_SESSIONS,
    ),
  };
}

function sum(shocked: readonly number[], term: (factor: number, place: number) => number): number {
  return shocked.reduce((total, factor, place) => total + term(factor, place), 0);
}
