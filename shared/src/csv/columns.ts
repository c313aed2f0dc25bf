// The columns of the portfolio CSV. To add one is one entry here: template, header matching and docs follow.

import { INVESTMENT_CLASSES, type InvestmentClass } from './investment-classes.js';

export type Column = Readonly<{
  name: string;
  /** The column's key in row errors and in parsed rows. */
  field: string;
  /** The header must name it. */
  required: boolean;
  classes: readonly InvestmentClass[];
  /** For the template: without commas and quotes, so that a spreadsheet keeps the line whole. */
  help: string;
  /** The longest cell; null where its format limits it. */
  charactersMax: number | null;
}>;

export const POSITION_COLUMNS = [
  {
    name: 'Symbol',
    field: 'symbol',
    required: true,
    classes: INVESTMENT_CLASSES,
    help: 'Ticker or option symbol or a name of your own: letters; digits; . _ - /',
    charactersMax: 100,
  },
  {
    name: 'Quantity',
    field: 'quantity',
    required: true,
    classes: INVESTMENT_CLASSES,
    help: 'Shares or units or contracts with at most 6 decimals; negative for a short',
    charactersMax: null,
  },
  {
    name: 'Entry Price Per Share',
    field: 'entry_price_per_share',
    required: true,
    classes: INVESTMENT_CLASSES,
    help: 'Above zero with at most 2 decimals; for an option the premium per share with at most 4',
    charactersMax: null,
  },
  {
    name: 'Entry Date',
    field: 'entry_date',
    required: true,
    classes: INVESTMENT_CLASSES,
    help: 'The day the position was opened: like 2024-01-15',
    charactersMax: null,
  },
  {
    name: 'Investment Class',
    field: 'investment_class',
    required: false,
    classes: INVESTMENT_CLASSES,
    help: 'PUBLIC or OPTIONS or PRIVATE; empty lets the row decide',
    charactersMax: null,
  },
  {
    name: 'Investment Subtype',
    field: 'investment_subtype',
    required: false,
    classes: INVESTMENT_CLASSES,
    help: 'May be empty; for example STOCK or ETF or CALL or REAL_ESTATE',
    charactersMax: null,
  },
  {
    name: 'Underlying Symbol',
    field: 'underlying_symbol',
    required: false,
    classes: ['OPTIONS'],
    help: 'What the option is on',
    charactersMax: 100,
  },
  {
    name: 'Strike Price',
    field: 'strike_price',
    required: false,
    classes: ['OPTIONS'],
    help: 'Above zero with at most 3 decimals',
    charactersMax: null,
  },
  {
    name: 'Expiration Date',
    field: 'expiration_date',
    required: false,
    classes: ['OPTIONS'],
    help: 'The day the option expires: like 2028-01-21',
    charactersMax: null,
  },
  {
    name: 'Option Type',
    field: 'option_type',
    required: false,
    classes: ['OPTIONS'],
    help: 'CALL or PUT',
    charactersMax: null,
  },
  {
    name: 'Exit Date',
    field: 'exit_date',
    required: false,
    classes: INVESTMENT_CLASSES,
    help: 'The day the position was closed; empty while it is open',
    charactersMax: null,
  },
  {
    name: 'Exit Price Per Share',
    field: 'exit_price_per_share',
    required: false,
    classes: INVESTMENT_CLASSES,
    help: 'What it was closed at; empty while it is open',
    charactersMax: null,
  },
] as const satisfies readonly Column[];

export type ColumnField = (typeof POSITION_COLUMNS)[number]['field'];
export type ColumnName = (typeof POSITION_COLUMNS)[number]['name'];

const NAME_BY_FIELD = Object.fromEntries(POSITION_COLUMNS.map(({ field, name }) => [field, name])) as Readonly<
  Record<ColumnField, ColumnName>
>;
const FIELD_BY_HEADER: ReadonlyMap<string, ColumnField> = new Map(
  POSITION_COLUMNS.map(({ field, name }) => [headerKey(name), field]),
);

/** The column a header cell names, ignoring case and spaces; undefined for a cell that names none. */
export function fieldOfHeader(cell: string): ColumnField | undefined {
  return FIELD_BY_HEADER.get(headerKey(cell));
}

export function columnName(field: ColumnField): ColumnName {
  return NAME_BY_FIELD[field];
}

/** The longest cell of a column; Infinity where its format limits it. */
export function charactersMax(field: ColumnField): number {
  return POSITION_COLUMNS.find((column) => column.field === field)?.charactersMax ?? Infinity;
}

function headerKey(cell: string): string {
  return cell.replace(/\s/g, '').toLowerCase();
}
