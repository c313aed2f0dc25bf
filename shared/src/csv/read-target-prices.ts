// A CSV file of target prices to its rows, or to everything that is wrong with it.
import type { ErrorCode } from '../errors.js';
import { isIsoDate } from './date-text.js';
import { decimalsOf, parseDecimal, plainNumberAdvice, wholeDigitsOf, type DecimalText } from './decimal-text.js';
import { decodeText } from './decode.js';
import { fileFailure, malformedFile, type FileFailure } from './file-errors.js';
import { delimiterOf } from './header.js';
import { readRecords, type CsvRecord } from './records.js';
import { got, shownValue } from './row-errors.js';
import { storedSymbol } from './stored-symbol.js';
import { REQUIRED_TARGET_COLUMNS, targetFieldOf, withoutNeutralising, type TargetField } from './target-columns.js';

export const TARGET_FILE_BYTES_MAX = 2 * 1024 * 1024;
export const TARGET_ROWS_MAX = 1_000;
export const TARGET_SYMBOL_CHARACTERS_MAX = 100;
export const TARGET_NOTES_CHARACTERS_MAX = 500;
export const TARGET_PRICE_DECIMALS = 6;
/** Below 10 million. */
export const TARGET_PRICE_WHOLE_DIGITS = 7;
export const TARGET_DATE_MIN = '1900-01-01';
export const TARGET_DATE_MAX = '2200-12-31';
/** Blank rows count here: a file of them must not take long. */
const RECORDS_MAX = 2 * TARGET_ROWS_MAX;

/** Decimals are text in canonical form, the symbol in its stored spelling. */
export type ParsedTargetPrice = Readonly<{
  symbol: string;
  targetPrice: DecimalText;
  targetDate: string | null;
  downsidePrice: DecimalText | null;
  notes: string | null;
}>;

export type TargetRowError = Readonly<{
  /** The file's line number of the row's first line. */
  row: number;
  symbol: string;
  code: ErrorCode;
  message: string;
  field: TargetField | 'row';
  value: string;
}>;

export type ReadTargetPrices =
  | FileFailure
  | Readonly<{
      ok: true;
      /** Of the rows without an error. */
      targets: readonly ParsedTargetPrice[];
      errors: readonly TargetRowError[];
      warnings: readonly string[];
    }>;

type Cells = Readonly<Record<TargetField, string>>;
type Report = (code: ErrorCode, field: TargetRowError['field'], message: string, value: string) => null;

/** At most 1,000 rows, each of another symbol. */
export function readTargetPrices(bytes: Uint8Array): ReadTargetPrices {
  if (bytes.length > TARGET_FILE_BYTES_MAX) {
    return fileFailure('ERR_CSV_001', 'The file is larger than 2 MB, which is more than 1,000 target prices need. Split it.');
  }
  const decoded = decodeText(bytes);
  if (!decoded.ok) return malformedFile(decoded);
  const { records, malformed } = readRecords(decoded.text, delimiterOf(decoded.text), { recordsMax: RECORDS_MAX });
  const [header, ...rows] = records;
  const columns = header === undefined ? null : readColumns(header.cells);
  if (columns?.ok === false) return columns;
  if (malformed !== null) return malformedFile(malformed);
  if (columns === null || rows.length === 0)
    return fileFailure('ERR_CSV_003', 'The file has no target prices. Put a header and at least one row below it.');
  if (rows.length > TARGET_ROWS_MAX) {
    return fileFailure('ERR_CSV_006', `The file has ${rows.length} rows; at most ${TARGET_ROWS_MAX} go in at a time. Split it.`);
  }
  return { ok: true, ...checkRows(rows, columns), warnings: columns.warnings };
}

type Columns = Readonly<{
  ok: true;
  placeOf: ReadonlyMap<TargetField, number>;
  /** Cells up to the last one with a name. */
  width: number;
  warnings: readonly string[];
}>;

function readColumns(cells: readonly string[]): Columns | FileFailure {
  const fields = cells.map(targetFieldOf);
  const missing = REQUIRED_TARGET_COLUMNS.filter((field) => !fields.includes(field));
  if (missing.length > 0) {
    const message = `The header has no ${missing.join(', ')}. It needs symbol and target_price; target_date, downside_price and notes may follow.`;
    return fileFailure('ERR_CSV_004', message);
  }
  const twice = fields.find((field, place) => field !== undefined && fields.indexOf(field) !== place);
  if (twice !== undefined) {
    return fileFailure('ERR_CSV_005', `The header names ${twice} more than once. Keep one column of each name.`);
  }
  const unknown = cells.filter((cell, place) => cell !== '' && fields[place] === undefined);
  return {
    ok: true,
    placeOf: new Map(fields.flatMap((field, place) => (field === undefined ? [] : [[field, place] as const]))),
    width: cells.findLastIndex((cell) => cell !== '') + 1,
    warnings: unknown.slice(0, 20).map((cell) => `The column "${shownValue(cell)}" is ignored.`),
  };
}

