// The stored quotes that lots may be valued at now, each judged once for all who hold its symbol, and the closes and actions beside them.
import { parseScaled } from '@closebell/shared/calc/exact-value';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { actionEvents } from '@closebell/shared/ledger/price-book';
import type { PriceSources } from '@closebell/shared/ledger/position-now';
import type { CurrentQuote } from '@closebell/shared/ledger/value-now';
import { isCredible, isStaleQuote, quoteSession } from '@closebell/shared/market-data/quote-judgement';
import type { Queryable } from './client.js';
import { loadActions, loadClosesAsOf } from './prices.js';
import { loadQuotes, type StoredQuote } from './quotes.js';

/** `now`: of the market clock. */
export async function loadNowSources(
  client: Queryable,
  calendar: TradingCalendar,
  symbols: readonly string[],
  now: Date,
): Promise<PriceSources> {
  const today = calendar.sessionOnOrBefore(calendar.newYorkDate(now));
  const [stored, asOf, storedActions] = await Promise.all([
    loadQuotes(client, symbols),
    loadClosesAsOf(
      client,
      symbols.map((symbol) => ({ symbol, date: today })),
    ),
    loadActions(client, symbols, today),
  ]);
  const actions = new Map([...storedActions].map(([symbol, list]) => [symbol, actionEvents(list)]));
  const closes = new Map(asOf.map((close) => [close.symbol, close]));
  const quotes = new Map<string, CurrentQuote>();
  for (const quote of stored) {
    const session = quoteSession(calendar, quote.quotedAt);
    const { priceE6, previousCloseE6 } = pricesOf(quote);
    const splits = actions.get(quote.symbol)?.splits ?? [];
    const close = closes.get(quote.symbol) ?? null;
    const known = close === null ? null : { sessionIndex: calendar.sessionIndex(close.sessionDate), closeE6: close.closeE6 };
    if (!isCredible(calendar, { priceE6, previousCloseE6, session, close: known, splits })) continue;
    const { currency, quotedAt } = quote;
    quotes.set(quote.symbol, { priceE6, currency, quotedAt, session, isStale: isStaleQuote(calendar, quotedAt, now) });
  }
  return { calendar, now, quotes, actions, closes, today, latestSession: calendar.latestCompleteSession(now) };
}

function pricesOf({ price, previousClose }: StoredQuote): Readonly<{ priceE6: number; previousCloseE6: number | null }> {
  return {
    priceE6: Number(parseScaled(price, 6)),
    previousCloseE6: previousClose === null ? null : Number(parseScaled(previousClose, 6)),
  };
}
