import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factorExposures, type FactorPosition } from './factor-exposure.js';
import { factorRegressions, modelFactorReturns, type FactorRegression } from './factor-model.js';
import { chooseProxies, FACTORS } from './factors.js';

type Golden = Readonly<{
  factors: readonly (readonly number[])[];
  symbols: readonly (readonly (number | null)[])[];
  regressions: readonly Readonly<
    Record<'coefficients' | 'standardErrors' | 'varianceInflation', readonly number[]> &
      Record<'rSquared' | 'residualStandardError' | 'conditionNumber' | 'observations', number>
  >[];
}>;
const golden = JSON.parse(readFileSync(new URL('./golden/invented-returns.json', import.meta.url), 'utf8')) as Golden;
const symbols = golden.symbols.map((values) => Float64Array.from(values, (value) => value ?? Number.NaN));
const names = ['MKT', 'VMG', 'MOM', 'QUA', 'SIZ', 'LOV', 'RAT'] as const;
const factors = { names, returns: golden.factors.map((values) => Float64Array.from(values)) };

describe('model factors', () => {
  const symbolsOfProxies = FACTORS.map(({ proxy }) => proxy);
  const returns = new Map(symbolsOfProxies.map((symbol, k) => [symbol, Float64Array.of(2 ** k, Number.NaN)]));
  const closes = new Map(symbolsOfProxies.map((symbol) => [symbol, 252]));

  it('are the market, five spreads and the rate', () => {
    const { names: found, returns: values } = modelFactorReturns(chooseProxies(closes), returns);
    expect(found).toEqual(names);
    expect(values.map(([first]) => first)).toEqual([1, 2 - 4, 8 - 1, 16 - 1, 32 - 1, 64 - 1, 128]);
    expect(values.every(([, second]) => Number.isNaN(second))).toBe(true);
  });

  it.each([
    ['TLT', ['MKT', 'VMG', 'MOM', 'QUA', 'SIZ', 'LOV']],
    ['VUG', ['MKT', 'MOM', 'QUA', 'SIZ', 'LOV', 'RAT']],
    ['SPY', ['VMG', 'RAT']],
  ])('without %s leave out what needs it', (symbol, left) => {
    const without = new Map([...closes].filter(([other]) => other !== symbol));
    expect(modelFactorReturns(chooseProxies(without), returns).names).toEqual(left);
  });

  it('take the fallback where the proxy has too few closes', () => {
    const proxies = chooseProxies(new Map([...closes, ['SPY', 59], ['IVV', 252]]));
    const { returns: values } = modelFactorReturns(proxies, new Map([...returns, ['IVV', Float64Array.of(0.5, 0)]]));
    expect(values[0]![0]).toBe(0.5);
    expect(values[2]![0]).toBe(8 - 0.5);
  });
});

describe('regressions', () => {
  const regressions = factorRegressions(symbols, factors);

  it('are those worked out at 50 digits, to 1e-11, gaps and all', () => {
    golden.regressions.forEach((wanted, i) => {
      const fit = answered(regressions[i]!);
      const found = [fit.intercept!.coefficient, ...fit.coefficients];
      const errors = [fit.intercept!.standardError, ...fit.standardErrors];
      expect(largestRatioError(found, wanted.coefficients)).toBeLessThan(1e-11);
      expect(largestRatioError(errors, wanted.standardErrors)).toBeLessThan(1e-12);
      expect(largestRatioError(fit.varianceInflation, wanted.varianceInflation)).toBeLessThan(1e-12);
      expect(
        largestRatioError(
          [fit.rSquared!, fit.residualStandardError, fit.conditionNumber],
          [wanted.rSquared, wanted.residualStandardError, wanted.conditionNumber],
        ),
      ).toBeLessThan(1e-12);
      expect(fit.observations).toBe(wanted.observations);
      expect(fit.tStatistics).toEqual(fit.coefficients.map((beta, k) => beta / fit.standardErrors[k]!));
    });
  });

  it('of the market on the factors are 1 and zeros', () => {
    const fit = answered(factorRegressions([factors.returns[0]!], factors)[0]!);
    fit.coefficients.forEach((beta, k) => expect(beta).toBeCloseTo(k === 0 ? 1 : 0, 14));
    expect(fit.rSquared).toBe(1);
  });

  it('below 60 sessions, and without a factor, give a reason and no beta', () => {
    const short = symbols[0]!.map((value, t) => (t < 21 ? Number.NaN : value));
    expect(factorRegressions([short], factors)[0]).toMatchObject({
      ok: false,
      reason: 'insufficient_observations',
      observations: 59,
    });
    expect(factorRegressions(symbols, { names: [], returns: [] })).toHaveLength(3);
    expect(factorRegressions([short], { names: [], returns: [] })[0]).toMatchObject({ ok: false, reason: 'no_factors' });
  });

  it('flag betas beyond ±5 and leave them as they are', () => {
    const levered = symbols[0]!.map((value) => 6 * value);
    const fit = answered(factorRegressions([levered], factors)[0]!);
    expect(fit.coefficients[0]).toBeCloseTo(6 * answered(regressions[0]!).coefficients[0]!, 10);
    expect(fit.extreme).toContain('MKT');
    expect(answered(regressions[0]!).extreme).toEqual([]);
  });
});

