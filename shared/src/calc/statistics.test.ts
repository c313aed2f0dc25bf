import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { annualizedVolatility, countPresent, mean, standardDeviation } from './statistics.js';

type Certified = Readonly<{ name: string; mean: string; standardDeviation: string }>;
type Golden = Readonly<{
  sets: readonly (Certified & Readonly<{ values: readonly number[] }>)[];
  alternating: readonly (Certified & Readonly<{ first: number; pair: readonly number[] }>)[];
}>;
const golden = JSON.parse(readFileSync(new URL('./golden/nist-univariate.json', import.meta.url), 'utf8')) as Golden;
const sets = [
  ...golden.sets,
  ...golden.alternating.map((set) => ({ ...set, values: [set.first, ...Array.from({ length: 500 }, () => set.pair).flat()] })),
];

/** What the data in float64 still allow: 1000000.1 and its like are not exact. */
const DIGITS_ATTAINABLE: Readonly<Record<string, number>> = { Mavro: 13, NumAcc3: 9.45, NumAcc4: 8.25 };

/** Of the float64 numbers nearest to the data, in exact fractions: 9.457 and 8.253 digits of the certified values, and no method has more. */
const EXACT_IN_FLOAT64 = [
  ['NumAcc3', '0.10000000003492459654809736807114'],
  ['NumAcc4', '0.10000000055879354477361954558556'],
] as const;

describe('NIST reference sets', () => {
  it.each(sets)('$name: mean to 14 digits and standard deviation to what float64 allows', ({ name, values, ...certified }) => {
    expect(digitsRight(mean(values), certified.mean)).toBeGreaterThanOrEqual(14);
    expect(digitsRight(standardDeviation(values), certified.standardDeviation)).toBeGreaterThanOrEqual(
      DIGITS_ATTAINABLE[name] ?? 13.5,
    );
  });
});

it.each(EXACT_IN_FLOAT64)('%s: nothing is lost beyond what the rounding of the data takes', (name, exact) => {
  const { values } = sets.find((set) => set.name === name)!;
  expect(digitsRight(standardDeviation(values), exact)).toBeGreaterThanOrEqual(14);
});

describe('gaps', () => {
  it('are left out and not taken for 0', () => {
    const withGaps = Float64Array.of(Number.NaN, 1, Number.NaN, 3);
    expect(mean(withGaps)).toBe(2);
    expect(standardDeviation(withGaps)).toBe(Math.SQRT2);
    expect(countPresent(withGaps)).toBe(2);
  });
});

describe('too few values', () => {
  it('give null: none for a mean, one for a standard deviation', () => {
    expect(mean([])).toBeNull();
    expect(mean([Number.NaN])).toBeNull();
    expect(standardDeviation([5])).toBeNull();
    expect(standardDeviation([5, Number.NaN])).toBeNull();
  });

  it('give null below 20 returns for a volatility, gaps not counted', () => {
    const returns = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? 0.01 : -0.01));
    expect(annualizedVolatility(returns)).toBeCloseTo(0.01 * Math.sqrt(20 / 19) * Math.sqrt(252), 14);
    expect(annualizedVolatility([...returns.slice(1), Number.NaN])).toBeNull();
    expect(annualizedVolatility(returns.slice(0, 5), 52, 5)).toBeCloseTo(
      Number(standardDeviation(returns.slice(0, 5))) * Math.sqrt(52),
      14,
    );
  });
});

describe('standardDeviation', () => {
  it('of equal values is 0, also where their mean is not exact', () => {
    expect(standardDeviation(Array(7).fill(0.1))).toBe(0);
  });

  it('does not depend on where the values lie', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2 }),
        fc.integer({ min: -1e9, max: 1e9 }),
        (values, shift) => {
          const moved = standardDeviation(values.map((value) => value + shift));
          expect(Math.abs(Number(moved) - Number(standardDeviation(values)))).toBeLessThanOrEqual(1e-9);
        },
      ),
    );
  });
});

/** Correct significant digits, at most 15. */
function digitsRight(actual: number | null, certified: string): number {
  const expected = Number(certified);
  const error = Math.abs(Number(actual) - expected) / Math.abs(expected);
  return error === 0 ? 15 : Math.min(15, -Math.log10(error));
}
