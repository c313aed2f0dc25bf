// Massive, formerly Polygon: prices as traded, splits and dividends, quotes, profiles and search. A key is needed.
import { newYorkDate } from '@closebell/shared/calendar/new-york-time';
import {
  massiveAggregates,
  massiveDividends,
  massiveSnapshots,
  massiveSplits,
  type MassiveAggregate,
  type MassiveDividend,
  type MassiveSnapshot,
  type MassiveSplit,
} from '@closebell/shared/market-data/massive-answers';
import type {
  Answer,
  CorporateAction,
  DailyBarsResult,
  MarketDataProvider,
  OhlcvBar,
  Quote,
  Refusal,
  SessionRange,
} from '@closebell/shared/market-data/provider';
import { corporateActions, type ListedDividend, type ListedSplit } from './corporate-actions.js';
import { createJsonClient, REQUEST_TIMEOUT_MS, type GetJson, type JsonRequest } from './http-json.js';
import { lookUp, massiveProfile, massiveSearch, notATicker, tickerOf } from './massive-tickers.js';
import { symbolsByTicker } from './symbols-by-ticker.js';

export type MassiveOptions = Readonly<{ baseUrl: string; apiKey: string; requestsPerMinute: number; timeoutMs?: number }>;

/** More than any answer of ours needs: a page holds 50,000 bars or 1,000 actions. */
const PAGES_MAX = 10;

/**
 * One answer of `dailyBars` takes three requests: bars, splits, dividends; of a symbol without bars up to three to learn whether it is
 * known. `quotes` needs a plan with snapshots. Sectors and betas it has not.
 */
export function massiveProvider({
  baseUrl,
  apiKey,
  requestsPerMinute,
  timeoutMs = REQUEST_TIMEOUT_MS,
}: MassiveOptions): MarketDataProvider {
  const headers = { authorization: `Bearer ${apiKey}` };
  const get = createJsonClient({ provider: 'Massive', baseUrl, apiKey, headers, refusalOf, timeoutMs });
  return {
    name: 'massive',
    budget: { perMinute: requestsPerMinute, perDay: null },
    requests: { dailyBars: 3, profile: 2 },
    keyVariable: 'MASSIVE_API_KEY',
    dailyBars: (symbol, range, signal) => dailyBars(get, symbol, range, signal),
    profile: (symbol, signal) => massiveProfile(get, symbol, signal),
    quotes: (symbols, signal) => quotes(get, symbols, signal),
    search: (text, signal) => massiveSearch(get, text, signal),
  };
}

/** Only its own word for it: a 404 by some proxy or a wrong address says nothing about the symbol. */
function refusalOf(httpStatus: number, body: unknown): Refusal | null {
  const isNotFound = typeof body === 'object' && body !== null && 'status' in body && body.status === 'NOT_FOUND';
  return httpStatus === 404 && isNotFound ? { status: 'unknown_symbol', reason: 'Massive does not know it' } : null;
}

async function dailyBars(get: GetJson, symbol: string, range: SessionRange, signal: AbortSignal): Promise<DailyBarsResult> {
  signal.throwIfAborted();
  const ticker = tickerOf(symbol);
  if (ticker === null) return { ...notATicker(symbol), symbol };
  const aggregates = await allPages(get, aggregatesRequest(ticker, range), signal);
  if (aggregates.status !== 'ok') return { ...aggregates, symbol };
  const bars = aggregates.value
    .map((aggregate) => barOf(symbol, aggregate))
    .filter(({ sessionDate }) => sessionDate >= range.from && sessionDate <= range.to);
  if (bars.length === 0) return { ...(await whyNothing(get, ticker, range, signal)), symbol };
  const actions = await actionsOf(get, { symbol, ticker, range }, signal);
  // Prices as traded without their splits would be wrong figures: rather no answer than half of one.
  return actions.status === 'ok' ? { status: 'ok', symbol, bars, ...actions.value } : { ...actions, symbol };
}

type Actions = Readonly<{ actions: readonly CorporateAction[]; warnings: readonly string[] }>;

type Asked = Readonly<{ symbol: string; ticker: string; range: SessionRange }>;

async function actionsOf(get: GetJson, { symbol, ticker, range }: Asked, signal: AbortSignal): Promise<Answer<Actions>> {
  const query = (field: string) => datesQuery(ticker, field, range);
  const [splits, dividends] = await Promise.all([
    allPages(get, { path: '/stocks/v1/splits', query: query('execution_date'), shape: massiveSplits }, signal),
    allPages(get, { path: '/stocks/v1/dividends', query: query('ex_dividend_date'), shape: massiveDividends }, signal),
  ]);
  if (splits.status !== 'ok') return splits;
  if (dividends.status !== 'ok') return dividends;
  const actions = corporateActions(symbol, range, {
    splits: splits.value.map(listedSplit),
    dividends: dividends.value.filter(isInDollars).map(listedDividend),
  });
  const warnings = dividends.value
    .filter((dividend) => !isInDollars(dividend))
    .map(({ ex_dividend_date: exDate, currency }) => `${symbol} ${exDate}: a dividend in ${currency} was left out`);
  return { status: 'ok', value: { actions, warnings } };
}

