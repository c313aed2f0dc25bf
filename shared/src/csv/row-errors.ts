// What is wrong with one row of a portfolio CSV.

import type { ErrorCode } from '../errors.js';
import type { ColumnField } from './columns.js';

/** A row fault: ERR_POS_…, or ERR_CSV_006 for a row with content beyond its header. */
export type RowErrorCode = Extract<ErrorCode, `ERR_POS_${string}`> | 'ERR_CSV_006';

export type RowError = Readonly<{
  /** The file's line number of the row's first line. */
  row: number;
  /** As written in the row; empty when the row gives none. */
  symbol: string;
  code: RowErrorCode;
  /** Says what to change. */
  message: string;
  /** The column at fault; `row` when it is no column's. */
  field: ColumnField | 'row';
  /** As written in the row, cut to 200 characters. */
  value: string;
}>;

/** Notes a fault of the row being checked. Answers null, so that a check can end with `return report(…)`. */
export type ReportFault = (code: RowErrorCode, field: RowError['field'], message: string, value: string) => null;

const VALUE_CHARACTERS_MAX = 200;
const QUOTED_CHARACTERS_MAX = 40;

/** Cuts a cell so that an error stays small whatever the file holds. */
export function shownValue(value: string): string {
  return cutText(value, VALUE_CHARACTERS_MAX);
}

/** A cell as a message quotes it. */
export function got(value: string): string {
  return `got ${cutText(value, QUOTED_CHARACTERS_MAX)}`;
}

/** At most so many characters of `text`, never half of a surrogate pair: a database refuses those. */
export function cutText(text: string, charactersMax: number): string {
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