function checkRows(rows: readonly CsvRecord[], { placeOf, width }: Columns) {
  const errors: TargetRowError[] = [];
  const targets: ParsedTargetPrice[] = [];
  const lineOf = new Map<string, number>();
  for (const { line, cells } of rows) {
    const cell = (field: TargetField): string => cells[placeOf.get(field) ?? -1] ?? '';
    const own: Cells = {
      symbol: withoutNeutralising(cell('symbol')),
      target_price: cell('target_price'),
      target_date: cell('target_date'),
      downside_price: cell('downside_price'),
      notes: withoutNeutralising(cell('notes')),
    };
    const report: Report = (code, field, message, value) => {
      errors.push({ row: line, symbol: shownValue(own.symbol), code, message, field, value: shownValue(value) });
      return null;
    };
    const before = errors.length;
    const extra = cells.find((text, place) => place >= width && text !== '');
    if (extra !== undefined) {
      report('ERR_CSV_006', 'row', `The row has more cells than the header; ${got(extra)}: put quotes around it`, extra);
      continue;
    }
    const target = checkRow(own, lineOf, report);
    if (target.symbol !== null && !lineOf.has(target.symbol)) lineOf.set(target.symbol, line);
    const { symbol, targetPrice } = target;
    if (errors.length === before && symbol !== null && targetPrice !== null) targets.push({ ...target, symbol, targetPrice });
  }
  return { targets, errors };
}

/** What is at fault is null, and reported. `lineOf`: where the rows before have their symbols. */
function checkRow(cells: Cells, lineOf: ReadonlyMap<string, number>, report: Report) {
  const symbol = checkSymbol(cells.symbol, report);
  const line = symbol === null ? undefined : lineOf.get(symbol);
  if (line !== undefined)
    report('ERR_POS_023', 'symbol', `Line ${line} has ${symbol} already. Keep one row of each symbol`, cells.symbol);
  const isPriced = cells.target_price !== '' || report('ERR_TARGET_004', 'target_price', 'target_price is required', '');
  const { notes } = cells;
  if (notes.length > TARGET_NOTES_CHARACTERS_MAX)
    report('ERR_TARGET_006', 'notes', `notes may have at most ${TARGET_NOTES_CHARACTERS_MAX} characters`, notes);
  return {
    symbol,
    targetPrice: isPriced ? checkPrice('target_price', cells.target_price, report) : null,
    targetDate: cells.target_date === '' ? null : checkDate(cells.target_date, report),
    downsidePrice: cells.downside_price === '' ? null : checkPrice('downside_price', cells.downside_price, report),
    notes: notes === '' ? null : notes,
  };
}

function checkSymbol(cell: string, report: Report): string | null {
  if (cell === '') return report('ERR_POS_001', 'symbol', 'symbol is required', cell);
  if (cell.length > TARGET_SYMBOL_CHARACTERS_MAX)
    return report('ERR_POS_002', 'symbol', `symbol may have at most ${TARGET_SYMBOL_CHARACTERS_MAX} characters`, cell);
  const symbol = storedSymbol(cell);
  return symbol ?? report('ERR_POS_003', 'symbol', `symbol may have letters, digits and . _ - / only; ${got(cell)}`, cell);
}

/** A target is above zero; a downside may be zero. */
function checkPrice(field: 'target_price' | 'downside_price', cell: string, report: Report): DecimalText | null {
  const fault = (message: string) => report('ERR_TARGET_004', field, `${field} ${message}; ${got(cell)}`, cell);
  const price = parseDecimal(cell);
  if (price === null) return fault(`must look like 150.25: ${plainNumberAdvice(cell)}`);
  if (price.startsWith('-')) return fault('must not be negative');
  if (price === '0' && field === 'target_price') return fault('must be above zero');
  if (decimalsOf(price) > TARGET_PRICE_DECIMALS) return fault(`may have at most ${TARGET_PRICE_DECIMALS} decimals`);
  if (wholeDigitsOf(price) > TARGET_PRICE_WHOLE_DIGITS) return fault('must be below 10 million');
  return price;
}

function checkDate(cell: string, report: Report): string | null {
  if (isIsoDate(cell) && cell >= TARGET_DATE_MIN && cell <= TARGET_DATE_MAX) return cell;
  const message = `target_date must be a day like 2026-01-15, from ${TARGET_DATE_MIN} to ${TARGET_DATE_MAX}; ${got(cell)}`;
  return report('ERR_TARGET_005', 'target_date', message, cell);
}
