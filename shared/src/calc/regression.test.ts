import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { regress, regressEach, type NoRegression, type Regression } from './regression.js';

type Certified = Readonly<{
  name: string;
  intercept: boolean;
  /** Above 1: the columns are x to the power of 1, 2, … */
  powers: number;
  coefficients: readonly number[];
  standardErrors: readonly number[];
  residualStandardError: number;
  rSquared: number;
  /** y, x1, x2, … */
  data: readonly (readonly number[])[];
}>;
const { sets } = JSON.parse(readFileSync(new URL('./golden/nist-linear.json', import.meta.url), 'utf8')) as {
  sets: readonly Certified[];
};

/** Digits of coefficients, standard errors and residual error. The sets that have fewer are made so that rounding the data takes the rest. */
const DIGITS: Readonly<Record<string, readonly [number, number]>> = {
  Norris: [12.5, 12.5],
  Pontius: [11, 12],
  Filip: [7.5, 7],
  Longley: [12.5, 13.5],
  Wampler1: [9.5, 9],
  Wampler2: [12.5, 13.5],
  Wampler3: [8.5, 13],
  Wampler4: [7.5, 13],
  Wampler5: [5.5, 13],
};

describe('NIST linear sets', () => {
  it.each(sets)('$name has the digits that its data allow', ({ name, ...set }) => {
    const y = Float64Array.from(set.data, (row) => row[0]!);
    const fit = regress(y, columnsOf(set), { intercept: set.intercept, conditionMax: Infinity }) as Regression;
    const [coefficientDigits, errorDigits] = DIGITS[name] ?? [14, 14];
    const { intercept } = fit;
    const coefficients = [...(intercept ? [intercept.coefficient] : []), ...fit.coefficients];
    const standardErrors = [...(intercept ? [intercept.standardError] : []), ...fit.standardErrors];
    expect(fewestDigits(coefficients, set.coefficients)).toBeGreaterThanOrEqual(coefficientDigits);
    expect(fewestDigits(standardErrors, set.standardErrors)).toBeGreaterThanOrEqual(errorDigits);
    expect(fewestDigits([fit.residualStandardError], [set.residualStandardError])).toBeGreaterThanOrEqual(errorDigits);
    expect(fewestDigits([fit.rSquared!], [set.rSquared])).toBeGreaterThanOrEqual(10);
  });

  it('Filip is refused unless its condition is asked for', () => {
    const filip = sets.find(({ name }) => name === 'Filip')!;
    const refused = regress(
      Float64Array.from(filip.data, (row) => row[0]!),
      columnsOf(filip),
    );
    expect(refused).toMatchObject({ ok: false, reason: 'ill_conditioned', observations: 82 });
    expect((refused as NoRegression).conditionNumber).toBeGreaterThan(1e8);
  });
});

/** Two columns, a response, and a factor to scale them by. */
const anyProblem = fc.record({
  rows: fc.array(fc.tuple(number(), number(), number()), { minLength: 8, maxLength: 40 }),
  scale: fc.constantFrom(1e-150, 1e-8, 3, 1e150),
});

describe('properties', () => {
  it('a response made of the columns gives their weights back, residual 0', () => {
    fc.assert(
      fc.property(anyProblem, ({ rows }) => {
        const columns = [0, 1].map((k) => Float64Array.from(rows, (row) => row[k]!));
        const response = Float64Array.from(rows, ([a, b]) => 0.25 + 2 * a - 3 * b);
        const fit = regress(response, columns, { conditionMax: 1e3 });
        fc.pre(fit.ok);
        expect(fit.coefficients[0]).toBeCloseTo(2, 10);
        expect(fit.coefficients[1]).toBeCloseTo(-3, 10);
        expect(fit.intercept!.coefficient).toBeCloseTo(0.25, 10);
        expect(fit.residualStandardError).toBeLessThan(1e-10);
      }),
    );
  });

  it('what is left over is orthogonal to every column and sums to 0', () => {
    fc.assert(
      fc.property(anyProblem, ({ rows }) => {
        const [a, b, y] = [0, 1, 2].map((k) => Float64Array.from(rows, (row) => row[k]!)) as [
          Float64Array,
          Float64Array,
          Float64Array,
        ];
        const fit = regress(y, [a, b], { conditionMax: 1e3 });
        fc.pre(fit.ok);
        const left = y.map(
          (value, t) => value - fit.intercept!.coefficient - fit.coefficients[0]! * a[t]! - fit.coefficients[1]! * b[t]!,
        );
        for (const column of [a, b, a.map(() => 1)]) {
          expect(Math.abs(left.reduce((sum, value, t) => sum + value * column[t]!, 0))).toBeLessThan(1e-9);
        }
        expect(Math.sqrt(left.reduce((sum, value) => sum + value * value, 0) / fit.degreesOfFreedom)).toBeCloseTo(
          fit.residualStandardError,
          10,
        );
      }),
    );
  });

  it('units change the figures by their scale alone, huge and tiny ones too', () => {
    fc.assert(
      fc.property(anyProblem, ({ rows, scale }) => {
        const [a, b, y] = [0, 1, 2].map((k) => Float64Array.from(rows, (row) => row[k]!)) as [
          Float64Array,
          Float64Array,
          Float64Array,
        ];
        const plain = regress(y, [a, b], { conditionMax: 1e3 });
        fc.pre(plain.ok && plain.rSquared !== null && plain.residualStandardError > 1e-6);
        const scaled = regress(
          y.map((value) => value * scale),
          [a.map((value) => value / scale), b],
        ) as Regression;
        expect(scaled.tStatistics[0]! - plain.tStatistics[0]!).toBeCloseTo(0, 6);
        expect(scaled.coefficients[1]! / scale).toBeCloseTo(plain.coefficients[1]!, 8);
        expect(scaled.rSquared).toBeCloseTo(plain.rSquared, 10);
        expect(scaled.conditionNumber / plain.conditionNumber).toBeCloseTo(1, 8);
        expect(scaled.varianceInflation[1]).toBeCloseTo(plain.varianceInflation[1]!, 6);
      }),
    );
  });

  it('many at once, gaps and all, are each what they are alone', () => {
    const gap = fc.array(fc.oneof({ weight: 9, arbitrary: number() }, { weight: 1, arbitrary: fc.constant(Number.NaN) }), {
      minLength: 30,
      maxLength: 30,
    });
    fc.assert(
      fc.property(fc.array(gap, { minLength: 1, maxLength: 6 }), gap, gap, (responses, a, b) => {
        const columns = [Float64Array.from(a), Float64Array.from(b)];
        const arrays = [...responses, ...responses].map((values) => Float64Array.from(values));
        const together = regressEach(arrays, columns, { observationsMin: 15 });
        expect(together).toEqual(arrays.map((response) => regress(response, columns, { observationsMin: 15 })));
      }),
    );
  });

  it('a gap is as if the row were not there', () => {
    const [x, y] = [line(12, (t) => Math.sin(t)), line(12, (t) => Math.cos(3 * t))];
    const gapped = y.map((value, t) => (t === 4 ? Number.NaN : value));
    const without = (values: Float64Array) => values.filter((_, t) => t !== 4);
    expect(regress(gapped, [x])).toEqual(regress(without(y), [without(x)]));
  });
});

