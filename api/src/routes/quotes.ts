import { listFetchAttempts } from '@closebell/prisma/fetch-attempts';
import { submitJob, type JobOrigin } from '@closebell/prisma/jobs';
import { listKnownSymbols, listUnaskedSymbols, loadQuotes } from '@closebell/prisma/quotes';
import { getQuotes } from '@closebell/shared/contracts/quotes';
import { isStaleQuote } from '@closebell/shared/market-data/quote-judgement';
import { countSubmit } from '@closebell/shared/metrics';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { userOrigin } from '../job-origin.js';
import { noQuoteReason, UNKNOWN_SYMBOL_REASON, viewQuote } from '../quotes-view.js';
import { route } from '../route.js';

/** A quote fetched less long ago is as good as a new one. */
const FETCHED_WITHIN_S = 60;
/** How long an answer waits for the providers. */
const WAIT_MS = 2_000;

export function quoteRoutes(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  route(router, context, getQuotes, async ({ query: { symbols }, principal, requestId, now }) => {
    const known = await listKnownSymbols(db.pool, symbols);
    const asked = symbols.filter((symbol) => known.has(symbol));
    await refreshOld(context, asked, now, userOrigin(principal, requestId));
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

/** Has a worker fetch the quotes that could be newer: while the exchange is closed only those that are not of its last minutes. */
async function refreshOld(
  { db, calendar, jobEnds, metrics }: ApiContext,
  symbols: readonly string[],
  now: Date,
  origin: JobOrigin,
): Promise<void> {
  const quotedAt = new Map((await loadQuotes(db.pool, symbols)).map((quote) => [quote.symbol, quote.quotedAt]));
  const isOpen = calendar.isOpen(now);
  const due = symbols.filter((symbol) => {
    const at = quotedAt.get(symbol);
    return isOpen || at === undefined || isStaleQuote(calendar, at, now);
  });
  const old = await listUnaskedSymbols(db.pool, due, FETCHED_WITHIN_S);
  if (old.length === 0) return;
  const { jobId, created } = await submitJob(db.pool, 'refresh-quotes', { symbols: old.toSorted() }, origin);
  countSubmit(metrics, 'refresh-quotes', created);
  await jobEnds.wait(jobId, WAIT_MS);
}
