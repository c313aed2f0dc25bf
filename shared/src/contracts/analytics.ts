// Calculated figures of one portfolio, each under the available contract: never a figure that isn't there.
import { z } from 'zod';
import type { ErrorCode } from '../errors.js';
import { endpoint } from './endpoint.js';
import { date, fraction, id, idParams, instant, money } from './fields.js';

export const UNAVAILABLE_REASONS = [
  'no_calculation_available',
  'no_snapshots',
  'no_results',
  'insufficient_symbols',
  'insufficient_overlap',
  'no_benchmark_data',
] as const;

export type UnavailableReason = (typeof UNAVAILABLE_REASONS)[number];

const unavailable = z.object({
  available: z.literal(false),
  reason: z.enum(UNAVAILABLE_REASONS),
  message: z.string().describe('what is missing, why, and what to do'),
  portfolio_id: id,
});

/** A read of one portfolio's figures, below /analytics/portfolio/:id. `answer` has `available: true`. */
export function analyticsRead<S extends z.ZodObject, Q extends z.ZodObject = z.ZodObject<Record<never, never>>>(
  name: string,
  { summary, answer, query, errors = [] }: Readonly<{ summary: string; answer: S; query?: Q; errors?: readonly ErrorCode[] }>,
) {
  return endpoint({
    method: 'get',
    path: `/analytics/portfolio/:id/${name}`,
    summary,
    tag: 'Analytics',
    auth: 'user',
    params: idParams,
    ...(query === undefined ? {} : { query }),
    responses: { 200: { description: 'The figures, or why there are none', schema: z.union([answer, unavailable]) } },
    errors: ['ERR_PORT_404', 'ERR_REQ_001', ...errors],
  });
}

/** A whole number in a query string. */
export const queryInteger = (min: number, max: number, standard: number) =>
  z.coerce.number().int().min(min).max(max).default(standard);

const OF_EQUITY = 'as a fraction of equity; null when equity is not above 0';

const overview = z.object({
  available: z.literal(true),
  portfolio_id: id,
  equity_balance: money.describe('as you stated it'),
  net_asset_value: money,
  total_value: money.describe('the same figure under its other name'),
  cash_balance: money.describe('negative on margin'),
  leverage: z.number().nullable().describe(`gross exposure ${OF_EQUITY}`),
  exposures: z.object({
    long_exposure: money,
    short_exposure: money.describe('negative'),
    gross_exposure: money,
    net_exposure: money,
    long_percentage: fraction.nullable().describe(OF_EQUITY),
    short_percentage: fraction.nullable().describe(OF_EQUITY),
    gross_percentage: fraction.nullable().describe(OF_EQUITY),
    net_percentage: fraction.nullable().describe(OF_EQUITY),
  }),
  pnl: z.object({
    total_pnl: money.nullable().describe('unrealized + realized'),
    unrealized_pnl: money.nullable(),
    realized_pnl: money,
    daily_pnl: money,
    mtd_pnl: money,
    ytd_pnl: money,
  }),
  position_count: z.object({
    total_positions: z.int(),
    long_count: z.int(),
    short_count: z.int(),
    option_count: z.int(),
  }),
  delta_adjusted: z
    .object({ long: money, short: money, gross: money, net: money })
    .nullable()
    .describe('null when an option could not be marked'),
  coverage: fraction.nullable(),
  valuation: z.enum(['full', 'partial']),
  price_source: z.literal('simulated').nullable().describe('simulated: the prices are made up, for a demonstration'),
  snapshot_date: date,
  last_updated: instant,
});

export const getOverview = analyticsRead('overview', {
  summary: 'Value, exposures and P&L at the newest calculated session',
  answer: overview,
});

export type Overview = z.output<typeof overview>;
