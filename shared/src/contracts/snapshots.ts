// One session of a portfolio with everything its figures were computed from. The path exists under /portfolio and under /portfolios.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { date, id, idParams, instant, money } from './fields.js';
import { snapshot } from './portfolios.js';
import { lotPriceSource } from './price-data.js';

/** Lots shown of one snapshot; `lots_total` tells of more. */
export const SNAPSHOT_LOTS_MAX = 1_000;

const hash = z
  .string()
  .regex(/^[0-9a-f]*$/)
  .describe('SHA-256, hexadecimal');

const lot = z.object({
  symbol: z.string(),
  investment_class: z.enum(['PUBLIC', 'OPTIONS', 'PRIVATE']),
  state: z.enum(['open', 'closed']).describe('at the close of the session'),
  entry_date: date,
  entry_price: money,
  exit_date: date.nullable(),
  exit_price: money.nullable(),
  quantity_entered: z.number().describe('negative for a short'),
  quantity: z
    .number()
    .nullable()
    .describe('after splits, in the basis of the price; null of a closed lot, as all that follows but P&L'),
  price: money.nullable(),
  price_source: lotPriceSource,
  price_date: date.nullable().describe("of the close behind the price, of an option its underlying's"),
  age_sessions: z.int().nullable(),
  market_value: money.nullable(),
  daily_pnl: money.describe('earned in this session, dividends included'),
  bar: z
    .object({ symbol: z.string(), revision: z.int(), provider: z.string(), fetched_at: instant })
    .nullable()
    .describe('the newest revision of that close'),
  mark: z
    .object({ volatility: z.number(), rate: z.number(), source: z.enum(['entry', 'realised']), underlying_close: money })
    .nullable()
    .describe('what an option lot was marked with: volatility and continuously compounded rate a year'),
  splits: z
    .array(z.object({ ex_date: date, numerator: z.int(), denominator: z.int() }))
    .describe('with their ex-date in this session'),
  dividends: z
    .array(z.object({ ex_date: date, amount: money.describe('a share') }))
    .describe('with their ex-date in this session'),
});

const computedFrom = z.object({
  equity_balance: money.describe('as you stated it at the close of equity_as_of'),
  equity_as_of: date,
  previous: z
    .object({ snapshot_date: date, equity: money, input_hash: hash })
    .nullable()
    .describe('the session before; null where the history begins'),
  chained_to: date
    .nullable()
    .describe(
      "the session whose hash this one's contains: the one before after equity_as_of, the one after before it, none at it",
    ),
  flows: z
    .array(z.object({ change_date: date, amount: money.describe('negative: withdrawn') }))
    .describe('that count in this session'),
  lots: z.array(lot).describe('opened by the close of the session; those closed by then only with what they brought'),
  lots_total: z.int(),
});

const available = z.object({
  available: z.literal(true),
  portfolio_id: id,
  snapshot_date: date,
  figures: snapshot.extend({
    options: money,
    private: money,
    delta_long: money.nullable(),
    delta_short: money.nullable(),
    position_count: z.int(),
    long_count: z.int(),
    short_count: z.int(),
    option_count: z.int(),
    cumulative_pnl: money,
    realised_pnl: money,
    oldest_price_date: date.nullable(),
  }),
  calculated_at: instant,
  input_hash: hash,
  method_version: z.string(),
  verified: z
    .boolean()
    .describe(
      'whether the inputs that are stored now, from equity_as_of to this session, give input_hash; false: one changed, and the session is computed again',
    ),
  computed_from: computedFrom,
});

const unavailable = z.object({
  available: z.literal(false),
  reason: z.literal('no_snapshots'),
  portfolio_id: id,
  metadata: z.object({
    is_session: z.boolean(),
    previous_session: date.nullable().describe('the last trading day before the date; null outside the calendar'),
    first_snapshot_date: date.nullable(),
    last_snapshot_date: date.nullable(),
  }),
});

export const getSnapshot = endpoint({
  method: 'get',
  path: '/portfolio/:id/snapshots/:date',
  summary: 'One session and what its figures were computed from',
  tag: 'Portfolios',
  auth: 'user',
  params: idParams.extend({ date }),
  responses: {
    200: {
      description:
        'The snapshot; available is false for a date without one, a weekend or holiday included: metadata names the session before it',
      schema: z.discriminatedUnion('available', [available, unavailable]),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});

export type SnapshotAnswer = z.output<typeof available>;
export type SnapshotLot = z.output<typeof lot>;
