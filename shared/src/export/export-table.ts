// A part of an export as a table: what CSV files and spreadsheets have in common.
import { csvLine, type CsvCell } from '../csv/csv-line.js';

/** `date`: YYYY-MM-DD. `number`: a number, or decimal text. A `figure` is whatever its cell is. */
export type ColumnKind = 'text' | 'number' | 'date' | 'figure';
export type ExportColumn = Readonly<{ name: string; kind: ColumnKind }>;
export type ExportCell = string | number | null;

export type ExportTable = Readonly<{
  title: string;
  columns: readonly ExportColumn[];
  rows: readonly (readonly ExportCell[])[];
}>;

/** Header and rows, CRLF-ended; texts that a spreadsheet would run are neutralised. */
export function csvOf({ columns, rows }: ExportTable): string {
  const line = (row: readonly ExportCell[]): string => csvLine(row.map((cell, i) => csvCell(cell, columns[i]?.kind)));
  return csvLine(columns.map(({ name }) => name)) + rows.map(line).join('');
}

function csvCell(cell: ExportCell, kind: ColumnKind | undefined): CsvCell {
  return kind === 'number' && typeof cell === 'string' ? { decimal: cell } : cell;
}
