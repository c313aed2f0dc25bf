// A watched symbol as the API shows it. Pure.
import type { WatchedSymbol } from '@closebell/prisma/watchlist';
import type { NewestPrice } from './newest-price.js';

/** `reason`: why it has no price. */
export function viewWatched({ symbol, name, addedAt }: WatchedSymbol, price: NewestPrice | null, reason: string | null) {
  const previousE6 = price?.previousCloseE6 ?? null;
  const changeE6 = price === null || previousE6 === null ? null : price.priceE6 - previousE6;
  return {
    symbol,
    name,
    added_at: addedAt.toISOString(),
    price: price === null ? null : price.priceE6 / 1e6,
    price_source: price?.source ?? null,
    price_date: price?.date ?? null,
    quoted_at: price?.quotedAt?.toISOString() ?? null,
    previous_close: previousE6 === null ? null : previousE6 / 1e6,
    change: changeE6 === null ? null : changeE6 / 1e6,
    change_percent: changeE6 === null || previousE6 === null || previousE6 === 0 ? null : (changeE6 / previousE6) * 100,
    currency: price?.currency ?? null,
    is_stale: price?.isStale ?? null,
    reason,
  };
}