function aggregatesRequest(ticker: string, { from, to }: SessionRange) {
  const path = `/v2/aggs/ticker/${encodeURIComponent(ticker)}/range/1/day/${from}/${to}`;
  return { path, query: { adjusted: 'false', sort: 'asc', limit: '50000' }, shape: massiveAggregates };
}

function datesQuery(ticker: string, field: string, { from, to }: SessionRange) {
  return { ticker, [`${field}.gte`]: from, [`${field}.lte`]: to, sort: `${field}.asc`, limit: '1000' };
}

type Page<T> = Readonly<{ results?: readonly T[] | null | undefined; next_url?: string | null | undefined }>;

async function allPages<T>(get: GetJson, request: JsonRequest<Page<T>>, signal: AbortSignal): Promise<Answer<readonly T[]>> {
  const pages: (readonly T[])[] = [];
  let next = request;
  while (pages.length < PAGES_MAX) {
    const answer = await get(next, signal);
    if (answer.status !== 'ok') return answer;
    pages.push(answer.value.results ?? []);
    if (!answer.value.next_url) return { status: 'ok', value: pages.flat() };
    // Its path and query on our own base address: the key goes to no other host, whatever the answer says.
    const { pathname, searchParams } = new URL(answer.value.next_url);
    next = { ...request, path: pathname, query: Object.fromEntries(searchParams) };
  }
  return { status: 'garbage', reason: `Massive had more than ${PAGES_MAX} pages` };
}

function barOf(symbol: string, { t, o, h, l, c, v }: MassiveAggregate): OhlcvBar {
  return {
    symbol,
    sessionDate: newYorkDate(new Date(t)),
    open: o ?? null,
    high: h ?? null,
    low: l ?? null,
    close: c,
    volume: v === null || v === undefined ? null : BigInt(Math.round(v)),
  };
}

function listedSplit({ execution_date: exDate, split_to: numerator, split_from: denominator }: MassiveSplit): ListedSplit {
  return { exDate, numerator, denominator };
}

function listedDividend({
  ex_dividend_date: exDate,
  cash_amount: amount,
  distribution_type: type,
  pay_date: paid,
}: MassiveDividend): ListedDividend {
  return { exDate, amount, kind: `${type ?? ''} ${paid ?? ''}` };
}

/** What a foreign company pays at home must not be taken for dollars. */
function isInDollars({ currency }: MassiveDividend): boolean {
  return !currency || currency.toUpperCase() === 'USD';
}

/** Bars of an unknown symbol come back as an empty list, like those of one that has none in the range. */
async function whyNothing(get: GetJson, ticker: string, { from, to }: SessionRange, signal: AbortSignal): Promise<Refusal> {
  const known = await lookUp(get, ticker, signal);
  return known.status === 'ok' ? { status: 'no_data', reason: `Massive has no bars of ${ticker} from ${from} to ${to}` } : known;
}

async function quotes(get: GetJson, symbols: readonly string[], signal: AbortSignal): Promise<Answer<readonly Quote[]>> {
  signal.throwIfAborted();
  const symbolOf = symbolsByTicker(symbols, tickerOf);
  // Without a name the snapshot would be of the whole market.
  if (symbolOf.size === 0) return { status: 'ok', value: [] };
  const query = { tickers: [...symbolOf.keys()].join(',') };
  const answer = await get({ path: '/v2/snapshot/locale/us/markets/stocks/tickers', query, shape: massiveSnapshots }, signal);
  if (answer.status !== 'ok') return answer;
  return { status: 'ok', value: (answer.value.tickers ?? []).flatMap((snapshot) => quoteOf(symbolOf, snapshot) ?? []) };
}

/** The last trade; on plans without it the last minute, else the day so far. Null where nothing has traded since the night. */
function quoteOf(symbolOf: ReadonlyMap<string, string>, snapshot: MassiveSnapshot): Quote | null {
  const { ticker, updated, lastTrade, min, day, prevDay } = snapshot;
  const symbol = symbolOf.get(ticker);
  const candidates = [
    { price: lastTrade?.p, milliseconds: (lastTrade?.t ?? 0) / 1e6 },
    { price: min?.c, milliseconds: min?.t ?? 0 },
    { price: day?.c, milliseconds: (updated ?? 0) / 1e6 },
  ];
  const last = candidates.find(({ price, milliseconds }) => price && price > 0 && milliseconds > 0);
  if (symbol === undefined || !last?.price) return null;
  const quotedAt = new Date(last.milliseconds).toISOString();
  return { symbol, price: last.price, previousClose: prevDay?.c || null, currency: 'USD', quotedAt };
}
