// What a split that nobody told of does to a price.

/** A halving or a doubling, the smallest of the usual splits, with room for what the day itself moved. */
const JUMP_DOWN = 0.515;
const JUMP_UP = 1.94;

/** `change`: a price as a multiple of the one before it, after the splits that are known. */
export function isJump(change: number): boolean {
  return change <= JUMP_DOWN || change >= JUMP_UP;
}
