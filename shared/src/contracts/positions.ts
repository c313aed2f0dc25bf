// The lots of a portfolio: shown as they stand now, entered, changed and removed.
import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../errors.js';
import { POSITION_TYPES } from '../position-type.js';
import { endpoint } from './endpoint.js';
import { date, fraction, id, idParams, instant, money, pageLimit, queryFlag } from './fields.js';
import { followingFigures } from './ledger-change.js';

const INVESTMENT_CLASSES = ['PUBLIC', 'OPTIONS', 'PRIVATE'] as const;
export const POSITION_GROUPINGS = ['class', 'type', 'sector', 'symbol', 'tag'] as const;
/** Lots in one request. */
const LOTS_MAX = 500;
const POSITIONS_PAGE_MAX = 1_000;

/** Longer than any value that could be right: what a field may hold is checked by its own rule, with a code of its own. */
const FIELD_CHARACTERS_MAX = 200;
const text = z.string().max(FIELD_CHARACTERS_MAX).nullable().optional();
const decimal = z
  .union([z.number(), z.string().max(FIELD_CHARACTERS_MAX)])
  .nullable()
  .optional();

/** Described for the documentation; the checks are those of the portfolio CSV, which give each fault its own code. */
const lotFields = {
  symbol: text.describe('required, but for an option that names its underlying'),
  quantity: decimal.describe('required; negative for a short, at most 6 decimals; a number or decimal text'),
  entry_price: decimal.describe('required; per share, of an option its premium per share'),
  entry_date: text.describe('required; YYYY-MM-DD, not in the future'),
  investment_class: text.describe('PUBLIC, OPTIONS or PRIVATE; without it as the other fields tell'),
  investment_subtype: text,
  underlying_symbol: text.describe('of an option, as the three that follow'),
  strike_price: decimal,
  expiration_date: text,
  option_type: text.describe('CALL or PUT'),
  exit_date: text.describe('with exit_price, or neither'),
  exit_price: decimal,
};

const tag = z.object({ id, name: z.string(), color: z.string() });

const entered = {
  id,
  portfolio_id: id,
  symbol: z.string(),
  position_type: z.enum(POSITION_TYPES).describe('L or S, long or short; C or P, a call or a put'),
  investment_class: z.enum(INVESTMENT_CLASSES),
  investment_subtype: z.string().nullable(),
  quantity: z.number().describe('as entered, negative for a short'),
  entry_price: money,
  entry_date: date,
  exit_price: money.nullable(),
  exit_date: date.nullable(),
  underlying_symbol: z.string().nullable(),
  strike_price: money.nullable(),
  expiration_date: date.nullable(),
  option_type: z.enum(['CALL', 'PUT']).nullable(),
  opened_by_trade: id.nullable(),
  closed_by_trade: id.nullable(),
  created_at: instant,
};

/** Where the price of a lot comes from. */
export const priceOrigin = {
  price_source: z
    .enum(['quote', 'close', 'stale', 'no_price', 'model', 'model_stale', 'manual', 'par'])
    .describe(
      'quote: the latest one (of an option, its model at a quote of the underlying); stale: an older close; no_price: the entry price, for want of ' +
        'any; manual: your own mark of a private lot; par: cash',
    ),
  price_date: date.nullable().describe('the session of the price; null where it is of none'),
  quoted_at: instant.nullable().describe('null unless price_source is quote'),
  is_stale: z.boolean().describe('whether a newer price should be there: an old close, or a quote over 20 minutes old'),
};

const valuation = {
  state: z.enum(['open', 'closed', 'expired']).describe('expired: an option past its expiration, settled by the calculation'),
  current_quantity: z.number().nullable().describe('after splits; null unless open, as all that follows but realized_pnl'),
  price: money.nullable(),
  price_source: priceOrigin.price_source.nullable(),
  price_date: priceOrigin.price_date,
  quoted_at: priceOrigin.quoted_at,
  is_stale: priceOrigin.is_stale.nullable(),
  market_value: money.nullable().describe('negative for a short'),
  cost_basis: money.nullable(),
  unrealized_pnl: money.nullable(),
  unrealized_pnl_percent: z.number().nullable().describe('of the cost, 5 is 5 %'),
  weight: fraction.nullable().describe('share of the gross market value of all open lots'),
  realized_pnl: money.nullable().describe('exit against entry; null unless closed'),
};

const position = z.object({
  ...entered,
  ...valuation,
  sector: z.string().nullable().describe("of an option its underlying's"),
  tags: z.array(tag),
});

