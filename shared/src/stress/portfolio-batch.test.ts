import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ModelFactor } from '../calc/factors.js';
import { priceOption } from '../calc/option-pricing.js';
import type { StressLot, SymbolBetas } from './lot-impacts.js';
import { stressPortfolios, type PackedPortfolios } from './portfolio-batch.js';
import { scenarioMoves } from './scenario-moves.js';
import { STRESS_SCENARIOS } from './scenarios.js';
import { stressTest } from './stress-test.js';

const FACTORS: readonly ModelFactor[] = ['MKT', 'VMG', 'MOM', 'QUA', 'SIZ', 'LOV', 'RAT'];
const COUNT = FACTORS.length;
const covariance = Float64Array.from({ length: COUNT * COUNT }, (_, i) => (i % (COUNT + 1) === 0 ? 1e-4 : 2e-5));
const scenarios = STRESS_SCENARIOS.map((scenario) => scenarioMoves(scenario, { factors: FACTORS, covariance })!);

function pack(books: readonly (readonly StressLot[])[]): PackedPortfolios {
  const linear = books.map((book) => book.filter((lot) => !('terms' in lot)));
  const firstLot = Int32Array.from({ length: books.length + 1 }, (_, p) => linear.slice(0, p).flat().length);
  return {
    firstLot,
    symbolIndex: Int32Array.from(linear.flat(), ({ symbolIndex }) => symbolIndex),
    marketValue: Float64Array.from(linear.flat(), ({ marketValue }) => marketValue),
    options: books.flatMap((book, portfolio) => book.flatMap((lot) => ('terms' in lot ? [{ ...lot, portfolio }] : []))),
  };
}

const symbols = 5;
const beta = fc.double({ min: -4, max: 4, noNaN: true });
const betas: fc.Arbitrary<SymbolBetas> = fc
  .array(fc.oneof({ weight: 30, arbitrary: beta }, fc.constant(NaN)), { minLength: symbols * COUNT, maxLength: symbols * COUNT })
  .map((values) => ({ values: Float64Array.from(values), factorCount: COUNT }));
const symbolIndex = fc.integer({ min: -1, max: symbols - 1 });
const dollars = fc.oneof({ weight: 9, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) }, fc.constant(NaN));
const linear: fc.Arbitrary<StressLot> = fc.record({ symbolIndex, marketValue: dollars });
const option: fc.Arbitrary<StressLot> = fc
  .record({ symbolIndex, units: fc.integer({ min: -500, max: 500 }), strike: fc.double({ min: 50, max: 200, noNaN: true }) })
  .map((lot) => {
    const terms = { type: 'put' as const, spot: 100, strike: lot.strike, years: 0.3, rate: 0.04, volatility: 0.4 };
    const { price, delta } = priceOption(terms);
    return { ...lot, terms, marketValue: lot.units * price, deltaValue: lot.units * delta * terms.spot };
  });
const books = fc.array(fc.array(fc.oneof({ weight: 4, arbitrary: linear }, option), { maxLength: 6 }), { maxLength: 4 });

it('every portfolio of a batch gets the figures it gets alone', () => {
  fc.assert(
    fc.property(books, betas, (all, b) => {
      const batch = stressPortfolios(pack(all), b, scenarios);
      for (const [p, book] of all.entries()) {
        const alone = stressTest(book, 1, b, scenarios);
        const scale = 1e-9 * (1 + book.reduce((gross, { marketValue }) => gross + 10 * (Math.abs(marketValue) || 0), 1e5));
        const near = (a: number | undefined, c: number): void =>
          Number.isNaN(c) ? expect(a).toBeNaN() : expect(Math.abs(a! - c)).toBeLessThanOrEqual(scale);
        near(batch.coverage[p], alone.coverage ?? NaN);
        for (const [s] of scenarios.entries()) {
          const result = alone.results?.[s];
          const place = p * scenarios.length + s;
          for (const side of ['direct', 'correlated'] as const) {
            near(batch[side].total[place], result?.[side]?.total ?? NaN);
            near(batch[side].optionRest[place], result?.[side]?.optionRest ?? NaN);
            near(batch[side].priceFloor[place], result?.[side]?.priceFloor ?? NaN);
          }
          for (let k = 0; k < COUNT; k++) {
            if (result) near(batch.exposures[p * COUNT + k]! * scenarios[s]!.direct[k]!, result.direct.byFactor[k]!);
          }
        }
      }
    }),
    { numRuns: 25 },
  );
});

it('a scenario without correlated moves has direct figures only', () => {
  const book = [[{ symbolIndex: 0, marketValue: 100 }]];
  const spy = { values: Float64Array.of(1, 0, 0, 0, 0, 0, 0), factorCount: COUNT };
  const { direct, correlated } = stressPortfolios(pack(book), spy, [{ ...scenarios[5]!, correlated: null }]);
  expect(direct.total[0]).toBeCloseTo(-10, 12);
  expect(correlated.total[0]).toBeNaN();
});

it('no portfolios, no scenarios and no symbols are all empty answers', () => {
  const none = { values: new Float64Array(0), factorCount: COUNT };
  expect(stressPortfolios(pack([]), none, scenarios).direct.total).toHaveLength(0);
  expect(stressPortfolios(pack([[]]), none, []).direct.total).toHaveLength(0);
  expect([...stressPortfolios(pack([[]]), none, scenarios).direct.total]).toEqual(scenarios.map(() => 0));
  expect(() => stressPortfolios(pack([[{ symbolIndex: 0, marketValue: 1 }]]), none, scenarios)).toThrow(RangeError);
});

it('18 scenarios over 10,000 portfolios of 30 linear lots take a quarter of a second at most, though coverage is counted', () => {
  const lots = 300_000;
  const portfolios: PackedPortfolios = {
    firstLot: Int32Array.from({ length: 10_001 }, (_, p) => p * 30),
    symbolIndex: Int32Array.from({ length: lots }, (_, i) => (i * 7919) % 500),
    marketValue: Float64Array.from({ length: lots }, (_, i) => 1_000 * Math.sin(i)),
    options: [],
  };
  const values = Float64Array.from({ length: 500 * COUNT }, (_, i) => (i % COUNT === 0 ? 1 : 0) + 0.6 * Math.sin(i * 1.7));
  const eighteen = scenarios.filter(({ scenario }) => scenario.category !== 'base_cases');
  // The fastest of several: what the work costs, not what else the machine was doing.
  const times = Array.from({ length: 12 }, () => {
    const start = performance.now();
    stressPortfolios(portfolios, { values, factorCount: COUNT }, eighteen);
    return performance.now() - start;
  });
  expect(Math.min(...times)).toBeLessThanOrEqual(250);
});
