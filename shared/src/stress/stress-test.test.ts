import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelFactor } from '../calc/factors.js';
import { optionPrice, priceOption, type PricedOption } from '../calc/option-pricing.js';
import { lotImpacts, type LinearLot, type OptionLot, type StressLot } from './lot-impacts.js';
import { scenarioMoves, type ScenarioMoves } from './scenario-moves.js';
import { STRESS_SCENARIOS } from './scenarios.js';
import { stressTest } from './stress-test.js';

const FACTORS: readonly ModelFactor[] = ['MKT', 'VMG', 'MOM', 'QUA', 'SIZ', 'LOV', 'RAT'];
const COUNT = FACTORS.length;
/** Each factor correlated with the market, each in its own size. */
const covariance = Float64Array.from({ length: COUNT * COUNT }, (_, i) => {
  const [row, column] = [Math.floor(i / COUNT), i % COUNT];
  const deviation = (k: number): number => 0.012 / (k + 1);
  return deviation(row) * deviation(column) * (row === column ? 1 : -0.3 + 0.1 * ((row * column) % 5));
});
const scenarios = STRESS_SCENARIOS.map((scenario) => scenarioMoves(scenario, { factors: FACTORS, covariance })!);
const inScenario = (id: string): ScenarioMoves => scenarios.find(({ scenario }) => scenario.id === id)!;
const betasOf = (...rows: readonly (readonly number[])[]) => ({
  values: Float64Array.from(rows.flatMap((row) => FACTORS.map((_, k) => row[k] ?? 0))),
  factorCount: COUNT,
});
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

const put: PricedOption = { type: 'put', spot: 100, strike: 100, years: 0.25, rate: 0.045, volatility: 0.2 };
const optionLot = (terms: PricedOption, units: number, symbolIndex = 0): OptionLot => {
  const { price, delta } = priceOption(terms);
  return { symbolIndex, units, terms, marketValue: units * price, deltaValue: units * delta * terms.spot };
};

describe('stressTest', () => {
  it.each([
    ['market_down_10', -10],
    ['market_crash_35', -35],
    ['market_up_5', 5],
  ])('a book of SPY only moves like SPY in %s: %d %%, direct and correlated', (id, percentage) => {
    const { results, coverage } = stressTest([{ symbolIndex: 0, marketValue: 250_000 }], 250_000, betasOf([1]), [inScenario(id)]);
    const [{ direct, correlated, effect, percentage: shown, newPortfolioValue }] = results as [NonNullable<typeof results>[0]];
    expect(direct.total).toBeCloseTo(2_500 * percentage, 8);
    expect(correlated!.total).toBeCloseTo(2_500 * percentage, 8);
    expect(effect).toBe(0);
    expect(shown).toBeCloseTo(percentage, 12);
    expect(newPortfolioValue).toBeCloseTo(250_000 + 2_500 * percentage, 8);
    expect(coverage).toBe(1);
  });

  it('one shocked factor: correlated P&L is b_k × shock × value with b_k = β′S·k / S_kk, to 1e-9', () => {
    const beta = [0.8, 0.3, -0.2, 0.1, 0.4, -0.3, 0.2];
    for (const [id, k] of [
      ['market_down_10', 0],
      ['value_rotation_20', 1],
      ['small_cap_outperformance_10', 4],
      ['rates_up_100bp', 6],
    ] as const) {
      const [{ correlated }] = stressTest([{ symbolIndex: 0, marketValue: 1 }], 1, betasOf(beta), [inScenario(id)])
        .results as never as [{ correlated: { total: number } }];
      const betaAlone = sum(beta.map((b, i) => b * covariance[i * COUNT + k]!)) / covariance[k * COUNT + k]!;
      expect(Math.abs(correlated.total - betaAlone * inScenario(id).direct[k]!), id).toBeLessThanOrEqual(1e-9);
    }
  });

  it('counts what it leaves out: no betas, no price, a row with a gap', () => {
    const lots: readonly StressLot[] = [
      { symbolIndex: 0, marketValue: 60 },
      { symbolIndex: -1, marketValue: -30 },
      { symbolIndex: 1, marketValue: 10 },
      { symbolIndex: 0, marketValue: NaN },
      { ...optionLot(put, 1), deltaValue: NaN, marketValue: 0 },
    ];
    const test = stressTest(lots, 100, betasOf([1], [1, NaN]), [inScenario('market_down_10')]);
    expect(test).toMatchObject({ coverage: 0.6, lotsUncovered: 4 });
    expect(test.results![0]!.direct.byLot).toEqual(Float64Array.of(-6, NaN, NaN, NaN, NaN));
    expect(test.results![0]!.percentage).toBeCloseTo(-6, 12);
  });

  it('shows no figure where lots are held and none is covered, and 0 where there is nothing to lose', () => {
    const privateOnly = [{ symbolIndex: -1, marketValue: 5_000 }];
    expect(stressTest(privateOnly, 5_000, betasOf(), scenarios)).toEqual({ coverage: 0, lotsUncovered: 1, results: null });
    const cashOnly = stressTest([], 10_000, betasOf(), [inScenario('market_down_10')]);
    expect(cashOnly).toMatchObject({ coverage: null, lotsUncovered: 0 });
    expect(cashOnly.results![0]).toMatchObject({ percentage: 0, newPortfolioValue: 10_000 });
  });

  it('a private lot with a proxy beta moves by it', () => {
    const { results } = stressTest([{ symbolIndex: 0, marketValue: 1_000 }], 1_000, betasOf([0.5]), [
      inScenario('market_down_10'),
    ]);
    expect(results![0]!.direct.total).toBeCloseTo(-50, 12);
  });

  it('has no percentage of an equity that is not above 0, and no correlated figure without correlated moves', () => {
    const lots = [{ symbolIndex: 0, marketValue: 100 }];
    expect(stressTest(lots, 0, betasOf([1]), scenarios).results![0]!.percentage).toBeNull();
    const moves = { ...inScenario('market_down_10'), correlated: null };
    expect(stressTest(lots, 100, betasOf([1]), [moves]).results![0]).toMatchObject({
      correlated: null,
      effect: null,
      percentage: null,
      newPortfolioValue: null,
    });
  });

  it('refuses a symbol beyond the betas', () => {
    expect(() => stressTest([{ symbolIndex: 1, marketValue: 1 }], 1, betasOf([1]), scenarios)).toThrow(RangeError);
  });
});

