// The file people start from: the columns, how to fill them, and rows that import as they are.

import { POSITION_COLUMNS, type ColumnField } from './columns.js';
import { SUBTYPES_BY_CLASS } from './investment-classes.js';

type ExampleRow = Readonly<Partial<Record<ColumnField, string>> & { symbol: string; quantity: string }>;

const ACCOUNT_TYPES = ['taxable', 'ira', 'roth_ira', '401k', '403b', '529', 'hsa', 'trust', 'other'];

/** Without commas or quotes: a spreadsheet would take a line apart at the first, and write it back in the second. */
const GUIDE = [
  'Closebell portfolio template. Lines that start with # are skipped; so are empty ones.',
  'One row per position. Replace the example rows with your own. The first four columns are required.',
  ...POSITION_COLUMNS.map(({ name, help }) => `${name}: ${help}`),
  ...Object.entries(SUBTYPES_BY_CLASS).map(
    ([investmentClass, subtypes]) => `Subtypes of ${investmentClass}: ${subtypes.join(' ')}`,
  ),
  'Numbers: plain digits with a decimal point. No currency sign; no % and no thousands separators. Dates: YYYY-MM-DD.',
  'Options: write the option symbol (SPY280121C00600000) or fill the four option columns. Quantity counts contracts of 100 shares.',
  'Short: make Quantity negative and keep the price positive.',
  'Closed: fill Exit Date and Exit Price Per Share.',
  'Cash: a money-market fund at price 1.00; or CASH_USD with the amount as Quantity and price 1.00.',
  'Same symbol bought twice on one day: merge the rows or upload with allow_multiple_lots=true.',
  `Account types for the upload: ${ACCOUNT_TYPES.join(' ')}`,
];

const EXAMPLES: readonly ExampleRow[] = [
  example('AAPL', '100', '124.28', '2021-06-01', { investment_class: 'PUBLIC', investment_subtype: 'STOCK' }),
  example('SPY280121C00600000', '2', '21.25', '2021-06-01', {
    investment_class: 'OPTIONS',
    investment_subtype: 'CALL',
    underlying_symbol: 'SPY',
    strike_price: '600',
    expiration_date: '2028-01-21',
    option_type: 'CALL',
  }),
  example('VTI', '50.5', '218.45', '2021-06-02', { investment_class: 'PUBLIC', investment_subtype: 'ETF' }),
  example('TSLA', '-20', '605.12', '2021-06-02', { investment_class: 'PUBLIC', investment_subtype: 'STOCK' }),
  example('SPAXX', '12500', '1.00', '2021-06-03', { investment_class: 'PUBLIC', investment_subtype: 'MUTUAL_FUND' }),
  example('MSFT', '40', '247.40', '2021-06-01', {
    investment_class: 'PUBLIC',
    investment_subtype: 'STOCK',
    exit_date: '2021-11-15',
    exit_price_per_share: '336.07',
  }),
  example('RIVERSIDE_FUND_II', '1', '50000.00', '2021-03-31', {
    investment_class: 'PRIVATE',
    investment_subtype: 'PRIVATE_EQUITY',
  }),
];

/** The template as CSV text: CRLF, for spreadsheets. Uploaded unchanged, it imports without an error. */
export function csvTemplate(): string {
  const header = POSITION_COLUMNS.map(({ name }) => name).join(',');
  const rows = EXAMPLES.map((row) => POSITION_COLUMNS.map(({ field }) => row[field] ?? '').join(','));
  return [header, ...GUIDE.map((line) => `# ${line}`), ...rows, ''].join('\r\n');
}

function example(
  symbol: string,
  quantity: string,
  entryPrice: string,
  entryDate: string,
  others: Readonly<Partial<Record<ColumnField, string>>>,
): ExampleRow {
  return { symbol, quantity, entry_price_per_share: entryPrice, entry_date: entryDate, ...others };
}
