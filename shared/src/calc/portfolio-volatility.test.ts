import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { portfolioVolatility } from './portfolio-volatility.js';

const GAP = Number.NaN;
/** Volatilities of 1 %, 2 % and 3 % a session; correlations 0.5, 0.2 and −0.1. */
const covariance = Float64Array.of(0.0001, 0.0001, 0.00006, 0.0001, 0.0004, -0.00006, 0.00006, -0.00006, 0.0009);
const rows = [0, 1, 2];

describe('portfolioVolatility', () => {
  it('is √(w′Σw) × √252, shorts and leverage as they are', () => {
    // Each term w·w·σ²; then twice each pair's w·w·ρ·σ·σ.
    const own = 0.5 ** 2 * 0.01 ** 2 + 0.02 ** 2 + 0.2 ** 2 * 0.03 ** 2;
    const pairs = 0.5 * 0.5 * 0.01 * 0.02 - 0.5 * 0.2 * 0.2 * 0.01 * 0.03 + 0.2 * 0.1 * 0.02 * 0.03;
    const answer = portfolioVolatility({ weights: [0.5, 1, -0.2], rows }, covariance, 3);
    expect(answer?.volatility).toBeCloseTo(Math.sqrt((own + 2 * pairs) * 252), 14);
    expect(portfolioVolatility({ weights: [2], rows: [1] }, covariance, 3)?.volatility).toBeCloseTo(0.04 * Math.sqrt(252), 14);
    expect(portfolioVolatility({ weights: [-1], rows: [1] }, covariance, 3)?.volatility).toBeCloseTo(0.02 * Math.sqrt(252), 14);
  });

  it('is what its contributions sum to, to 1e-9, whatever the weights', () => {
    const weight = fc.double({ min: -1e3, max: 1e3, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(weight, fc.constantFrom(...rows)), { minLength: 1 }), (positions) => {
        const answer = portfolioVolatility(
          { weights: positions.map(([w]) => w), rows: positions.map(([, row]) => row) },
          covariance,
          3,
        );
        if (answer === null) {
          expect(positions.every(([w]) => w === 0)).toBe(true);
          return;
        }
        const sum = answer.contributions.reduce((total, value) => total + value, 0);
        expect(Math.abs(sum - answer.volatility)).toBeLessThanOrEqual(1e-9 * Math.max(1, answer.volatility));
        expect(answer.coverage).toBe(1);
      }),
    );
  });

  it('counts two positions in one symbol as one, and offsets them', () => {
    const split = portfolioVolatility({ weights: [0.25, 0.25, 0.5], rows: [0, 0, 1] }, covariance, 3);
    const whole = portfolioVolatility({ weights: [0.5, 0.5], rows: [0, 1] }, covariance, 3);
    expect(split?.volatility).toBeCloseTo(Number(whole?.volatility), 14);
    expect(portfolioVolatility({ weights: [1, -1], rows: [2, 2] }, covariance, 3)).toMatchObject({ volatility: 0, coverage: 1 });
  });

  it('takes what rounding leaves of a hedged book for 0, whatever its sign', () => {
    const lots = [0.1, 0.2, -0.3, 0.7, -0.4, -0.3];
    expect(portfolioVolatility({ weights: lots, rows: lots.map(() => 1) }, covariance, 3)).toMatchObject({ volatility: 0 });
    expect(portfolioVolatility({ weights: lots.map((w) => -w), rows: lots.map(() => 1) }, covariance, 3)).toMatchObject({
      volatility: 0,
    });
  });

  it('gives a hedge a contribution below 0', () => {
    const answer = portfolioVolatility({ weights: [1, -0.1], rows: [1, 0] }, covariance, 3);
    expect(answer?.contributions[1]).toBeLessThan(0);
  });

  it('leaves out a position without a row or a variance, and says what it covers', () => {
    const unknown = covariance.map((value, i) => (i === 8 ? GAP : value));
    const answer = portfolioVolatility({ weights: [0.5, 0.2, -0.3], rows: [0, 2, -1] }, unknown, 3);
    expect(answer?.volatility).toBeCloseTo(0.005 * Math.sqrt(252), 14);
    expect([...(answer?.contributions ?? [])].map(Number.isNaN)).toEqual([false, true, true]);
    expect(answer?.coverage).toBe(0.5);
  });

  it('leaves out the smaller of two without a covariance, not all for one pair', () => {
    const unknown = covariance.map((value, i) => (i === 1 || i === 3 ? GAP : value));
    const answer = portfolioVolatility({ weights: [0.1, 0.5, 0.4], rows }, unknown, 3);
    const rest = portfolioVolatility({ weights: [0.5, 0.4], rows: [1, 2] }, covariance, 3);
    expect(answer?.volatility).toBe(rest?.volatility);
    expect(answer?.contributions[0]).toBeNaN();
    expect(answer?.coverage).toBeCloseTo(0.9, 14);
  });

  it('is null when nothing has a weight, and for a matrix no returns can have', () => {
    expect(portfolioVolatility({ weights: [], rows: [] }, covariance, 3)).toBeNull();
    expect(portfolioVolatility({ weights: [0], rows: [0] }, covariance, 3)).toBeNull();
    expect(portfolioVolatility({ weights: [1], rows: [-1] }, covariance, 3)).toBeNull();
    expect(portfolioVolatility({ weights: [1, -1], rows: [0, 1] }, Float64Array.of(1, 2, 2, 1), 2)).toBeNull();
  });

  it('refuses sizes that do not fit and weights that are no figures', () => {
    for (const wrong of [
      { weights: [1], rows: [] },
      { weights: [1], rows: [3] },
      { weights: [GAP], rows: [0] },
    ]) {
      expect(() => portfolioVolatility(wrong, covariance, 3)).toThrow(RangeError);
    }
    expect(() => portfolioVolatility({ weights: [1], rows: [0] }, covariance, 2)).toThrow(RangeError);
  });
});
