// What a program starts from: which portfolios there are, and one of them whole, at one session.
import { z } from 'zod';
import { UNAVAILABLE_REASONS } from './analytics.js';
import { valuedPosition } from './data-positions.js';
import { endpoint } from './endpoint.js';
import { date, fraction, id, idParams, instant, money, queryFlag } from './fields.js';
import { account, snapshot } from './portfolios.js';

/** Sessions of one answer at most, the newest: about four years. */
export const TIMESERIES_MAX = 1_000;

const counts = z.object({
  total: z.int(),
  long: z.int().describe('stocks and the like'),
  short: z.int(),
  options: z.int(),
});

const freshness = {
  figures_current: z.boolean().describe('false while a change of this session or an earlier one waits to be calculated'),
  sessions_behind: z.int().describe('complete sessions since the one shown'),
  valuation: z.enum(['full', 'partial']).describe('partial: some lots had no price of that session'),
  coverage: fraction.nullable().describe('share of gross value that has a price of the session'),
  oldest_price_date: date.nullable().describe('of the closes used'),
  calculated_at: instant,
};

const newest = z.object({ snapshot_date: date, net_asset_value: money, position_count: counts, ...freshness });

export const listDataPortfolios = endpoint({
  method: 'get',
  path: '/data/portfolios',
  summary: 'Your portfolios with what a program needs to begin: ids, how many lots, and how fresh the figures are',
  tag: 'Raw data',
  auth: 'user',
  responses: {
    200: {
      description: 'Oldest first',
      schema: z.object({
        last_complete_session_date: date,
        portfolios: z.array(
          z.object({
            id,
            ...account,
            lots_open: z.int().describe('in the ledger, now'),
            lots_closed: z.int(),
            first_snapshot_date: date.nullable(),
            newest: newest.nullable().describe('the newest calculated session; null before the first calculation'),
          }),
        ),
        total_count: z.int(),
      }),
    },
  },
  errors: [],
});

const complete = z.object({
  available: z.literal(true),
  portfolio_id: id,
  ...account,
  description: z.string().nullable(),
  snapshot_date: date.describe('the session that all figures are of'),
  net_asset_value: money,
  total_value: money.describe('the same figure under its other name'),
  cash_balance: money.describe('negative on margin'),
  exposures: z.object({
    long: money,
    short: money.describe('negative'),
    gross: money,
    net: money,
    options: money.describe('of that gross, in options'),
    private: money.describe('of that gross, at the mark of its owner'),
    delta_long: money.nullable().describe('delta-adjusted; null where options could not be marked'),
    delta_short: money.nullable(),
  }),
  position_count: counts,
  pnl: z.object({
    daily_pnl: money,
    daily_return: fraction.nullable(),
    cumulative_pnl: money.describe('since the history begins'),
    realized_pnl: money,
    capital_flow: money.describe('paid in less paid out that day'),
  }),
  quality: z.object(freshness),
  holdings: z
    .array(valuedPosition)
    .nullable()
    .describe('the lots held at the close of the session, the largest first; null unless include_holdings'),
  holdings_source: z
    .enum(['stored', 'worked_out'])
    .nullable()
    .describe(
      'stored: by the calculation that made the figures, of the newest session only; worked_out: of the ledger and the prices as they are now',
    ),
  timeseries: z
    .object({ points: z.array(snapshot), truncated: z.boolean().describe(`the last ${TIMESERIES_MAX} sessions; there are more`) })
    .nullable()
    .describe('every session up to this one, oldest first; null unless include_timeseries'),
});

const unavailable = z.object({
  available: z.literal(false),
  reason: z.enum(UNAVAILABLE_REASONS),
  message: z.string().describe('what is missing, why, and what to do'),
  portfolio_id: id,
});

/** A flag in a query string that is on unless told. */
const onUnlessTold = z.enum(['true', 'false']).default('true').describe('true or false');

export const getCompletePortfolio = endpoint({
  method: 'get',
  path: '/data/portfolio/:id/complete',
  summary:
    'One portfolio at one session in one answer: account, equity, cash, exposures, holdings and, where asked for, its history',
  tag: 'Raw data',
  auth: 'user',
  params: idParams,
  query: z.object({
    include_holdings: onUnlessTold,
    include_timeseries: queryFlag,
    as_of_date: date.optional().describe('the session of that day, or the last calculated one before it; the newest unless told'),
  }),
  responses: {
    200: {
      description:
        'Figures as they are stored; nothing is made up: cash is equity less the value of the lots. available is false without a calculated session',
      schema: z.union([complete, unavailable]),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});

export type CompletePortfolio = z.output<typeof complete>;