const group = z.object({
  key: z.string().nullable().describe('null: lots without a sector, or without a tag'),
  positions: z.int(),
  long_value: money,
  short_value: money.describe('negative'),
  market_value: money,
  gross_value: money,
  cost_basis: money,
  unrealized_pnl: money,
  weight: fraction.nullable(),
});

const LOT_ERRORS = (Object.keys(ERRORS) as ErrorCode[]).filter((code) => code.startsWith('ERR_POS_'));

export const listPositions = endpoint({
  method: 'get',
  path: '/portfolio/:id/positions',
  summary: 'The positions of a portfolio, lot by lot, valued now',
  tag: 'Positions',
  auth: 'user',
  params: idParams,
  query: z.object({
    class: z.enum(INVESTMENT_CLASSES).optional(),
    type: z.enum(POSITION_TYPES).optional(),
    symbol: z.string().trim().min(1).max(100).optional().describe('of the lot, or of what an option is on'),
    tag: z.string().trim().min(1).max(100).optional().describe('the name or the id of one of your tags'),
    include_closed: queryFlag,
    group_by: z.enum(POSITION_GROUPINGS).optional().describe('also adds them up; a lot with several tags counts in each of them'),
    limit: pageLimit(POSITIONS_PAGE_MAX, POSITIONS_PAGE_MAX),
    cursor: z
      .string()
      .max(200)
      .regex(/^[^!]+!\d{4}-\d{2}-\d{2}![0-9a-fA-F-]{36}$/, 'must be the next_cursor of a page')
      .optional(),
  }),
  responses: {
    200: {
      description: 'One page by symbol and entry date; totals and groups are over all that match. next_cursor is null at the end',
      schema: z.object({
        portfolio_id: id,
        valued_at: instant,
        total_count: z.int(),
        totals: group.omit({ key: true }),
        groups: z.array(group).nullable().describe('the largest by gross value first; null without group_by'),
        positions: z.array(position),
        next_cursor: z.string().nullable(),
      }),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});

export const createPositions = endpoint({
  method: 'post',
  path: '/portfolio/:id/positions',
  summary: 'Enters lots: one, or a list of them, of which all are entered or none',
  tag: 'Positions',
  auth: 'user',
  idempotent: true,
  params: idParams,
  body: z
    .object({
      ...lotFields,
      positions: z
        .array(z.object(lotFields))
        .min(1)
        .max(LOTS_MAX)
        .optional()
        .describe('several lots, in place of the fields of one'),
      allow_multiple_lots: z
        .boolean()
        .default(false)
        .describe('accepts a lot of the same security and entry date as another one if quantity or price differ'),
    })
    .refine(({ positions, ...rest }) => positions === undefined || rest.symbol === undefined, {
      path: ['positions'],
      error: 'give the fields of one lot, or positions',
    }),
  responses: {
    201: {
      description: 'Entered',
      schema: z.object({
        portfolio_id: id,
        positions: z.array(z.object(entered)),
        positions_created: z.int(),
        warnings: z.array(z.string()),
        ...followingFigures,
      }),
    },
  },
  errors: [...LOT_ERRORS, 'ERR_PORT_404', 'ERR_OWNER_001', 'ERR_REQ_001'],
});

export const getPosition = endpoint({
  method: 'get',
  path: '/positions/:id',
  summary: 'One lot, valued now',
  tag: 'Positions',
  auth: 'user',
  params: idParams,
  responses: { 200: { description: 'The lot', schema: position } },
  errors: ['ERR_POSITION_404', 'ERR_REQ_001'],
});

export const changePosition = endpoint({
  method: 'put',
  path: '/positions/:id',
  summary: 'Changes some fields of a lot; the lot as a whole is checked again. null empties a field',
  tag: 'Positions',
  auth: 'user',
  params: idParams,
  body: z.object(lotFields),
  responses: {
    200: {
      description: 'The lot as it is now',
      schema: z.object({ ...entered, warnings: z.array(z.string()), ...followingFigures }),
    },
  },
  errors: [...LOT_ERRORS, 'ERR_POSITION_001', 'ERR_POSITION_404', 'ERR_OWNER_001', 'ERR_REQ_001'],
});

export const deletePosition = endpoint({
  method: 'delete',
  path: '/positions/:id',
  summary: 'Removes a lot as if it had never been; to close one, give it an exit or sell it',
  tag: 'Positions',
  auth: 'user',
  params: idParams,
  responses: { 200: { description: 'Removed', schema: z.object({ position_id: id, portfolio_id: id, ...followingFigures }) } },
  errors: ['ERR_POSITION_001', 'ERR_POSITION_404', 'ERR_OWNER_001', 'ERR_REQ_001'],
});

export type Position = z.output<typeof position>;
export type PositionGroup = z.output<typeof group>;
