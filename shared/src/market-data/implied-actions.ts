// Dividends and splits told from a source that prints raw closes beside adjusted ones: the factor adjusted/raw is constant between
// corporate actions, so every real change of it is one. The whole difficulty is that printed prices are rounded.
import type { CorporateAction } from './provider.js';

/** One symbol, oldest first; the three arrays are parallel. Closes are raw and positive, adjusted closes positive. */
export type AdjustedHistory = Readonly<{
  symbol: string;
  sessionDates: ArrayLike<string>;
  closes: ArrayLike<number>;
  adjustedCloses: ArrayLike<number>;
}>;

/** Something odd about one session of a history. */
export type DatedWarning = Readonly<{ sessionDate: string; message: string }>;

export type ImpliedActions = Readonly<{ actions: readonly CorporateAction[]; warnings: readonly DatedWarning[] }>;

/**
 * The corporate actions behind an adjusted series, oldest first; a split stands before a dividend of the same day.
 * The adjustment is taken to be the usual one, factor before = factor after · (1 − D / C₋) / split, so that D = C₋ · (1 − split · f₋ / f)
 * is the amount paid per share held at the previous close C₋ (the rebuilt ratio is C · split / (C₋ − D)).
 * A change too small to be told from rounding is no action; a factor that falls without a split is a warning, never a negative dividend.
 * The day of an action is the first row that shows it. Throws RangeError when the arrays differ in length.
 */
export function impliedActions(history: AdjustedHistory): ImpliedActions {
  const { symbol, sessionDates, closes, adjustedCloses } = history;
  if (closes.length !== sessionDates.length || adjustedCloses.length !== sessionDates.length) {
    throw new RangeError(`${symbol}: dates, closes and adjusted closes must be of one length`);
  }
  const actions: CorporateAction[] = [];
  const warnings: DatedWarning[] = [];
  const rows: Rows = { closes, adjustedCloses, printUnit: printUnit(adjustedCloses) };
  const runs = factorRuns(rows);
  for (let i = 1; i < runs.length; i += 1) {
    const before = runs[i - 1] as FactorRun;
    const after = runs[i] as FactorRun;
    const exDate = sessionDates[after.first] ?? '';
    const previousClose = at(closes, after.first - 1);
    const split = splitOf(after.factor / before.factor, previousClose / at(closes, after.first));
    if (split !== null) actions.push({ type: 'split', symbol, exDate, ...split });
    const shares = split === null ? 1 : split.numerator / split.denominator;
    const amount = previousClose * (1 - (shares * before.factor) / after.factor);
    if (Math.abs(amount) <= smallestTold(rows, after.first)) continue;
    if (amount > 0) actions.push({ type: 'dividend', symbol, exDate, amount: roundAmount(amount) });
    else
      warnings.push({
        sessionDate: exDate,
        message: `adj_close / close falls as if ${(-amount).toFixed(4)} per share were paid in, which no dividend or split explains`,
      });
  }
  return { actions, warnings };
}

type Rows = Readonly<{ closes: ArrayLike<number>; adjustedCloses: ArrayLike<number>; printUnit: number }>;

/** Rows `first` to `last`, both included, that share one factor. */
type FactorRun = Readonly<{ first: number; last: number; factor: number }>;

/** Raw prices are printed in cents, so no change of less than half a cent per share means anything. */
const CLOSE_HALF_UNIT = 0.005;
/** Beyond the decimals printed, sources keep prices as 32-bit floats. */
const FLOAT32_RELATIVE = 1.2e-7;

/**
 * Runs of one factor. First every row's interval of possible factors (its adjusted close is right to half a printed unit) is intersected
 * with those before it until nothing is left; then neighbours that differ by no more than rounding are joined and estimated anew.
 */
function factorRuns(rows: Rows): readonly FactorRun[] {
  const joined: FactorRun[] = [];
  for (const run of strictRuns(rows)) {
    const before = joined.at(-1);
    if (before === undefined || changeTold(rows, before, run)) joined.push(run);
    else joined[joined.length - 1] = withFactor(rows, before.first, run.last);
  }
  return joined;
}

