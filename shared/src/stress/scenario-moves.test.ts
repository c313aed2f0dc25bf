import { readFileSync } from 'node:fs';
import { describe, expect, it, type TestContext } from 'vitest';
import { FACTORS as FACTOR_TABLE, type FactorProxy, type ModelFactor } from '../calc/factors.js';
import { bondReturn, factorShocks, TLT_SENSITIVITY } from './factor-shocks.js';
import { measuredMoves, scenarioMoves } from './scenario-moves.js';
import { STRESS_SCENARIOS, type StressScenario } from './scenarios.js';

const FACTORS: readonly ModelFactor[] = ['MKT', 'VMG', 'MOM', 'QUA', 'SIZ', 'LOV', 'RAT'];
const scenario = (id: string): StressScenario => STRESS_SCENARIOS.find((one) => one.id === id)!;
const covarianceOf = (count: number): Float64Array =>
  Float64Array.from({ length: count * count }, (_, i) => (i % (count + 1) === 0 ? 4e-4 : 1e-4));

describe('bondReturn', () => {
  it('loses 16.5 times the yield change, less what convexity gives back', () => {
    expect(bondReturn(0.01, TLT_SENSITIVITY)).toBeCloseTo(-0.146, 15);
    expect(bondReturn(-0.01, TLT_SENSITIVITY)).toBeCloseTo(0.184, 15);
    expect(bondReturn(0.03, TLT_SENSITIVITY)).toBeCloseTo(-0.324, 15);
    expect(bondReturn(0, TLT_SENSITIVITY)).toBeCloseTo(0, 15);
  });
});

describe('factorShocks', () => {
  it('puts each shock in its column, the yield change as a return of TLT, and nothing elsewhere', () => {
    expect(factorShocks(scenario('quality_flight_12'), FACTORS).shocks).toEqual(
      Float64Array.of(-0.05, NaN, NaN, 0.12, NaN, NaN, NaN),
    );
    expect(factorShocks(scenario('rates_up_100bp'), FACTORS).shocks[6]).toBeCloseTo(-0.146, 15);
    expect(factorShocks(scenario('vix_spike_150'), ['LOV', 'MKT'])).toEqual({ shocks: Float64Array.of(0.04, -0.15), absent: [] });
  });

  it('names the shocked factors that the model lacks', () => {
    expect(factorShocks(scenario('financial_crisis_2008'), ['MKT', 'SIZ']).absent).toEqual(['VMG', 'QUA', 'LOV', 'RAT']);
  });
});

describe('scenarioMoves', () => {
  it('is null where the model has none of the shocked factors, and says what is missing where it has some', () => {
    const model = { factors: FACTORS.slice(0, 6), covariance: covarianceOf(6) };
    expect(scenarioMoves(scenario('rate_spike_300bp'), model)).toBeNull();
    expect(scenarioMoves(scenario('dotcom_crash_2000'), model)).toMatchObject({ absent: ['RAT'] });
    expect(scenarioMoves(scenario('market_down_10'), { factors: [], covariance: new Float64Array(0) })).toBeNull();
  });

  it('moves only the shocked factors directly, and the others too with the covariance', () => {
    const moves = scenarioMoves(scenario('market_down_10'), { factors: FACTORS, covariance: covarianceOf(7) })!;
    expect(moves.direct).toEqual(Float64Array.of(-0.1, 0, 0, 0, 0, 0, 0));
    for (const [k, move] of moves.correlated!.entries()) expect(move).toBeCloseTo(k === 0 ? -0.1 : -0.025, 15);
    expect(moves).toMatchObject({ source: 'table', volatilityFactor: 1, isImplausible: false, absent: [] });
  });

  it('has direct moves but neither correlated ones nor a distance without a covariance that tells', () => {
    for (const covariance of [null, new Float64Array(49)]) {
      const moves = scenarioMoves(scenario('market_down_10'), { factors: FACTORS, covariance })!;
      expect(moves).toMatchObject({ correlated: null, plausibility: null, isImplausible: false });
      expect(moves.direct[0]).toBe(-0.1);
    }
  });

  it('flags what lies more than 6 standard deviations of a month away', () => {
    const one = (deviation: number): boolean =>
      scenarioMoves(scenario('market_down_10'), { factors: ['MKT'], covariance: Float64Array.of(deviation ** 2 / 21) })!
        .isImplausible;
    expect(one(0.1 / 5.99)).toBe(false);
    expect(one(0.1 / 6.01)).toBe(true);
  });
});

