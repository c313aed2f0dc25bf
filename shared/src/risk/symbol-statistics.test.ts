import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FACTORS } from '../calc/factors.js';
import { factorBasis, factorModelOfSession, SYMBOL_CLOSES } from './factor-model-of-session.js';
import { symbolStatistics, type SymbolStatistics } from './symbol-statistics.js';

type Golden = Readonly<{
  factors: readonly (readonly number[])[];
  symbols: readonly (readonly (number | null)[])[];
  regressions: readonly Readonly<
    Record<'coefficients' | 'standardErrors', readonly number[]> &
      Record<'rSquared' | 'residualStandardError' | 'observations', number>
  >[];
  betas: readonly Readonly<Record<'beta' | 'standardError' | 'rSquared' | 'observations', number>>[];
}>;
const golden = JSON.parse(readFileSync(new URL('../calc/golden/invented-returns.json', import.meta.url), 'utf8')) as Golden;
const [MKT, VMG, MOM, QUA, SIZ, LOV, RAT] = golden.factors as unknown as [
  number[],
  number[],
  number[],
  number[],
  number[],
  number[],
  number[],
];

/** The returns of funds whose model factors are those of the golden file. */
const spreadOverMarket = (spread: readonly number[]) => spread.map((value, t) => value + MKT[t]!);
const FUNDS: Readonly<Record<string, readonly number[]>> = {
  SPY: MKT,
  VTV: VMG,
  VUG: VMG.map(() => 0),
  MTUM: spreadOverMarket(MOM),
  QUAL: spreadOverMarket(QUA),
  IWM: spreadOverMarket(SIZ),
  USMV: spreadOverMarket(LOV),
  TLT: RAT,
};
const sessions = Array.from({ length: SYMBOL_CLOSES }, (_, t) => new Date(Date.UTC(2020, 0, 1 + t)).toISOString().slice(0, 10));

/** At the end of a window that is empty before. */
function window(returns: readonly (number | null)[], gapAtEnd = 0): Float64Array {
  const values = new Float64Array(SYMBOL_CLOSES).fill(Number.NaN);
  values.set(
    returns.map((value) => value ?? Number.NaN),
    SYMBOL_CLOSES - returns.length - gapAtEnd,
  );
  return values;
}

function basisOf(funds: readonly string[] = Object.keys(FUNDS)) {
  const returns = new Map(funds.map((fund) => [fund, window(FUNDS[fund]!)]));
  return { basis: factorBasis(returns, returns), model: factorModelOfSession(sessions.at(-1)!, returns, returns) };
}

function statisticsOf(own: Readonly<Record<string, Float64Array>>, funds?: readonly string[]): readonly SymbolStatistics[] {
  return symbolStatistics({ sessions, symbols: Object.keys(own), returns: new Map(Object.entries(own)) }, basisOf(funds).basis);
}

const wave = (length: number) => Array.from({ length }, (_, t) => 0.02 * Math.sin(1.7 * t) + 0.001);
const withoutMarket = ['VTV', 'VUG', 'MTUM', 'QUAL', 'IWM', 'USMV', 'TLT'];

