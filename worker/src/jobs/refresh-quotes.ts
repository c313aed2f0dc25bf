import type { Handler } from '../context.js';
import { fetchQuotes } from '../market-data/fetch-quotes.js';

/** Two users who ask in the same moment, one for more than the other, cost no quote twice. */
const FETCHED_WITHIN_S = 10;

/** Quotes that somebody looks at now: those that the API found too old. */
export const refreshQuotes: Handler<'refresh-quotes'> = async (context, { payload: { symbols }, hold, signal }) => {
  const { requested, stored, missing } = await fetchQuotes(context, {
    symbols,
    fetchedWithinSeconds: FETCHED_WITHIN_S,
    hold,
    signal,
  });
  return { outcome: 'done', result: { requested, stored, missing } };
};
