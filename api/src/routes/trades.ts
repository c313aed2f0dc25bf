import { listTrades as listStored, type TradeRow } from '@closebell/prisma/trades';
import { lotValueE4, parseScaled } from '@closebell/shared/calc/exact-value';
import { isCashLike } from '@closebell/shared/cash-securities';
import { plainDecimal } from '@closebell/shared/contracts/json-decimal';
import { listTrades, makeTrade } from '@closebell/shared/contracts/trades';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { userOrigin } from '../job-origin.js';
import { cutPage } from '../page.js';
import { requireReadable, requireWritable } from '../portfolio-access.js';
import { requestFault } from '../request-fault.js';
import { routeBoth } from '../route.js';
import { executeTrade } from '../trade-execution.js';
import { findTradePrice, type TradePrice } from '../trade-price.js';

export function tradeRoutes(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  routeBoth(router, context, makeTrade, async ({ params, body, principal, requestId, keyHold, now }) => {
    const { id: portfolioId, currency } = await requireWritable(db, params.id, principal.userId);
    const { symbol, side, trade_date: tradeDate = calendar.newYorkDate(now) } = body;
    requireTradable(context, { symbol, tradeDate, now });
    const quantityE8 = parseScaled(plainDecimal(body.quantity)!, 8);
    const price: TradePrice =
      body.price === undefined
        ? await findTradePrice(context, { symbol, tradeDate, currency, now, origin: userOrigin(principal, requestId) })
        : { priceE6: Number(parseScaled(plainDecimal(body.price)!, 6)), source: 'given' };
    requireValue(quantityE8, price);
    const request = { portfolioId, principal, requestId, now, keyHold };
    const { made, figures } = await executeTrade(context, request, { symbol, side, quantityE8, tradeDate, price });
    return { status: 200, body: { ...made, ...figures } };
  });

  routeBoth(router, context, listTrades, async ({ params, query: { symbol, cursor, limit }, principal }) => {
    const { id: portfolioId } = await requireReadable(db, params.id, principal.userId);
    const rows = await listStored(db.pool, portfolioId, { symbol, before: cursor, limit: limit + 1 });
    const { page, nextCursor } = cutPage(rows, limit, ({ trade_id: id }) => id);
    return { status: 200, body: { portfolio_id: portfolioId, trades: page.map(viewTrade), next_cursor: nextCursor } };
  });
}

function viewTrade({ created_at: createdAt, ...trade }: TradeRow) {
  return { ...trade, created_at: createdAt.toISOString() };
}

type Wish = Readonly<{ symbol: string; tradeDate: string; now: Date }>;

/** Throws ERR_REQ_001 with all that is wrong. */
function requireTradable({ calendar }: ApiContext, { symbol, tradeDate, now }: Wish): void {
  const today = calendar.newYorkDate(now);
  const issues = [
    ...(isCashLike({ symbol, investmentSubtype: null })
      ? [{ path: 'symbol', message: `${symbol} is cash: enter a contribution or withdrawal, or a position` }]
      : []),
    ...(tradeDate > today ? [{ path: 'trade_date', message: `must not be after today, ${today}` }] : []),
    ...(tradeDate <= calendar.firstDate ? [{ path: 'trade_date', message: `must be after ${calendar.firstDate}` }] : []),
  ];
  if (issues.length > 0) throw new AppError('ERR_REQ_001', { details: { issues } });
}

/** Of positions as well: sums of such values stay exact. */
const VALUE_E4_MAX = 1e15;

function requireValue(quantityE8: bigint, { priceE6 }: TradePrice): void {
  const product = (Number(quantityE8) / 1e8) * (priceE6 / 1e6);
  const isTooLarge = product >= VALUE_E4_MAX / 1e4;
  if (!isTooLarge && lotValueE4({ quantityE8, multiplier: 1 }, priceE6) > 0) return;
  const message = isTooLarge ? 'quantity × price must be below 100 billion' : 'quantity × price must come to 0.0001 at least';
  throw requestFault('quantity', message);
}
