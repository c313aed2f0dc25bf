// Small dense matrices: Cholesky, eigenvalues, condition. A matrix is a row-major Float64Array of n × n entries, its order n
// beside it.

/** Far above the ten sweeps that hard matrices take; only entries that are no numbers get here. */
const SWEEPS_MAX = 60;

/**
 * The lower triangle L with L·Lᵀ = `matrix`, zeros above it; null when the matrix is not positive definite, within rounding.
 * `matrix` is symmetric; only its lower triangle is read. Throws RangeError when it is not n × n.
 */
export function choleskyFactor(matrix: Float64Array, n: number): Float64Array | null {
  requireSquare(matrix, n);
  const factor = new Float64Array(n * n);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      const entry = matrix[row * n + column] as number;
      const rest = entry - rowProduct(factor, row * n, column * n, column);
      if (column < row) {
        factor[row * n + column] = rest / (factor[column * n + column] as number);
        continue;
      }
      // A pivot that is all rounding may have either sign, so its sign proves nothing.
      if (!(rest > n * Number.EPSILON * entry)) return null;
      factor[row * n + row] = Math.sqrt(rest);
    }
  }
  return factor;
}

/** The x with L·Lᵀ·x = `rightSide`, given L from `choleskyFactor`. A new array of n. Throws RangeError when the sizes differ. */
export function solveCholesky(factor: Float64Array, n: number, rightSide: ArrayLike<number>): Float64Array {
  requireSquare(factor, n);
  if (rightSide.length !== n) throw new RangeError(`A right side of ${rightSide.length} for a matrix of order ${n}`);
  const solution = Float64Array.from(rightSide);
  for (let row = 0; row < n; row++) {
    let rest = solution[row] as number;
    for (let k = 0; k < row; k++) rest -= (factor[row * n + k] as number) * (solution[k] as number);
    solution[row] = rest / (factor[row * n + row] as number);
  }
  for (let row = n - 1; row >= 0; row--) {
    let rest = solution[row] as number;
    for (let k = row + 1; k < n; k++) rest -= (factor[k * n + row] as number) * (solution[k] as number);
    solution[row] = rest / (factor[row * n + row] as number);
  }
  return solution;
}

export type SymmetricEigen = Readonly<{
  /** Descending. */
  values: Float64Array;
  /** Row k is the eigenvector of values[k], of length 1; its sign is arbitrary. n × n, row-major. */
  vectors: Float64Array;
}>;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, by cyclic Jacobi rotations (Jacobi 1846; Rutishauser 1966). Right to a few
 * units in the last place of the largest eigenvalue. Throws RangeError when the matrix is not n × n or has entries that are not
 * finite.
 */
export function symmetricEigen(matrix: Float64Array, n: number): SymmetricEigen {
  requireFinite(matrix, n);
  const rotated = Float64Array.from(matrix);
  const vectors = identity(n);
  const negligible = (Number.EPSILON * Math.hypot(...rowNorms(matrix, n))) / Math.max(1, n);
  repeatUntilStill(() => {
    let isStill = true;
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(rotated[p * n + q] as number) <= negligible) continue;
        isStill = false;
        annihilate(rotated, vectors, n, p, q);
      }
    }
    return isStill;
  });
  return inDescendingOrder(rotated, vectors, n);
}

/**
 * Largest by smallest singular value, 1 or more; Infinity when singular, 1 for an empty matrix. Any n × n matrix, by rotating its
 * rows until they are orthogonal (Hestenes 1958), which never squares it: conditions beyond 1e8 are told apart too. Throws
 * RangeError like `symmetricEigen`.
 */
export function conditionNumber(matrix: Float64Array, n: number): number {
  requireFinite(matrix, n);
  const rotated = Float64Array.from(matrix);
  repeatUntilStill(() => {
    let isStill = true;
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) {
        if (orthogonalise(rotated, n, p, q)) isStill = false;
      }
    }
    return isStill;
  });
  if (n === 0) return 1;
  const singularValues = rowNorms(rotated, n);
  return Math.max(...singularValues) / Math.min(...singularValues) || Infinity;
}

