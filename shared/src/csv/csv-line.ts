// CSV on its way out.

/** A number with more digits than a float keeps, or with zeros that it would lose: written as it is. */
export type DecimalCell = Readonly<{ decimal: string }>;

export type CsvCell = string | number | null | DecimalCell;

/** One line, CRLF-ended. A text that a spreadsheet would run as a formula gets an apostrophe in front; numbers stay numbers. */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

const FORMULA_START = /^[=+\-@\t\r]/;
const NEEDS_QUOTES = /[",\r\n]/;

function csvCell(cell: CsvCell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  if (typeof cell === 'object') return cell.decimal;
  const safe = FORMULA_START.test(cell) ? `'${cell}` : cell;
  return NEEDS_QUOTES.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
