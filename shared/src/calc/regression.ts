// Ordinary least squares by QR, for one response or for many that share their columns. Gaps are left out, never filled.
import { centre } from './deviations.js';
import { applyTransposedQ, householderQr, invertTriangle, solveTriangle, type HouseholderQr } from './householder-qr.js';
import { conditionNumber } from './linear-algebra.js';

const CONDITION_MAX = 1e8;

export type RegressionOptions = Readonly<{
  /** Whether a constant is fitted beside the columns; true unless told. */
  intercept?: boolean;
  /** Fewer rows give no answer. At least one more than there are coefficients, whatever is asked. */
  observationsMin?: number;
  /** A condition number above it gives no answer; 1e8 unless told. */
  conditionMax?: number;
}>;

export type Regression = Readonly<{
  ok: true;
  /** One for each column, in units of the response by unit of the column. */
  coefficients: Float64Array;
  /** Of the coefficients, for errors of one variance and without correlation. */
  standardErrors: Float64Array;
  /** Coefficient by standard error; NaN where the fit leaves nothing over. */
  tStatistics: Float64Array;
  /** Null when none was fitted. */
  intercept: Readonly<{ coefficient: number; standardError: number; tStatistic: number }> | null;
  /**
   * Share of the response's squares explained: about its mean with an intercept, about 0 without. Null when there is nothing to
   * explain.
   */
  rSquared: number | null;
  /** √(squares left over / degrees of freedom), in units of the response. */
  residualStandardError: number;
  observations: number;
  /** Observations less coefficients. */
  degreesOfFreedom: number;
  /** Of the columns, centred when there is an intercept and scaled to length 1: 1 or more. */
  conditionNumber: number;
  /** For each column 1 / (1 − R² on the other columns): 1 or more. */
  varianceInflation: Float64Array;
}>;

export type NoRegression = Readonly<{
  ok: false;
  /** `ill_conditioned`: a column hardly varies, or is nearly a combination of the others. */
  reason: 'insufficient_observations' | 'ill_conditioned';
  /** Rows where the response and every column are present. */
  observations: number;
  /** Null when there were too few observations to look. */
  conditionNumber: number | null;
}>;

/**
 * Least squares of `response` on `columns` over the rows where all of them are finite. By Householder QR of the centred columns
 * (Golub and Businger 1965). Throws RangeError when the lengths differ or there is no column.
 */
export function regress(
  response: Float64Array,
  columns: readonly Float64Array[],
  options: RegressionOptions = {},
): Regression | NoRegression {
  return regressEach([response], columns, options)[0] as Regression | NoRegression;
}

/** The same for many responses. Those with the same gaps share one factorisation; the others get one from the rows they have. */
export function regressEach(
  responses: readonly Float64Array[],
  columns: readonly Float64Array[],
  options: RegressionOptions = {},
): readonly (Regression | NoRegression)[] {
  const length = requireColumns(columns);
  const complete = rowsComplete(columns, length);
  const scratch = new Float64Array(length);
  const designs = new Map<string, Design | NoRegression>();
  return responses.map((response) => {
    if (response.length !== length) throw new RangeError(`A response of ${response.length} rows for columns of ${length}`);
    const gaps = complete.filter((row) => !Number.isFinite(response[row])).join();
    const design = designs.get(gaps) ?? prepare(rowsPresent(complete, response), columns, options);
    designs.set(gaps, design);
    return 'qr' in design ? fit(design, response, scratch) : design;
  });
}

/**
 * What the responses of one gap pattern share. Columns are factored less their mean and in `units`, powers of two, so that no
 * square overflows.
 */
type Design = Readonly<{
  rows: Int32Array;
  means: Float64Array;
  units: Float64Array;
  qr: HouseholderQr;
  inverse: Float64Array;
  hasIntercept: boolean;
  degreesOfFreedom: number;
  conditionNumber: number;
  varianceInflation: Float64Array;
}>;

function prepare(
  rows: Int32Array,
  columns: readonly Float64Array[],
  { intercept = true, observationsMin = 0, conditionMax = CONDITION_MAX }: RegressionOptions,
): Design | NoRegression {
  const count = columns.length;
  const observations = rows.length;
  const degreesOfFreedom = observations - count - Number(intercept);
  if (observations < observationsMin || degreesOfFreedom < 1) {
    return { ok: false, reason: 'insufficient_observations', observations, conditionNumber: null };
  }
  const matrix = new Float64Array(observations * count);
  const means = new Float64Array(count);
  const units = new Float64Array(count);
  columns.forEach((column, j) => {
    const target = matrix.subarray(j * observations, (j + 1) * observations);
    means[j] = gather(column, rows, intercept, target);
    units[j] = toUnit(target);
  });
  const qr = householderQr(matrix, observations, count);
  const scaled = columnsOfLengthOne(qr.triangle, count);
  const condition = conditionNumber(scaled, count);
  if (!(condition <= conditionMax)) return { ok: false, reason: 'ill_conditioned', observations, conditionNumber: condition };
  return {
    rows,
    means,
    units,
    qr,
    inverse: invertTriangle(qr.triangle, count),
    hasIntercept: intercept,
    degreesOfFreedom,
    conditionNumber: condition,
    varianceInflation: squaresByRow(invertTriangle(scaled, count), count),
  };
}

