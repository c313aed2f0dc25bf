import { newYorkInstant } from '@closebell/shared/calendar/new-york-time';
import { barsOf, isListed, SECURITIES, securityCalled, type InventedBar, type InventedSecurity } from './invented-market.js';
import { startStandIn, type Reply, type StandIn } from './stand-in.js';

export const MASSIVE_KEY = 'massive+key/of:tests';

/** `pageRows`: bars on one page. */
export function startMassive({ pageRows = 50_000 }: Readonly<{ pageRows?: number }> = {}): Promise<StandIn> {
  return startStandIn((url, { headers }) => {
    if (headers.authorization !== `Bearer ${MASSIVE_KEY}`)
      return { status: 401, body: { status: 'ERROR', error: 'Unknown API Key' } };
    return bars(url, pageRows) ?? actions(url) ?? tickers(url) ?? snapshots(url) ?? NOT_FOUND;
  });
}

const NOT_FOUND: Reply = { status: 404, body: { status: 'NOT_FOUND', request_id: '1', message: 'Ticker not found.' } };

const AGGREGATES = /^\/v2\/aggs\/ticker\/([^/]+)\/range\/1\/day\/([-\d]+)\/([-\d]+)$/;

function bars({ pathname, searchParams }: URL, pageRows: number): Reply | null {
  const [, ticker, from = '', to = ''] = AGGREGATES.exec(pathname) ?? [];
  if (ticker === undefined) return null;
  const cursor = Number(searchParams.get('cursor') ?? 0);
  if (cursor === 0 && searchParams.get('adjusted') !== 'false')
    return { status: 400, body: { status: 'ERROR', error: 'adjusted' } };
  const security = securityCalled(decodeURIComponent(ticker));
  const all = security === undefined ? [] : barsOf(security, from, to);
  const results = all.slice(cursor, cursor + pageRows).map(aggregateOf);
  // Its own address, as the real one does: a client that follows it leaves the mirror with the key.
  const next = `https://api.massive.com${pathname}?cursor=${cursor + pageRows}`;
  const more = cursor + pageRows < all.length ? { next_url: next } : {};
  return { body: { ticker, status: 'DELAYED', adjusted: false, ...(results.length > 0 ? { results } : {}), ...more } };
}

function aggregateOf({ date, open, high, low, close, volume }: InventedBar) {
  const t = newYorkInstant(date, 12).getTime() - 12 * 3_600_000;
  return { t, o: open, h: high, l: low, c: close, v: volume + 0.4, vw: close, n: 10 };
}

function actions({ pathname, searchParams }: URL): Reply | null {
  const security = securityCalled(searchParams.get('ticker'));
  const between = (field: string) => (date: string) =>
    date >= (searchParams.get(`${field}.gte`) ?? '') && date <= (searchParams.get(`${field}.lte`) ?? '9');
  if (pathname === '/stocks/v1/splits') return { body: { status: 'OK', results: splitsOf(security, between('execution_date')) } };
  if (pathname !== '/stocks/v1/dividends') return null;
  return { body: { status: 'OK', results: dividendsOf(security, between('ex_dividend_date')) } };
}

type Dates = (date: string) => boolean;

function splitsOf(security: InventedSecurity | undefined, isAsked: Dates) {
  return (security?.splits ?? [])
    .filter(({ exDate }) => isAsked(exDate))
    .map(({ exDate, numerator, denominator }) => ({
      id: `s-${exDate}`,
      ticker: security?.symbol,
      adjustment_type: 'forward_split',
      execution_date: exDate,
      split_from: denominator,
      split_to: numerator,
      historical_adjustment_factor: denominator / numerator,
    }));
}

/** Each of them twice, as it happens, and one in the currency of the company's home. */
function dividendsOf(security: InventedSecurity | undefined, isAsked: Dates) {
  const listed = (security?.dividends ?? []).filter(({ exDate }) => isAsked(exDate));
  const rows = listed.map(({ exDate, amount }) => ({
    ticker: security?.symbol,
    ex_dividend_date: exDate,
    cash_amount: amount,
    currency: 'USD',
    distribution_type: 'recurring',
    pay_date: '2025-06-30',
    split_adjusted_cash_amount: amount / 4,
  }));
  const foreign = listed.map(() => ({ ...rows[0], currency: 'CAD', cash_amount: 9, distribution_type: 'special' }));
  return [...rows, ...rows, ...foreign].map((row, i) => ({ id: `d-${i}`, ...row }));
}

function tickers({ pathname, searchParams }: URL): Reply | null {
  const [, name] = /^\/v3\/reference\/tickers(?:\/([^/]+))?$/.exec(pathname) ?? [null, null];
  if (name === null) return null;
  if (name !== undefined) {
    const security = securityCalled(decodeURIComponent(name));
    return security && isListed(security) ? { body: { status: 'OK', results: detailsOf(security) } } : NOT_FOUND;
  }
  const isActive = searchParams.get('active') !== 'false';
  const wanted = searchParams.get('ticker');
  const text = (searchParams.get('search') ?? '').toLowerCase();
  const results = SECURITIES.filter((security) => isListed(security) === isActive)
    .filter(({ symbol }) => wanted === null || symbol === wanted)
    .filter(({ symbol, name: called }) => `${symbol} ${called}`.toLowerCase().includes(text))
    .map(detailsOf);
  return { body: { status: 'OK', count: results.length, results } };
}

function detailsOf({ symbol, name }: InventedSecurity) {
  return {
    ticker: symbol,
    name,
    market: 'stocks',
    locale: 'us',
    primary_exchange: 'XNYS',
    type: 'CS',
    currency_name: 'usd',
    sic_description: 'HEAVY THINGS',
    market_cap: 1_234_567_890.5,
  };
}

/** 2025-03-31, a minute to four in New York. */
const LAST_TRADE_MS = Date.parse('2025-03-31T19:59:00Z');

function snapshots({ pathname, searchParams }: URL): Reply | null {
  if (pathname !== '/v2/snapshot/locale/us/markets/stocks/tickers') return null;
  const asked = (searchParams.get('tickers') ?? '').split(',');
  const listed = SECURITIES.filter((security) => isListed(security) && asked.includes(security.symbol));
  // ACME as a large plan sees it, the other as a small one does.
  const tickersOf = listed.map(({ symbol }, i) => ({
    ticker: symbol,
    ...(i === 0 ? { lastTrade: { p: 101.25, t: LAST_TRADE_MS * 1e6, s: 5, x: 4 } } : {}),
    min: { c: 101, t: LAST_TRADE_MS - 60_000, o: 101, h: 101, l: 101, v: 5 },
    day: { c: 100.5, o: 100, h: 102, l: 99, v: 1_000 },
    prevDay: { c: 99.5, o: 99, h: 100, l: 98, v: 900 },
    updated: LAST_TRADE_MS * 1e6,
  }));
  return { body: { status: 'OK', count: tickersOf.length, tickers: tickersOf } };
}
