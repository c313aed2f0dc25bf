// The stored quotes that portfolios may be valued at now, each judged once for all who hold its symbol.
import { loadActions, loadClosesAsOf } from '@closebell/prisma/prices';
import { loadQuotes, type StoredQuote } from '@closebell/prisma/quotes';
import { parseScaled } from '@closebell/shared/calc/exact-value';
import { actionEvents } from '@closebell/shared/ledger/price-book';
import type { CurrentQuote, NowSources } from '@closebell/shared/ledger/value-now';
import { isCredible, isStaleQuote, quoteSession } from '@closebell/shared/market-data/quote-judgement';
import type { WorkerContext } from '../context.js';

export async function loadNowSources(
  { db, calendar }: Pick<WorkerContext, 'db' | 'calendar'>,
  symbols: readonly string[],
  now: Date,
): Promise<NowSources> {
  const today = calendar.sessionOnOrBefore(calendar.newYorkDate(now));
  const [stored, closes, storedActions] = await Promise.all([
    loadQuotes(db.pool, symbols),
    loadClosesAsOf(
      db.pool,
      symbols.map((symbol) => ({ symbol, date: today })),
    ),
    loadActions(db.pool, symbols, today),
  ]);
  const actions = new Map([...storedActions].map(([symbol, list]) => [symbol, actionEvents(list)]));
  const closeOf = new Map(
    closes.map(({ symbol, sessionDate, closeE6 }) => [symbol, { sessionIndex: calendar.sessionIndex(sessionDate), closeE6 }]),
  );
  const quotes = new Map<string, CurrentQuote>();
  for (const quote of stored) {
    const session = quoteSession(calendar, quote.quotedAt);
    const { priceE6, previousCloseE6 } = pricesOf(quote);
    const splits = actions.get(quote.symbol)?.splits ?? [];
    const close = closeOf.get(quote.symbol) ?? null;
    if (!isCredible(calendar, { priceE6, previousCloseE6, session, close, splits })) continue;
    const { currency, quotedAt } = quote;
    quotes.set(quote.symbol, { priceE6, currency, quotedAt, session, isStale: isStaleQuote(calendar, quotedAt, now) });
  }
  return { calendar, now, quotes, actions };
}

function pricesOf({ price, previousClose }: StoredQuote): Readonly<{ priceE6: number; previousCloseE6: number | null }> {
  return {
    priceE6: Number(parseScaled(price, 6)),
    previousCloseE6: previousClose === null ? null : Number(parseScaled(previousClose, 6)),
  };
}
