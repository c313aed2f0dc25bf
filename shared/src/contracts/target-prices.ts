// Target prices: what a user expects of a symbol in one portfolio, and what the positions in it would gain. They move no figure.
// The path of a portfolio's exists under /portfolio and under /portfolios.
import { z } from 'zod';
import {
  TARGET_DATE_MAX,
  TARGET_DATE_MIN,
  TARGET_NOTES_CHARACTERS_MAX,
  TARGET_PRICE_DECIMALS,
  TARGET_PRICE_WHOLE_DIGITS,
  TARGET_SYMBOL_CHARACTERS_MAX,
} from '../csv/read-target-prices.js';
import { endpoint } from './endpoint.js';
import { date, fraction, id, idParams, instant, money } from './fields.js';
import { decimalField } from './json-decimal.js';
import { UPLOAD_FIELD } from './onboarding.js';
import { symbolField } from './symbol-field.js';

/** Of one portfolio: a list is never cut. */
export const TARGET_PRICES_MAX = 1_000;

const price = decimalField({ decimals: TARGET_PRICE_DECIMALS, below: 10 ** TARGET_PRICE_WHOLE_DIGITS, belowWords: '10 million' });
const targetPrice = price.positive().describe('per share, unit or option share');
const downsidePrice = price.nonnegative().nullable().describe('what the price may fall to, or rise to for a short');
const targetDate = date
  .refine((day) => day >= TARGET_DATE_MIN && day <= TARGET_DATE_MAX, `must be from ${TARGET_DATE_MIN} to ${TARGET_DATE_MAX}`)
  .nullable();
const notes = z
  .string()
  .transform((text) => text.replaceAll(/\r\n?/g, '\n').trim())
  .pipe(z.string().max(TARGET_NOTES_CHARACTERS_MAX, `must have at most ${TARGET_NOTES_CHARACTERS_MAX} characters`))
  .nullable();

const move = fraction.nullable().describe('of the price, not of the position: above 0 when the price rises');
const gained = money.nullable().describe('what the open positions gain, options × 100; a short loses when the price rises');

const target = z.object({
  id,
  portfolio_id: id,
  symbol: z.string(),
  target_price: money,
  target_date: date.nullable(),
  downside_price: money.nullable(),
  notes: z.string().nullable(),
  is_held: z.boolean().describe('whether an open position has this very symbol; of an option it is the contract'),
  quantity: z.number().describe('of the open positions, after splits; negative when short'),
  market_value: money.nullable().describe('of the open positions at current_price; 0 where none is open'),
  current_price: money.nullable().describe('null where none is known'),
  price_source: z
    .enum(['quote', 'close', 'par', 'calculated'])
    .nullable()
    .describe("calculated: as the newest calculated session valued the position, an option's mark for example"),
  price_date: date.nullable().describe('the session of the price'),
  upside: move,
  upside_dollars: gained,
  downside: move,
  downside_dollars: gained,
  note: z.string().nullable().describe('what the figures lack, and why'),
  created_at: instant,
  updated_at: instant,
});

const side = z.object({
  gain: money.describe('summed over the positions'),
  expected_return: fraction.nullable().describe('gain / gross value of those positions: their returns weighted by value'),
  gross_value: money.describe('of the positions that have such a price and a current one'),
  coverage: fraction
    .nullable()
    .describe('gross_value as a share of that of all open positions with a price, cash positions included'),
});

const summary = z.object({
  targets: z.int(),
  held: z.int().describe('of the targets: those with an open position'),
  upside: side,
  downside: side,
  gross_value: money,
  positions_without_price: z.int().describe('open positions that nothing here counts'),
});

