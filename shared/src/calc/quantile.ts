// Quantiles of a sample, interpolated between its ordered values (type 7 of Hyndman and Fan, 1996).

/** The values present (NaN left out) in ascending order, in a new array. */
export function sortedPresent(values: ArrayLike<number>): Float64Array {
  const present = Float64Array.from(values).filter((value) => !Number.isNaN(value));
  return present.sort();
}

/**
 * The value below which the share `probability` (0 to 1) of the sample lies, in the sample's unit; 0 gives the smallest value and 1 the
 * largest. Null for an empty sample. `sorted` ascends and has no NaN. Throws RangeError for a probability outside 0 to 1.
 */
export function quantileOfSorted(sorted: ArrayLike<number>, probability: number): number | null {
  if (!(probability >= 0 && probability <= 1)) throw new RangeError(`${probability} is no probability`);
  if (sorted.length === 0) return null;
  const place = (sorted.length - 1) * probability;
  const below = Math.floor(place);
  const lower = sorted[below] as number;
  const upper = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return lower + (place - below) * (upper - lower);
}