describe('statistics of a symbol', () => {
  it('are the regressions and single sensitivities worked out at 50 digits, gaps and all', () => {
    const own = Object.fromEntries(golden.symbols.map((returns, i) => [`S${i}`, window(returns)]));
    statisticsOf(own).forEach((found, i) => {
      const { coefficients, standardErrors, rSquared, residualStandardError, observations } = golden.regressions[i]!;
      expect(found.observations).toBe(observations);
      expect(largestRatioError(found.betas!, coefficients.slice(1))).toBeLessThan(1e-9);
      expect(largestRatioError(found.standardErrors!, standardErrors.slice(1))).toBeLessThan(1e-9);
      expect(found.rSquared!).toBeCloseTo(rSquared, 11);
      expect(found.residualVolatility!).toBeCloseTo(residualStandardError * Math.sqrt(252), 11);
      for (const name of ['spy_90', 'spy_252'] as const) {
        const { beta, standardError, rSquared: share, observations: pairs } = golden.betas[i]!;
        const single = found.univariate[name];
        expect([single.beta, single.standard_error, single.r_squared].map((value) => value!.toPrecision(10))).toEqual(
          [beta, standardError, share].map((value) => value.toPrecision(10)),
        );
        expect(single.observations).toBe(pairs);
      }
      expect(found.reasons).toMatchObject({ forecast: 'insufficient_observations' });
      expect(found.reasons).not.toHaveProperty('regression');
    });
  });

  it('do not depend on the symbols beside it', () => {
    const own = { ...Object.fromEntries(golden.symbols.map((returns, i) => [`S${i}`, window(returns)])), W: window(wave(300)) };
    const together = statisticsOf(own);
    Object.entries(own).forEach(([symbol, returns], i) => expect(statisticsOf({ [symbol]: returns })).toEqual([together[i]]));
  });

  it('of 40 sessions have what 40 allow, and say of the rest that they are too few', () => {
    const [found] = statisticsOf({ NEW: window(wave(40)) });
    expect(found).toMatchObject({
      betas: null,
      standardErrors: null,
      rSquared: null,
      residualVolatility: null,
      observations: 40,
    });
    expect(found!.univariate.spy_90).toMatchObject({ observations: 40, beta: expect.any(Number) });
    expect(found!.volatility).toMatchObject({ realized_21: expect.any(Number), forecast: null, percentile: null });
    expect(found!.drawdown!.max_drawdown).toBeLessThan(0);
    expect(found!.reasons).toEqual({
      regression: 'insufficient_observations',
      forecast: 'insufficient_observations',
      percentile: 'insufficient_observations',
    });
  });

  it('of a symbol delisted a month ago keep its betas, and have no volatility of today', () => {
    const [found] = statisticsOf({ GONE: window(wave(300), 21) }, ['SPY', 'TLT']);
    expect(found).toMatchObject({ observations: 59, betas: null, reasons: { regression: 'insufficient_observations' } });
    const [longer] = statisticsOf({ GONE: window(wave(300), 15) }, ['SPY', 'TLT']);
    expect(longer!.betas).toHaveLength(2);
    expect(longer!.volatility).toEqual({
      realized_21: null,
      realized_63: null,
      ewma: null,
      forecast: null,
      trend: null,
      percentile: null,
    });
    expect(longer!.reasons).toMatchObject({ realized_21: 'no_recent_returns', ewma: 'no_recent_returns' });
  });

  it('without a price are null and say so, never 0', () => {
    const [found] = statisticsOf({ NONE: window([]) });
    const { symbol, observations, isExtreme, reasons, ...figures } = found!;
    expect([symbol, observations, isExtreme]).toEqual(['NONE', 0, false]);
    expect(reasons).toMatchObject({ regression: 'insufficient_observations', realized_21: 'no_returns', drawdown: 'no_returns' });
    expect(JSON.stringify(figures).replaceAll('"observations":0', '')).not.toMatch(/\d,|\d}/);
  });

  it('without a market are no regression on the spreads that are left', () => {
    const [found] = statisticsOf({ W: window(wave(300)) }, withoutMarket);
    expect(found).toMatchObject({ betas: null, reasons: { regression: 'no_market', spy_90: 'no_market', spy_252: 'no_market' } });
    expect(found!.univariate.tlt_90.beta).not.toBeNull();
    expect(basisOf(withoutMarket).model).toMatchObject({ factors: [], covariance: null, observations: 0 });
  });

  it('without TLT have no rate factor, and say that nothing stands for it', () => {
    const funds = Object.keys(FUNDS).filter((fund) => fund !== 'TLT');
    const [found] = statisticsOf({ W: window(wave(300)) }, funds);
    expect(found!.betas).toHaveLength(6);
    expect(found!.univariate.tlt_90).toEqual({ beta: null, standard_error: null, r_squared: null, observations: 0 });
    expect(found!.reasons).toMatchObject({ tlt_90: 'no_rates' });
    expect(basisOf(funds).model).toMatchObject({
      factors: ['MKT', 'VMG', 'MOM', 'QUA', 'SIZ', 'LOV'],
      proxies: { market_beta: 'SPY', interest_rate: null },
    });
  });

  it('date the deepest drawdown of the year by its sessions', () => {
    const fall = [...Array.from({ length: 100 }, () => 0.001), -0.2, 0.1, 0.3];
    const [found] = statisticsOf({ FELL: window(fall) });
    expect(found!.drawdown!.max_drawdown).toBeCloseTo(-0.2, 12);
    expect(found!.drawdown).toMatchObject({ peak: sessions.at(-4), trough: sessions.at(-3), recovery: sessions.at(-1) });
  });
});

it('the model of a session names its factors and what stands for each, and knows how they move together', () => {
  const { model } = basisOf();
  expect(model.factors).toEqual(['MKT', 'VMG', 'MOM', 'QUA', 'SIZ', 'LOV', 'RAT']);
  expect(Object.keys(model.proxies)).toEqual(FACTORS.map(({ id }) => id));
  expect(model).toMatchObject({ observations: 80, isShrunk: false });
  expect(model.covariance).toHaveLength(49);
});

function largestRatioError(found: ArrayLike<number>, wanted: readonly number[]): number {
  expect(found).toHaveLength(wanted.length);
  return Math.max(...wanted.map((value, k) => Math.abs(found[k]! / value - 1)));
}
