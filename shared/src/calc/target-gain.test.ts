import { describe, expect, it } from 'vitest';
import { NO_SPLIT } from './exact-value.js';
import { targetGainE4 } from './target-gain.js';

const lot = (quantity: number, multiplier = 1, ratio = NO_SPLIT) => ({
  size: { quantityE8: BigInt(quantity * 1e8), multiplier },
  ratio,
});

describe('the gain at a target price', () => {
  it.each([
    ['10 shares from 150 to 180', [lot(10)], 150, 180, 300],
    ['2 option contracts of 100 from 4 to 5', [lot(2, 100)], 4, 5, 200],
    ['a short of 10 from 50 to 48', [lot(-10)], 50, 48, 20],
    ['a short of 10 from 50 to 60', [lot(-10)], 50, 60, -100],
    ['5 shares that a 2:1 split made 10', [lot(5, 1, { numerator: 2, denominator: 1 })], 20, 21, 10],
    ['two lots of one symbol', [lot(10), lot(-4)], 100, 110, 60],
    ['nothing held', [], 100, 110, 0],
  ])('%s', (_, lots, from, to, dollars) => {
    expect(Number(targetGainE4(lots, from * 1e6, to * 1e6)) / 1e4).toBe(dollars);
  });

  it('is rounded once a lot, half away from zero', () => {
    const tiny = { size: { quantityE8: 50_000n, multiplier: 1 }, ratio: NO_SPLIT };
    expect(targetGainE4([tiny], 0, 100_000)).toBe(1n);
    expect(targetGainE4([tiny], 100_000, 0)).toBe(-1n);
    expect(targetGainE4([tiny], 0, 99_999)).toBe(0n);
  });

  it('is exact where a float is not', () => {
    expect(targetGainE4([lot(999_999_999, 100)], 1, 9_999_999_999_999)).toBe(9_999_999_989_998_000_000_002n);
  });
});
