// FRED, the data service of the Federal Reserve Bank of St. Louis: Treasury rates, and nothing about securities. A key is needed.
import { fredObservations } from '@closebell/shared/market-data/fred-answers';
import type {
  Answer,
  MarketDataProvider,
  RatePoint,
  RateSeries,
  Refusal,
  SessionRange,
} from '@closebell/shared/market-data/provider';
import { createJsonClient, REQUEST_TIMEOUT_MS, type GetJson } from './http-json.js';

export type FredOptions = Readonly<{ baseUrl: string; apiKey: string; timeoutMs?: number }>;

/** For every key alike. */
const REQUESTS_PER_MINUTE = 120;

/** Asked for bars it knows no symbol, without a request. */
export function fredProvider({ baseUrl, apiKey, timeoutMs = REQUEST_TIMEOUT_MS }: FredOptions): MarketDataProvider {
  const query = { api_key: apiKey, file_type: 'json' };
  const get = createJsonClient({ provider: 'FRED', baseUrl, apiKey, query, refusalOf, timeoutMs });
  return {
    name: 'fred',
    budget: { perMinute: REQUESTS_PER_MINUTE, perDay: null },
    keyVariable: 'FRED_API_KEY',
    dailyBars: async (symbol, _range, signal) => {
      signal.throwIfAborted();
      return { status: 'unknown_symbol', symbol, reason: 'FRED has rates, and no prices of securities', notAsked: true };
    },
    rates: (series, range, signal) => rates(get, series, range, signal),
  };
}

/** A key that is wrong or missing is a bad request to it, told from others by its name in the message. */
function refusalOf(httpStatus: number, body: unknown): Refusal | null {
  const message = typeof body === 'object' && body !== null && 'error_message' in body ? String(body.error_message) : '';
  return httpStatus === 400 && message.includes('api_key') ? { status: 'unauthorized', reason: 'FRED answered 400' } : null;
}

async function rates(
  get: GetJson,
  series: RateSeries,
  { from, to }: SessionRange,
  signal: AbortSignal,
): Promise<Answer<readonly RatePoint[]>> {
  const query = { series_id: series, observation_start: from, observation_end: to, sort_order: 'asc' };
  const answer = await get({ path: '/fred/series/observations', query, shape: fredObservations }, signal);
  if (answer.status !== 'ok') return answer;
  const points = answer.value.observations
    .filter(({ date, value }) => value !== '.' && date >= from && date <= to)
    .map(({ date, value }) => ({ date, percent: Number(value) }));
  if (points.length === 0) return { status: 'no_data', reason: `FRED has no value of ${series} from ${from} to ${to}` };
  return { status: 'ok', value: points };
}