/** Rotates rows and columns p and q so that their entry becomes 0; every change is made to both triangles. */
function annihilate(matrix: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const entry = matrix[p * n + q] as number;
  const diagonalP = matrix[p * n + p] as number;
  const diagonalQ = matrix[q * n + q] as number;
  const tangent = smallerTangent((diagonalQ - diagonalP) / (2 * entry));
  rotateRows(matrix, n, p, q, tangent);
  for (let k = 0; k < n; k++) {
    matrix[k * n + p] = matrix[p * n + k] as number;
    matrix[k * n + q] = matrix[q * n + k] as number;
  }
  matrix[p * n + p] = diagonalP - tangent * entry;
  matrix[q * n + q] = diagonalQ + tangent * entry;
  matrix[p * n + q] = 0;
  matrix[q * n + p] = 0;
  rotateRows(vectors, n, p, q, tangent);
}

/** Makes rows p and q orthogonal; false when they are already, within rounding. */
function orthogonalise(matrix: Float64Array, n: number, p: number, q: number): boolean {
  const squareP = rowProduct(matrix, p * n, p * n, n);
  const squareQ = rowProduct(matrix, q * n, q * n, n);
  const product = rowProduct(matrix, p * n, q * n, n);
  if (Math.abs(product) <= n * Number.EPSILON * Math.sqrt(squareP) * Math.sqrt(squareQ)) return false;
  rotateRows(matrix, n, p, q, smallerTangent((squareQ - squareP) / (2 * product)));
  return true;
}

/** The root of t² + 2·`cotangent`·t = 1 of smaller size, cotangent being that of the doubled angle: a rotation by 45° at most. */
function smallerTangent(cotangent: number): number {
  const size = 1 / (Math.abs(cotangent) + Math.hypot(1, cotangent));
  return cotangent < 0 ? -size : size;
}

function rotateRows(matrix: Float64Array, n: number, p: number, q: number, tangent: number): void {
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = tangent * cosine;
  for (let k = 0; k < n; k++) {
    const entryP = matrix[p * n + k] as number;
    const entryQ = matrix[q * n + k] as number;
    matrix[p * n + k] = cosine * entryP - sine * entryQ;
    matrix[q * n + k] = sine * entryP + cosine * entryQ;
  }
}

function repeatUntilStill(sweep: () => boolean): void {
  for (let i = 0; i < SWEEPS_MAX; i++) {
    if (sweep()) return;
  }
  throw new RangeError(`No convergence in ${SWEEPS_MAX} sweeps`);
}

function inDescendingOrder(rotated: Float64Array, vectors: Float64Array, n: number): SymmetricEigen {
  const diagonal = Array.from({ length: n }, (_, k) => rotated[k * n + k] as number);
  const order = diagonal.map((_, k) => k).toSorted((a, b) => (diagonal[b] as number) - (diagonal[a] as number));
  const sorted = new Float64Array(n * n);
  order.forEach((from, to) => sorted.set(vectors.subarray(from * n, (from + 1) * n), to * n));
  return { values: Float64Array.from(order, (k) => diagonal[k] as number), vectors: sorted };
}

function identity(n: number): Float64Array {
  const matrix = new Float64Array(n * n);
  for (let k = 0; k < n; k++) matrix[k * n + k] = 1;
  return matrix;
}

/** Sum of the products of the first `length` entries from two places on. */
function rowProduct(matrix: Float64Array, fromA: number, fromB: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += (matrix[fromA + k] as number) * (matrix[fromB + k] as number);
  return sum;
}

function rowNorms(matrix: Float64Array, n: number): readonly number[] {
  return Array.from({ length: n }, (_, row) => Math.hypot(...matrix.subarray(row * n, (row + 1) * n)));
}

function requireSquare(matrix: Float64Array, n: number): void {
  if (matrix.length !== n * n) throw new RangeError(`${matrix.length} entries are no matrix of order ${n}`);
}

function requireFinite(matrix: Float64Array, n: number): void {
  requireSquare(matrix, n);
  if (!matrix.every(Number.isFinite)) throw new RangeError('A matrix to rotate needs entries that are finite');
}
