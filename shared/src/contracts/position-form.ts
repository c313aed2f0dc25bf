// Lots of a request as rows of the portfolio CSV, so that a file and a request are checked by the same rules and told the same codes.
import type { ColumnField } from '../csv/columns.js';
import type { PositionRow } from '../csv/parse.js';
import { shownValue, type RowError } from '../csv/row-errors.js';
import { checkRow, type CheckedRow, type LotKeys, type ParsedPosition } from '../csv/validate-row.js';
import { plainDecimal } from './json-decimal.js';

/** The fields of a lot, each with the column whose rules it follows. */
const COLUMN_OF = {
  symbol: 'symbol',
  quantity: 'quantity',
  entry_price: 'entry_price_per_share',
  entry_date: 'entry_date',
  investment_class: 'investment_class',
  investment_subtype: 'investment_subtype',
  underlying_symbol: 'underlying_symbol',
  strike_price: 'strike_price',
  expiration_date: 'expiration_date',
  option_type: 'option_type',
  exit_date: 'exit_date',
  exit_price: 'exit_price_per_share',
} as const satisfies Readonly<Record<string, ColumnField>>;

export type LotField = keyof typeof COLUMN_OF;
const LOT_FIELDS = Object.keys(COLUMN_OF) as readonly LotField[];

/** As a request gives it: numbers or decimal text; what is absent, null or empty is not given. */
export type GivenLot = Readonly<Partial<Record<LotField, string | number | null | undefined>>>;

/** `row` counts the lots of the request from 1; `field` is a field of the request. */
export type LotError = Omit<RowError, 'field'> & Readonly<{ field: string }>;

export type ReadLots =
  | Readonly<{ ok: true; lots: readonly ParsedPosition[]; warnings: readonly string[] }>
  | Readonly<{ ok: false; errors: readonly LotError[] }>;

export type ReadLotsOptions = Readonly<{
  /** The date in New York, YYYY-MM-DD. */
  today: string;
  /** What the portfolio holds already. */
  held: readonly GivenLot[];
  /** Accepts lots of one security and entry date that differ in quantity or price. */
  allowMultipleLots: boolean;
}>;

/** All lots, or everything that is wrong with them. */
export function readLots(given: readonly GivenLot[], { today, held, allowMultipleLots }: ReadLotsOptions): ReadLots {
  const keyOf = (keys: LotKeys | null): string | null => (allowMultipleLots ? keys?.exact : keys?.lot) ?? null;
  const known = new Map<string, string>();
  for (const lot of held) remember(known, keyOf(checkRow(rowOf(lot, 0), today).lotKeys), 'one that the portfolio has');
  const checked = given.map((lot, place) => {
    const row = checkRow(rowOf(lot, place + 1), today);
    const key = keyOf(row.lotKeys);
    const twin = key === null ? undefined : known.get(key);
    remember(known, key, `lot ${place + 1} of the request`);
    return twin === undefined ? row : { ...row, errors: [...row.errors, duplicate(place + 1, lot, twin, allowMultipleLots)] };
  });
  return outcome(checked);
}

/** One lot by itself, as its owner changes it. */
export function readLot(given: GivenLot, today: string): ReadLots {
  return outcome([checkRow(rowOf(given, 1), today)]);
}

/** A lot as it was checked, to be changed in part and checked again. */
export function givenLot(
  lot: Omit<ParsedPosition, 'row' | 'investmentSubtype'> & Readonly<{ investmentSubtype: string | null }>,
): GivenLot {
  return {
    symbol: lot.symbol,
    quantity: lot.quantity,
    entry_price: lot.entryPrice,
    entry_date: lot.entryDate,
    investment_class: lot.investmentClass,
    investment_subtype: lot.investmentSubtype,
    underlying_symbol: lot.underlyingSymbol,
    strike_price: lot.strikePrice,
    expiration_date: lot.expirationDate,
    option_type: lot.optionType,
    exit_date: lot.exitDate,
    exit_price: lot.exitPrice,
  };
}

function rowOf(lot: GivenLot, line: number): PositionRow {
  const cells = Object.fromEntries(LOT_FIELDS.map((field) => [COLUMN_OF[field], cellOf(lot[field])]));
  return { line, cells: cells as PositionRow['cells'], extraCell: null };
}

function cellOf(value: string | number | null | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'number' ? (plainDecimal(value) ?? String(value)) : value.trim();
}

function remember(known: Map<string, string>, key: string | null, what: string): void {
  if (key !== null && !known.has(key)) known.set(key, what);
}

function duplicate(row: number, lot: GivenLot, twin: string, allowMultipleLots: boolean): RowError {
  const message = allowMultipleLots
    ? `The lot is an exact copy of ${twin}: leave one of them out, or merge the two`
    : `The lot has the symbol and entry date of ${twin}: merge the two, or send allow_multiple_lots: true to keep them as separate lots`;
  const symbol = shownValue(cellOf(lot.symbol));
  return { row, symbol, code: 'ERR_POS_023', message, field: 'symbol', value: symbol };
}

function outcome(rows: readonly CheckedRow[]): ReadLots {
  const errors = rows.flatMap((row) => row.errors).map((error) => ({ ...error, field: fieldOf(error.field) }));
  if (errors.length > 0) return { ok: false, errors };
  const lots = rows.map(({ position }) => position).filter((position) => position !== null);
  return { ok: true, lots, warnings: rows.flatMap((row) => row.warnings) };
}

function fieldOf(column: string): string {
  return LOT_FIELDS.find((field) => COLUMN_OF[field] === column) ?? column;
}
