import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { correlationMatrix, pairIndex, pairwiseCorrelations } from './correlation.js';

type Golden = Readonly<Record<'factors' | 'symbols', readonly (readonly (number | null)[])[]>> &
  Readonly<Record<'correlations' | 'overlaps', readonly number[]>>;
const golden = JSON.parse(readFileSync(new URL('./golden/invented-returns.json', import.meta.url), 'utf8')) as Golden;
const series = [...golden.factors, ...golden.symbols].map((values) => Float64Array.from(values, (value) => value ?? Number.NaN));

it('correlations over common sessions are those worked out at 50 digits, to 1e-14', () => {
  const { coefficients, overlaps } = pairwiseCorrelations(series);
  expect(Math.max(...coefficients.map((coefficient, k) => Math.abs(coefficient - golden.correlations[k]!)))).toBeLessThan(1e-14);
  expect([...overlaps]).toEqual(golden.overlaps);
});

it('each pair is what it is alone over the sessions that both have', () => {
  const value = fc.oneof(
    { weight: 12, arbitrary: fc.integer({ min: -99, max: 99 }) },
    { weight: 1, arbitrary: fc.constant(Number.NaN) },
  );
  const anySeries = fc.array(value, { minLength: 35, maxLength: 35 }).map((values) => Float64Array.from(values));
  fc.assert(
    fc.property(fc.array(anySeries, { minLength: 2, maxLength: 9 }), (all) => {
      const { coefficients, overlaps } = pairwiseCorrelations(all);
      for (let i = 0; i < all.length; i++) {
        for (let j = i + 1; j < all.length; j++) {
          const pair = pairIndex(i, j, all.length);
          const common = [...all[i]!.keys()].filter((t) => !Number.isNaN(all[i]![t]! + all[j]![t]!));
          const alone = pairwiseCorrelations([i, j].map((k) => Float64Array.from(common, (t) => all[k]![t]!)));
          expect(overlaps[pair]).toBe(common.length);
          expect(alone.coefficients[0]).toEqual(
            Number.isNaN(coefficients[pair]!) ? Number.NaN : expect.closeTo(coefficients[pair]!, 14),
          );
        }
      }
    }),
    { numRuns: 30 },
  );
});

it('do not depend on scale or level, huge or tiny, and turn sign with a series', () => {
  const [a, b] = [series[0]!, series[3]!];
  const plain = pairwiseCorrelations([a, b]).coefficients[0]!;
  for (const scale of [1e-140, 1e140]) {
    expect(pairwiseCorrelations([a.map((value) => value * scale), b]).coefficients[0]).toBeCloseTo(plain, 13);
  }
  expect(pairwiseCorrelations([a.map((value) => value + 1000), b]).coefficients[0]).toBeCloseTo(plain, 9);
  expect(pairwiseCorrelations([a.map((value) => -value), b]).coefficients[0]).toBeCloseTo(-plain, 15);
});

it('a gap at another place does not touch the other pairs', () => {
  const gapped = series.map((values, k) => (k === 0 ? values.map((value, t) => (t === 50 ? Number.NaN : value)) : values));
  const [before, after] = [pairwiseCorrelations(series), pairwiseCorrelations(gapped)];
  expect(after.coefficients.subarray(series.length - 1)).toEqual(before.coefficients.subarray(series.length - 1));
  expect(after.overlaps[0]).toBe(79);
});

it('a move in the gap of the other leaves no trace, however large', () => {
  const [a, b] = [series[0]!, series[3]!.map((value, t) => (t === 20 ? Number.NaN : value))];
  const wanted = pairwiseCorrelations([a.map((value, t) => (t === 20 ? Number.NaN : value)), b]).coefficients[0]!;
  for (const move of [0.02, 0.5, 1e6]) {
    const moved = a.map((value, t) => (t === 20 ? move : value));
    expect(pairwiseCorrelations([moved, b]).coefficients[0]).toBeCloseTo(wanted, 14);
    expect(pairwiseCorrelations([b, moved]).coefficients[0]).toBeCloseTo(wanted, 14);
  }
  const only = new Float64Array(80).fill(0.1).with(20, 5);
  expect(pairwiseCorrelations([only, b]).coefficients[0]).toBeNaN();
});

it('no overlap of 30, and a series that stands still, give NaN', () => {
  const wave = Float64Array.from({ length: 30 }, (_, t) => Math.sin(t));
  const short = wave.map((value, t) => (t === 0 ? Number.NaN : value));
  const constant = wave.map(() => 0.1);
  const { coefficients, overlaps } = pairwiseCorrelations([wave, wave, short, constant]);
  expect([...coefficients]).toEqual([expect.closeTo(1, 15), Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
  expect([...overlaps]).toEqual([30, 29, 30, 29, 30, 29]);
  expect(pairwiseCorrelations([short, constant], 20).coefficients[0]).toBeNaN();
});

it('the whole matrix has 1 on its diagonal and both triangles', () => {
  const correlations = { size: 3, coefficients: Float64Array.of(0.1, 0.2, Number.NaN), overlaps: new Int32Array(3) };
  expect([...correlationMatrix(correlations)]).toEqual([1, 0.1, 0.2, 0.1, 1, Number.NaN, 0.2, Number.NaN, 1]);
});

it('none and one series have no pairs; lengths that differ are a broken invariant', () => {
  expect(pairwiseCorrelations([]).coefficients).toHaveLength(0);
  expect(pairwiseCorrelations([series[0]!]).coefficients).toHaveLength(0);
  expect(() => pairwiseCorrelations([new Float64Array(3), new Float64Array(4)])).toThrow(RangeError);
});

it('of 500 series over 252 sessions, each with gaps of its own, cost a second of processor time at most, though coverage is counted', () => {
  const many = Array.from({ length: 500 }, (_, i) => {
    const gaps = [(7 * i) % 252, (13 * i + 5) % 252];
    return Float64Array.from({ length: 252 }, (__, t) => (gaps.includes(t) ? Number.NaN : Math.sin(t * (i + 1)) + Math.sin(t)));
  });
  expect(leastMs(() => pairwiseCorrelations(many))).toBeLessThan(1_000);
});

function leastMs(work: () => void): number {
  const runs = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  });
  return Math.min(...runs);
}