describe('an option', () => {
  const crash = Float64Array.of(-0.35, 0, 0, 0, 0, 0, 0);

  it('is revalued in full: the covered put gains what the model says at the new spot and volatility', () => {
    const lot = optionLot(put, 200);
    const impact = lotImpacts([lot], betasOf([1.2]), crash, 2);
    const truth = 200 * (optionPrice({ ...put, spot: 58, volatility: 0.4 }) - optionPrice(put));
    expect(impact.total).toBeCloseTo(truth, 9);
    expect(impact.byFactor[0]! + impact.optionRest).toBeCloseTo(truth, 9);
    expect(impact.byFactor[0]).toBeCloseTo(lot.deltaValue * 1.2 * -0.35, 9);
    expect(impact.priceFloor).toBe(0);
  });

  it('on an underlying that falls to zero is worth the discounted strike or nothing', () => {
    const rout = Float64Array.of(-0.6, 0, 0, 0, 0, 0, 0);
    const call = optionLot({ ...put, type: 'call' }, 100);
    expect(lotImpacts([call], betasOf([2]), rout, 1).total).toBe(-call.marketValue);
    const held = optionLot(put, 100);
    const { total, priceFloor } = lotImpacts([held], betasOf([2]), rout, 1);
    expect(total).toBeCloseTo(100 * (100 * Math.exp(-0.045 * 0.25)) - held.marketValue, 9);
    expect(priceFloor).toBe(0);
  });

  it('marked below the model never loses more than its mark, nor does a short one gain more', () => {
    const call = optionLot({ ...put, type: 'call' }, 100);
    const cheap = { ...call, marketValue: call.marketValue / 2 };
    expect(lotImpacts([cheap], betasOf([1]), crash, 1).total).toBe(-cheap.marketValue);
    const short = { ...cheap, units: -100, marketValue: -cheap.marketValue, deltaValue: -cheap.deltaValue };
    expect(lotImpacts([short], betasOf([1]), crash, 1).total).toBe(cheap.marketValue);
  });
});