function fit(design: Design, response: Float64Array, scratch: Float64Array): Regression {
  const { rows, units, qr, inverse, degreesOfFreedom } = design;
  const count = qr.columns;
  const rotated = scratch.subarray(0, rows.length);
  const mean = gather(response, rows, design.hasIntercept, rotated);
  const unit = toUnit(rotated);
  applyTransposedQ(qr, rotated);
  const explained = sumOfSquares(rotated, 0, count);
  const left = sumOfSquares(rotated, count, rows.length);
  const residualStandardError = unit * Math.sqrt(left / degreesOfFreedom);
  const coefficients = solveTriangle(qr.triangle, count, rotated).map((slope, j) => slope * (unit / (units[j] as number)));
  const standardErrors = squaresByRow(inverse, count).map((square, j) => {
    return (residualStandardError * Math.sqrt(square)) / (units[j] as number);
  });
  return {
    ok: true,
    coefficients,
    standardErrors,
    tStatistics: coefficients.map((coefficient, j) => tStatistic(coefficient, standardErrors[j] as number)),
    intercept: design.hasIntercept ? interceptOf(design, mean, coefficients, residualStandardError) : null,
    // Explained by the sum of both rather than 1 less a ratio, which would cost the digits of a small one.
    rSquared: explained + left === 0 ? null : explained / (explained + left),
    residualStandardError,
    observations: rows.length,
    degreesOfFreedom,
    conditionNumber: design.conditionNumber,
    varianceInflation: design.varianceInflation,
  };
}

/** The fit runs through the means, so the constant is what they leave over; its error is that of a fit at the origin. */
function interceptOf(
  { rows, means, units, qr, inverse }: Design,
  mean: number,
  coefficients: Float64Array,
  residualStandardError: number,
): NonNullable<Regression['intercept']> {
  const count = qr.columns;
  let coefficient = mean;
  let leverage = 1 / rows.length;
  for (let j = 0; j < count; j++) {
    coefficient -= (coefficients[j] as number) * (means[j] as number);
    let projection = 0;
    for (let k = 0; k <= j; k++) projection += (inverse[k * count + j] as number) * ((means[k] as number) / (units[k] as number));
    leverage += projection * projection;
  }
  const standardError = residualStandardError * Math.sqrt(leverage);
  return { coefficient, standardError, tStatistic: tStatistic(coefficient, standardError) };
}

function tStatistic(coefficient: number, standardError: number): number {
  return standardError === 0 ? Number.NaN : coefficient / standardError;
}

/** Copies the rows of `values` to `target`, less their mean if asked, and returns that mean, or 0. */
function gather(values: Float64Array, rows: Int32Array, lessMean: boolean, target: Float64Array): number {
  for (let i = 0; i < rows.length; i++) target[i] = values[rows[i] as number] as number;
  return lessMean ? centre(target) : 0;
}

/** Divides the values by the largest power of two that none of them exceeds by its double, and returns it. Loses no digit. */
function toUnit(values: Float64Array): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i] as number));
  if (largest === 0) return 1;
  const unit = 2 ** Math.max(-1022, Math.floor(Math.log2(largest)));
  for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) / unit;
  return unit;
}

/** R with its columns scaled to length 1; zeros stay. Its singular values are those of the scaled columns that it stands for. */
function columnsOfLengthOne(triangle: Float64Array, n: number): Float64Array {
  const scaled = new Float64Array(n * n);
  for (let column = 0; column < n; column++) {
    let squares = 0;
    for (let row = 0; row <= column; row++) squares += (triangle[row * n + column] as number) ** 2;
    const length = Math.sqrt(squares) || 1;
    for (let row = 0; row <= column; row++) scaled[row * n + column] = (triangle[row * n + column] as number) / length;
  }
  return scaled;
}

function squaresByRow(matrix: Float64Array, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, row) => sumOfSquares(matrix, row * n, (row + 1) * n));
}

function sumOfSquares(values: Float64Array, start: number, end: number): number {
  let squares = 0;
  for (let i = start; i < end; i++) squares += (values[i] as number) * (values[i] as number);
  return squares;
}

function requireColumns(columns: readonly Float64Array[]): number {
  const length = columns[0]?.length;
  if (length === undefined) throw new RangeError('A regression needs a column');
  if (columns.some((column) => column.length !== length)) throw new RangeError('Columns of one regression have one length');
  return length;
}

/** The rows where every column is finite. */
function rowsComplete(columns: readonly Float64Array[], length: number): Int32Array {
  return Int32Array.from({ length }, (_, row) => row).filter((row) => columns.every((column) => Number.isFinite(column[row])));
}

function rowsPresent(rows: Int32Array, response: Float64Array): Int32Array {
  return rows.filter((row) => Number.isFinite(response[row]));
}
