// How a quote is judged: whether it can be true, whether it is old, and whether a portfolio may be valued at it. Pure.
import type { Close, SplitEvent } from '../calc/price-series.js';
import { ratioBetween } from '../calc/price-series.js';
import type { TradingCalendar } from '../calendar/trading-calendar.js';
import { isJump } from './price-jump.js';
import type { Quote } from './provider.js';

/** Clocks of providers may be ahead of ours by this much. */
const AHEAD_MS_MAX = 5 * 60_000;
/** What is quoted longer ago is a default of somebody's clock, or a security that is gone. */
const AGE_MS_MAX = 366 * 86_400_000;
/** As for every price that is stored. */
const PRICE_MAX = 1e7;

/** What cannot be true of a quote, for a log; null when nothing is wrong. `now`: of the market clock. */
export function quoteFault({ price, quotedAt }: Quote, now: Date): string | null {
  if (!isPrice(price)) return `the price is ${price}`;
  const quotedMs = Date.parse(quotedAt);
  if (Number.isNaN(quotedMs)) return `it is quoted at '${quotedAt}'`;
  if (quotedMs < now.getTime() - AGE_MS_MAX) return `it is quoted at ${quotedAt}, over a year ago`;
  if (quotedMs > now.getTime() + AHEAD_MS_MAX) return `it is quoted at ${quotedAt}, which is yet to come`;
  return null;
}

/** Whether a number can be the price of a security. */
export function isPrice(price: number): boolean {
  return price > 0 && price < PRICE_MAX;
}

/** Free feeds are a quarter of an hour late; beyond this a quote says less than it seems to. */
const STALE_AFTER_MS = 20 * 60_000;

/** Whether the exchange has traded for over 20 minutes since the quote. A quote of the last close stays good until the next open. */
export function isStaleQuote(calendar: TradingCalendar, quotedAt: Date, now: Date): boolean {
  return quotedAt.getTime() < staleBeforeMs(calendar, now);
}

/** The same for many quotes of one moment: those of an earlier instant, in milliseconds, are stale. */
export function staleBeforeMs(calendar: TradingCalendar, now: Date): number {
  return lastTradedMs(calendar, now) - STALE_AFTER_MS;
}

function lastTradedMs(calendar: TradingCalendar, now: Date): number {
  if (calendar.isOpen(now)) return now.getTime();
  const date = calendar.newYorkDate(now);
  const session = calendar.sessionOnOrBefore(date);
  const close = calendar.closeInstant(session);
  return (now < close ? calendar.closeInstant(calendar.previousSession(session)) : close).getTime();
}

/** The session a quote is of: what is quoted on a weekend or holiday belongs to the session before. */
export function quoteSession(calendar: TradingCalendar, quotedAt: Date): string {
  return calendar.sessionOnOrBefore(calendar.newYorkDate(quotedAt));
}

/** Closing prices of two sources differ by less. */
const PREVIOUS_CLOSE_TOLERANCE = 0.02;

export type QuoteEvidence = Readonly<{
  priceE6: number;
  previousCloseE6: number | null;
  session: string;
  /** The newest close that is stored, as traded; null without one. */
  close: Close | null;
  splits: readonly SplitEvent[];
}>;

/**
 * Whether a lot that stands at a close may be valued at the quote. Not when the quote stands apart from that close as a split nobody has told us
 * of would set it: a halving or doubling, or a previous close of the quote's own that is not ours. Such a lot stays at its close.
 */
export function isCredible(calendar: TradingCalendar, evidence: QuoteEvidence): boolean {
  const { priceE6, previousCloseE6, session, close, splits } = evidence;
  if (close === null) return false;
  const sessionsSince = calendar.sessionIndex(session) - close.sessionIndex;
  if (sessionsSince < 0) return false;
  const { numerator, denominator } = ratioBetween(splits, calendar.addSessions(session, -sessionsSince), session);
  const expectedE6 = (close.closeE6 * denominator) / numerator;
  if (isJump(priceE6 / expectedE6)) return false;
  if (previousCloseE6 === null || sessionsSince !== 1) return true;
  return Math.abs(previousCloseE6 / expectedE6 - 1) <= PREVIOUS_CLOSE_TOLERANCE;
}
