// Repair of a matrix of correlations that no set of series can have, as pairs over different sessions may give.
import { symmetricEigen } from './linear-algebra.js';

const TOLERANCE = 1e-10;
const STEPS_MAX = 10_000;

export type NearestCorrelationOptions = Readonly<{
  /**
   * No eigenvalue below it; 0 unless told. The nearest matrix is singular at 0, so what inverts it asks for more, such as 1e-6.
   */
  eigenvalueMin?: number;
  /** Ends when the two projections differ by this share of the matrix; 1e-10 unless told. */
  tolerance?: number;
}>;

/**
 * The correlation matrix (diagonal 1, no eigenvalue below the least) nearest to a symmetric n × n `matrix` in the root of the
 * squared differences: alternating projections (Higham 2002) with Dykstra's correction. One that is a correlation matrix already
 * comes back as it is. Throws RangeError when the matrix is not n × n, has an entry that is not finite, or no answer is reached
 * in 10,000 steps.
 */
export function nearestCorrelation(
  matrix: Float64Array,
  n: number,
  { eigenvalueMin = 0, tolerance = TOLERANCE }: NearestCorrelationOptions = {},
): Float64Array {
  let nearest = matrix;
  let correction = new Float64Array(n * n);
  for (let step = 0; step < STEPS_MAX; step++) {
    const corrected = nearest.map((entry, k) => entry - (correction[k] as number));
    const raised = raiseEigenvalues(corrected, n, eigenvalueMin);
    correction = raised.map((entry, k) => entry - (corrected[k] as number));
    nearest = withUnitDiagonal(raised, n);
    if (distance(nearest, raised) <= tolerance * norm(nearest)) return nearest;
  }
  throw new RangeError(`No nearest correlation matrix in ${STEPS_MAX} steps`);
}

/** The nearest matrix without an eigenvalue below the least: what each lacks is added along its eigenvector. */
function raiseEigenvalues(matrix: Float64Array, n: number, eigenvalueMin: number): Float64Array {
  const { values, vectors } = symmetricEigen(matrix, n);
  const raised = Float64Array.from(matrix);
  for (let k = n - 1; k >= 0 && (values[k] as number) < eigenvalueMin; k--) {
    const lacking = eigenvalueMin - (values[k] as number);
    const vector = vectors.subarray(k * n, (k + 1) * n);
    for (let row = 0; row < n; row++) {
      const share = lacking * (vector[row] as number);
      for (let column = 0; column < n; column++) {
        raised[row * n + column] = (raised[row * n + column] as number) + share * (vector[column] as number);
      }
    }
  }
  return raised;
}

function withUnitDiagonal(matrix: Float64Array, n: number): Float64Array {
  const unit = Float64Array.from(matrix);
  for (let k = 0; k < n; k++) unit[k * n + k] = 1;
  return unit;
}

function distance(a: Float64Array, b: Float64Array): number {
  return norm(a.map((entry, k) => entry - (b[k] as number)));
}

function norm(matrix: Float64Array): number {
  return Math.sqrt(matrix.reduce((squares, entry) => squares + entry * entry, 0));
}
