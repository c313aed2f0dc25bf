import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compoundAnnualGrowthRate, downsideDeviation, sharpeRatio, sortinoRatio } from './performance.js';

const alternating = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 0.03 : -0.01));

describe('sharpeRatio', () => {
  it('is the mean above the hurdle by the standard deviation, × √252', () => {
    expect(sharpeRatio(alternating)).toBeCloseTo((0.01 / (0.02 * Math.sqrt(20 / 19))) * Math.sqrt(252), 12);
    expect(sharpeRatio(alternating, { hurdle: 0.01 })).toBeCloseTo(0, 12);
  });

  it('does not depend on the unit of the returns', () => {
    const returns = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 20 });
    fc.assert(
      fc.property(returns, fc.integer({ min: -300, max: 200 }), (values, exponent) => {
        expect(sharpeRatio(values.map((value) => value * 2 ** exponent))).toBe(sharpeRatio(values));
      }),
    );
  });
});

describe('sortinoRatio', () => {
  it('counts only what falls short of the hurdle, over all returns', () => {
    expect(downsideDeviation(alternating)).toBeCloseTo(Math.sqrt(0.0001 / 2) * Math.sqrt(252), 14);
    expect(sortinoRatio(alternating)).toBeCloseTo((0.01 / Math.sqrt(0.0001 / 2)) * Math.sqrt(252), 12);
    expect(sortinoRatio(alternating, { hurdle: 0.01, periods: 1 })).toBeCloseTo(0, 12);
  });
});

describe('no ratio is given', () => {
  it('below 20 returns, gaps not counted', () => {
    const short = [...alternating.slice(1), Number.NaN];
    expect([sharpeRatio(short), sortinoRatio(short), downsideDeviation(short)]).toEqual([null, null, null]);
    expect([sharpeRatio([]), sortinoRatio([]), downsideDeviation([], { observationsMin: 0 })]).toEqual([null, null, null]);
  });

  it('where it would be infinite: returns that never vary, returns that never fall short', () => {
    expect(sharpeRatio(Array(30).fill(0.1))).toBeNull();
    expect(sortinoRatio(Array(30).fill(0.1))).toBeNull();
  });
});

describe('compoundAnnualGrowthRate', () => {
  it('counts calendar days, 365.25 to the year', () => {
    expect(compoundAnnualGrowthRate(0.21, '2020-01-01', '2022-01-01')).toBeCloseTo(1.21 ** (365.25 / 731) - 1, 14);
    expect(compoundAnnualGrowthRate(0.5, '2021-03-01', '2025-03-01')).toBeCloseTo(1.5 ** 0.25 - 1, 14);
  });

  it('is −1 for a total loss and null for more', () => {
    expect(compoundAnnualGrowthRate(-1, '2020-01-01', '2021-01-01')).toBe(-1);
    expect(compoundAnnualGrowthRate(-1.01, '2020-01-01', '2021-01-01')).toBeNull();
  });

  it('is null without time or without a return', () => {
    expect(compoundAnnualGrowthRate(0.1, '2020-01-01', '2020-01-01')).toBeNull();
    expect(compoundAnnualGrowthRate(0.1, '2020-01-02', '2020-01-01')).toBeNull();
    expect(compoundAnnualGrowthRate(Number.NaN, '2020-01-01', '2021-01-01')).toBeNull();
  });
});
