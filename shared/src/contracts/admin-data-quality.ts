// The state of the providers, and what their data lacks.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { date, instant, pageLimit } from './fields.js';
import { fetchAttempts, gapDates, revisedClose } from './price-data.js';

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

const delistedOn = date.nullable().describe('the last session it traded; null: it trades, or nobody knows');

const withoutData = z.object({
  symbol: z.string(),
  retry_at: instant.nullable().describe('not asked for before; null: asked for in the next run'),
  delisted_on: delistedOn,
  attempts: fetchAttempts,
});

const stale = z.object({
  symbol: z.string(),
  last_close_date: date,
  sessions_behind: z.int(),
  delisted_on: delistedOn,
  attempts: fetchAttempts,
});

const quarantined = z.object({
  symbol: z.string(),
  session_date: date,
  provider: z.string(),
  open: z.number().nullable(),
  high: z.number().nullable(),
  low: z.number().nullable(),
  close: z.number().nullable().describe('null: it was no number'),
  volume: z.number().nullable(),
  reason: z.string(),
  first_seen_at: instant,
  last_seen_at: instant,
  accepted_at: instant.nullable().describe('when an admin found it right'),
  has_close: z.boolean().describe('the session has a close all the same'),
});

const dataQuality = z.object({
  session_date: date.describe('the last complete session'),
  providers: z.array(providerHealth),
  by_provider: z
    .array(z.object({ provider: z.string(), bars: z.int(), session_bars: z.int().describe('of session_date') }))
    .describe('bars stored, of all symbols and with revisions'),
  symbols_count: z.int(),
  without_data: z.object({ count: z.int(), symbols: z.array(withoutData) }).describe('without a single close'),
  stale: z
    .object({ count: z.int(), symbols: z.array(stale) })
    .describe('without a close of session_date; the furthest behind first'),
  gaps: z
    .object({
      sessions: z.int(),
      symbols: z.int(),
      by_symbol: z.array(z.object({ symbol: z.string(), ...gapDates.shape })).describe('those with the most first'),
    })
    .describe('sessions without a close between the first and the last close of a symbol, and the symbols that have such'),
  quarantined: z
    .object({ count: z.int(), bars: z.array(quarantined) })
    .describe('bars that cannot be: kept to be looked at, never used; seen last first'),
  revised: z
    .object({ count: z.int(), bars: z.array(z.object({ symbol: z.string(), ...revisedClose.shape })) })
    .describe('closes that a provider corrected within the last 30 days, of all symbols; the newest first'),
});

export type DataQuality = z.output<typeof dataQuality>;

export const getDataQuality = endpoint({
  method: 'get',
  path: '/admin/data-quality',
  summary: 'How the providers of market data fare, and which of the symbols in use lack what',
  tag: 'Admin',
  auth: 'superuser',
  query: z.object({ limit: pageLimit(SYMBOLS_MAX, 100).describe('of each list') }),
  responses: {
    200: {
      description:
        'Symbols in use: held in an active portfolio, or a factor. A page for people where Accept prefers text/html; /admin/data-quality, at the root, is the same page behind the login of the queue board',
      schema: dataQuality,
    },
  },
  errors: ['ERR_REQ_001'],
});
