// QR by Householder reflections (Householder 1958), which keep the digits that normal equations square away.

/**
 * A matrix of `rows` × `columns`, rows ≥ columns, as an orthogonal Q, kept as the reflections it is made of, times the triangle
 * R.
 */
export type HouseholderQr = Readonly<{
  rows: number;
  columns: number;
  /** Column-major: column k holds reflection k from entry k on, scaled so that it takes v·(v·y) / v_k from a vector y. */
  reflections: Float64Array;
  /**
   * R: row-major, columns × columns, zeros below the diagonal. A column that depends on those before it has 0 there, or rounding.
   */
  triangle: Float64Array;
}>;

/**
 * Factors a column-major matrix of `rows` × `columns`, and overwrites it. Throws RangeError when it has fewer rows than columns.
 */
export function householderQr(matrix: Float64Array, rows: number, columns: number): HouseholderQr {
  if (matrix.length !== rows * columns || rows < columns) {
    throw new RangeError(`${matrix.length} entries are no matrix of ${rows} × ${columns} to factor`);
  }
  const triangle = new Float64Array(columns * columns);
  for (let k = 0; k < columns; k++) {
    const start = k * rows;
    triangle[k * columns + k] = makeReflection(matrix, start + k, start + rows);
    for (let j = k + 1; j < columns; j++) {
      reflect(matrix, start + k, matrix, j * rows + k, rows - k);
      triangle[k * columns + j] = matrix[j * rows + k] as number;
    }
  }
  return { rows, columns, reflections: matrix, triangle };
}

/** Turns the `rows` entries of `vector` into Qᵀ·vector, in place: first what R·x has to meet, then what no x can reach. */
export function applyTransposedQ({ rows, columns, reflections }: HouseholderQr, vector: Float64Array): void {
  for (let k = 0; k < columns; k++) reflect(reflections, k * rows + k, vector, k, rows - k);
}

/** The inverse of a row-major upper triangle, upper itself; entries that are not finite when it is singular. */
export function invertTriangle(triangle: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let column = 0; column < n; column++) {
    inverse[column * n + column] = 1 / (triangle[column * n + column] as number);
    for (let row = column - 1; row >= 0; row--) {
      let sum = 0;
      for (let k = row + 1; k <= column; k++) sum += (triangle[row * n + k] as number) * (inverse[k * n + column] as number);
      inverse[row * n + column] = -sum / (triangle[row * n + row] as number);
    }
  }
  return inverse;
}

/** The x with R·x = the first n entries of `rightSide`, by substitution from the last row up. */
export function solveTriangle(triangle: Float64Array, n: number, rightSide: Float64Array): Float64Array {
  const solution = new Float64Array(n);
  for (let row = n - 1; row >= 0; row--) {
    let rest = rightSide[row] as number;
    for (let k = row + 1; k < n; k++) rest -= (triangle[row * n + k] as number) * (solution[k] as number);
    solution[row] = rest / (triangle[row * n + row] as number);
  }
  return solution;
}

/** Replaces the entries from `start` to `end` by the reflection that takes them to (r, 0, …, 0), and returns r. */
function makeReflection(matrix: Float64Array, start: number, end: number): number {
  let squares = 0;
  for (let i = start; i < end; i++) squares += (matrix[i] as number) * (matrix[i] as number);
  const first = matrix[start] as number;
  // The sign of the first entry, so that adding it to itself below cancels no digits.
  const length = first < 0 ? -Math.sqrt(squares) : Math.sqrt(squares);
  if (length === 0) return 0;
  for (let i = start; i < end; i++) matrix[i] = (matrix[i] as number) / length;
  matrix[start] = (matrix[start] as number) + 1;
  return -length;
}

/** Takes v·(v·y) / v_0 from y, where v and y are `count` entries of two arrays. A reflection of zeros leaves y as it is. */
function reflect(reflections: Float64Array, v: number, target: Float64Array, y: number, count: number): void {
  const pivot = reflections[v] as number;
  if (pivot === 0) return;
  let product = 0;
  for (let i = 0; i < count; i++) product += (reflections[v + i] as number) * (target[y + i] as number);
  const share = product / pivot;
  for (let i = 0; i < count; i++) target[y + i] = (target[y + i] as number) - share * (reflections[v + i] as number);
}