describe('measuredMoves', () => {
  const model = { factors: ['MKT', 'SIZ'] as const, covariance: covarianceOf(2) };
  const covid = scenario('covid_crash_2020');
  const proxies: readonly FactorProxy[] = FACTOR_TABLE.map((factor) => ({ factor, symbol: factor.proxy }));
  const market = Float64Array.of(NaN, 0.5, -0.1, -0.2, 0.3);
  const small = Float64Array.of(NaN, 0.1, -0.2, -0.25, 0.2);
  const both = (smallCaps: Float64Array = small): Map<string, Float64Array> =>
    new Map([
      ['SPY', market],
      ['IWM', smallCaps],
    ]);

  it('is the spread of the proxies’ compound returns, over the window and nothing else', () => {
    const moves = measuredMoves(covid, model, proxies, both(), { first: 2, last: 3 })!;
    expect(moves.direct[0]).toBeCloseTo(0.9 * 0.8 - 1, 15);
    expect(moves.direct[1]).toBeCloseTo(0.8 * 0.75 - 0.9 * 0.8, 15);
    expect(moves).toMatchObject({ source: 'measured', volatilityFactor: 3, absent: ['VMG', 'MOM', 'QUA', 'LOV', 'RAT'] });
  });

  it('has direct equal to correlated, since every factor is given', () => {
    for (const covariance of [model.covariance, null]) {
      const moves = measuredMoves(covid, { ...model, covariance }, proxies, both(), { first: 1, last: 4 })!;
      expect(moves.correlated).toEqual(moves.direct);
    }
  });

  it('is null where the window leaves the history of a proxy or meets a gap', () => {
    const measured = (first: number, last: number, smallCaps?: Float64Array): unknown =>
      measuredMoves(covid, model, proxies, both(smallCaps), { first, last });
    expect(measured(0, 3)).toBeNull();
    expect(measured(2, 5)).toBeNull();
    expect(measured(2, 4, small.with(3, NaN))).toBeNull();
    expect(measured(4, 4, small.with(3, NaN))).not.toBeNull();
    expect(measuredMoves(covid, model, proxies, new Map([['SPY', market]]), { first: 1, last: 2 })).toBeNull();
    expect(measuredMoves(covid, { factors: [], covariance: null }, proxies, both(), { first: 1, last: 2 })).toBeNull();
  });

  it('gives the design’s figures of the covid crash from real closes, to their three decimals', (ctx) => {
    const { from, to } = covid.window!;
    const closes = new Map([
      ...adjustedCloses(ctx, 'adjclose_skfolio_BSD3', from, to),
      ...adjustedCloses(ctx, 'etf_ohlcv_optimalhorizon_MIT', from, to),
    ]);
    const returns = new Map([...closes].map(([symbol, series]) => [symbol, returnsOf(series)]));
    const withIvv = proxies.map((proxy) => (proxy.symbol === 'SPY' ? { ...proxy, symbol: 'IVV' } : proxy));
    const window = { first: 1, last: 23 };
    const moves = measuredMoves(covid, { factors: FACTORS.slice(0, 6), covariance: null }, withIvv, returns, window)!;
    const printed = [-0.339, -0.046, -0.002, -0.002, -0.068, 0.009];
    expect(returns.get('IVV')).toHaveLength(24);
    for (const [k, figure] of printed.entries()) expect(Math.abs(moves.direct[k]! - figure)).toBeLessThanOrEqual(5e-4);
  });
});

function returnsOf(closes: readonly number[]): Float64Array {
  return Float64Array.from(closes, (close, i) => close / (closes[i - 1] ?? NaN) - 1);
}

/** The prices are not part of the project: skipped when absent. */
function adjustedCloses(ctx: TestContext, name: string, from: string, to: string): Map<string, number[]> {
  const folder = process.env['CLOSEBELL_SHARED_DATA'] ?? new URL('../../../../shared/data', import.meta.url).pathname;
  const closes = new Map<string, number[]>();
  for (const line of readOrSkip(ctx, `${folder}/prices/${name}.csv`).split('\n')) {
    const [symbol, date, , , , , adjusted] = line.split(',');
    if (!symbol || !date || date < from || date > to) continue;
    closes.set(symbol, [...(closes.get(symbol) ?? []), Number(adjusted)]);
  }
  return closes;
}

function readOrSkip(ctx: TestContext, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    console.warn(`skipped: no prices at ${path} (set CLOSEBELL_SHARED_DATA)`);
    return ctx.skip();
  }
}
