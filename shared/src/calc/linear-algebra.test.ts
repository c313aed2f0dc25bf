import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choleskyFactor, conditionNumber, solveCholesky, symmetricEigen } from './linear-algebra.js';

/** Any n × n matrix with entries in [−1, 1]. */
const anySquare = fc
  .integer({ min: 1, max: 8 })
  .chain((n) =>
    fc
      .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: n * n, maxLength: n * n })
      .map((entries) => ({ n, matrix: Float64Array.from(entries) })),
  );

describe('Cholesky', () => {
  it('factors a known matrix exactly', () => {
    const matrix = Float64Array.of(4, 12, -16, 12, 37, -43, -16, -43, 98);
    expect(choleskyFactor(matrix, 3)).toEqual(Float64Array.of(2, 0, 0, 6, 1, 0, -8, 5, 3));
  });

  it('gives the matrix back as L times its transpose, to 1e-14 of its size', () => {
    fc.assert(
      fc.property(anySquare, ({ n, matrix }) => {
        const positive = withDiagonal(product(matrix, transpose(matrix, n), n), n, 1e-3);
        const factor = choleskyFactor(positive, n)!;
        expect(largestDifference(product(factor, transpose(factor, n), n), positive)).toBeLessThan(1e-14);
      }),
    );
  });

  it('solves: the matrix times the solution is the right side', () => {
    fc.assert(
      fc.property(anySquare, ({ n, matrix }) => {
        const positive = withDiagonal(product(matrix, transpose(matrix, n), n), n, 1);
        const wanted = Float64Array.from({ length: n }, (_, k) => k - 1.5);
        const solution = solveCholesky(choleskyFactor(positive, n)!, n, times(positive, wanted));
        expect(largestDifference(solution, wanted)).toBeLessThan(1e-12);
      }),
    );
  });

  it('gives null for an indefinite, a singular and a matrix with a gap', () => {
    expect(choleskyFactor(Float64Array.of(1, 2, 2, 1), 2)).toBeNull();
    expect(choleskyFactor(Float64Array.of(1, 0.1, 0.1, 0.1 * 0.1), 2)).toBeNull();
    expect(choleskyFactor(Float64Array.of(0), 1)).toBeNull();
    expect(choleskyFactor(Float64Array.of(1, Number.NaN, Number.NaN, 1), 2)).toBeNull();
  });

  it.each([1e-290, 1e290])('does not depend on the scale: %d', (scale) => {
    const factor = choleskyFactor(Float64Array.of(4 * scale, 2 * scale, 2 * scale, 5 * scale), 2)!;
    expect(Array.from(factor, (entry) => entry / Math.sqrt(scale))).toEqual(
      [2, 0, 1, 2].map((entry) => expect.closeTo(entry, 14) as number),
    );
  });
});

describe('eigenvalues', () => {
  it('of the second difference matrix are 2 − 2 cos(kπ / (n + 1))', () => {
    const n = 12;
    const matrix = Float64Array.from({ length: n * n }, (_, k) => secondDifference(Math.floor(k / n), k % n));
    const { values } = symmetricEigen(matrix, n);
    const wanted = Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos(((n - k) * Math.PI) / (n + 1)));
    expect(largestDifference(values, wanted)).toBeLessThan(1e-14);
  });

  it('and orthonormal eigenvectors give the matrix back, descending', () => {
    fc.assert(
      fc.property(anySquare, ({ n, matrix }) => {
        const symmetric = matrix.map((entry, k) => entry + (transpose(matrix, n)[k] as number));
        const { values, vectors } = symmetricEigen(symmetric, n);
        const scaled = vectors.map((entry, k) => entry * (values[Math.floor(k / n)] as number));
        expect(largestDifference(product(transpose(vectors, n), scaled, n), symmetric)).toBeLessThan(1e-13);
        expect(largestDifference(product(vectors, transpose(vectors, n), n), unit(n))).toBeLessThan(1e-14);
        expect(values).toEqual(values.toSorted((a, b) => b - a));
      }),
    );
  });

  it('of an empty matrix, a single entry and zeros are what they are', () => {
    expect(symmetricEigen(new Float64Array(0), 0).values).toHaveLength(0);
    expect(symmetricEigen(Float64Array.of(-3), 1)).toEqual({ values: Float64Array.of(-3), vectors: Float64Array.of(1) });
    expect(symmetricEigen(new Float64Array(4), 2).values).toEqual(new Float64Array(2));
  });
});

describe('condition number', () => {
  it('of a diagonal matrix is its largest entry by its smallest, far beyond 1e8', () => {
    expect(conditionNumber(Float64Array.of(1e-14, 0, 0, 2), 2)).toBeCloseTo(2e14, 0);
    expect(conditionNumber(Float64Array.of(5), 1)).toBe(1);
    expect(conditionNumber(new Float64Array(0), 0)).toBe(1);
  });

  it('of the Hilbert matrix of order 6 is 14951058.64, the published figure', () => {
    const hilbert = Float64Array.from({ length: 36 }, (_, k) => 1 / (1 + Math.floor(k / 6) + (k % 6)));
    expect(conditionNumber(hilbert, 6)).toBeCloseTo(14951058.64, 2);
  });

  it('of a singular matrix is beyond 1e15, of zeros Infinity', () => {
    expect(conditionNumber(Float64Array.of(1, 2, 3, 2, 4, 6, 1, 1, 1), 3)).toBeGreaterThan(1e15);
    expect(conditionNumber(new Float64Array(9), 3)).toBe(Infinity);
  });

  it('is the ratio of eigenvalue sizes for a symmetric matrix', () => {
    fc.assert(
      fc.property(anySquare, ({ n, matrix }) => {
        const positive = withDiagonal(product(matrix, transpose(matrix, n), n), n, 0.01);
        const { values } = symmetricEigen(positive, n);
        expect(conditionNumber(positive, n) / (values[0]! / values[n - 1]!)).toBeCloseTo(1, 10);
      }),
    );
  });
});

it('sizes that differ and entries that are not finite are broken invariants', () => {
  expect(() => choleskyFactor(new Float64Array(3), 2)).toThrow(RangeError);
  expect(() => solveCholesky(Float64Array.of(1), 1, [1, 2])).toThrow(RangeError);
  expect(() => symmetricEigen(Float64Array.of(1, Number.NaN, Number.NaN, 1), 2)).toThrow(RangeError);
  expect(() => conditionNumber(Float64Array.of(Infinity), 1)).toThrow(RangeError);
});

function secondDifference(row: number, column: number): number {
  if (row === column) return 2;
  return Math.abs(row - column) === 1 ? -1 : 0;
}

function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += a[Math.floor(at / n) * n + k]! * b[k * n + (at % n)]!;
    return sum;
  });
}

function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length;
  return vector.map((_, row) => vector.reduce((sum, entry, k) => sum + entry * matrix[row * n + k]!, 0));
}

function transpose(matrix: Float64Array, n: number): Float64Array {
  return matrix.map((_, k) => matrix[(k % n) * n + Math.floor(k / n)]!);
}

function withDiagonal(matrix: Float64Array, n: number, more: number): Float64Array {
  return matrix.map((entry, k) => (k % (n + 1) === 0 ? entry + more : entry));
}

function unit(n: number): Float64Array {
  return withDiagonal(new Float64Array(n * n), n, 1);
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (entry, k) => Math.abs(entry - b[k]!)));
}
