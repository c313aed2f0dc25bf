import { listFetchAttempts } from '@closebell/prisma/fetch-attempts';
import { loadNewestPrices } from '@closebell/prisma/latest-prices';
import { addToWatchlist as add, listWatchlist, removeFromWatchlist as remove } from '@closebell/prisma/watchlist';
import { isCashLike } from '@closebell/shared/cash-securities';
import { addToWatchlist, getWatchlist, removeFromWatchlist, WATCHLIST_SYMBOLS_MAX } from '@closebell/shared/contracts/watchlist';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { userOrigin } from '../job-origin.js';
import { newestPriceAt } from '../newest-price.js';
import { listOldQuotes, submitQuoteRefresh } from '../quote-refresh.js';
import { noQuoteReason } from '../quotes-view.js';
import { route } from '../route.js';
import { viewWatched } from '../watchlist-view.js';

export function watchlistRoutes(router: Router, context: ApiContext): void {
  readRoute(router, context);
  writeRoutes(router, context);
}

const CASH_REASON = 'It is cash: no provider is asked for it.';

function readRoute(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  route(router, context, getWatchlist, async ({ principal, requestId, now }) => {
    const watched = await listWatchlist(db.pool, principal.userId);
    const symbols = watched.map(({ symbol }) => symbol);
    const old = await listOldQuotes(context, symbols.filter(isQuoted), now);
    await submitQuoteRefresh(context, old, userOrigin(principal, requestId));
    const stored = await loadNewestPrices(db.pool, symbols, calendar.newYorkDate(now));
    const newestPrice = newestPriceAt(calendar, now);
    const prices = new Map([...stored].map(([symbol, own]) => [symbol, newestPrice(own)]));
    const without = symbols.filter((symbol) => prices.get(symbol) === null);
    const attempts = await listFetchAttempts(db.pool, 'quotes', without);
    const reasonOf = (symbol: string): string =>
      isQuoted(symbol) ? noQuoteReason(attempts.filter((attempt) => attempt.symbol === symbol)) : CASH_REASON;
    return {
      status: 200,
      body: {
        watchlist: watched.map((item) => {
          const price = prices.get(item.symbol) ?? null;
          return viewWatched(item, price, price === null ? reasonOf(item.symbol) : null);
        }),
        total_count: watched.length,
        refreshing: old.length,
      },
    };
  });
}

function isQuoted(symbol: string): boolean {
  return !isCashLike({ symbol, investmentSubtype: null });
}

function writeRoutes(router: Router, context: ApiContext): void {
  const { db } = context;

  route(router, context, addToWatchlist, async ({ body: { symbol }, principal, keyHold }) => {
    const added = await add(db, { userId: principal.userId, symbol, symbolsMax: WATCHLIST_SYMBOLS_MAX, keyHold });
    if (added === 'listed') throw new AppError('ERR_WATCH_001', { message: `${symbol} is on the watchlist already.` });
    if (added === 'full') throw new AppError('ERR_WATCH_003');
    return { status: 201, body: { symbol, added_at: added.addedAt } };
  });

  route(router, context, removeFromWatchlist, async ({ params: { symbol }, principal }) => {
    if (await remove(db.pool, principal.userId, symbol)) return { status: 204 };
    throw new AppError('ERR_WATCH_002', { message: `${symbol} is not on the watchlist.` });
  });
}
