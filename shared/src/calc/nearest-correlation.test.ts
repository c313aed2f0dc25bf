import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choleskyFactor, symmetricEigen } from './linear-algebra.js';
import { nearestCorrelation } from './nearest-correlation.js';

type Case = Readonly<{ name: string; input: readonly number[][]; nearest: readonly number[][]; distance: number }>;
const { cases } = JSON.parse(readFileSync(new URL('./golden/nearest-correlation.json', import.meta.url), 'utf8')) as {
  cases: readonly Case[];
};

/** Symmetric, 1 on the diagonal, −1 to 1 beside it. */
const anyGuess = fc
  .integer({ min: 2, max: 5 })
  .chain((n) =>
    fc
      .array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: n * n, maxLength: n * n })
      .map((entries) => ({ n, guess: Float64Array.from(entries, (_, k) => symmetricEntry(entries, n, k)) })),
  );

it.each(cases)('$name: nearest matrix and distance to 1e-9', ({ input, nearest, distance }) => {
  const n = input.length;
  const answer = nearestCorrelation(Float64Array.from(input.flat()), n);
  expect(Math.max(...answer.map((entry, k) => Math.abs(entry - nearest.flat()[k]!)))).toBeLessThan(1e-9);
  expect(Math.hypot(...answer.map((entry, k) => entry - input.flat()[k]!))).toBeCloseTo(distance, 9);
});

describe('any guess', () => {
  it('becomes a correlation matrix: diagonal 1, symmetric, no eigenvalue below 0, entries within ±1', () => {
    fc.assert(
      fc.property(anyGuess, ({ n, guess }) => {
        const answer = nearestCorrelation(guess, n);
        expect(symmetricEigen(answer, n).values[n - 1]).toBeGreaterThan(-1e-8);
        answer.forEach((entry, k) => {
          expect(Math.abs(entry)).toBeLessThanOrEqual(1 + 1e-8);
          expect(entry).toBeCloseTo(answer[(k % n) * n + Math.floor(k / n)]!, 14);
          if (k % (n + 1) === 0) expect(entry).toBe(1);
        });
      }),
      { numRuns: 40 },
    );
  });

  it('becomes one that can be inverted when a least eigenvalue is asked for', () => {
    fc.assert(
      fc.property(anyGuess, ({ n, guess }) => {
        const answer = nearestCorrelation(guess, n, { eigenvalueMin: 1e-4 });
        expect(symmetricEigen(answer, n).values[n - 1]).toBeGreaterThan(1e-4 - 1e-8);
        expect(choleskyFactor(answer, n)).not.toBeNull();
      }),
      { numRuns: 40 },
    );
  });
});

it('a correlation matrix comes back as it is', () => {
  const matrix = Float64Array.of(1, 0.5, -0.2, 0.5, 1, 0.3, -0.2, 0.3, 1);
  expect(nearestCorrelation(matrix, 3)).toEqual(matrix);
  expect(nearestCorrelation(Float64Array.of(7), 1)).toEqual(Float64Array.of(1));
  expect(nearestCorrelation(new Float64Array(0), 0)).toHaveLength(0);
});

it('a pair without a coefficient is a broken invariant', () => {
  expect(() => nearestCorrelation(Float64Array.of(1, Number.NaN, Number.NaN, 1), 2)).toThrow(RangeError);
});

function symmetricEntry(entries: readonly number[], n: number, k: number): number {
  const [row, column] = [Math.floor(k / n), k % n];
  return row === column ? 1 : entries[Math.min(row, column) * n + Math.max(row, column)]!;
}
