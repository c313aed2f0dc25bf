// Yahoo Finance through the client of yahoo-finance2: prices, quotes, profiles and search without a key, and without any promise of Yahoo's.
import { dayNumber, isoDate } from '@closebell/shared/calendar/calendar-date';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type {
  Answer,
  DailyBarsResult,
  MarketDataProvider,
  Quote,
  Refusal,
  SecurityProfile,
  SessionRange,
} from '@closebell/shared/market-data/provider';
import { REQUEST_TIMEOUT_MS } from './http-json.js';
import { symbolsByTicker } from './symbols-by-ticker.js';
import { dailyBarsOfChart } from './yahoo-bars.js';
import { createYahooClient, type YahooClient } from './yahoo-client.js';
import { matchesOfSearch, profileOfSummary, quotesOfAnswer } from './yahoo-securities.js';
import { yahooSymbol } from './yahoo-symbols.js';

/**
 * `baseUrl` takes the place of all of Yahoo's hosts, for mirrors and tests; null: Yahoo itself. `timeoutMs` holds for each request. `now` is
 * the real time, not the market clock: it decides which bar Yahoo may still be changing, and by which splits its closes are divided.
 */
export type YahooProviderOptions = Readonly<{ baseUrl: string | null; timeoutMs?: number; now?: () => Date }>;

export function yahooProvider({
  baseUrl,
  timeoutMs = REQUEST_TIMEOUT_MS,
  now = () => new Date(),
}: YahooProviderOptions): MarketDataProvider {
  const client = createYahooClient({ baseUrl, timeoutMs });
  return {
    name: 'yahoo',
    // Yahoo publishes no limit; it answers 429 when it has had enough.
    budget: { perMinute: null, perDay: null },
    dailyBars: (symbol, range, signal) => dailyBars(client, symbol, range, now(), signal),
    profile: (symbol, signal) => profile(client, symbol, signal),
    quotes: (symbols, signal) => quotes(client, symbols, signal),
    search: (text, signal) =>
      client.ask(
        async (yahoo, options) => matchesOfSearch(await yahoo.search(text, SEARCH, { ...options, ...UNCHECKED })),
        signal,
      ),
  };
}

/** A security that trades rarely still has a close in so many days before its range, by which a spin-off on the first day is valued. */
const DAYS_BEFORE = 10;

const SEARCH = { quotesCount: 10, newsCount: 0, enableCb: false, enableNavLinks: false };

/**
 * The client knows closed lists of securities and fields, and refuses a whole answer for one it has not seen: what is read field by field
 * here goes without its judgement.
 */
const UNCHECKED = { validateResult: false } as const;

async function dailyBars(
  client: YahooClient,
  symbol: string,
  range: SessionRange,
  now: Date,
  signal: AbortSignal,
): Promise<DailyBarsResult> {
  signal.throwIfAborted();
  const spelled = yahooSymbol(symbol);
  if (spelled === null) return { ...notAsked(symbol), symbol };
  const calendar = xnysCalendar();
  const today = dayNumber(calendar.newYorkDate(now));
  const lastComplete = calendar.latestCompleteSession(now);
  if (range.from > lastComplete) return { status: 'no_data', symbol, reason: `${range.from} is not over yet`, notAsked: true };
  const answer = await client.ask(async (yahoo, options) => {
    const period1 = isoDate(dayNumber(range.from) - DAYS_BEFORE);
    // To the end of today, wherever the range ends: Yahoo divides every close by all splits since, also by one of today, which it lists at
    // the time of an open that may still be to come.
    const period2 = isoDate(today + 1);
    const chart = await yahoo.chart(encodeURIComponent(spelled), { ...CHART, period1, period2 }, options);
    return dailyBarsOfChart(chart, { symbol, spelled, range, lastComplete });
  }, signal);
  return answer.status === 'ok' ? answer.value : { ...answer, symbol };
}

/** As columns, of which the client makes no list of its own; without hours before and after the session. */
const CHART = { interval: '1d', events: 'div|split', includePrePost: false, return: 'object' } as const;

async function profile(client: YahooClient, symbol: string, signal: AbortSignal): Promise<Answer<SecurityProfile>> {
  signal.throwIfAborted();
  const spelled = yahooSymbol(symbol);
  if (spelled === null) return notAsked(symbol);
  return client.askWithCrumb(async (yahoo, options) => {
    const summary: unknown = await yahoo.quoteSummary(
      encodeURIComponent(spelled),
      { modules: ['price', 'assetProfile', 'summaryDetail', 'defaultKeyStatistics'] },
      { ...options, ...UNCHECKED },
    );
    return profileOfSummary(summary, symbol, spelled);
  }, signal);
}

async function quotes(client: YahooClient, symbols: readonly string[], signal: AbortSignal): Promise<Answer<readonly Quote[]>> {
  signal.throwIfAborted();
  const bySpelling = symbolsByTicker(symbols, yahooSymbol);
  if (bySpelling.size === 0) return { status: 'ok', value: [] };
  return client.askWithCrumb(async (yahoo, options) => {
    const answer: unknown = await yahoo.quote([...bySpelling.keys()], {}, { ...options, ...UNCHECKED });
    return quotesOfAnswer(answer, bySpelling);
  }, signal);
}

function notAsked(symbol: string): Refusal {
  return { status: 'unknown_symbol', reason: `${symbol} is not a symbol that Yahoo is asked for`, notAsked: true };
}
