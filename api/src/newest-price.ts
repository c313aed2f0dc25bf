// The newest price known of a symbol: its quote while that is of a later session than the newest close that is stored, else that close. Pure.
import type { NewestPrices } from '@closebell/prisma/latest-prices';
import { parseScaled } from '@closebell/shared/calc/exact-value';
import { ratioBetween } from '@closebell/shared/calc/price-series';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { isCredible, quoteSession, staleBeforeMs } from '@closebell/shared/market-data/quote-judgement';

/** Prices in units of 1e-6. */
export type NewestPrice = Readonly<{
  priceE6: number;
  source: 'quote' | 'close';
  /** The session it is of. */
  date: string;
  quotedAt: Date | null;
  /** In the price's own shares; null where it is not known. */
  previousCloseE6: number | null;
  /** Null where it is not known. */
  currency: string | null;
  isStale: boolean;
}>;

/** Tells the newest price of symbols, null of one without any; what they share is worked out once. `now`: of the market clock. */
export function newestPriceAt(calendar: TradingCalendar, now: Date): (stored: NewestPrices) => NewestPrice | null {
  const staleBefore = staleBeforeMs(calendar, now);
  const latestSession = calendar.latestCompleteSession(now);
  return (stored) => fromQuote(calendar, stored, staleBefore) ?? fromClose(stored, latestSession);
}

/** Null also for a quote that stands apart from the closes as an unknown split would set it. */
function fromQuote(
  calendar: TradingCalendar,
  { quote, close, closeDate, splits }: NewestPrices,
  staleBefore: number,
): NewestPrice | null {
  if (quote === null) return null;
  const { quotedAt, currency } = quote;
  const session = quoteSession(calendar, quotedAt);
  const priceE6 = scaled(quote.price);
  const previousCloseE6 = quote.previousClose === null ? null : scaled(quote.previousClose);
  if (close !== null && closeDate !== null) {
    const known = { sessionIndex: calendar.sessionIndex(closeDate), closeE6: scaled(close) };
    if (session <= closeDate || !isCredible(calendar, { priceE6, previousCloseE6, session, close: known, splits })) return null;
  }
  const isStale = quotedAt.getTime() < staleBefore;
  return { priceE6, source: 'quote', date: session, quotedAt, previousCloseE6, currency, isStale };
}

function fromClose(
  { close, closeDate, previousClose, previousDate, splits }: NewestPrices,
  latestSession: string,
): NewestPrice | null {
  if (close === null || closeDate === null) return null;
  let previousCloseE6: number | null = null;
  if (previousClose !== null && previousDate !== null) {
    const { numerator, denominator } = ratioBetween(splits, previousDate, closeDate);
    previousCloseE6 = Math.round((scaled(previousClose) * denominator) / numerator);
  }
  return {
    priceE6: scaled(close),
    source: 'close',
    date: closeDate,
    quotedAt: null,
    previousCloseE6,
    currency: null,
    isStale: closeDate < latestSession,
  };
}

function scaled(decimal: string): number {
  return Number(parseScaled(decimal, 6));
}
