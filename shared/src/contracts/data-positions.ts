// Lots with all that is known of them, for programs: what they were entered with, what they are worth, and what that rests on.
import { z } from 'zod';
import { POSITION_TYPES } from '../position-type.js';
import { endpoint } from './endpoint.js';
import { date, fraction, id, money, queryFlag } from './fields.js';
import { lotPriceSource } from './price-data.js';

/** Ids of one request at most: more of them would not fit an address of 16 KB. */
const POSITION_IDS_MAX = 300;

/** Lots of one answer at most, far above what a portfolio holds; `truncated` tells of more. */
export const POSITIONS_SHOWN_MAX = 5_000;

const POSITION_FLAGS = ['stale', 'no_price', 'model', 'manual', 'not_valued', 'not_current'] as const;
export type PositionFlag = (typeof POSITION_FLAGS)[number];

const NOT_VALUED = 'null where the lot is not valued';

/** A lot as it is valued at the close of one session. */
export const valuedPosition = z.object({
  id,
  portfolio_id: id,
  symbol: z.string(),
  name: z.string().nullable().describe("the security's, of an option its underlying's; null until a provider has told"),
  sector: z.string().nullable(),
  position_type: z.enum(POSITION_TYPES).describe('L or S, long or short; C or P, a call or a put'),
  investment_class: z.enum(['PUBLIC', 'OPTIONS', 'PRIVATE']),
  investment_subtype: z.string().nullable(),
  underlying_symbol: z.string().nullable(),
  strike_price: money.nullable(),
  expiration_date: date.nullable(),
  option_type: z.enum(['CALL', 'PUT']).nullable(),
  quantity: z.number().describe('negative for a short; of a valued lot after splits, in the basis of current_price'),
  quantity_entered: z.number().describe('before any split'),
  multiplier: z.int().describe('shares a unit stands for: 100 for options'),
  entry_date: date,
  entry_price: money.describe('as entered, before any split'),
  cost_basis: money.describe('quantity_entered × multiplier × entry_price: negative for a short'),
  session_date: date.nullable().describe(`whose close values the lot; ${NOT_VALUED}, as all that follows up to weight`),
  current_price: money.nullable(),
  price_source: lotPriceSource,
  price_date: date.nullable().describe("of the close behind the price, of an option its underlying's"),
  age_sessions: z.int().nullable(),
  market_value: money.nullable().describe('negative for a short'),
  delta_adjusted_value: money.nullable().describe('what the lot moves like; null where an option could not be marked'),
  unrealized_pnl: money.nullable(),
  unrealized_pnl_percent: z.number().nullable().describe('4 is 4 % of what the lot cost, without sign; null where that is 0'),
  weight: fraction.nullable().describe("size of market_value as a share of the portfolio's gross value"),
  flags: z
    .array(z.enum(POSITION_FLAGS))
    .describe(
      'stale: at the price of an earlier session; no_price; model: an option at its model price; manual: at the mark of its owner; ' +
        'not_valued: no calculation has valued it; not_current: a change of the portfolio waits to be calculated, and may move the value',
    ),
  tags: z.array(z.object({ id, name: z.string(), color: z.string() })).describe('by name'),
});

const detailedPosition = valuedPosition.extend({
  state: z.enum(['open', 'closed', 'expired']).describe('expired: an option past its expiration, settled at intrinsic value'),
  exit_date: date.nullable(),
  exit_price: money.nullable().describe('as traded'),
  realized_pnl: money.nullable().describe('exit against entry; null of an open lot'),
});

/** Ids in a query string, separated by commas. */
const positionIds = z
  .string()
  .transform((list) => [...new Set(list.split(',').map((each) => each.trim().toLowerCase()))].filter((each) => each !== ''))
  .pipe(z.array(id).min(1, 'name at least one position').max(POSITION_IDS_MAX, `at most ${POSITION_IDS_MAX} at a time`));

export const getPositionDetails = endpoint({
  method: 'get',
  path: '/data/positions/details',
  summary: 'The lots of a portfolio, or those named, with entry, value, P&L and what their price rests on',
  tag: 'Raw data',
  auth: 'user',
  query: z
    .object({
      portfolio_id: id.optional(),
      position_ids: positionIds.optional().describe('separated by commas; closed ones are shown too'),
      include_closed: queryFlag.describe('with portfolio_id: true shows closed lots as well'),
    })
    .refine(({ portfolio_id: portfolioId, position_ids: ids }) => (portfolioId === undefined) !== (ids === undefined), {
      path: ['portfolio_id'],
      error: 'name either portfolio_id or position_ids',
    }),
  responses: {
    200: {
      description:
        'The largest by market value first, then those without a value. Values are those of the newest calculation of each portfolio',
      schema: z.object({
        positions: z.array(detailedPosition),
        truncated: z.boolean().describe(`true when there are more than ${POSITIONS_SHOWN_MAX}; the summary is of those shown`),
        summary: z.object({
          total_positions: z.int(),
          open_count: z.int(),
          closed_count: z.int().describe('expired ones among them'),
          valued_count: z.int().describe('open lots with a value; the sums of values are over these'),
          long_value: money,
          short_value: money.describe('negative'),
          gross_value: money,
          net_value: money,
          cost_basis: money.describe('of the valued lots'),
          unrealized_pnl: money,
          realized_pnl: money.describe('of the closed lots shown'),
          flagged: z.partialRecord(z.enum(POSITION_FLAGS), z.int()).describe('how many lots have each flag'),
        }),
      }),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_POSITION_404', 'ERR_REQ_001'],
});

export type ShownPosition = z.output<typeof valuedPosition>;
export type DetailedPosition = z.output<typeof detailedPosition>;
