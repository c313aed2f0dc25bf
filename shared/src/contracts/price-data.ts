// What is told of stored prices, to owners and admins alike.
import { z } from 'zod';
import { date, instant } from './fields.js';

/** Where the price of a lot at a close comes from; null of a lot that is not valued. */
export const lotPriceSource = z
  .enum(['close', 'stale', 'no_price', 'model', 'model_stale', 'manual', 'par'])
  .nullable()
  .describe('stale: the last close, carried forward; no_price: the entry price, for want of any close');

/** Dates told of one symbol's gaps. */
export const GAP_DATES_MAX = 20;

export const gapDates = z.object({
  count: z.int(),
  dates: z.array(date).describe(`at most the last ${GAP_DATES_MAX}, the last first`),
});

export const revisedClose = z.object({
  session_date: date,
  from: z.number(),
  to: z.number(),
  provider: z.string().describe('who gave the new close'),
  revised_at: instant,
});

export const fetchAttempts = z
  .array(
    z.object({
      provider: z.string(),
      outcome: z.enum(['ok', 'no_data', 'unknown_symbol', 'rate_limited', 'unauthorized', 'garbage', 'unavailable']),
      reason: z.string().nullable(),
      at: instant,
    }),
  )
  .describe('the last of each provider, oldest first');
