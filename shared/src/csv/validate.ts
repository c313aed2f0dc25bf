// All rows of a portfolio CSV to positions and errors. Nothing stops at the first bad row.

import type { PositionRow } from './parse.js';
import { shownValue, type RowError } from './row-errors.js';
import { checkRow, type LotKeys, type ParsedPosition } from './validate-row.js';

export const ROW_ERRORS_LISTED_MAX = 1_000;
export const WARNINGS_LISTED_MAX = 100;

export type ValidateOptions = Readonly<{
  /** The date in New York at the time of the check, YYYY-MM-DD. */
  today: string;
  /** Accepts rows of one security and entry date that differ in quantity or price. */
  allowMultipleLots: boolean;
}>;

export type ValidatedRows = Readonly<{
  /** The valid rows, in file order. */
  positions: readonly ParsedPosition[];
  /** In file order, the first 1,000. */
  errors: readonly RowError[];
  totalErrors: number;
  /** The first 100. */
  warnings: readonly string[];
}>;

export function validateRows(rows: readonly PositionRow[], { today, allowMultipleLots }: ValidateOptions): ValidatedRows {
  const positions: ParsedPosition[] = [];
  const errors: RowError[] = [];
  const warnings: string[] = [];
  const firstLineOfLot = new Map<string, number>();
  let totalErrors = 0;
  for (const row of rows) {
    const checked = checkRow(row, today);
    const duplicate = duplicateError(row, checked.lotKeys, firstLineOfLot, allowMultipleLots);
    const rowErrors = duplicate === null ? checked.errors : [...checked.errors, duplicate];
    if (rowErrors.length === 0 && checked.position !== null) positions.push(checked.position);
    totalErrors += rowErrors.length;
    errors.push(...rowErrors.slice(0, ROW_ERRORS_LISTED_MAX - errors.length));
    warnings.push(...checked.warnings.slice(0, WARNINGS_LISTED_MAX - warnings.length));
  }
  return { positions, errors, totalErrors, warnings };
}

/** ERR_POS_023 when a row before this one has the same key; else remembers the row. */
function duplicateError(
  { line, cells }: PositionRow,
  lotKeys: LotKeys | null,
  firstLineOfLot: Map<string, number>,
  allowMultipleLots: boolean,
): RowError | null {
  const key = allowMultipleLots ? lotKeys?.exact : lotKeys?.lot;
  if (key === undefined || key === null) return null;
  const firstLine = firstLineOfLot.get(key);
  if (firstLine === undefined) {
    firstLineOfLot.set(key, line);
    return null;
  }
  const message = allowMultipleLots
    ? `The row is an exact copy of row ${firstLine}: remove one of them, or merge the two into one row`
    : `The row has the symbol and entry date of row ${firstLine}: merge the two into one row, or upload with allow_multiple_lots=true ` +
      'to keep them as separate lots';
  const symbol = shownValue(cells.symbol);
  return { row: line, symbol, code: 'ERR_POS_023', message, field: 'symbol', value: symbol };
}
