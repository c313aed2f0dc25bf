import { expect, it } from 'vitest';
import { readTogether } from './read-together.js';

it('what is asked at the same moment is one read, and each gets its own answer', async () => {
  const reads: (readonly number[])[] = [];
  const double = readTogether(async (keys: readonly number[]) => {
    reads.push(keys);
    return keys.map((key) => key * 2);
  });
  expect(await Promise.all([1, 2, 2].map(double))).toEqual([2, 4, 4]);
  expect(reads).toEqual([[1, 2, 2]]);
});

it('an answer is never older than its question', async () => {
  let stored = 'before';
  const read = readTogether(async (keys: readonly string[]) => {
    const seen = stored;
    await new Promise((resolve) => setImmediate(resolve));
    return keys.map(() => seen);
  });
  const first = read('key');
  await new Promise((resolve) => setImmediate(resolve));
  stored = 'after';
  const second = read('key');
  expect(await Promise.all([first, second])).toEqual(['before', 'after']);
});

it('a read that fails fails for those who asked, and for nobody after them', async () => {
  let isBroken = true;
  const read = readTogether(async (keys: readonly number[]) => {
    if (isBroken) throw new Error('the database is away');
    return keys;
  });
  const outcomes = await Promise.allSettled([read(1), read(2)]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  isBroken = false;
  expect(await read(3)).toBe(3);
});

it('a crowd beyond the limit of a read is answered by several', async () => {
  let reads = 0;
  const same = readTogether(async (keys: readonly number[]) => (reads++, keys));
  const keys = Array.from({ length: 1_200 }, (_, place) => place);
  expect(await Promise.all(keys.map(same))).toEqual(keys);
  expect(reads).toBe(3);
});
