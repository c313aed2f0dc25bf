import { listFetchAttempts } from '@closebell/prisma/fetch-attempts';
import { listKnownSymbols, loadQuotes } from '@closebell/prisma/quotes';
import { getQuotes } from '@closebell/shared/contracts/quotes';
import { isStaleQuote } from '@closebell/shared/market-data/quote-judgement';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { userOrigin } from '../job-origin.js';
import { listOldQuotes, submitQuoteRefresh } from '../quote-refresh.js';
import { noQuoteReason, UNKNOWN_SYMBOL_REASON, viewQuote } from '../quotes-view.js';
import { route } from '../route.js';

/** How long an answer waits for the providers. */
const WAIT_MS = 2_000;

export function quoteRoutes(router: Router, context: ApiContext): void {
  const { db, calendar, jobEnds } = context;

  route(router, context, getQuotes, async ({ query: { symbols }, principal, requestId, now }) => {
    const known = await listKnownSymbols(db.pool, symbols);
    const asked = symbols.filter((symbol) => known.has(symbol));
    const old = await listOldQuotes(context, asked, now);
    const jobIds = await submitQuoteRefresh(context, old, userOrigin(principal, requestId));
    await Promise.all(jobIds.map((jobId) => jobEnds.wait(jobId, WAIT_MS)));
    const quoteOf = new Map((await loadQuotes(db.pool, asked)).map((quote) => [quote.symbol, quote]));
    const without = symbols.filter((symbol) => !quoteOf.has(symbol));
    const attempts = await listFetchAttempts(db.pool, 'quotes', without);
    const reasonOf = (symbol: string): string =>
      known.has(symbol) ? noQuoteReason(attempts.filter((attempt) => attempt.symbol === symbol)) : UNKNOWN_SYMBOL_REASON;
    return {
      status: 200,
      body: {
        quotes: symbols.flatMap((symbol) => {
          const quote = quoteOf.get(symbol);
          return quote === undefined ? [] : [viewQuote(quote, now, isStaleQuote(calendar, quote.quotedAt, now))];
        }),
        missing: without.map((symbol) => ({ symbol, reason: reasonOf(symbol) })),
      },
    };
  });
}
