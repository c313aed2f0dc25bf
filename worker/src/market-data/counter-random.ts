// Random numbers that are looked up, not drawn: the n-th number of a stream is a function of its key and n alone, so any stretch of a
// series can be made without what comes before it, in any order, and comes out the same.

/** The key of a stream: every (seed, name) has its own. The name is hashed by FNV-1a. */
export function streamKey(seed: number, name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return scramble(scramble(seed | 0) ^ hash);
}

/** Uniform in (0, 1), both ends excluded. `counter` may be any 32-bit integer, also negative. */
export function uniformAt(key: number, counter: number): number {
  return (wordAt(key, counter) + 0.5) / 2 ** 32;
}

/** Standard normal, by the Box-Muller transform. */
export function normalAt(key: number, counter: number): number {
  const first = wordAt(key, counter);
  const second = scramble(first ^ 0x2545f491) >>> 0;
  return Math.sqrt(-2 * Math.log((first + 0.5) / 2 ** 32)) * Math.cos((2 * Math.PI * (second + 0.5)) / 2 ** 32);
}

/** The counter is scrambled before it meets the key: with a plain sum two streams could be one another, shifted. */
function wordAt(key: number, counter: number): number {
  return scramble(scramble(counter ^ 0x5bf03635) ^ key) >>> 0;
}

/**
 * A bijection of 32-bit integers whose every input bit changes about half of the output: two multiplications between xor-shifts.
 * The shifts and factors are those of the hash known as lowbias32.
 */
function scramble(value: number): number {
  let word = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  word = Math.imul(word ^ (word >>> 15), 0x846ca68b);
  return word ^ (word >>> 16);
}
