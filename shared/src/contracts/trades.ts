// Purchases and sales of market securities. The paths exist under /portfolio and under /portfolios.
import { z } from 'zod';
import { looksLikeOccSymbol } from '../csv/symbols.js';
import { endpoint } from './endpoint.js';
import { date, id, idParams, instant, money, pageLimit } from './fields.js';
import { decimalField } from './json-decimal.js';
import { followingFigures } from './ledger-change.js';
import { symbolField } from './symbol-field.js';

const SYMBOL_CHARACTERS_MAX = 100;
const TRADES_PAGE_MAX = 200;

export const TRADE_PRICE_SOURCES = ['given', 'quote', 'close'] as const;
export type TradePriceSource = (typeof TRADE_PRICE_SOURCES)[number];

const OPTION_ADVICE = 'is an option: enter option lots with POST /portfolios/{id}/positions';

const tradedSymbol = symbolField(SYMBOL_CHARACTERS_MAX).refine((symbol) => !looksLikeOccSymbol(symbol), OPTION_ADVICE);

const side = z.enum(['buy', 'sell']);
const priceSource = z
  .enum(TRADE_PRICE_SOURCES)
  .describe('given with the trade; the latest quote; or the close of the last session up to the trade date');

const tradeFields = {
  trade_id: id,
  symbol: z.string(),
  side,
  quantity: z.number().describe('shares of the trade date'),
  price: money.describe('a share'),
  price_source: priceSource,
  total: money.describe('quantity × price'),
  realized_pnl: money.nullable().describe('exit against entry of the lots that the trade closed; null when it closed none'),
  trade_date: date,
  created_at: instant,
};

export const makeTrade = endpoint({
  method: 'post',
  path: '/portfolio/:id/trades',
  summary:
    'Buys or sells a market security against the cash of the portfolio. A sale closes lots first in, first out, of those held on the trade ' +
    'date; a purchase covers short lots first, and opens a lot with the rest. The cash must suffice as it is now, whatever the trade date',
  tag: 'Trades',
  auth: 'user',
  idempotent: true,
  params: idParams,
  body: z.object({
    symbol: tradedSymbol,
    side,
    quantity: decimalField({ decimals: 8, below: 1e9, belowWords: '1 billion' }).positive(),
    price: decimalField({ decimals: 6, below: 1e7, belowWords: '10 million' })
      .positive()
      .optional()
      .describe('a share; without it the latest quote, or else the last close'),
    trade_date: date.optional().describe('the day in New York, not in the future; without it today'),
  }),
  responses: {
    200: {
      description: 'The trade, and what it did. Its value is recorded in the intraday history while the exchange is open',
      schema: z.object({
        ...tradeFields,
        portfolio_id: id,
        cash_balance: money.describe('after the trade, as of now; below 0 on margin'),
        cash_is_estimated: z
          .boolean()
          .describe('some lots behind the cash stand at an old close, or at their entry price, because prices are still missing'),
        holding: z
          .object({
            quantity: z.number().describe('shares of the symbol after the trade, negative when short'),
            average_cost: money
              .nullable()
              .describe('of the lots that are left, a share; null when none is left or both long and short'),
          })
          .describe('as of the trade date'),
        opened_position_id: id.nullable(),
        closed_positions: z.array(
          z.object({ position_id: id, quantity: z.number().describe('as entered, negative for a short'), realized_pnl: money }),
        ),
        ...followingFigures,
      }),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_OWNER_001', 'ERR_TRADE_001', 'ERR_TRADE_002', 'ERR_TRADE_003', 'ERR_REQ_001'],
});

export const listTrades = endpoint({
  method: 'get',
  path: '/portfolio/:id/trades',
  summary: 'The trades of a portfolio as they were made, newest first',
  tag: 'Trades',
  auth: 'user',
  params: idParams,
  query: z.object({
    symbol: tradedSymbol.optional(),
    limit: pageLimit(TRADES_PAGE_MAX, 50),
    cursor: id.optional().describe('next_cursor of the page before'),
  }),
  responses: {
    200: {
      description: 'One page; next_cursor is null at the end',
      schema: z.object({ portfolio_id: id, trades: z.array(z.object(tradeFields)), next_cursor: id.nullable() }),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});
