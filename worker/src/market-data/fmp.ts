// Financial Modeling Prep: prices as traded, splits and dividends, quotes, profiles and search. A key is needed.
import {
  fmpDividends,
  fmpMatches,
  fmpPrices,
  fmpProfiles,
  fmpQuotes,
  fmpSplits,
  type FmpMatch,
  type FmpPrice,
  type FmpProfile,
  type FmpQuote,
} from '@closebell/shared/market-data/fmp-answers';
import type {
  Answer,
  CorporateAction,
  DailyBarsResult,
  MarketDataProvider,
  OhlcvBar,
  Quote,
  Refusal,
  RequestBudget,
  SecurityProfile,
  SessionRange,
  SymbolMatch,
} from '@closebell/shared/market-data/provider';
import { corporateActions } from './corporate-actions.js';
import { createJsonClient, REQUEST_TIMEOUT_MS, type GetJson } from './http-json.js';
import { symbolsByTicker } from './symbols-by-ticker.js';
import { symbolOfYahoo, yahooSymbol } from './yahoo-symbols.js';

export type FmpOptions = Readonly<{ baseUrl: string; apiKey: string; budget: RequestBudget; timeoutMs?: number }>;

/**
 * As many splits or dividends as one request may ask for. Said outright, because the list is cut at a smaller number otherwise and a
 * dividend would be missing without a word; plans that don't allow it refuse, which is seen (November 2026: the free plan, above 5).
 */
const ACTIONS_MAX = '1000';
const MATCHES_MAX = '20';

/** It spells as Yahoo does: BRK.B is BRK-B, ^GSPC itself. Null for what must not be asked. */
const tickerOf = yahooSymbol;

/**
 * One answer of `dailyBars` takes three requests: bars, splits, dividends; two for a symbol without bars. Quotes of several symbols, and
 * most symbols at all, need a paid plan.
 */
export function fmpProvider({ baseUrl, apiKey, budget, timeoutMs = REQUEST_TIMEOUT_MS }: FmpOptions): MarketDataProvider {
  const get = createJsonClient({ provider: 'FMP', baseUrl, apiKey, query: { apikey: apiKey }, refusalOf, timeoutMs });
  return {
    name: 'fmp',
    budget,
    requests: { dailyBars: 3, search: 2 },
    keyVariable: 'FMP_API_KEY',
    dailyBars: (symbol, range, signal) => dailyBars(get, symbol, range, signal),
    profile: (symbol, signal) => profile(get, symbol, signal),
    quotes: (symbols, signal) => quotes(get, symbols, signal),
    search: (text, signal) => search(get, text, signal),
  };
}

/** Some of its refusals come as 200 with nothing but a message; which ones is not documented, so the words decide (November 2026). */
function refusalOf(httpStatus: number, body: unknown): Refusal | null {
  if (httpStatus !== 200 || typeof body !== 'object' || body === null || !('Error Message' in body)) return null;
  const message = String(body['Error Message']);
  const reason = 'FMP refused';
  if (/limit reach/i.test(message)) return { status: 'rate_limited', reason, retryAfterMs: null };
  if (/api key|subscription|premium|plan|legacy|restricted|exclusive/i.test(message)) return { status: 'unauthorized', reason };
  return { status: 'garbage', reason };
}

async function dailyBars(get: GetJson, symbol: string, range: SessionRange, signal: AbortSignal): Promise<DailyBarsResult> {
  signal.throwIfAborted();
  const ticker = tickerOf(symbol);
  if (ticker === null) return { ...notATicker(symbol), symbol };
  const path = '/stable/historical-price-eod/non-split-adjusted';
  const query = { symbol: ticker, from: range.from, to: range.to };
  const prices = await get({ path, query, shape: fmpPrices }, signal);
  if (prices.status !== 'ok') return { ...prices, symbol };
  const bars = prices.value
    .filter(({ date }) => date >= range.from && date <= range.to)
    .map((price) => barOf(symbol, price))
    .toSorted((a, b) => a.sessionDate.localeCompare(b.sessionDate));
  if (bars.length === 0) return { ...(await whyNothing(get, symbol, range, signal)), symbol };
  const actions = await actionsOf(get, { symbol, ticker, range }, signal);
  // Prices as traded without their splits would be wrong figures: rather no answer than half of one.
  return actions.status === 'ok' ? { status: 'ok', symbol, bars, actions: actions.value, warnings: [] } : { ...actions, symbol };
}

type Asked = Readonly<{ symbol: string; ticker: string; range: SessionRange }>;

async function actionsOf(
  get: GetJson,
  { symbol, ticker, range }: Asked,
  signal: AbortSignal,
): Promise<Answer<readonly CorporateAction[]>> {
  const query = { symbol: ticker, limit: ACTIONS_MAX };
  const [splits, dividends] = await Promise.all([
    get({ path: '/stable/splits', query, shape: fmpSplits }, signal),
    get({ path: '/stable/dividends', query, shape: fmpDividends }, signal),
  ]);
  if (splits.status !== 'ok') return splits;
  if (dividends.status !== 'ok') return dividends;
  const listed = {
    splits: splits.value.map(({ date, ...ratio }) => ({ exDate: date, ...ratio })),
    dividends: dividends.value.map(({ date, dividend, paymentDate }) => ({
      exDate: date,
      amount: dividend ?? 0,
      kind: paymentDate ?? '',
    })),
  };
  return { status: 'ok', value: corporateActions(symbol, range, listed) };
}

