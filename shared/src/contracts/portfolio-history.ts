// The history of a portfolio, by sessions or within them. The path exists under /portfolio and under /portfolios.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { date, fraction, id, idParams, instant, money, pageLimit } from './fields.js';
import { snapshot } from './portfolios.js';

const HISTORY_PAGE_MAX = 1_000;

/** A value between two closes. */
const intradayValue = z.object({
  recorded_at: instant,
  equity: money,
  total_value: money,
  status: z.enum(['full', 'partial']).describe('partial: some lots stood at an earlier close, or at a quote over 20 minutes old'),
  coverage: fraction.nullable().describe('share of gross value at a quote of the moment, or at par'),
  oldest_quote_at: instant.nullable().describe('of the quotes used; null when every lot stood at its close'),
});

export const getHistory = endpoint({
  method: 'get',
  path: '/portfolio/:id/history',
  summary: 'What a portfolio was worth, oldest first: at each close, or within the sessions of the last 30 days',
  tag: 'Portfolios',
  auth: 'user',
  params: idParams,
  query: z
    .object({
      from: date.optional(),
      to: date.optional(),
      granularity: z
        .enum(['session', 'intraday'])
        .default('session')
        .describe('intraday: as recorded while the exchange was open, every RECORD_VALUES_EVERY_S seconds'),
      limit: pageLimit(HISTORY_PAGE_MAX, HISTORY_PAGE_MAX),
      cursor: z.string().optional().describe('next_cursor of the page before: a date, or an instant where values are intraday'),
    })
    .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
      path: ['from'],
      error: 'must not be after to',
    })
    .refine(({ granularity, cursor }) => cursor === undefined || cursorOf(granularity).safeParse(cursor).success, {
      path: ['cursor'],
      error: 'must be the next_cursor of a page of the same granularity',
    }),
  responses: {
    200: {
      description: 'One page; next_cursor is null at the end',
      schema: z.object({
        portfolio_id: id,
        snapshots: z
          .union([z.array(snapshot), z.array(intradayValue)])
          .describe('by granularity: sessions, or values between closes'),
        next_cursor: z.union([date, instant]).nullable(),
      }),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});

function cursorOf(granularity: 'session' | 'intraday') {
  return granularity === 'session' ? date : instant;
}
