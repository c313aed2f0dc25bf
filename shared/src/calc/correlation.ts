// Correlation of every pair of many series, each over the sessions where both are present.
import { centre, gatherPairs } from './deviations.js';

const OVERLAP_MIN = 30;

export type Correlations = Readonly<{
  /** How many series. */
  size: number;
  /**
   * Pearson, −1 to 1, the pairs of the upper triangle row by row, as `pairIndex` counts them. NaN: too little overlap, or a
   * series that does not vary.
   */
  coefficients: Float64Array;
  /** Sessions where both of a pair are present. */
  overlaps: Int32Array;
}>;

/** Where the pair of series i < j stands among the pairs of `size` series. */
export function pairIndex(i: number, j: number, size: number): number {
  return (i * (2 * size - i - 1)) / 2 + (j - i - 1);
}

/**
 * Pearson correlation of all pairs of `series`, pairwise complete: each over the sessions where both have a value (NaN is a gap),
 * NaN below `overlapMin` of them. All of one length; throws RangeError otherwise. Each series is standardised once and multiplied
 * with all others; a pair whose gaps differ is corrected for what each has in the gaps of the other, which is exact, or worked
 * out alone where that would cost digits.
 */
export function pairwiseCorrelations(series: readonly Float64Array[], overlapMin: number = OVERLAP_MIN): Correlations {
  const size = series.length;
  const length = series[0]?.length ?? 0;
  if (series.some((values) => values.length !== length)) throw new RangeError('Series to correlate have one length');
  const pairs = (size * (size - 1)) / 2;
  const correlations = { size, coefficients: new Float64Array(pairs), overlaps: new Int32Array(pairs) };
  const rows = new Float64Array(size * length);
  const patterns = new Map<string, Int32Array>();
  const standardised = series.map((values, i) => {
    const scores = rows.subarray(i * length, (i + 1) * length);
    return { values, scores, present: standardise(values, scores), gaps: sharedGaps(values, patterns) };
  });
  multiplyPairs(rows, length, correlations);
  finishPairs(standardised, overlapMin, correlations);
  return correlations;
}

/** The whole matrix, row-major, size × size, with 1 on the diagonal and NaN where a pair has no coefficient. */
export function correlationMatrix({ size, coefficients }: Correlations): Float64Array {
  const matrix = new Float64Array(size * size);
  for (let i = 0, pair = 0; i < size; i++) {
    matrix[i * size + i] = 1;
    for (let j = i + 1; j < size; j++, pair++) {
      matrix[i * size + j] = coefficients[pair] as number;
      matrix[j * size + i] = coefficients[pair] as number;
    }
  }
  return matrix;
}

type Standardised = Readonly<{
  values: Float64Array;
  /** Values less their mean, divided by the root of their squares; 0 in the gaps, NaN throughout when they do not vary. */
  scores: Float64Array;
  /** How many values there are. */
  present: number;
  /** The sessions without one; the same array for series with the same gaps. */
  gaps: Int32Array;
}>;

/** Fills the scores, and returns how many values are present. */
function standardise(values: Float64Array, scores: Float64Array): number {
  const present = values.filter((value) => !Number.isNaN(value));
  centre(present);
  const norm = Math.sqrt(product(present, present, present.length));
  for (let t = 0, place = 0; t < values.length; t++) {
    scores[t] = (Number.isNaN(values[t]) ? 0 : (present[place++] as number)) / norm;
  }
  return present.length;
}

function sharedGaps(values: Float64Array, patterns: Map<string, Int32Array>): Int32Array {
  const gaps: number[] = [];
  for (let t = 0; t < values.length; t++) if (Number.isNaN(values[t])) gaps.push(t);
  const key = gaps.join();
  const shared = patterns.get(key) ?? Int32Array.from(gaps);
  patterns.set(key, shared);
  return shared;
}

