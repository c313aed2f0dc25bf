// Quotes of some symbols, through the order of providers: what the first does not know is asked of the next.
import { recordFetchAttempts } from '@closebell/prisma/fetch-attempts';
import type { JobHold } from '@closebell/prisma/job-runs';
import { listUnaskedSymbols, storeQuotes, type NewQuote } from '@closebell/prisma/quotes';
import type { MarketDataProvider, Quote } from '@closebell/shared/market-data/provider';
import { isPrice, quoteFault } from '@closebell/shared/market-data/quote-judgement';
import type { WorkerContext } from '../context.js';
import { askInOrder, type FetchAttempt } from './ask-in-order.js';

/** As many as fit into one address, at the provider with the longest. */
const SYMBOLS_PER_REQUEST = 200;

export type QuotesRequest = Readonly<{
  symbols: readonly string[];
  /** A quote fetched less long ago is not asked for again. */
  fetchedWithinSeconds: number;
  hold: JobHold;
  signal: AbortSignal;
}>;

export type QuotesReport = Readonly<{
  /** Symbols asked for. */
  requested: number;
  stored: number;
  /** What nobody gave a quote of. */
  missing: readonly string[];
}>;

/** Stores what comes, and why what is missing did not. A provider in trouble costs its symbols only what the next one takes. */
export async function fetchQuotes(context: WorkerContext, request: QuotesRequest): Promise<QuotesReport> {
  const { pool } = context.db;
  const wanted = await listUnaskedSymbols(pool, request.symbols, request.fetchedWithinSeconds);
  const attempts: Attempt[] = [];
  let missing = wanted;
  let stored = 0;
  const able = context.providers.filter(({ quotes }) => quotes !== undefined);
  if (able.length === 0) attempts.push(...wanted.map(unaskable));
  for (const provider of able) {
    const { quotes, refused } = await askProvider(context, provider, missing, request.signal);
    stored += await storeQuotes(context.db, request.hold, quotes);
    attempts.push(...refused);
    missing = refused.map(({ symbol }) => symbol);
  }
  const inVain = new Set(missing);
  await recordFetchAttempts(
    pool,
    attempts
      .filter(({ symbol }) => inVain.has(symbol))
      .map(({ status, ...attempt }) => ({ ...attempt, outcome: status, capability: 'quotes' })),
  );
  return { requested: wanted.length, stored, missing };
}

/** Noted like an answer, so that nobody waits for it again within the hour. */
function unaskable(symbol: string): Attempt {
  return { symbol, provider: 'none', status: 'no_data', reason: 'no provider in use has quotes', at: new Date() };
}

type Attempt = Pick<FetchAttempt, 'provider' | 'status' | 'reason' | 'at'> & Readonly<{ symbol: string }>;
type Asked = Readonly<{ quotes: readonly NewQuote[]; refused: readonly Attempt[] }>;

/** One request after the other; a provider that turns out to be in trouble is not asked for the rest. */
async function askProvider(
  context: WorkerContext,
  provider: MarketDataProvider,
  symbols: readonly string[],
  signal: AbortSignal,
): Promise<Asked> {
  const quotes: NewQuote[] = [];
  const refused: Attempt[] = [];
  let trouble: FetchAttempt | null = null;
  for (let at = 0; at < symbols.length; at += SYMBOLS_PER_REQUEST) {
    const batch = symbols.slice(at, at + SYMBOLS_PER_REQUEST);
    const answered: Readonly<{ attempt: FetchAttempt; value: readonly Quote[] }> =
      trouble === null ? await askOnce(context, provider, batch, signal) : { attempt: trouble, value: [] };
    const { attempt, value } = answered;
    if (attempt.status !== 'ok' && attempt.status !== 'unknown_symbol' && attempt.status !== 'no_data') trouble = attempt;
    const judged = judge(context, attempt, batch, value);
    quotes.push(...judged.quotes);
    refused.push(...judged.refused);
  }
  return { quotes, refused };
}

async function askOnce(
  { metrics }: WorkerContext,
  provider: MarketDataProvider,
  batch: readonly string[],
  signal: AbortSignal,
): Promise<Readonly<{ attempt: FetchAttempt; value: readonly Quote[] }>> {
  const ask = ({ quotes }: MarketDataProvider) => quotes?.(batch, signal) ?? null;
  const answered = await askInOrder({ providers: [provider], metrics }, ask, signal);
  return { attempt: answered.attempts[0]!, value: answered.status === 'ok' ? answered.value : [] };
}

/** Each symbol of the batch with its quote, or with what is to be said of its absence. */
function judge(
  { clock, logger }: WorkerContext,
  attempt: FetchAttempt,
  batch: readonly string[],
  answered: readonly Quote[],
): Asked {
  const now = clock();
  const { provider, at } = attempt;
  const quoteOf = new Map(answered.map((quote) => [quote.symbol, quote]));
  const quotes: NewQuote[] = [];
  const refused: Attempt[] = [];
  for (const symbol of batch) {
    const quote = quoteOf.get(symbol);
    const fault = quote === undefined ? null : quoteFault(quote, now);
    if (quote !== undefined && fault === null) quotes.push(toStore(quote, provider));
    else if (attempt.status !== 'ok') refused.push({ ...attempt, symbol });
    else if (fault === null) refused.push({ symbol, provider, at, status: 'unknown_symbol', reason: 'has no quote of it' });
    else {
      logger.warn({ provider, symbol, fault }, 'quote refused');
      refused.push({ symbol, provider, at, status: 'garbage', reason: `its quote cannot be: ${fault}` });
    }
  }
  return { quotes, refused };
}

function toStore({ symbol, price, previousClose, currency, quotedAt }: Quote, provider: string): NewQuote {
  const isCurrency = currency !== null && /^[A-Z]{3}$/.test(currency);
  return {
    symbol,
    price,
    previousClose: previousClose !== null && isPrice(previousClose) ? previousClose : null,
    currency: isCurrency ? currency : null,
    quotedAt,
    provider,
  };
}
