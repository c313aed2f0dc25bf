import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chiSquareSurvival } from './chi-square.js';
import { quantileOfSorted, sortedPresent } from './quantile.js';
import { backTestValueAtRisk, type LikelihoodRatioTest } from './value-at-risk-backtest.js';
import { historicalTailLoss, normalTailLoss, type Confidence } from './value-at-risk.js';

type Tail = Readonly<{
  confidence: Confidence;
  observations: number;
  valueAtRisk: number;
  expectedShortfall: number;
  normalValueAtRisk: number;
  normalExpectedShortfall: number;
}>;
type BackTest = Readonly<{
  confidence: Confidence;
  sessions: number;
  exceptionsAt: readonly number[];
  unconditionalCoverage: LikelihoodRatioTest;
  independence: LikelihoodRatioTest | null;
  conditionalCoverage: LikelihoodRatioTest | null;
}>;
type Golden = Readonly<{
  chiSquare: readonly Readonly<{ x: number; one: string; two: string }>[];
  returns: readonly number[];
  tails: readonly Tail[];
  backTests: readonly BackTest[];
}>;
const golden = JSON.parse(readFileSync(new URL('./golden/value-at-risk.json', import.meta.url), 'utf8')) as Golden;
const losses = Array.from({ length: 100 }, (_, i) => -i / 1000);

describe('quantileOfSorted', () => {
  it('gives the ends, interpolates between, and has none of nothing', () => {
    expect([0, 0.25, 0.5, 1].map((p) => quantileOfSorted([1, 2, 4], p))).toEqual([1, 1.5, 2, 4]);
    expect(quantileOfSorted([], 0.5)).toBeNull();
    expect([...sortedPresent([10, Number.NaN, -2, 9])]).toEqual([-2, 9, 10]);
  });

  it('refuses what is no probability', () => {
    for (const wrong of [-0.1, 1.1, Number.NaN]) expect(() => quantileOfSorted([1], wrong)).toThrow(RangeError);
  });
});

describe('tail losses', () => {
  it.each(golden.tails)(
    'of $observations returns at $confidence are those of the reference',
    ({ confidence, observations, ...tail }) => {
      const returns = golden.returns.slice(0, observations);
      const historical = historicalTailLoss(returns, confidence);
      const normal = normalTailLoss(returns, confidence);
      expect(historical?.valueAtRisk).toBeCloseTo(tail.valueAtRisk, 14);
      expect(historical?.expectedShortfall).toBeCloseTo(tail.expectedShortfall, 14);
      expect(normal?.valueAtRisk).toBeCloseTo(tail.normalValueAtRisk, 13);
      expect(normal?.expectedShortfall).toBeCloseTo(tail.normalExpectedShortfall, 13);
    },
  );

  it('are positive for losses, below 0 where even the tail gains', () => {
    expect(historicalTailLoss(losses, 0.95)?.valueAtRisk).toBeGreaterThan(0);
    expect(historicalTailLoss(Array(20).fill(0.01), 0.95)).toEqual({ valueAtRisk: -0.01, expectedShortfall: -0.01 });
  });

  it('keep the return that the quantile falls on in the tail', () => {
    const returns = Array.from({ length: 101 }, (_, i) => -i / 100);
    expect(historicalTailLoss(returns, 0.95)?.valueAtRisk).toBe(0.95);
    expect(historicalTailLoss(returns, 0.95)?.expectedShortfall).toBeCloseTo((0.95 + 0.96 + 0.97 + 0.98 + 0.99 + 1) / 6, 14);
  });

  it.each([
    [0.95, 20],
    [0.99, 100],
  ] as const)('at %d need %d returns, gaps not counted', (confidence, observationsMin) => {
    const enough = losses.slice(0, observationsMin);
    const short = [...enough.slice(1), Number.NaN];
    expect([historicalTailLoss(short, confidence), normalTailLoss(short, confidence)]).toEqual([null, null]);
    expect(historicalTailLoss(enough, confidence)).not.toBeNull();
    expect(normalTailLoss(enough, confidence)).not.toBeNull();
  });

  it('grow with confidence, and the shortfall is never below the value at risk', () => {
    const many = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 100, maxLength: 300 });
    fc.assert(
      fc.property(many, (returns) => {
        for (const tailLoss of [historicalTailLoss, normalTailLoss]) {
          const [lower, upper] = [tailLoss(returns, 0.95), tailLoss(returns, 0.99)];
          if (lower === null || upper === null) return expect.fail('null');
          expect(upper.valueAtRisk).toBeGreaterThanOrEqual(lower.valueAtRisk);
          expect(lower.expectedShortfall).toBeGreaterThanOrEqual(lower.valueAtRisk);
          expect(upper.expectedShortfall).toBeGreaterThanOrEqual(upper.valueAtRisk);
        }
      }),
      { numRuns: 50 },
    );
  });
});

