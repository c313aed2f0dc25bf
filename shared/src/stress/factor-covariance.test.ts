import { expect, it } from 'vitest';
import { sampleCovariance } from '../calc/covariance.js';
import { factorCovariance } from './factor-covariance.js';
import { propagateShocks } from './propagation.js';

/** Pseudo-random and reproducible; the two factors share a part. */
const series = (length: number): Float64Array[] => {
  const wave = (k: number): Float64Array => Float64Array.from({ length }, (_, t) => 0.01 * Math.sin(k * (t + 1) ** 2));
  const shared = wave(3);
  return [wave(1).map((value, t) => value + shared[t]!), wave(2).map((value, t) => value - shared[t]!)];
};

it('ten sessions for each factor are enough for the sample covariance; one fewer shrinks it and says so', () => {
  const enough = factorCovariance(series(20))!;
  expect(enough).toMatchObject({ observations: 20, isShrunk: false });
  expect(enough.matrix).toEqual(sampleCovariance(series(20))!.matrix);
  const few = factorCovariance(series(19))!;
  expect(few).toMatchObject({ observations: 19, isShrunk: true });
  expect(Math.abs(few.matrix[1]!)).toBeLessThan(Math.abs(sampleCovariance(series(19))!.matrix[1]!));
});

it('a gap in one factor takes its session from all', () => {
  const [a, b] = series(30) as [Float64Array, Float64Array];
  expect(factorCovariance([a.with(7, NaN), b])).toMatchObject({ observations: 29 });
});

it('nothing older than 1,260 sessions counts', () => {
  const [a, b] = series(1_261) as [Float64Array, Float64Array];
  const withoutFirst = factorCovariance([a.slice(1), b.slice(1)])!;
  expect(factorCovariance([a.with(0, 100), b])).toEqual(withoutFirst);
  expect(withoutFirst.observations).toBe(1_260);
});

it('there is none of no factor or of one session', () => {
  expect(factorCovariance([])).toBeNull();
  expect(factorCovariance(series(1))).toBeNull();
});

it('on the sessions of a regression, b_k of one shocked factor is the univariate slope with intercept', () => {
  const [market, other] = series(60) as [Float64Array, Float64Array];
  const book = market.map((value, t) => 0.9 * value + 0.4 * other[t]!);
  const { matrix } = factorCovariance([market, other])!;
  const { moves } = propagateShocks(matrix, Float64Array.of(-0.1, NaN))!;
  const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(market), mean(book)];
  const products = market.reduce((sum, x, t) => sum + (x - meanX) * (book[t]! - meanY), 0);
  const squares = market.reduce((sum, x) => sum + (x - meanX) ** 2, 0);
  expect(Math.abs(0.9 * moves[0]! + 0.4 * moves[1]! + 0.1 * (products / squares))).toBeLessThanOrEqual(1e-15);
});
