import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { propagateShocks } from './propagation.js';

type Golden = Readonly<{
  factors: readonly string[];
  covariance: readonly (readonly number[])[];
  betas: readonly number[];
  scenarios: readonly Readonly<{
    name: string;
    shocks: Readonly<Record<string, number>>;
    moves: readonly number[];
    plausibility: number;
    pnl: number;
  }>[];
}>;
const golden = JSON.parse(readFileSync(new URL('../calc/golden/stress-spread.json', import.meta.url), 'utf8')) as Golden;

describe('propagateShocks', () => {
  it.each(golden.scenarios)(
    'meets the reference moves, distance and P&L of $name to 1e-12',
    ({ shocks, moves, plausibility, pnl }) => {
      const covariance = Float64Array.from(golden.covariance.flat());
      const answer = propagateShocks(
        covariance,
        Float64Array.from(golden.factors, (factor) => shocks[factor] ?? Number.NaN),
      )!;
      for (const [k, move] of moves.entries()) expect(Math.abs(answer.moves[k]! - move)).toBeLessThanOrEqual(1e-12);
      expect(Math.abs(answer.plausibility / plausibility - 1)).toBeLessThanOrEqual(1e-12);
      expect(Math.abs(dot(golden.betas, answer.moves) - pnl)).toBeLessThanOrEqual(1e-12);
    },
  );

  it('leaves every factor where it is when nothing is shocked', () => {
    const covariance = Float64Array.of(4e-4, 1e-4, 1e-4, 9e-4);
    expect(propagateShocks(covariance, Float64Array.of(NaN, NaN))).toEqual({ moves: Float64Array.of(0, 0), plausibility: 0 });
    expect(propagateShocks(new Float64Array(0), new Float64Array(0))).toEqual({ moves: new Float64Array(0), plausibility: 0 });
  });

  it('gives no answer where the shocked factors move as one, one never moves, or the covariance is missing', () => {
    const asOne = Float64Array.of(4e-4, 4e-4, 0, 4e-4, 4e-4, 0, 0, 0, 0);
    expect(propagateShocks(asOne, Float64Array.of(-0.1, 0.1, NaN))).toBeNull();
    expect(propagateShocks(asOne, Float64Array.of(NaN, NaN, 0.1))).toBeNull();
    expect(propagateShocks(new Float64Array(9).fill(NaN), Float64Array.of(0.1, NaN, NaN))).toBeNull();
    expect(propagateShocks(asOne, Float64Array.of(-0.1, NaN, NaN))!.moves).toEqual(Float64Array.of(-0.1, -0.1, 0));
  });

  it('counts standard deviations of a month: one daily deviation times √21 is 1', () => {
    expect(propagateShocks(Float64Array.of(1e-4), Float64Array.of(0.01 * Math.sqrt(21)))!.plausibility).toBeCloseTo(1, 14);
    expect(propagateShocks(Float64Array.of(1e-4), Float64Array.of(-0.01 * Math.sqrt(21)))!.plausibility).toBeCloseTo(1, 14);
  });

  it('refuses a covariance of another size', () => {
    expect(() => propagateShocks(new Float64Array(4), new Float64Array(3))).toThrow(RangeError);
  });
});

