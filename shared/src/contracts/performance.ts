// What a portfolio has made over a time. The path exists under /portfolio and under /portfolios.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { date, fraction, id, idParams, money } from './fields.js';

export const PERFORMANCE_RANGES = ['1W', '1M', '3M', '1Y', 'ALL'] as const;
export type PerformanceRange = (typeof PERFORMANCE_RANGES)[number];

const range = z.enum(PERFORMANCE_RANGES);

const point = z.object({ date, value: money.describe('equity at the close'), capital_flow: money.describe('of that session') });

const timeWeighted = z.object({
  value: fraction.describe('not a year: what one dollar made, whatever was paid in or out'),
  annualized: fraction.nullable().describe('null under a year'),
  observations: z.int().describe('sessions with a return'),
  gaps: z.int().describe('sessions between them without one'),
});

const moneyWeighted = z.discriminatedUnion('available', [
  z.object({
    available: z.literal(true),
    rate: fraction.describe('a year, actual/365: at it all that went in and out is worth nothing'),
    multiple_roots: z.boolean().describe('several rates fit; the one nearest to none is shown, and no one is the answer'),
  }),
  z.object({
    available: z.literal(false),
    reason: z.enum(['one_sign', 'one_date', 'no_root']).describe('why no rate fits'),
    message: z.string(),
  }),
]);

const available = z.object({
  available: z.literal(true),
  portfolio_id: id,
  range,
  start_date: date.describe('the close that the figures begin at'),
  end_date: date,
  points: z.array(point).describe('sessions from start_date to end_date'),
  gain: money.describe('what was earned: the rise in value less what was paid in'),
  gain_percent: z.number().nullable().describe('of the value at the start and what was paid in since; 5 is 5 %'),
  net_contributions: money.describe('negative: more was withdrawn'),
  high: money,
  high_date: date,
  low: money,
  low_date: date,
  twr: timeWeighted.nullable().describe('null where no session has a return'),
  mwr: moneyWeighted,
  figures_current: z.boolean().describe('false while a change waits to be calculated'),
});

const unavailable = z.object({
  available: z.literal(false),
  reason: z.enum(['no_snapshots', 'too_few_points']),
  message: z.string(),
  portfolio_id: id,
  range,
  start_date: date.nullable(),
  end_date: date.nullable(),
  points: z.array(point),
  gain: z.null(),
  gain_percent: z.null(),
  net_contributions: z.null(),
  high: z.null(),
  high_date: z.null(),
  low: z.null(),
  low_date: z.null(),
  twr: z.null(),
  mwr: z.null(),
  figures_current: z.boolean(),
});

export const getPerformance = endpoint({
  method: 'get',
  path: '/portfolio/:id/performance',
  summary: 'What a portfolio has made: gain, time-weighted and money-weighted return, high and low',
  tag: 'Portfolios',
  auth: 'user',
  params: idParams,
  query: z.object({
    range: range.default('1M').describe('up to the newest calculated session; ALL is the whole history'),
  }),
  responses: {
    200: {
      description: 'The figures; null, with a reason, where there are fewer than two sessions',
      schema: z.discriminatedUnion('available', [available, unavailable]),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});

export type PerformanceAnswer = z.output<typeof available> | z.output<typeof unavailable>;
