// Statistics from their definitions, in decimals of sixty places and by other routes than the product's kernels: raw sums, normal equations,
// every pair of days, ranks by counting.
import { larger, ONE, over, squareRoot, sum, times, type Decimal } from './decimal.js';

/** One place for each session; null where there is none. */
export type Series = readonly (Decimal | null)[];

/** close / close before − 1, where both are. */
export function simpleReturns(closes: Series): Series {
  return closes.map((close, i) => {
    const before = closes[i - 1] ?? null;
    return close === null || before === null ? null : over(close, before) - ONE;
  });
}

export function present(series: Series): readonly Decimal[] {
  return series.filter((value) => value !== null);
}

/** The sessions where all have a value: one row for each. */
function completeRows(columns: readonly Series[]): readonly (readonly Decimal[])[] {
  return columns[0]!
    .map((_, t) => columns.map((column) => column[t] ?? null))
    .filter((row): row is Decimal[] => row.every((value) => value !== null));
}

/** (Σxy − Σx·Σy / n) / (n − 1) over the sessions both have. */
export function covariance(x: Series, y: Series): Decimal {
  const rows = completeRows([x, y]);
  const n = BigInt(rows.length);
  const products = sum(rows.map(([a, b]) => times(a!, b!)));
  return (products - times(sum(rows.map(([a]) => a!)), sum(rows.map(([, b]) => b!))) / n) / (n - 1n);
}

export function deviation(x: Series): Decimal {
  return squareRoot(covariance(x, x));
}

/** Of the sessions both have; null below 30 of them. */
export function correlation(x: Series, y: Series): Decimal | null {
  const rows = completeRows([x, y]);
  if (rows.length < 30) return null;
  const [a, b] = [rows.map((row) => row[0]!), rows.map((row) => row[1]!)];
  return over(covariance(a, b), times(deviation(a), deviation(b)));
}

export function mean(values: readonly Decimal[]): Decimal {
  return sum(values) / BigInt(values.length);
}

export type LeastSquares = Readonly<{
  /** Of the constant and then of each column. */
  coefficients: readonly Decimal[];
  standardErrors: readonly Decimal[];
  rSquared: Decimal;
  residualDeviation: Decimal;
  observations: number;
}>;

/** b = (X′X)⁻¹X′y with a constant, over the complete sessions. */
export function leastSquares(response: Series, columns: readonly Series[]): LeastSquares {
  const rows = completeRows([response, ...columns]);
  const y = rows.map(([value]) => value!);
  const design = rows.map(([, ...values]) => [ONE, ...values]);
  const inverse = inverted(design[0]!.map((_, i) => design[0]!.map((__, j) => dot(design, i, (row) => row[j]!))));
  const right = design[0]!.map((_, i) => dot(design, i, (__, t) => y[t]!));
  const coefficients = inverse.map((row) => sum(row.map((value, j) => times(value, right[j]!))));
  const residuals = design.map((row, t) => y[t]! - sum(row.map((value, j) => times(value, coefficients[j]!))));
  const left = sum(residuals.map((value) => times(value, value)));
  const variance = left / BigInt(rows.length - coefficients.length);
  const centre = mean(y);
  const whole = sum(y.map((value) => times(value - centre, value - centre)));
  return {
    coefficients,
    standardErrors: inverse.map((row, i) => squareRoot(times(variance, row[i]!))),
    rSquared: ONE - over(left, whole),
    residualDeviation: squareRoot(variance),
    observations: rows.length,
  };
}

function dot(rows: readonly (readonly Decimal[])[], column: number, other: (row: readonly Decimal[], t: number) => Decimal) {
  return sum(rows.map((row, t) => times(row[column]!, other(row, t))));
}

/** By the adjugate: the determinant of what each place leaves over, by that of the whole. */
export function inverted(matrix: readonly (readonly Decimal[])[]): readonly (readonly Decimal[])[] {
  const whole = determinant(matrix);
  return matrix.map((_, i) =>
    matrix.map((__, j) => {
      const minor = determinant(without(matrix, j, i));
      return over((i + j) % 2 === 0 ? minor : -minor, whole);
    }),
  );
}

/** By Laplace's expansion along the first row. */
export function determinant(matrix: readonly (readonly Decimal[])[]): Decimal {
  if (matrix.length === 0) return ONE;
  return sum(
    matrix[0]!.map((value, j) => {
      const part = times(value, determinant(without(matrix, 0, j)));
      return j % 2 === 0 ? part : -part;
    }),
  );
}

function without(matrix: readonly (readonly Decimal[])[], row: number, column: number): readonly (readonly Decimal[])[] {
  return matrix.filter((_, i) => i !== row).map((values) => values.filter((_, j) => j !== column));
}

/** The lowest of level(later) / level(earlier) − 1 over all pairs of days, the start of the index among them; 0 at most. */
export function deepestFall(returns: Series): Decimal {
  const levels = [ONE];
  for (const value of present(returns)) levels.push(times(levels.at(-1)!, ONE + value));
  let deepest = 0n;
  levels.forEach((peak, i) => {
    for (const level of levels.slice(i)) deepest = -larger(-deepest, ONE - over(level, peak));
  });
  return deepest;
}

/** The tail's quantile of the losses (type 7) and the mean of the losses at or beyond it. `tail` as a fraction: [5n, 100n]. */
export function tailLoss(returns: Series, [part, whole]: readonly [bigint, bigint]): readonly [Decimal, Decimal] {
  const values = present(returns);
  const place = over(BigInt(values.length - 1) * part * ONE, whole * ONE);
  const below = Number(place / ONE);
  const [lower, upper] = [ranked(values, below), ranked(values, below + 1)];
  const quantile = lower + times(place % ONE, upper - lower);
  const beyond = values.filter((value) => value <= quantile);
  return [-quantile, -mean(beyond)];
}

/** The value that `rank` of the others are below, or equal and earlier. */
function ranked(values: readonly Decimal[], rank: number): Decimal {
  return values.find((own, i) => values.filter((other, j) => other < own || (other === own && j < i)).length === rank)!;
}