function strictRuns(rows: Rows): readonly FactorRun[] {
  const runs: FactorRun[] = [];
  const count = rows.closes.length;
  let first = 0;
  let low = 0;
  let high = Infinity;
  for (let row = 0; row < count; row += 1) {
    const close = at(rows.closes, row);
    const adjusted = at(rows.adjustedCloses, row);
    const slack = halfUnit(rows, row);
    const rowLow = (adjusted - slack) / close;
    const rowHigh = (adjusted + slack) / close;
    if (rowLow > high || rowHigh < low) {
      runs.push(withFactor(rows, first, row - 1));
      first = row;
      low = rowLow;
      high = rowHigh;
    } else {
      low = Math.max(low, rowLow);
      high = Math.min(high, rowHigh);
    }
  }
  if (count > 0) runs.push(withFactor(rows, first, count - 1));
  return runs;
}

/** Least squares of adjusted = factor · close: rounding errors of single rows average out, and larger prices weigh more. */
function withFactor(rows: Rows, first: number, last: number): FactorRun {
  let products = 0;
  let squares = 0;
  for (let row = first; row <= last; row += 1) {
    const close = at(rows.closes, row);
    products += at(rows.adjustedCloses, row) * close;
    squares += close * close;
  }
  return { first, last, factor: products / squares };
}

function changeTold(rows: Rows, before: FactorRun, after: FactorRun): boolean {
  const change = at(rows.closes, after.first - 1) * (1 - before.factor / after.factor);
  return Math.abs(change) > smallestTold(rows, after.first);
}

/** The smallest amount per share that shows at `row`: what the rounding of both rows' adjusted closes is worth in raw price, and half a cent. */
function smallestTold(rows: Rows, row: number): number {
  return CLOSE_HALF_UNIT + 2 * halfUnit(rows, row - 1) * (at(rows.closes, row - 1) / at(rows.adjustedCloses, row - 1));
}

function halfUnit(rows: Rows, row: number): number {
  return Math.max(rows.printUnit / 2, at(rows.adjustedCloses, row) * FLOAT32_RELATIVE) * (1 + 1e-9);
}

/** The last decimal place in use, cents at least: printing drops trailing zeros, so the longest number of the series tells. */
function printUnit(prices: ArrayLike<number>): number {
  let decimals = 2;
  for (let row = 0; row < prices.length && decimals < 8; row += 1) decimals = Math.max(decimals, decimalsOf(at(prices, row)));
  return 10 ** -Math.min(decimals, 8);
}

function decimalsOf(price: number): number {
  const text = String(price);
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}

type SplitRatio = Readonly<{ numerator: number; denominator: number }>;

/** A dividend of this part of the price may fall on the day of a split. */
const DIVIDEND_WITH_SPLIT_MAX = 0.02;
/** How far a split's factor may be off by rounding alone. */
const SPLIT_TOLERANCE = 0.002;

/**
 * The split behind a change of factor, or null. The raw price must have jumped with it (nearer to the ratio than to no change at all), and
 * ratios below 3:2, which a large special dividend could imitate, must be met without a dividend beside them.
 */
function splitOf(factorChange: number, priceFall: number): SplitRatio | null {
  let best: SplitRatio | null = null;
  let bestBeyond = Infinity;
  for (const candidate of SPLIT_RATIOS) {
    const ratio = candidate.numerator / candidate.denominator;
    const beyond = factorChange / ratio - 1;
    const dividendMax = Math.abs(Math.log(ratio)) > 0.4 ? DIVIDEND_WITH_SPLIT_MAX : SPLIT_TOLERANCE;
    if (beyond < -SPLIT_TOLERANCE || beyond > dividendMax || Math.abs(beyond) >= bestBeyond) continue;
    if (Math.abs(Math.log(priceFall / ratio)) > Math.abs(Math.log(ratio)) / 2) continue;
    best = candidate;
    bestBeyond = Math.abs(beyond);
  }
  return best;
}

/** n:1 and 1:n up to 100, and the fractions that companies use: 3:2, 4:3, 5:2 … */
const SPLIT_RATIOS: readonly SplitRatio[] = [
  ...Array.from({ length: 99 }, (_, i) => [
    { numerator: i + 2, denominator: 1 },
    { numerator: 1, denominator: i + 2 },
  ]).flat(),
  ...[
    [3, 2],
    [5, 2],
    [7, 2],
    [4, 3],
    [5, 3],
    [5, 4],
  ].flatMap(([n = 1, m = 1]) => [
    { numerator: n, denominator: m },
    { numerator: m, denominator: n },
  ]),
];

/** Six decimals, as prices are kept. */
function roundAmount(amount: number): number {
  return Math.round(amount * 1e6) / 1e6;
}

function at(values: ArrayLike<number>, row: number): number {
  return values[row] ?? Number.NaN;
}