/** Products of every pair of rows, one row against four at a time: four sums in flight, and the row read once for all of them. */
function multiplyPairs(rows: Float64Array, length: number, { size, coefficients }: Correlations): void {
  for (let i = 0, pair = 0; i < size; i++) {
    const row = i * length;
    let j = i + 1;
    for (; j + 3 < size; j += 4, pair += 4) {
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (let t = 0, other = j * length; t < length; t++, other++) {
        const value = rows[row + t] as number;
        a += value * (rows[other] as number);
        b += value * (rows[other + length] as number);
        c += value * (rows[other + 2 * length] as number);
        d += value * (rows[other + 3 * length] as number);
      }
      coefficients[pair] = a;
      coefficients[pair + 1] = b;
      coefficients[pair + 2] = c;
      coefficients[pair + 3] = d;
    }
    for (; j < size; j++, pair++) {
      let sum = 0;
      for (let t = 0; t < length; t++) sum += (rows[row + t] as number) * (rows[j * length + t] as number);
      coefficients[pair] = sum;
    }
  }
}

/** Counts overlaps, corrects pairs with different gaps, and takes out what overlaps too little. */
function finishPairs(standardised: readonly Standardised[], overlapMin: number, { coefficients, overlaps }: Correlations): void {
  const lostA = new Float64Array(2);
  const lostB = new Float64Array(2);
  let pair = 0;
  standardised.forEach((a, i) => {
    for (let j = i + 1; j < standardised.length; j++, pair++) {
      const b = standardised[j] as Standardised;
      const isShared = a.gaps === b.gaps;
      const overlap = isShared ? a.present : a.present - lostIn(b.gaps, a, lostA);
      overlaps[pair] = overlap;
      if (overlap < overlapMin) coefficients[pair] = Number.NaN;
      else if (!isShared) {
        lostIn(a.gaps, b, lostB);
        const corrected = correctedFor(coefficients[pair] as number, lostA, lostB, overlap);
        coefficients[pair] = corrected ?? correlationAlone(a.values, b.values);
      }
      // Rounding may end a unit in the last place beyond what a correlation can be; NaN stays.
      coefficients[pair] = Math.max(-1, Math.min(1, coefficients[pair] as number));
    }
  });
}

/** Counts the values that a series has in the gaps of another, and sums their scores and squares into `lost`. */
function lostIn(gaps: Int32Array, { values, scores }: Standardised, lost: Float64Array): number {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let k = 0; k < gaps.length; k++) {
    const t = gaps[k] as number;
    if (Number.isNaN(values[t])) continue;
    const score = scores[t] as number;
    count += 1;
    sum += score;
    squares += score * score;
  }
  lost[0] = sum;
  lost[1] = squares;
  return count;
}

/**
 * The correlation over the common sessions, from the sum of products there and what each series lost: all scores sum to 0 and
 * their squares to 1, so what is left is known. Null when less than half of either's squares is left, since the subtraction would
 * then cost digits.
 */
function correctedFor(products: number, lostA: Float64Array, lostB: Float64Array, overlap: number): number | null {
  const sumA = lostA[0] as number;
  const sumB = lostB[0] as number;
  const squaresA = 1 - (lostA[1] as number) - (sumA * sumA) / overlap;
  const squaresB = 1 - (lostB[1] as number) - (sumB * sumB) / overlap;
  if (!(squaresA >= 0.5 && squaresB >= 0.5)) return null;
  return (products - (sumA * sumB) / overlap) / Math.sqrt(squaresA * squaresB);
}

/** Of the places where both are present, with means of their own; NaN when one of them does not vary there. */
function correlationAlone(a: Float64Array, b: Float64Array): number {
  const x = new Float64Array(a.length);
  const y = new Float64Array(a.length);
  const count = gatherPairs(a, b, x, y);
  centre(x, count);
  centre(y, count);
  return product(x, y, count) / (Math.sqrt(product(x, x, count)) * Math.sqrt(product(y, y, count)));
}

function product(x: Float64Array, y: Float64Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += (x[i] as number) * (y[i] as number);
  return sum;
}
