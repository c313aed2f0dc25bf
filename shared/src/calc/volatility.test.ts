import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ewmaVolatility,
  forecastVolatility,
  realizedVolatility,
  volatilityFigures,
  volatilityPercentile,
  type VolatilityFigures,
} from './volatility.js';

type Golden = Readonly<{ returns: readonly number[]; figures: Readonly<Record<string, number>> }>;
const golden = JSON.parse(readFileSync(new URL('./golden/volatility.json', import.meta.url), 'utf8')) as Golden;
const returns = Float64Array.from(golden.returns);
const figures = volatilityFigures(returns);
const GAP = Number.NaN;

describe('volatilityFigures', () => {
  it.each(Object.keys(figures))('%s of the reference series is met to 1e-12', (name) => {
    const expected = golden.figures[name] as number;
    expect(Math.abs(Number(figures[name as keyof VolatilityFigures]) - expected)).toBeLessThanOrEqual(1e-12);
  });

  it('have the unit of the returns, the ratios none', () => {
    const doubled = volatilityFigures(returns.map((value) => 2 * value));
    for (const name of ['realized21', 'realized63', 'ewma', 'forecast'] as const) {
      expect(Number(doubled[name]) / Number(figures[name])).toBeCloseTo(2, 9);
    }
    expect([doubled.trend, doubled.percentile]).toEqual([figures.trend, figures.percentile]);
  });

  it('are null without returns, each for itself', () => {
    expect(Object.values(volatilityFigures(new Float64Array(0)))).toEqual(Array(6).fill(null));
    expect(Object.values(volatilityFigures(new Float64Array(400).fill(GAP)))).toEqual(Array(6).fill(null));
    expect(volatilityFigures(returns.subarray(0, 40))).toMatchObject({
      realized63: null,
      forecast: null,
      trend: null,
      percentile: null,
    });
  });

  it('of a price that never moved are 0, and what needs movement is null', () => {
    expect(volatilityFigures(new Float64Array(400))).toEqual({
      realized21: 0,
      realized63: 0,
      ewma: 0,
      forecast: null,
      trend: null,
      percentile: 0.5,
    });
  });
});

describe('realizedVolatility', () => {
  it('needs the whole window of sessions and 20 returns in it', () => {
    const month = returns.slice(0, 21);
    expect(realizedVolatility(month.subarray(1), 21)).toBeNull();
    month[3] = GAP;
    expect(realizedVolatility(month, 21)).not.toBeNull();
    month[4] = GAP;
    expect(realizedVolatility(month, 21)).toBeNull();
  });

  it('looks at nothing before the window', () => {
    expect(realizedVolatility(Float64Array.from([9, -9, ...returns]), 63)).toBe(realizedVolatility(returns, 63));
  });
});

describe('ewmaVolatility', () => {
  it('of returns of one size is that size, about 0', () => {
    expect(ewmaVolatility(new Float64Array(20).fill(0.01))).toBeCloseTo(0.01 * Math.sqrt(252), 14);
  });

  it('does not let a gap fade what came before, and needs 20 returns', () => {
    expect(ewmaVolatility(Float64Array.from([...returns, GAP, GAP]))).toBe(ewmaVolatility(returns));
    expect(ewmaVolatility(Float64Array.from([...returns.subarray(0, 19), GAP]))).toBeNull();
  });
});

describe('forecastVolatility', () => {
  it('needs 294 returns, gaps not counted, and closes gaps up', () => {
    expect(forecastVolatility(returns.subarray(0, 293))).toBeNull();
    expect(forecastVolatility(returns.subarray(0, 294))).not.toBeNull();
    const withGaps = Float64Array.from([...returns.subarray(0, 100), GAP, GAP, ...returns.subarray(100), GAP]);
    expect(forecastVolatility(withGaps)).toBe(forecastVolatility(returns));
    expect(forecastVolatility(Float64Array.from([...returns.subarray(0, 293), GAP]))).toBeNull();
  });

  it('of normal returns is their volatility, not the 0.80 of it that a mean size is', () => {
    const forecasts = Array.from({ length: 30 }, (_, seed) => Number(forecastVolatility(normalReturns(504, 0.01, seed + 1))));
    const average = forecasts.reduce((sum, value) => sum + value, 0) / forecasts.length;
    expect(average / (0.01 * Math.sqrt(252))).toBeCloseTo(1, 1);
  });
});

describe('volatilityPercentile', () => {
  it('is near 1 after a storm, near 0 in a calm, and counts a year of sessions at most', () => {
    const calm = normalReturns(300, 0.01, 5);
    const storm = calm.map((value, i) => (i < 279 ? value : 10 * value));
    expect(volatilityPercentile(storm)).toBeCloseTo(1 - 0.5 / 252, 12);
    const lull = calm.map((value, i) => (i < 279 ? value : value / 10));
    expect(volatilityPercentile(lull)).toBeCloseTo(0.5 / 252, 12);
    expect(volatilityPercentile(Float64Array.from([...calm, ...storm]).subarray(-272))).toBe(
      volatilityPercentile(storm.subarray(-272)),
    );
  });

  it('needs 60 sessions that have one, and one today', () => {
    expect(volatilityPercentile(returns.subarray(0, 79))).toBeNull();
    expect(volatilityPercentile(returns.subarray(0, 80))).not.toBeNull();
    expect(volatilityPercentile(Float64Array.from([...returns, GAP, GAP]))).toBeNull();
  });

  it('lies between 0 and 1', () => {
    const many = fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { minLength: 80, maxLength: 300 });
    fc.assert(
      fc.property(many, (values) => {
        const percentile = Number(volatilityPercentile(Float64Array.from(values)));
        expect(percentile).toBeGreaterThan(0);
        expect(percentile).toBeLessThan(1);
      }),
      { numRuns: 20 },
    );
  });
});

/** Twelve uniform numbers less six are normal enough here. */
function normalReturns(length: number, deviation: number, seed: number): Float64Array {
  let state = seed;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return Float64Array.from({ length }, () => deviation * (Array.from({ length: 12 }, uniform).reduce((a, b) => a + b, 0) - 6));
}