describe('for any covariance', () => {
  const order = 5;
  const entry = fc.double({ min: -1, max: 1, noNaN: true });
  const square = fc.array(entry, { minLength: order * order, maxLength: order * order });
  const vector = fc.array(entry, { minLength: order, maxLength: order });
  /** A·Aᵀ + I, in the size of daily variances. */
  const covariances = square.map((a) => scale(multiply(a, transpose(a), 1), 1e-4));

  it('one shocked factor k moves a book by b_k × shock with b_k = β′S·k / S_kk', () => {
    fc.assert(
      fc.property(
        covariances,
        vector,
        fc.nat(order - 1),
        fc.double({ min: -0.5, max: 0.5, noNaN: true }),
        (s, beta, k, shock) => {
          const { moves } = propagateShocks(s, unit(k, shock))!;
          const betaAlone = beta.reduce((sum, b, i) => sum + b * s[i * order + k]!, 0) / s[k * order + k]!;
          expect(Math.abs(dot(beta, moves) - betaAlone * shock)).toBeLessThanOrEqual(1e-12);
        },
      ),
    );
  });

  it('moves are linear in the shocks, and shocked factors move as given', () => {
    fc.assert(
      fc.property(covariances, entry, entry, entry, (s, a, b, c) => {
        const move = (x: number, y: number): Float64Array => propagateShocks(s, Float64Array.of(x, NaN, y, NaN, NaN))!.moves;
        const [one, two, both] = [move(a, b), move(c, a), move(a + 2 * c, b + 2 * a)];
        expect(one[0]).toBe(a);
        expect(one[2]).toBe(b);
        for (const [k, value] of both.entries()) expect(value).toBeCloseTo(one[k]! + 2 * two[k]!, 10);
      }),
    );
  });

  it('with every factor shocked nothing else moves', () => {
    fc.assert(
      fc.property(covariances, vector, (s, shocks) => {
        expect([...propagateShocks(s, Float64Array.from(shocks))!.moves]).toEqual(shocks);
      }),
    );
  });

  it('the P&L and the distance are the same in another basis of the shocked and of the other factors', () => {
    fc.assert(
      fc.property(covariances, vector, square, entry, entry, (s, beta, mix, x, y) => {
        // Factors 0 and 1 are shocked; rows 2 to 4 of A may take from all, rows 0 and 1 only from the shocked. 6·I makes A invertible.
        const a = mix.map((m, i) => {
          const [row, column] = [Math.floor(i / order), i % order];
          if (row < 2 && column >= 2) return 0;
          return row === column ? m + 6 : m;
        });
        const shocks = Float64Array.of(x * a[0]! + y * a[1]!, x * a[order]! + y * a[order + 1]!, NaN, NaN, NaN);
        const before = propagateShocks(s, Float64Array.of(x, y, NaN, NaN, NaN))!;
        const after = propagateShocks(multiply(multiply(a, s), transpose(a)), shocks)!;
        const betaAfter = solve(transpose(a), beta);
        expect(Math.abs(dot(betaAfter, after.moves) - dot(beta, before.moves))).toBeLessThanOrEqual(1e-11);
        expect(Math.abs(after.plausibility - before.plausibility)).toBeLessThanOrEqual(1e-10 * (1 + before.plausibility));
      }),
    );
  });

  it('units do not matter: factors scaled by up to 1e6 give moves scaled alike', () => {
    fc.assert(
      fc.property(
        covariances,
        entry,
        fc.array(fc.integer({ min: -6, max: 6 }), { minLength: order, maxLength: order }),
        (s, x, tens) => {
          const units = tens.map((n) => 10 ** n);
          const scaled = s.map((value, i) => value * units[Math.floor(i / order)]! * units[i % order]!);
          const before = propagateShocks(s, unit(0, x))!;
          const after = propagateShocks(scaled, unit(0, x * units[0]!))!;
          for (const [k, move] of after.moves.entries()) expect(move / units[k]!).toBeCloseTo(before.moves[k]!, 12);
          expect(after.plausibility).toBeCloseTo(before.plausibility, 10);
        },
      ),
    );
  });

  function unit(k: number, shock: number): Float64Array {
    return Float64Array.from({ length: order }, (_, i) => (i === k ? shock : NaN));
  }

  function multiply(a: ArrayLike<number>, b: ArrayLike<number>, onDiagonal = 0): Float64Array {
    return Float64Array.from({ length: order * order }, (_, i) => {
      const [row, column] = [Math.floor(i / order), i % order];
      let sum = row === column ? onDiagonal : 0;
      for (let k = 0; k < order; k++) sum += a[row * order + k]! * b[k * order + column]!;
      return sum;
    });
  }

  function transpose(a: ArrayLike<number>): Float64Array {
    return Float64Array.from({ length: order * order }, (_, i) => a[(i % order) * order + Math.floor(i / order)]!);
  }

  function scale(a: Float64Array, by: number): Float64Array {
    return a.map((value) => value * by);
  }

  /** Gauss–Jordan without pivoting: the diagonal dominates. */
  function solve(a: Float64Array, right: readonly number[]): Float64Array {
    const rows = right.map((value, i) => [...a.subarray(i * order, (i + 1) * order), value]);
    for (let k = 0; k < order; k++) {
      const pivot = rows[k]!.map((value) => value / rows[k]![k]!);
      for (let i = 0; i < order; i++) {
        const by = rows[i]![k]!;
        rows[i] = i === k ? pivot : rows[i]!.map((value, j) => value - by * pivot[j]!);
      }
    }
    return Float64Array.from(rows, (row) => row[order]!);
  }
});

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
