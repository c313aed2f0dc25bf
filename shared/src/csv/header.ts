// The header line: which delimiter the file uses, and which cell of a row belongs to which column.

import { recogniseBroker } from './brokers.js';
import { POSITION_COLUMNS, fieldOfHeader, type ColumnField } from './columns.js';
import { fileFailure, type FileFailure } from './file-errors.js';
import { cutText, got } from './row-errors.js';

export type Header = Readonly<{
  ok: true;
  /** Where in a row a column's cell stands. */
  placeOf: ReadonlyMap<ColumnField, number>;
  /** Cells up to the last one with a name. */
  width: number;
  /** Columns that are ignored. */
  warnings: readonly string[];
}>;

const DELIMITERS = [',', ';', '\t'] as const;
/** Ample for the twelve columns and many more: a delimiter that is not found by then is not the file's. */
const HEADER_CHARACTERS_SEARCHED = 64 * 1024;
const COLUMNS_NAMED_MAX = 20;
const COLUMN_CHARACTERS_MAX = 40;

/** The delimiter found most often in the header line, outside quotes; the comma when none is. */
export function delimiterOf(text: string): string {
  const unquoted = headerLine(text).replaceAll(/"[^"]*"/g, '');
  const counts = DELIMITERS.map((delimiter) => unquoted.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] ?? ',';
}

/**
 * Matches the header's cells with the columns, in any order, ignoring case and spaces. Fails with ERR_CSV_005 for a broker's export and a header
 * that names no column at all, ERR_CSV_004 for missing required columns, then ERR_CSV_005 for a column named twice.
 */
export function readHeader(cells: readonly string[], text: string): Header | FileFailure {
  const fields = cells.map(fieldOfHeader);
  const missing = POSITION_COLUMNS.filter(({ required, field }) => required && !fields.includes(field)).map(({ name }) => name);
  if (missing.length > 0) return unusableHeader(cells, missing, text);
  const twice = POSITION_COLUMNS.filter(({ field }) => fields.indexOf(field) !== fields.lastIndexOf(field)).map(
    ({ name }) => name,
  );
  if (twice.length > 0) {
    return fileFailure('ERR_CSV_005', `The header names ${twice.join(', ')} more than once. Keep one column of each name.`);
  }
  const placeOf = new Map(
    POSITION_COLUMNS.filter(({ field }) => fields.includes(field)).map(({ field }) => [field, fields.indexOf(field)]),
  );
  return { ok: true, placeOf, width: cells.findLastIndex((cell) => cell !== '') + 1, warnings: ignoredColumns(cells) };
}

/** The start of the first line that is neither blank nor a comment. */
function headerLine(text: string): string {
  let start = 0;
  while (start < text.length) {
    const lineBreak = text.indexOf('\n', start);
    const end = lineBreak < 0 ? text.length : lineBreak;
    const line = text.slice(start, Math.min(end, start + HEADER_CHARACTERS_SEARCHED));
    if (/[^\s,;"]/.test(line) && !/^\s*"?#/.test(line)) return line;
    start = end + 1;
  }
  return '';
}

function unusableHeader(cells: readonly string[], missing: readonly string[], text: string): FileFailure {
  const broker = recogniseBroker(text);
  if (broker !== null) {
    return fileFailure(
      'ERR_CSV_005',
      `This is an export of ${broker.name}, not the Closebell template. Copy its positions into the template: ${broker.howTo}.`,
    );
  }
  if (!cells.some((cell) => fieldOfHeader(cell) !== undefined)) {
    const expected = missing.join(', ');
    return fileFailure(
      'ERR_CSV_005',
      `The first line must be the header and names none of the template's columns; ${got(cells.join(','))}. It needs ${expected}.`,
    );
  }
  return fileFailure(
    'ERR_CSV_004',
    `The header has no ${missing.join(', ')}. Add ${missing.length === 1 ? 'this column' : 'these columns'}; the template shows how.`,
  );
}

function ignoredColumns(cells: readonly string[]): readonly string[] {
  const unknown = cells.filter((cell) => cell !== '' && fieldOfHeader(cell) === undefined);
  if (unknown.length === 0) return [];
  const named = unknown
    .slice(0, COLUMNS_NAMED_MAX)
    .map((cell) => `"${cutText(cell, COLUMN_CHARACTERS_MAX)}"`)
    .join(', ');
  const more = unknown.length > COLUMNS_NAMED_MAX ? ` and ${unknown.length - COLUMNS_NAMED_MAX} more` : '';
  return [`Columns that are not in the template are ignored: ${named}${more}.`];
}
