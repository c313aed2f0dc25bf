// The symbols that a user watches without holding them, with their newest prices. It moves no figure of a portfolio.
import { z } from 'zod';
import { QUOTE_SYMBOL_LENGTH_MAX } from '../jobs.js';
import { endpoint } from './endpoint.js';
import { date, instant, money } from './fields.js';
import { symbolField } from './symbol-field.js';

export const WATCHLIST_SYMBOLS_MAX = 500;

const symbol = symbolField(QUOTE_SYMBOL_LENGTH_MAX);

const watched = z.object({
  symbol: z.string(),
  name: z.string().nullable().describe('of the security, where a provider has said it'),
  added_at: instant,
  price: money.nullable().describe("in the security's currency; null where none is known, and `reason` says why"),
  price_source: z.enum(['quote', 'close']).nullable().describe('quote: of a session whose close is not stored yet'),
  price_date: date.nullable().describe('the session of the price'),
  quoted_at: instant.nullable().describe('of a quote'),
  previous_close: money.nullable().describe("the close before the price, in the price's shares where a split lies in between"),
  change: money.nullable(),
  change_percent: z.number().nullable(),
  currency: z.string().nullable(),
  is_stale: z
    .boolean()
    .nullable()
    .describe('of a quote: the exchange has traded for over 20 minutes since; of a close: a later session has closed'),
  reason: z.string().nullable().describe('why there is no price; null where there is one'),
});

export const getWatchlist = endpoint({
  method: 'get',
  path: '/watchlist',
  summary: 'The symbols you watch, with the newest price known of each. Quotes that are over a minute old are fetched meanwhile',
  tag: 'Watchlist',
  auth: 'user',
  responses: {
    200: {
      description: `In the order they were added; at most ${WATCHLIST_SYMBOLS_MAX}`,
      schema: z.object({
        watchlist: z.array(watched),
        total_count: z.int(),
        refreshing: z.int().describe('symbols whose quotes are being fetched: ask again in a moment for these'),
      }),
    },
  },
  errors: [],
});

export const addToWatchlist = endpoint({
  method: 'post',
  path: '/watchlist',
  summary: `Adds a symbol to the watchlist, which holds at most ${WATCHLIST_SYMBOLS_MAX}`,
  tag: 'Watchlist',
  auth: 'user',
  idempotent: true,
  body: z.object({ symbol: symbol.describe('like AAPL, BRK.B or an option symbol, at most 30 characters') }),
  responses: {
    201: { description: 'The symbol as it is stored', schema: z.object({ symbol: z.string(), added_at: instant }) },
  },
  errors: ['ERR_WATCH_001', 'ERR_WATCH_003', 'ERR_REQ_001'],
});

export const removeFromWatchlist = endpoint({
  method: 'delete',
  path: '/watchlist/:symbol',
  summary: 'Removes a symbol from the watchlist. Its prices, and positions in it, stay as they are',
  tag: 'Watchlist',
  auth: 'user',
  params: z.object({ symbol }),
  responses: { 204: { description: 'The symbol is no longer watched' } },
  errors: ['ERR_WATCH_002', 'ERR_REQ_001'],
});
