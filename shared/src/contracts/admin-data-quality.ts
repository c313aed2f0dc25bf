// The state of the providers, and what their data lacks.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { date, instant, pageLimit } from './fields.js';

const SYMBOLS_MAX = 1_000;

const capability = z.enum(['dailyBars', 'profile', 'quotes', 'search', 'rates']);

const requestCounts = z.object({ per_minute: z.int().nullable(), per_day: z.int().nullable() });

const providerHealth = z.object({
  name: z.string(),
  position: z.int().nullable().describe('in the order in which providers are asked, from 1; null: not among those named'),
  plan: requestCounts.nullable().describe('requests; a null within: no limit known. null: it has not been asked yet'),
  requests_left: requestCounts.nullable().describe('of the plan'),
  blocked_until: instant.nullable().describe('the provider said to wait until then'),
  blocked_reason: z.string().nullable(),
  capabilities: z.array(
    z.object({
      capability,
      state: z.enum(['closed', 'open', 'half_open']).describe('open: not asked; half_open: the next request tries it'),
      failures: z.int().describe('in a row'),
      retry_at: instant.nullable(),
      last_ok_at: instant.nullable(),
      last_error_at: instant.nullable(),
      last_error_status: z.enum(['rate_limited', 'unauthorized', 'garbage', 'unavailable']).nullable(),
      last_error: z.string().nullable(),
    }),
  ),
});

const attempts = z
  .array(
    z.object({
      provider: z.string(),
      outcome: z.enum(['ok', 'no_data', 'unknown_symbol', 'rate_limited', 'unauthorized', 'garbage', 'unavailable']),
      reason: z.string().nullable(),
      at: instant,
    }),
  )
  .describe('the last of each provider, oldest first');

export const getDataQuality = endpoint({
  method: 'get',
  path: '/admin/data-quality',
  summary: 'How the providers of market data fare, and which of the symbols in use lack what',
  tag: 'Admin',
  auth: 'superuser',
  query: z.object({ limit: pageLimit(SYMBOLS_MAX, 100).describe('of each list of symbols') }),
  responses: {
    200: {
      description: 'Symbols in use: held in an active portfolio, or a factor',
      schema: z.object({
        session_date: date.describe('the last complete session'),
        providers: z.array(providerHealth),
        symbols_count: z.int(),
        without_data: z.object({
          count: z.int(),
          symbols: z
            .array(
              z.object({
                symbol: z.string(),
                retry_at: instant.nullable().describe('not asked for before; null: asked for in the next run'),
                attempts,
              }),
            )
            .describe('without a single close'),
        }),
        stale: z.object({
          count: z.int(),
          symbols: z
            .array(
              z.object({
                symbol: z.string(),
                last_close_date: date,
                sessions_behind: z.int(),
                attempts,
              }),
            )
            .describe('without a close of session_date; the furthest behind first'),
        }),
        gaps: z
          .object({ sessions: z.int(), symbols: z.int() })
          .describe('sessions without a close between the first and the last close of a symbol, and the symbols that have such'),
      }),
    },
  },
  errors: ['ERR_REQ_001'],
});
