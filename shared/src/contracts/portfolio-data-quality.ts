// What the prices behind one portfolio lack.
import { z } from 'zod';
import { UNAVAILABLE_REASONS } from './analytics.js';
import { endpoint } from './endpoint.js';
import { date, fraction, id, idParams, instant } from './fields.js';
import { fetchAttempts, gapDates, revisedClose } from './price-data.js';

const lot = z.object({ position_id: id, symbol: z.string() });

const symbol = z.object({
  symbol: z.string().describe('of a stock, or the underlying of an option'),
  message: z.string().nullable().describe('what is missing, why, since when and what happens next; null when nothing is'),
  listed_from: date.nullable().describe('the first session any provider has; null until that is known'),
  delisted_on: date.nullable(),
  first_close_date: date.nullable().describe('of all that is stored'),
  last_close_date: date.nullable(),
  closes: z.int().describe('sessions of the window with a close'),
  expected: z.int().describe('sessions of the window since listing and until delisting'),
  gaps: gapDates.describe('expected sessions without a close'),
  stale_sessions: z.int().nullable().describe('since the last close; null without one'),
  closes_by_provider: z.record(z.string(), z.int()).describe('of the window, by who gave the close that counts'),
  quarantined: z
    .array(z.object({ session_date: date, provider: z.string(), reason: z.string() }))
    .describe('bars of the window that cannot be and are not used; seen last first'),
  revised: z.array(revisedClose).describe('closes of the window that a provider corrected; the newest first'),
  retry_at: instant.nullable().describe('what is missing is not asked for before; null: in the next run'),
  attempts: fetchAttempts,
});

const portfolioDataQuality = z.object({
  available: z.literal(true),
  portfolio_id: id,
  session_date: date.describe('the last complete session'),
  window: z.object({ from: date, to: date, sessions: z.int() }),
  coverage: z.object({
    closes: z.int(),
    expected: z.int(),
    share: fraction.nullable().describe('closes / expected of all symbols; null when none needs a price'),
  }),
  symbols: z.array(symbol),
  without_data: z.array(z.string()).describe('symbols without a single close'),
  stale_lots: z
    .array(lot.extend({ priced_by: z.string(), last_close_date: date, age_sessions: z.int() }))
    .describe('lots that stand at an earlier close than that of session_date'),
  lots_without_price: z
    .array(lot.extend({ priced_by: z.string().nullable().describe('null: an option without an underlying') }))
    .describe('lots that never had a close and stand at their entry price'),
  not_asked_for: z
    .object({ private: z.array(lot), cash: z.array(lot) })
    .describe('lots whose names no provider ever sees: at your own mark, and at par'),
  newest_snapshot: z
    .object({ snapshot_date: date, valuation: z.enum(['full', 'partial']), coverage: fraction.nullable() })
    .nullable()
    .describe('null before the first calculation'),
  last_refresh: z.object({
    asked_at: instant.nullable().describe('when a provider was last turned to for one of the symbols; null: never'),
    stored_at: instant.nullable().describe('when the newest close of the window came in'),
  }),
});

export type PortfolioDataQuality = z.output<typeof portfolioDataQuality>;

const unavailable = z.object({ available: z.literal(false), reason: z.enum(UNAVAILABLE_REASONS), portfolio_id: id });

export const getPortfolioDataQuality = endpoint({
  method: 'get',
  path: '/data/portfolio/:id/data-quality',
  summary: 'What the prices of the open lots rest on, and what they lack',
  tag: 'Raw data',
  auth: 'user',
  params: idParams,
  responses: {
    200: {
      description: 'The state of the prices over 252 sessions; insufficient_symbols when no lot is open',
      schema: z.union([portfolioDataQuality, unavailable]),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});
