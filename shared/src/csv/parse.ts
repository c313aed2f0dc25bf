// Bytes of an upload to rows of the portfolio CSV, or the one fault that makes the file unusable. What the cells mean is not asked here.

import { POSITION_COLUMNS, type ColumnField } from './columns.js';
import { decodeText } from './decode.js';
import { fileFailure, malformedFile, type FileFailure } from './file-errors.js';
import { delimiterOf, readHeader, type Header } from './header.js';
import { readRecords, type CsvRecord } from './records.js';

export const FILE_BYTES_MAX = 10 * 1024 * 1024;

/** One row: a trimmed cell per column, empty where the file has none. */
export type PositionRow = Readonly<{
  /** The file's line number of the row's first line. */
  line: number;
  cells: Readonly<Record<ColumnField, string>>;
  /** The first cell with content beyond the header's last column. */
  extraCell: Readonly<{ number: number; headerCells: number; text: string }> | null;
}>;

export type ParsedFile = FileFailure | Readonly<{ ok: true; rows: readonly PositionRow[]; warnings: readonly string[] }>;

/** Reads the upload as far as its rows. Of several file faults the first met is reported: size, name, text, header, quotes, no rows. */
export function parsePositionsFile(bytes: Uint8Array, fileName: string): ParsedFile {
  if (bytes.length > FILE_BYTES_MAX) {
    return fileFailure(
      'ERR_CSV_001',
      'The file is larger than 10 MB. Split it, or remove columns and rows that are not positions.',
    );
  }
  if (!fileName.trim().toLowerCase().endsWith('.csv')) {
    return fileFailure('ERR_CSV_002', 'The name of the file must end in .csv. Save it as CSV (UTF-8) and upload that.');
  }
  const decoded = decodeText(bytes);
  return decoded.ok ? parseText(decoded.text) : malformedFile(decoded);
}

function parseText(text: string): ParsedFile {
  const { records, malformed } = readRecords(text, delimiterOf(text));
  const [headerRecord, ...rowRecords] = records;
  const header = headerRecord === undefined ? null : readHeader(headerRecord.cells, text);
  if (header?.ok === false) return header;
  if (malformed !== null) return malformedFile(malformed);
  if (header === null)
    return fileFailure('ERR_CSV_003', 'The file is empty. Download the template and put one row per position below its header.');
  if (rowRecords.length === 0)
    return fileFailure('ERR_CSV_003', 'The file has a header and no rows. Put one row per position below the header.');
  return { ok: true, rows: rowRecords.map((record) => positionRow(record, header)), warnings: header.warnings };
}

function positionRow({ line, cells }: CsvRecord, { placeOf, width }: Header): PositionRow {
  const byField = {} as Record<ColumnField, string>;
  for (const { field } of POSITION_COLUMNS) byField[field] = cells[placeOf.get(field) ?? -1] ?? '';
  const extraAt = cells.findIndex((cell, place) => place >= width && cell !== '');
  const extraCell = extraAt < 0 ? null : { number: extraAt + 1, headerCells: width, text: cells[extraAt] ?? '' };
  return { line, cells: byField, extraCell };
}