it.each(golden.chiSquare)('chiSquareSurvival at $x is right to 12 digits', ({ x, one, two }) => {
  expect(Math.abs(chiSquareSurvival(x, 1) / Number(one) - 1)).toBeLessThanOrEqual(1e-12);
  expect(Math.abs(chiSquareSurvival(x, 2) / Number(two) - 1)).toBeLessThanOrEqual(1e-12);
});

describe('backTestValueAtRisk', () => {
  it.each(golden.backTests)(
    '$sessions sessions at $confidence with exceptions at $exceptionsAt give the statistics of the reference',
    ({ confidence, sessions, exceptionsAt, ...expected }) => {
      const returns = Array.from({ length: sessions }, (_, i) => (exceptionsAt.includes(i) ? -0.03 : 0.01));
      const actual = backTestValueAtRisk(returns, Array(sessions).fill(0.02), confidence);
      expect(actual).toMatchObject({ observations: sessions, exceptions: exceptionsAt.length });
      for (const name of ['unconditionalCoverage', 'independence', 'conditionalCoverage'] as const) {
        expectSameTest(actual?.[name] ?? null, expected[name]);
      }
    },
  );

  it('finds nothing against forecasts that failed exactly as often as they should', () => {
    const returns = Array.from({ length: 200 }, (_, i) => (i % 20 === 7 ? -1 : 0));
    expect(backTestValueAtRisk(returns, Array(200).fill(0.5), 0.95)).toMatchObject({
      exceptions: 10,
      exceptionsExpected: 10,
      unconditionalCoverage: { statistic: 0, pValue: 1 },
    });
  });

  it('takes a loss of just the value at risk for no exception', () => {
    expect(backTestValueAtRisk(Array(20).fill(-0.02), Array(20).fill(0.02), 0.95)?.exceptions).toBe(0);
  });

  it('looks at the last 250 sessions only', () => {
    const returns = [...Array(100).fill(-1), ...Array(250).fill(0)];
    expect(backTestValueAtRisk(returns, Array(350).fill(0.5), 0.99)).toMatchObject({ observations: 250, exceptions: 0 });
  });

  it('leaves out gaps and follows no exception across one', () => {
    const returns = [-1, Number.NaN, -1, ...Array(20).fill(0)];
    const forecasts = [0.5, 0.5, 0.5, Number.NaN, ...Array(19).fill(0.5)];
    expect(backTestValueAtRisk(returns, forecasts, 0.95)).toMatchObject({ observations: 21, exceptions: 2, independence: null });
  });

  it('says nothing about independence when no exception has a next session', () => {
    const returns = [...Array(29).fill(0), -1];
    expect(backTestValueAtRisk(returns, Array(30).fill(0.5), 0.95)).toMatchObject({
      exceptions: 1,
      independence: null,
      conditionalCoverage: null,
    });
  });

  it('needs 20 sessions at 95 % and 100 at 99 %, and forecasts for all of them', () => {
    expect(backTestValueAtRisk(Array(19).fill(0), Array(19).fill(1), 0.95)).toBeNull();
    expect(backTestValueAtRisk(Array(99).fill(0), Array(99).fill(1), 0.99)).toBeNull();
    expect(() => backTestValueAtRisk([0, 0], [1], 0.95)).toThrow(RangeError);
  });
});

function expectSameTest(actual: LikelihoodRatioTest | null, expected: LikelihoodRatioTest | null): void {
  if (actual === null || expected === null) return expect(actual).toBe(expected);
  expect(actual.statistic).toBeCloseTo(expected.statistic, 11);
  expect(actual.pValue).toBeCloseTo(expected.pValue, 12);
}