describe('for any book', () => {
  const number = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true });
  const symbols = 4;
  const betas = fc
    .array(number(-4, 4), { minLength: symbols * COUNT, maxLength: symbols * COUNT })
    .map((values) => ({ values: Float64Array.from(values), factorCount: COUNT }));
  const moves = (size: number): fc.Arbitrary<Float64Array> =>
    fc.array(number(-size, size), { minLength: COUNT, maxLength: COUNT }).map((values) => Float64Array.from(values));
  const linearLot: fc.Arbitrary<LinearLot> = fc.record({ symbolIndex: fc.nat(symbols - 1), marketValue: number(-1e6, 1e6) });
  const terms: fc.Arbitrary<PricedOption> = fc.record({
    type: fc.constantFrom('call' as const, 'put' as const),
    spot: number(1, 500),
    strike: number(1, 500),
    years: number(-0.1, 2),
    rate: number(-0.01, 0.1),
    dividendYield: number(0, 0.05),
    volatility: number(0.05, 1.5),
  });
  const option = fc
    .tuple(terms, fc.integer({ min: -100, max: 100 }), fc.nat(symbols - 1))
    .map(([one, contracts, symbolIndex]) => optionLot(one, contracts * 100, symbolIndex));
  const lots = fc.array(fc.oneof(linearLot, option), { maxLength: 8 });
  const tolerance = (book: readonly StressLot[]): number =>
    1e-9 * (1 + sum(book.map((lot) => Math.abs(lot.marketValue) + ('terms' in lot ? Math.abs(lot.deltaValue) : 0))));

  it('impacts add up over positions and by factor', () => {
    fc.assert(
      fc.property(lots, betas, moves(0.6), number(0.5, 3), (book, b, f, vol) => {
        const { total, byFactor, optionRest, priceFloor, byLot } = lotImpacts(book, b, f, vol);
        expect(Math.abs(sum(byLot) - total)).toBeLessThanOrEqual(tolerance(book));
        expect(Math.abs(sum(byFactor) + optionRest + priceFloor - total)).toBeLessThanOrEqual(tolerance(book));
        const apart = sum(book.map((lot) => lotImpacts([lot], b, f, vol).total));
        expect(Math.abs(apart - total)).toBeLessThanOrEqual(tolerance(book));
      }),
    );
  });

  it('linear lots are linear in the moves where no floor binds', () => {
    fc.assert(
      fc.property(fc.array(linearLot, { maxLength: 8 }), betas, moves(0.01), moves(0.01), (book, b, f, g) => {
        const impact = (x: Float64Array): number => lotImpacts(book, b, x, 1).total;
        const both = f.map((move, k) => 2 * move - g[k]!);
        expect(Math.abs(impact(both) - (2 * impact(f) - impact(g)))).toBeLessThanOrEqual(tolerance(book));
        expect(lotImpacts(book, b, both, 1).priceFloor).toBe(0);
      }),
    );
  });

  it('a long option never loses more than its value, a short one never gains more', () => {
    fc.assert(
      fc.property(option, betas, moves(0.6), number(0.1, 3), number(0.3, 3), (lot, b, f, vol, markFactor) => {
        const marked = { ...lot, marketValue: lot.marketValue * markFactor };
        const { total } = lotImpacts([marked], b, f, vol);
        if (lot.units >= 0) expect(total).toBeGreaterThanOrEqual(-marked.marketValue);
        else expect(total).toBeLessThanOrEqual(-marked.marketValue);
      }),
    );
  });

  it('a long book without leverage never loses more than its value, and the floor shows what it held back', () => {
    const long = fc.array(fc.oneof(linearLot, option), { minLength: 1, maxLength: 8 }).map((book) =>
      book.map((lot): StressLot => {
        if ('terms' in lot) return optionLot(lot.terms, Math.abs(lot.units), lot.symbolIndex);
        return { ...lot, marketValue: Math.abs(lot.marketValue) };
      }),
    );
    fc.assert(
      fc.property(long, betas, moves(0.9), (book, b, f) => {
        const { total, priceFloor } = lotImpacts(book, b, f, 1);
        expect(total).toBeGreaterThanOrEqual(-sum(book.map(({ marketValue }) => marketValue)) * (1 + 1e-12));
        expect(priceFloor).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('direct and correlated are the same where every factor is shocked', () => {
    const all = {
      ...STRESS_SCENARIOS[0]!,
      shocks: { MKT: -0.2, VMG: 0.1, MOM: 0.02, QUA: 0.03, SIZ: -0.05, LOV: 0.06 },
      yieldChange: 0.01,
    };
    const moved = scenarioMoves(all, { factors: FACTORS, covariance })!;
    fc.assert(
      fc.property(lots, betas, (book, b) => {
        expect(stressTest(book, 1, b, [moved]).results?.[0]?.effect ?? 0).toBe(0);
      }),
    );
  });
});
