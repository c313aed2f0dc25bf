// Quotes as the API shows them, and what it says of those that are missing. Pure.
import type { FetchAttemptRow } from '@closebell/prisma/fetch-attempts';
import type { StoredQuote } from '@closebell/prisma/quotes';
import { parseScaled } from '@closebell/shared/calc/exact-value';

/** `now`: of the market clock. */
export function viewQuote(quote: StoredQuote, now: Date, isStale: boolean) {
  const { symbol, price, previousClose, currency, quotedAt, provider } = quote;
  const changeE6 = previousClose === null ? null : Number(parseScaled(price, 6) - parseScaled(previousClose, 6));
  return {
    symbol,
    price: Number(price),
    previous_close: previousClose === null ? null : Number(previousClose),
    change: changeE6 === null ? null : changeE6 / 1e6,
    change_percent: changeE6 === null ? null : changeE6 / 1e4 / Number(previousClose),
    currency,
    quoted_at: quotedAt.toISOString(),
    age_seconds: Math.max(0, Math.round((now.getTime() - quotedAt.getTime()) / 1_000)),
    provider,
    is_stale: isStale,
  };
}

export const UNKNOWN_SYMBOL_REASON =
  'No portfolio holds this symbol and no price of it is stored, so no provider is asked for it.';

/** Of a symbol that providers may be asked for: what each said the last time. */
export function noQuoteReason(attempts: readonly FetchAttemptRow[]): string {
  const newest = attempts.at(-1);
  if (newest === undefined) return 'No quote has come yet: it is being fetched, or no worker runs. Ask again in a moment.';
  const said = attempts.map(({ provider, reason }) => `${provider}: ${reason ?? 'no answer'}`).join('; ');
  const askedAt = `${newest.at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const isKnownToNone = attempts.every(({ outcome }) => outcome === 'no_data' || outcome === 'unknown_symbol');
  const next = isKnownToNone ? 'It is asked for again after an hour.' : 'It is asked for again after a minute.';
  return `No provider has given a quote of it (${said}; asked ${askedAt}). ${next}`;
}
