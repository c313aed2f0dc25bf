// Quotes that somebody looks at: which of them could be newer, and the jobs that fetch those.
import { submitJob, type JobOrigin } from '@closebell/prisma/jobs';
import { listUnaskedSymbols, loadQuotes } from '@closebell/prisma/quotes';
import { QUOTE_SYMBOLS_MAX } from '@closebell/shared/jobs';
import { staleBeforeMs } from '@closebell/shared/market-data/quote-judgement';
import { countSubmit } from '@closebell/shared/metrics';
import type { ApiContext } from './context.js';

/** A quote fetched less long ago is as good as a new one. */
const FETCHED_WITHIN_S = 60;

/** Those of the symbols whose quote could be newer: while the exchange is closed only those that are not of its last minutes. */
export async function listOldQuotes(
  { db, calendar }: ApiContext,
  symbols: readonly string[],
  now: Date,
): Promise<readonly string[]> {
  const quotedAt = new Map((await loadQuotes(db.pool, symbols)).map((quote) => [quote.symbol, quote.quotedAt]));
  const [isOpen, staleBefore] = [calendar.isOpen(now), staleBeforeMs(calendar, now)];
  const due = symbols.filter((symbol) => {
    const at = quotedAt.get(symbol);
    return isOpen || at === undefined || at.getTime() < staleBefore;
  });
  return listUnaskedSymbols(db.pool, due, FETCHED_WITHIN_S);
}

/** Has workers fetch the quotes; the ids of the jobs, one for as many symbols as a job takes. */
export async function submitQuoteRefresh(
  { db, metrics }: ApiContext,
  symbols: readonly string[],
  origin: JobOrigin,
): Promise<readonly string[]> {
  const sorted = symbols.toSorted();
  const jobIds: string[] = [];
  for (let at = 0; at < sorted.length; at += QUOTE_SYMBOLS_MAX) {
    const payload = { symbols: sorted.slice(at, at + QUOTE_SYMBOLS_MAX) };
    const { jobId, created } = await submitJob(db.pool, 'refresh-quotes', payload, origin);
    countSubmit(metrics, 'refresh-quotes', created);
    jobIds.push(jobId);
  }
  return jobIds;
}
