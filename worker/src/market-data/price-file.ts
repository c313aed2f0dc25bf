// Reads one CSV file of daily prices into columns per symbol. What the columns mean for raw closes and actions is price-series.ts' business.
import { createReadStream } from 'node:fs';
import { parse as csvParser } from 'csv-parse';

/** The columns a price file may have besides symbol and date; named as in the tidy form. */
export const PRICE_COLUMNS = ['open', 'high', 'low', 'close', 'adj_close', 'volume', 'dividends', 'stock_splits'] as const;

export type PriceColumn = (typeof PRICE_COLUMNS)[number];

/**
 * The rows of one symbol in file order: parallel arrays, NaN for a cell that holds no number. `dates` are numbers such as 20240131.
 * `stock_splits` holds new shares per old one. `columns` are those the file has; the arrays of the others are empty.
 */
export type PriceRows = Readonly<{
  symbol: string;
  columns: ReadonlySet<PriceColumn>;
  dates: number[];
  values: Readonly<Record<PriceColumn, number[]>>;
}>;

/** `undated` counts the rows left out because their date doesn't look like 2024-01-31. */
export type PriceFile = Readonly<{ symbols: ReadonlyMap<string, PriceRows>; undated: number }>;

/**
 * Reads a file of either form: tidy (a `symbol` column; any number of symbols) or one symbol's own download, whose name `symbolOfFile`
 * gives. Columns are found by name, in any order, case, and with blanks or underscores. Rejects with an Error that says what is wrong with
 * a file that can't be read or whose header isn't a price file's. The stream hands over chunk by chunk, so the event loop goes on.
 */
export async function readPriceFile(path: string, symbolOfFile: string): Promise<PriceFile> {
  const symbols = new Map<string, PriceRows>();
  let header: Header | null = null;
  let undated = 0;
  const file = createReadStream(path);
  const records = file.pipe(csvParser({ bom: true, relax_column_count: true, skip_empty_lines: true, trim: true }));
  // pipe() doesn't pass errors on: an unreadable file would otherwise never end the loop below.
  file.on('error', (error) => records.destroy(error));
  for await (const record of records as AsyncIterable<readonly string[]>) {
    if (header === null) {
      header = readHeader(record);
      continue;
    }
    const date = dateNumber(record[header.date] ?? '');
    const symbol = header.symbol === null ? symbolOfFile : (record[header.symbol] ?? '').toUpperCase();
    if (date === null || symbol === '') undated += 1;
    else addRow(symbols, header, symbol, date, record);
  }
  if (header === null) throw new Error('the file is empty');
  if (symbols.size === 0) throw new Error('no row has a symbol and a date like 2024-01-31');
  return { symbols, undated };
}

type Header = Readonly<{
  symbol: number | null;
  date: number;
  columns: ReadonlySet<PriceColumn>;
  positions: readonly (readonly [PriceColumn, number])[];
}>;

function readHeader(record: readonly string[]): Header {
  const names = record.map((name) =>
    name
      .trim()
      .toLowerCase()
      .replaceAll(/[\s_]+/g, '_'),
  );
  const symbol = names.indexOf('symbol');
  const date = names.indexOf('date');
  const positions = PRICE_COLUMNS.map((name) => [name, names.indexOf(name)] as const).filter(([, position]) => position >= 0);
  const columns = new Set(positions.map(([name]) => name));
  if (date < 0 || !(columns.has('close') || columns.has('adj_close'))) {
    throw new Error(
      `the header needs "date" and "close" or "adj_close"; it has "${record.slice(0, 12).join(',').slice(0, 120)}"`,
    );
  }
  return { symbol: symbol < 0 ? null : symbol, date, columns, positions };
}

function addRow(symbols: Map<string, PriceRows>, header: Header, symbol: string, date: number, record: readonly string[]): void {
  let rows = symbols.get(symbol);
  if (rows === undefined) {
    rows = { symbol, columns: header.columns, dates: [], values: emptyValues() };
    symbols.set(symbol, rows);
  }
  rows.dates.push(date);
  for (const [name, position] of header.positions) {
    const cell = record[position] ?? '';
    rows.values[name].push(name === 'stock_splits' ? splitRatio(cell) : decimalNumber(cell));
  }
}

function emptyValues(): Record<PriceColumn, number[]> {
  return { open: [], high: [], low: [], close: [], adj_close: [], volume: [], dividends: [], stock_splits: [] };
}

/** '2024-01-31' or '2024-01-31 00:00:00-05:00' as 20240131; null for anything else. */
function dateNumber(cell: string): number | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:$|[T ])/.exec(cell);
  return match === null ? null : Number(match[1]) * 10_000 + Number(match[2]) * 100 + Number(match[3]);
}

function decimalNumber(cell: string): number {
  if (cell === '') return Number.NaN;
  const value = Number(cell);
  return Number.isFinite(value) ? value : Number.NaN;
}

/** '4', '4.0', '4:1' and '4/1' are all four new shares for one. */
function splitRatio(cell: string): number {
  const [numerator = '', denominator = '1'] = cell.split(/[:/]/);
  return decimalNumber(numerator) / decimalNumber(denominator);
}
