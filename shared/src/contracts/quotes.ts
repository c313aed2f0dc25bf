// The newest quotes that are stored. Nothing is invented: no bid, no ask, no change without a previous close.
import { z } from 'zod';
import { hasSymbolCharacters } from '../csv/symbols.js';
import { QUOTE_SYMBOL_LENGTH_MAX, QUOTE_SYMBOLS_MAX } from '../jobs.js';
import { endpoint } from './endpoint.js';
import { instant, money } from './fields.js';
import { symbolList } from './symbol-field.js';

const symbol = z
  .string()
  .max(QUOTE_SYMBOL_LENGTH_MAX, `symbols have at most ${QUOTE_SYMBOL_LENGTH_MAX} characters`)
  .refine(hasSymbolCharacters, 'not a symbol');

const quote = z.object({
  symbol: z.string(),
  price: money.describe("the last trade known, in the security's currency"),
  previous_close: money.nullable().describe('as the provider says; null where it does not'),
  change: money.nullable(),
  change_percent: z.number().nullable(),
  currency: z.string().nullable(),
  quoted_at: instant,
  age_seconds: z.int().describe('since quoted_at'),
  provider: z.string(),
  is_stale: z.boolean().describe('the exchange has traded for over 20 minutes since'),
});

export const getQuotes = endpoint({
  method: 'get',
  path: '/data/prices/quotes',
  summary: 'The newest quotes of some symbols, fetched again when they are over a minute old and the exchange is open',
  tag: 'Data',
  auth: 'user',
  query: z.object({ symbols: symbolList(symbol, QUOTE_SYMBOLS_MAX).describe('separated by commas: AAPL,BRK.B') }),
  responses: {
    200: {
      description:
        'In the order asked. Only securities that some portfolio holds, or whose prices are stored, are asked of a provider; a fetch that ' +
        'takes longer than 2 seconds is for the next request',
      schema: z.object({
        quotes: z.array(quote),
        missing: z.array(z.object({ symbol: z.string(), reason: z.string() })),
      }),
    },
  },
  errors: ['ERR_REQ_001'],
});
