// The price of a trade that comes without one: the latest quote that is fresh, or else the last close.
import { loadActions, loadClosesAsOf } from '@closebell/prisma/prices';
import { loadQuotes } from '@closebell/prisma/quotes';
import { parseScaled } from '@closebell/shared/calc/exact-value';
import { ratioBetween } from '@closebell/shared/calc/price-series';
import type { TradePriceSource } from '@closebell/shared/contracts/trades';
import { AppError } from '@closebell/shared/errors';
import { QUOTE_SYMBOL_LENGTH_MAX } from '@closebell/shared/jobs';
import { actionEvents } from '@closebell/shared/ledger/price-book';
import { isStaleQuote, quoteSession } from '@closebell/shared/market-data/quote-judgement';
import type { JobOrigin } from '@closebell/prisma/jobs';
import type { ApiContext } from './context.js';
import { listOldQuotes, submitQuoteRefresh } from './quote-refresh.js';

/** How long a trade waits for the providers. */
const WAIT_MS = 2_000;

export type TradePrice = Readonly<{ priceE6: number; source: TradePriceSource }>;

export type PriceRequest = Readonly<{
  symbol: string;
  tradeDate: string;
  /** Of the portfolio. */
  currency: string;
  now: Date;
  origin: JobOrigin;
}>;

/** Throws ERR_TRADE_003. An earlier day has no quote: its close, or the one before it, is the price. */
export async function findTradePrice(context: ApiContext, request: PriceRequest): Promise<TradePrice> {
  const { symbol, tradeDate, now } = request;
  const isToday = tradeDate === context.calendar.newYorkDate(now);
  const priceE6 = isToday ? await quotedPrice(context, request) : null;
  if (priceE6 !== null) return { priceE6, source: 'quote' };
  const closeE6 = await closingPrice(context, request);
  if (closeE6 !== null) return { priceE6: closeE6, source: 'close' };
  throw new AppError('ERR_TRADE_003', {
    message: `There is no price of ${symbol} for ${tradeDate}. Give a price with the trade.`,
    details: { symbol, trade_date: tradeDate },
  });
}

/** Null unless it is fresh and in the portfolio's currency: pence are not pounds. */
async function quotedPrice(context: ApiContext, { symbol, currency, now, origin }: PriceRequest): Promise<number | null> {
  const { db, calendar, jobEnds } = context;
  if (symbol.length <= QUOTE_SYMBOL_LENGTH_MAX) {
    const jobIds = await submitQuoteRefresh(context, await listOldQuotes(context, [symbol], now), origin);
    await Promise.all(jobIds.map((jobId) => jobEnds.wait(jobId, WAIT_MS)));
  }
  const [quote] = await loadQuotes(db.pool, [symbol]);
  if (quote === undefined || isStaleQuote(calendar, quote.quotedAt, now)) return null;
  if (quote.currency !== null && quote.currency !== currency) return null;
  const priceE6 = Number(parseScaled(quote.price, 6));
  const { splits } = actionEvents((await loadActions(db.pool, [symbol], calendar.newYorkDate(now))).get(symbol) ?? []);
  // A quote of the last close is in that day's shares, the trade in today's.
  return inSharesOf(priceE6, ratioBetween(splits, quoteSession(calendar, quote.quotedAt), calendar.newYorkDate(now)));
}

/** Of the last complete session up to the trade's date; an older close is no price. In the shares of the trade's date. */
async function closingPrice({ db, calendar }: ApiContext, { symbol, tradeDate, now }: PriceRequest): Promise<number | null> {
  const complete = calendar.latestCompleteSession(now);
  const dated = calendar.sessionOnOrBefore(tradeDate);
  const session = dated < complete ? dated : complete;
  const [close] = await loadClosesAsOf(db.pool, [{ symbol, date: session }]);
  if (close === undefined || close.sessionDate !== session) return null;
  const { splits } = actionEvents((await loadActions(db.pool, [symbol], tradeDate)).get(symbol) ?? []);
  return inSharesOf(close.closeE6, ratioBetween(splits, session, tradeDate));
}

function inSharesOf(priceE6: number, { numerator, denominator }: ReturnType<typeof ratioBetween>): number {
  return Math.max(1, Math.round((priceE6 * denominator) / numerator));
}
