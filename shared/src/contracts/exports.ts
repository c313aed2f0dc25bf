// Files of figures: of a portfolio, of trades that were worked out elsewhere, and reports. Each portfolio export exists in the plural as well.
import { z } from 'zod';
import { EXPORT_FORMATS, EXPORT_PARTS, REPORT_FORMATS } from '../export/export-request.js';
import { TRADE_FILE_FORMATS, TRADE_VALUE_MAX } from '../export/trade-file.js';
import { JOB_STATUSES } from '../jobs.js';
import { endpoint } from './endpoint.js';
import { date, id, idParams } from './fields.js';
import { decimalField } from './json-decimal.js';
import { symbolField } from './symbol-field.js';

/** Longer than all parts together; beyond it there is nothing to say which of them is wrong. */
const INCLUDE_CHARACTERS_MAX = 100;
const TRADES_MAX = 5_000;
const SYMBOL_CHARACTERS_MAX = 100;

const includeList = z
  .string()
  .max(INCLUDE_CHARACTERS_MAX)
  .default('positions')
  .transform((list) => [...new Set(list.split(',').map((each) => each.trim()))])
  .pipe(z.array(z.enum(EXPORT_PARTS)).min(1))
  .transform((parts) => EXPORT_PARTS.filter((part) => parts.includes(part)))
  .describe(`comma-separated: ${EXPORT_PARTS.join(', ')}; csv takes one of them`);

const pendingFile = z.object({
  job_id: id,
  status: z.enum(JOB_STATUSES),
  poll_url: z.string().describe('how the job stands'),
  result_url: z.string().describe('the file, when it is there'),
  message: z.string(),
});

/** Of any of the formats. */
const ANY_FILE = '*/*';

export const exportPortfolio = endpoint({
  method: 'get',
  path: '/export/portfolio/:id',
  summary:
    'A file of a portfolio: every lot with its value at the newest close, the sessions, the risk figures. Waits for the file up to 10 seconds, ' +
    'or as Prefer says (respond-async, wait=N up to 30). The CSV of positions begins with the columns of the template and imports again',
  tag: 'Exports',
  auth: 'user',
  params: idParams,
  query: z
    .object({ format: z.enum(EXPORT_FORMATS).default('csv'), include: includeList })
    .refine(({ format, include }) => format !== 'csv' || include.length === 1, {
      path: ['include'],
      error: 'csv takes one part; ask for xlsx or json to get several in one file',
    }),
  responses: {
    200: { description: 'The file, as an attachment with its own Content-Type', contentType: ANY_FILE },
    202: { description: 'The file is being made; poll_url tells how it stands', schema: pendingFile },
  },
  errors: ['ERR_PORT_404', 'ERR_EXPORT_001', 'ERR_REQ_001'],
});

const trade = z
  .object({
    symbol: symbolField(SYMBOL_CHARACTERS_MAX),
    side: z.enum(['buy', 'sell']),
    quantity: decimalField({ decimals: 8, below: 1e9, belowWords: '1 billion' }).positive(),
    price: decimalField({ decimals: 6, below: 1e7, belowWords: '10 million' })
      .positive()
      .optional()
      .describe('a limit; without it an order at market'),
  })
  .refine(({ quantity, price = 0 }) => quantity * price < TRADE_VALUE_MAX, 'must come to less than 100 billion');

export const exportTrades = endpoint({
  method: 'post',
  path: '/export/trades',
  summary:
    'A file of the trades given: csv and json with their totals, generic as order lines (action, symbol, quantity, order type, limit price, ' +
    'time in force) that brokers can be fed with after their own renaming. Nothing is stored or traded',
  tag: 'Exports',
  auth: 'user',
  body: z.object({
    trades: z.array(trade).min(1).max(TRADES_MAX),
    format: z.enum(TRADE_FILE_FORMATS).default('csv'),
  }),
  responses: { 200: { description: 'The file, as an attachment with its own Content-Type', contentType: ANY_FILE } },
  errors: ['ERR_REQ_001'],
});

export const exportReport = endpoint({
  method: 'post',
  path: '/export/reports',
  summary:
    'A report of a portfolio at one session: a page that needs nothing else (html), or the same figures as json or xlsx. Positions have ' +
    'values in reports of the newest session only',
  tag: 'Exports',
  auth: 'user',
  idempotent: true,
  body: z.object({
    portfolio_id: id,
    format: z.enum(REPORT_FORMATS).default('html'),
    as_of_date: date.optional().describe('the newest session up to this day, not in the future; without it the newest there is'),
  }),
  responses: { 202: { description: 'The report is being made; poll_url tells how it stands', schema: pendingFile } },
  errors: ['ERR_PORT_404', 'ERR_OWNER_001', 'ERR_REQ_001'],
});
