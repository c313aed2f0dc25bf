import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sampleCovariance } from './covariance.js';
import { ledoitWolf } from './ledoit-wolf.js';
import { choleskyFactor } from './linear-algebra.js';

type Golden = Readonly<Record<'factors' | 'symbols', readonly (readonly (number | null)[])[]>> &
  Readonly<Record<'covariance' | 'shrunk', readonly number[][]>> &
  Readonly<{ shrinkage: number; observations: number }>;
const golden = JSON.parse(readFileSync(new URL('./golden/invented-returns.json', import.meta.url), 'utf8')) as Golden;
const series = [...golden.factors, ...golden.symbols].map((values) => Float64Array.from(values, (value) => value ?? Number.NaN));

describe('invented returns with gaps, worked out at 50 digits', () => {
  it('give the covariance of their complete sessions to 1e-13 of its size', () => {
    const { matrix, observations } = sampleCovariance(series)!;
    expect(observations).toBe(golden.observations);
    expect(relativeDifference(matrix, golden.covariance)).toBeLessThan(1e-13);
  });

  it('give the shrinkage to 1e-13 and the shrunk matrix', () => {
    const { matrix, shrinkage, observations } = ledoitWolf(series)!;
    expect(observations).toBe(golden.observations);
    expect(shrinkage).toBeCloseTo(golden.shrinkage, 13);
    expect(relativeDifference(matrix, golden.shrunk)).toBeLessThan(1e-13);
  });
});

const anySeries = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 2, max: 12 }))
  .chain(([count, length]) =>
    fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: length, maxLength: length }), {
      minLength: count,
      maxLength: count,
    }),
  )
  .map((rows) => rows.map((row) => Float64Array.from(row)));

it('shrinkage is a share, keeps the total variance, and makes fewer sessions than series invertible', () => {
  fc.assert(
    fc.property(anySeries, (rows) => {
      const n = rows.length;
      const { matrix, shrinkage, observations } = ledoitWolf(rows)!;
      const sample = sampleCovariance(rows)!.matrix;
      expect(shrinkage).toBeGreaterThanOrEqual(0);
      expect(shrinkage).toBeLessThanOrEqual(1);
      expect(trace(matrix, n)).toBeCloseTo((trace(sample, n) * (observations - 1)) / observations, 9);
      if (shrinkage > 0.01 && trace(sample, n) > 0) expect(choleskyFactor(matrix, n)).not.toBeNull();
    }),
  );
});

it('a session with a gap is out for all, as if it were not there', () => {
  const [a, b] = [Float64Array.of(1, 2, Number.NaN, 4, 9), Float64Array.of(3, 1, 5, 2, Number.NaN)];
  expect(sampleCovariance([a, b])).toEqual(sampleCovariance([Float64Array.of(1, 2, 4), Float64Array.of(3, 1, 2)]));
  expect(sampleCovariance([Float64Array.of(1, 2, 3)])).toEqual({ matrix: Float64Array.of(1), observations: 3 });
});

it('fewer than two complete sessions, or no series, give null; lengths that differ are a broken invariant', () => {
  for (const estimate of [sampleCovariance, ledoitWolf]) {
    expect(estimate([])).toBeNull();
    expect(estimate([Float64Array.of(1)])).toBeNull();
    expect(estimate([Float64Array.of(1, Number.NaN), Float64Array.of(Number.NaN, 2)])).toBeNull();
    expect(() => estimate([new Float64Array(2), new Float64Array(3)])).toThrow(RangeError);
  }
});

it('series that stand still have covariance 0 and nothing to shrink', () => {
  const still = new Float64Array(5).fill(0.1);
  expect(ledoitWolf([still, still])).toEqual({ matrix: new Float64Array(4), observations: 5, shrinkage: 0 });
});

function relativeDifference(matrix: Float64Array, wanted: readonly number[][]): number {
  const size = Math.max(...wanted.flat());
  return Math.max(...matrix.map((entry, k) => Math.abs(entry - wanted.flat()[k]!) / size));
}

function trace(matrix: Float64Array, n: number): number {
  return matrix.reduce((sum, entry, k) => (k % (n + 1) === 0 ? sum + entry : sum), 0);
}
