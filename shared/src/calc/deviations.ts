// What correlations, betas and regressions start from: the values present, less their mean.

/**
 * Copies the places where both `x` and `y` have a value (NaN is a gap) to the front of `toX` and `toY`, and returns how many
 * there are. All of one length.
 */
export function gatherPairs(x: Float64Array, y: Float64Array, toX: Float64Array, toY: Float64Array): number {
  let count = 0;
  for (let i = 0; i < x.length; i++) {
    const a = x[i] as number;
    const b = y[i] as number;
    if (a !== a || b !== b) continue;
    toX[count] = a;
    toY[count] = b;
    count += 1;
  }
  return count;
}

/**
 * Takes their mean off the first `count` values, in place, and returns it. In two passes: the second wins back what a long sum
 * loses, so that a constant gives its mean exactly and becomes zeros. No gaps; NaN without a value.
 */
export function centre(values: Float64Array, count: number = values.length): number {
  const rough = averageFrom(values, count, 0);
  const mean = rough + averageFrom(values, count, rough);
  for (let i = 0; i < count; i++) values[i] = (values[i] as number) - mean;
  return mean;
}

function averageFrom(values: Float64Array, count: number, origin: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += (values[i] as number) - origin;
  return sum / count;
}