export const listTargetPrices = endpoint({
  method: 'get',
  path: '/portfolio/:id/target-prices',
  summary: 'The target prices of a portfolio, what each position would gain, and the expected return of them together',
  tag: 'Target prices',
  auth: 'user',
  params: idParams,
  responses: {
    200: {
      description: `By symbol; at most ${TARGET_PRICES_MAX}`,
      schema: z.object({ portfolio_id: id, target_prices: z.array(target), summary }),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});

export const createTargetPrice = endpoint({
  method: 'post',
  path: '/portfolio/:id/target-prices',
  summary: 'Sets the target price of a symbol, held or not',
  tag: 'Target prices',
  auth: 'user',
  idempotent: true,
  params: idParams,
  body: z.object({
    symbol: symbolField(TARGET_SYMBOL_CHARACTERS_MAX),
    target_price: targetPrice,
    target_date: targetDate.default(null),
    downside_price: downsidePrice.default(null),
    notes: notes.default(null),
  }),
  responses: { 201: { description: 'The target price', schema: target } },
  errors: ['ERR_PORT_404', 'ERR_OWNER_001', 'ERR_TARGET_001', 'ERR_TARGET_003', 'ERR_REQ_001'],
});

export const importTargetPrices = endpoint({
  method: 'post',
  path: '/portfolio/:id/target-prices/import',
  summary:
    'Sets target prices from a CSV file, all rows or none: symbol, target_price and, where wanted, target_date, downside_price, notes. ' +
    'A symbol that has one gets the new one; others stay',
  tag: 'Target prices',
  auth: 'user',
  idempotent: true,
  limit: 'upload',
  params: idParams,
  multipart: { fileField: UPLOAD_FIELD },
  responses: {
    200: {
      description: 'What the rows did',
      schema: z.object({
        portfolio_id: id,
        imported: z.int(),
        created: z.int(),
        updated: z.int(),
        not_held: z.array(z.string()).describe('symbols that no open position has'),
        warnings: z.array(z.string()),
        message: z.string(),
      }),
    },
  },
  errors: [
    'ERR_PORT_404',
    'ERR_OWNER_001',
    'ERR_PORT_007',
    'ERR_PORT_008',
    'ERR_TARGET_003',
    'ERR_CSV_001',
    'ERR_CSV_002',
    'ERR_CSV_003',
    'ERR_CSV_004',
    'ERR_CSV_005',
    'ERR_CSV_006',
    'ERR_REQ_001',
  ],
});

export const exportTargetPrices = endpoint({
  method: 'get',
  path: '/portfolio/:id/target-prices/export',
  summary:
    'The target prices of a portfolio as a CSV file that the import takes. Texts that a spreadsheet would run are made harmless',
  tag: 'Target prices',
  auth: 'user',
  params: idParams,
  query: z.object({ format: z.enum(['csv']).default('csv') }),
  responses: { 200: { description: 'symbol,target_price,target_date,downside_price,notes', contentType: 'text/csv' } },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});

export const getTargetPrice = endpoint({
  method: 'get',
  path: '/target-prices/:id',
  summary: 'One target price',
  tag: 'Target prices',
  auth: 'user',
  params: idParams,
  responses: { 200: { description: 'The target price', schema: target } },
  errors: ['ERR_TARGET_002', 'ERR_REQ_001'],
});

export const updateTargetPrice = endpoint({
  method: 'put',
  path: '/target-prices/:id',
  summary: 'Changes the fields given of a target price; null takes a date, a downside or notes away',
  tag: 'Target prices',
  auth: 'user',
  params: idParams,
  body: z
    .object({
      target_price: targetPrice.optional(),
      target_date: targetDate.optional(),
      downside_price: downsidePrice.optional(),
      notes: notes.optional(),
    })
    .refine((body) => Object.values(body).some((value) => value !== undefined), 'must change at least one field'),
  responses: { 200: { description: 'The target price as it is now', schema: target } },
  errors: ['ERR_TARGET_002', 'ERR_OWNER_001', 'ERR_REQ_001'],
});

export const deleteTargetPrice = endpoint({
  method: 'delete',
  path: '/target-prices/:id',
  summary: 'Deletes a target price',
  tag: 'Target prices',
  auth: 'user',
  params: idParams,
  responses: { 204: { description: 'The target price is gone' } },
  errors: ['ERR_TARGET_002', 'ERR_OWNER_001', 'ERR_REQ_001'],
});

export type TargetPrice = z.output<typeof target>;
export type TargetSummary = z.output<typeof summary>;
