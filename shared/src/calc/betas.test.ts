import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isExtremeBeta, univariateBetas } from './betas.js';
import { regress, type Regression } from './regression.js';

type Golden = Readonly<{
  factors: readonly (readonly number[])[];
  symbols: readonly (readonly (number | null)[])[];
  betas: readonly Readonly<Record<'beta' | 'standardError' | 'rSquared' | 'observations', number>>[];
}>;
const golden = JSON.parse(readFileSync(new URL('./golden/invented-returns.json', import.meta.url), 'utf8')) as Golden;
const present = (values: readonly (number | null)[]) => Float64Array.from(values, (value) => value ?? Number.NaN);

it('betas, their errors and R² are those worked out at 50 digits, to 1e-12', () => {
  const betas = univariateBetas(golden.symbols.map(present), present(golden.factors[0]!));
  golden.betas.forEach((wanted, i) => {
    expect(betas.observations[i]).toBe(wanted.observations);
    expect(betas.beta[i]! / wanted.beta).toBeCloseTo(1, 12);
    expect(betas.standardError[i]! / wanted.standardError).toBeCloseTo(1, 12);
    expect(betas.rSquared[i]! / wanted.rSquared).toBeCloseTo(1, 12);
  });
});

it('a benchmark has beta 1 to itself, error 0, R² 1, to the last digit', () => {
  const market = present(golden.factors[0]!);
  expect(univariateBetas([market], market)).toEqual({
    beta: Float64Array.of(1),
    standardError: Float64Array.of(0),
    rSquared: Float64Array.of(1),
    observations: Int32Array.of(80),
  });
});

it('agree with the regression by QR, whatever the gaps', () => {
  const returns = fc.array(
    fc.oneof({ weight: 9, arbitrary: fc.integer({ min: -99, max: 99 }) }, { weight: 1, arbitrary: fc.constant(Number.NaN) }),
    {
      minLength: 40,
      maxLength: 40,
    },
  );
  fc.assert(
    fc.property(returns, returns, (a, b) => {
      const [x, y] = [Float64Array.from(a), Float64Array.from(b)];
      const { beta, standardError, observations } = univariateBetas([y], x, 3);
      const fit = regress(y, [x]);
      fc.pre(fit.ok);
      expect(beta[0]).toBeCloseTo((fit as Regression).coefficients[0]!, 12);
      expect(standardError[0]).toBeCloseTo((fit as Regression).standardErrors[0]!, 12);
      expect(observations[0]).toBe(fit.observations);
    }),
  );
});

it('fewer than 20 pairs, or a benchmark that stands still, give NaN and the count', () => {
  const wave = Float64Array.from({ length: 20 }, (_, t) => Math.sin(t));
  const gapped = wave.map((value, t) => (t === 7 ? Number.NaN : value));
  expect(univariateBetas([wave, gapped], wave)).toMatchObject({
    beta: Float64Array.of(1, Number.NaN),
    observations: Int32Array.of(20, 19),
  });
  expect(
    univariateBetas(
      [wave],
      wave.map(() => 0.1),
    ).beta[0],
  ).toBeNaN();
  expect(univariateBetas([wave.subarray(0, 2)], wave.subarray(0, 2), 0).beta[0]).toBeNaN();
  expect(univariateBetas([], wave).beta).toHaveLength(0);
  expect(() => univariateBetas([wave], wave.subarray(1))).toThrow(RangeError);
});

it('a series that stands still has beta 0 and no R²', () => {
  const wave = Float64Array.from({ length: 30 }, (_, t) => Math.sin(t));
  const { beta, standardError, rSquared } = univariateBetas([wave.map(() => 0.1)], wave);
  expect([beta[0], standardError[0], rSquared[0]]).toEqual([0, 0, Number.NaN]);
});

it('beyond ±5 is extreme, 5 itself is not', () => {
  expect([5, 5.01, -5.01, Number.NaN].map(isExtremeBeta)).toEqual([false, true, true, false]);
});
