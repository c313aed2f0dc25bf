// Returns of single sessions compounded: what one dollar left alone became, whatever was paid in or out on the way.

export type TimeWeightedReturn = Readonly<{
  /** As a fraction, not annualised: 0.1 is 10 %. −1 or less when the money was lost on the way. */
  value: number;
  observations: number;
  /** Places without a return between the first and the last that have one. What happened on them is not in `value`. */
  gaps: number;
}>;

/**
 * `returns` are simple, as fractions, of consecutive sessions, each on the money there was at its start; NaN is a gap, jumped over and
 * counted: more than none means the figure is not of the whole time. Null when there is no return.
 */
export function timeWeightedReturn(returns: ArrayLike<number>): TimeWeightedReturn | null {
  let level = 1;
  let observations = 0;
  let first = -1;
  let last = -1;
  for (let i = 0; i < returns.length; i++) {
    const value = returns[i] as number;
    if (Number.isNaN(value)) continue;
    level = compound(level, value);
    observations += 1;
    if (first < 0) first = i;
    last = i;
  }
  if (observations === 0) return null;
  return { value: level - 1, observations, gaps: last - first + 1 - observations };
}

/** The level of an index after one more return. Once it is 0 or below nothing is left to earn on, and it stays. */
export function compound(level: number, value: number): number {
  return level > 0 ? level * (1 + value) : level;
}