describe('no answer', () => {
  it('comes with too few rows: below the least asked, or none left over', () => {
    const x = line(5, (t) => t * t);
    expect(regress(x, [x], { observationsMin: 6 })).toEqual({
      ok: false,
      reason: 'insufficient_observations',
      observations: 5,
      conditionNumber: null,
    });
    expect(regress(x.subarray(0, 2), [x.subarray(0, 2)])).toMatchObject({ ok: false, observations: 2 });
    expect(regress(x.subarray(0, 2), [x.subarray(0, 2)], { intercept: false })).toMatchObject({ ok: true, degreesOfFreedom: 1 });
    expect(regress(new Float64Array(0), [new Float64Array(0)])).toMatchObject({ ok: false, observations: 0 });
  });

  it('comes with a column that stands still or repeats another', () => {
    const x = line(20, (t) => Math.sin(t));
    const constant = x.map(() => 0.1);
    expect(regress(x, [constant])).toMatchObject({ ok: false, reason: 'ill_conditioned', conditionNumber: Infinity });
    expect(regress(x, [x, x.map((value) => 3 * value + 0.1)])).toMatchObject({ ok: false, reason: 'ill_conditioned' });
  });
});

it('a response that stands still has betas of 0 and nothing to explain', () => {
  const fit = regress(
    line(20, () => 0.1),
    [line(20, (t) => Math.sin(t))],
  ) as Regression;
  expect(fit).toMatchObject({
    rSquared: null,
    residualStandardError: 0,
    intercept: { coefficient: 0.1, tStatistic: Number.NaN },
  });
  expect(Array.from(fit.coefficients, Math.abs)).toEqual([0]);
  expect(fit.tStatistics).toEqual(Float64Array.of(Number.NaN));
});

it('lengths that differ and a regression on nothing are broken invariants', () => {
  expect(() => regress(new Float64Array(3), [new Float64Array(4)])).toThrow(RangeError);
  expect(() => regress(new Float64Array(3), [new Float64Array(3), new Float64Array(4)])).toThrow(RangeError);
  expect(() => regress(new Float64Array(3), [])).toThrow(RangeError);
});

function columnsOf({ powers, data }: Pick<Certified, 'powers' | 'data'>): readonly Float64Array[] {
  if (powers > 1) return Array.from({ length: powers }, (_, k) => Float64Array.from(data, (row) => row[1]! ** (k + 1)));
  return Array.from({ length: data[0]!.length - 1 }, (_, k) => Float64Array.from(data, (row) => row[k + 1]!));
}

/** Of figures certified as 0, the digits before the first that is not. */
function fewestDigits(figures: readonly number[], certified: readonly number[]): number {
  const errors = figures.map((figure, k) => (certified[k] === 0 ? Math.abs(figure) : Math.abs(figure / certified[k]! - 1)));
  expect(figures).toHaveLength(certified.length);
  return -Math.log10(Math.max(1e-17, ...errors));
}

function number(): fc.Arbitrary<number> {
  return fc.integer({ min: -1000, max: 1000 }).map((value) => value / 1000);
}

function line(length: number, value: (t: number) => number): Float64Array {
  return Float64Array.from({ length }, (_, t) => value(t));
}