it('regressions of 500 symbols over 252 sessions, each with gaps of its own, cost a second of processor time at most, though coverage is counted', () => {
  const wave = (k: number) => Float64Array.from({ length: 252 }, (_, t) => Math.sin(t * (k + 1)));
  const many = Array.from({ length: 500 }, (_, i) => wave(i + 7).fill(Number.NaN, i % 192, (i % 192) + 3));
  const seven = { names, returns: names.map((_, k) => wave(k)) };
  const runs = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    expect(factorRegressions(many, seven).every(({ ok }) => ok)).toBe(true);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  expect(Math.min(...runs)).toBeLessThan(1_000);
});

describe('exposures', () => {
  const anyPosition: fc.Arbitrary<FactorPosition> = fc.record({
    marketValue: fc.oneof({ weight: 5, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) }, fc.constant(Number.NaN)),
    betas: fc.option(
      fc
        .array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 2, maxLength: 2 })
        .map((betas) => Float64Array.from(betas)),
    ),
  });

  it('of the portfolio are the sum of the positions, and beta × equity, to 1e-9', () => {
    fc.assert(
      fc.property(fc.array(anyPosition, { minLength: 1 }), fc.double({ min: 1, max: 1e7, noNaN: true }), (positions, equity) => {
        const { byPosition, dollars, betas, positionsCovered, coverage } = factorExposures(positions, 2, equity);
        const covered = positions.filter(({ marketValue, betas: own }) => own !== null && !Number.isNaN(marketValue));
        expect(positionsCovered).toBe(covered.length);
        if (coverage !== null) expect(coverage).toBeLessThanOrEqual(1);
        for (const k of [0, 1]) {
          if (covered.length === 0) {
            expect(dollars[k]).toBeNaN();
            continue;
          }
          const rows = positions.map((_, i) => byPosition[2 * i + k]!).filter((dollar) => !Number.isNaN(dollar));
          expect(rows).toEqual(covered.map(({ marketValue, betas: own }) => marketValue * own![k]!));
          expect(Math.abs(rows.reduce((sum, dollar) => sum + dollar, 0) - dollars[k]!)).toBeLessThanOrEqual(1e-9);
          expect(Math.abs(betas[k]! * equity - dollars[k]!)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(dollars[k]!)));
        }
      }),
    );
  });

  it('leave private and unpriced positions out, and say how much is covered', () => {
    const positions = [
      { marketValue: 3000, betas: Float64Array.of(1.5) },
      { marketValue: -1000, betas: Float64Array.of(2) },
      { marketValue: 4000, betas: null },
      { marketValue: Number.NaN, betas: Float64Array.of(1) },
    ];
    expect(factorExposures(positions, 1, 5000)).toEqual({
      byPosition: Float64Array.of(4500, -2000, Number.NaN, Number.NaN),
      dollars: Float64Array.of(2500),
      betas: Float64Array.of(0.5),
      positionsCovered: 2,
      coverage: 0.5,
    });
  });

  it('of private assets only are not known, those of nothing are 0', () => {
    expect(factorExposures([{ marketValue: 10, betas: null }], 1, 5)).toMatchObject({
      dollars: Float64Array.of(Number.NaN),
      coverage: 0,
    });
    expect(factorExposures([], 1, 5)).toMatchObject({ dollars: Float64Array.of(0), coverage: null });
  });

  it('have no beta where equity is not above 0, and no answer to betas of another number', () => {
    const positions = [{ marketValue: 10, betas: Float64Array.of(1) }];
    expect(factorExposures(positions, 1, 0)).toMatchObject({ dollars: Float64Array.of(10), betas: Float64Array.of(Number.NaN) });
    expect(() => factorExposures(positions, 2, 5)).toThrow(RangeError);
  });
});

function answered(regression: FactorRegression): Extract<FactorRegression, { ok: true }> {
  if (!regression.ok) throw new Error(regression.reason);
  return regression;
}

function largestRatioError(found: ArrayLike<number>, wanted: readonly number[]): number {
  return Math.max(...wanted.map((figure, k) => Math.abs(found[k]! / figure - 1)));
}
