import { describe, expect, test } from 'vitest';
import { normalAt, streamKey, uniformAt } from './counter-random.js';

const KEY = streamKey(7, 'stream');
const COUNTERS = Array.from({ length: 40_000 }, (_, i) => i - 20_000);

describe('numbers by counter', () => {
  test('normals have mean 0, variance 1 and the tails of a normal', () => {
    const values = COUNTERS.map((counter) => normalAt(KEY, counter));
    expect(mean(values)).toBeCloseTo(0, 1);
    expect(mean(values.map((value) => value ** 2))).toBeCloseTo(1, 1);
    expect(mean(values.map((value) => value ** 4))).toBeGreaterThan(2.8);
    expect(mean(values.map((value) => value ** 4))).toBeLessThan(3.2);
  });

  test('uniforms fill the open unit interval evenly', () => {
    const values = COUNTERS.map((counter) => uniformAt(KEY, counter));
    expect(Math.min(...values)).toBeGreaterThan(0);
    expect(Math.max(...values)).toBeLessThan(1);
    const tenths = Array.from({ length: 10 }, (_, tenth) => values.filter((value) => Math.floor(value * 10) === tenth).length);
    for (const count of tenths) expect(Math.abs(count - 4_000)).toBeLessThan(250);
  });

  test('neighbours, streams and seeds are uncorrelated', () => {
    const values = COUNTERS.map((counter) => normalAt(KEY, counter));
    const others = [
      COUNTERS.map((counter) => normalAt(KEY, counter + 1)),
      COUNTERS.map((counter) => normalAt(streamKey(7, 'stream2'), counter)),
      COUNTERS.map((counter) => normalAt(streamKey(8, 'stream'), counter)),
    ];
    for (const other of others) expect(Math.abs(mean(values.map((value, i) => value * (other[i] ?? 0))))).toBeLessThan(0.02);
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