function barOf(symbol: string, { date, adjOpen, adjHigh, adjLow, adjClose, volume }: FmpPrice): OhlcvBar {
  return {
    symbol,
    sessionDate: date,
    open: adjOpen ?? null,
    high: adjHigh ?? null,
    low: adjLow ?? null,
    close: adjClose,
    volume: volume === null || volume === undefined ? null : BigInt(Math.round(volume)),
  };
}

/** Prices of an unknown symbol come back as an empty list, like those of one that has none in the range. */
async function whyNothing(get: GetJson, symbol: string, { from, to }: SessionRange, signal: AbortSignal): Promise<Refusal> {
  const known = await profile(get, symbol, signal);
  return known.status === 'ok' ? { status: 'no_data', reason: `FMP has no prices of ${symbol} from ${from} to ${to}` } : known;
}

async function profile(get: GetJson, symbol: string, signal: AbortSignal): Promise<Answer<SecurityProfile>> {
  signal.throwIfAborted();
  const ticker = tickerOf(symbol);
  if (ticker === null) return notATicker(symbol);
  const answer = await get({ path: '/stable/profile', query: { symbol: ticker }, shape: fmpProfiles }, signal);
  if (answer.status !== 'ok') return answer;
  const [found] = answer.value;
  if (found === undefined) return { status: 'unknown_symbol', reason: `FMP does not know ${symbol}` };
  return { status: 'ok', value: profileOf(symbol, found) };
}

function profileOf(symbol: string, found: FmpProfile): SecurityProfile {
  return {
    symbol,
    name: found.companyName || null,
    securityType: securityType(found),
    sector: found.sector || null,
    industry: found.industry || null,
    exchange: found.exchange || null,
    country: found.country || null,
    currency: currency(found),
    marketCap: found.marketCap ?? null,
    beta: found.beta ?? null,
  };
}

/** Pence are written GBp. */
function currency({ currency: code }: FmpProfile): string | null {
  if (!code) return null;
  return code === 'GBp' ? 'GBX' : code.toUpperCase();
}

function securityType({ isEtf, isFund }: FmpProfile): string {
  if (isEtf) return 'ETF';
  return isFund ? 'MUTUALFUND' : 'EQUITY';
}

async function quotes(get: GetJson, symbols: readonly string[], signal: AbortSignal): Promise<Answer<readonly Quote[]>> {
  signal.throwIfAborted();
  const symbolOf = symbolsByTicker(symbols, tickerOf);
  if (symbolOf.size === 0) return { status: 'ok', value: [] };
  const tickers = [...symbolOf.keys()].join(',');
  const request =
    symbolOf.size === 1
      ? { path: '/stable/quote', query: { symbol: tickers } }
      : { path: '/stable/batch-quote', query: { symbols: tickers } };
  const answer = await get({ ...request, shape: fmpQuotes }, signal);
  if (answer.status !== 'ok') return answer;
  return { status: 'ok', value: answer.value.flatMap((quote) => quoteOf(symbolOf, quote) ?? []) };
}

function quoteOf(
  symbolOf: ReadonlyMap<string, string>,
  { symbol: ticker, price, previousClose, timestamp }: FmpQuote,
): Quote | null {
  const symbol = symbolOf.get(ticker);
  if (symbol === undefined || !price || !timestamp) return null;
  const quotedAt = new Date(timestamp * 1_000).toISOString();
  return { symbol, price, previousClose: previousClose || null, currency: null, quotedAt };
}

/** By symbol; by name where no symbol is like it. */
async function search(get: GetJson, text: string, signal: AbortSignal): Promise<Answer<readonly SymbolMatch[]>> {
  const query = { query: text, limit: MATCHES_MAX };
  const bySymbol = await get({ path: '/stable/search-symbol', query, shape: fmpMatches }, signal);
  if (bySymbol.status !== 'ok') return bySymbol;
  if (bySymbol.value.length > 0) return { status: 'ok', value: bySymbol.value.map(matchOf) };
  const byName = await get({ path: '/stable/search-name', query, shape: fmpMatches }, signal);
  return byName.status === 'ok' ? { status: 'ok', value: byName.value.map(matchOf) } : byName;
}

function matchOf({ symbol, name, exchange }: FmpMatch): SymbolMatch {
  return { symbol: symbolOfYahoo(symbol), name: name || null, securityType: null, exchange: exchange || null };
}

function notATicker(symbol: string): Refusal {
  return { status: 'unknown_symbol', reason: `${symbol} is no ticker that FMP could have`, notAsked: true };
}
