import { barsOf, isListed, SECURITIES, securityCalled, type InventedSecurity } from './invented-market.js';
import { startStandIn, type Reply, type StandIn } from './stand-in.js';

export const FMP_KEY = 'fmp+key/of:tests';

export function startFmp(): Promise<StandIn> {
  return startStandIn(({ pathname, searchParams }) => {
    if (searchParams.get('apikey') !== FMP_KEY) return { status: 401, body: { 'Error Message': 'Invalid API KEY.' } };
    const answer = ANSWERS[pathname];
    return answer === undefined ? { status: 404, body: [] } : answer(securityOf(searchParams.get('symbol')), searchParams);
  });
}

type AnswerOf = (security: InventedSecurity | undefined, query: URLSearchParams) => Reply;

const ANSWERS: Readonly<Record<string, AnswerOf>> = {
  '/stable/historical-price-eod/non-split-adjusted': (security, query) => ({
    body: (security === undefined ? [] : barsOf(security, query.get('from') ?? '', query.get('to') ?? ''))
      .map(({ date, open, high, low, close, volume }) => ({
        symbol: query.get('symbol'),
        date,
        adjOpen: open,
        adjHigh: high,
        adjLow: low,
        adjClose: close,
        volume,
      }))
      .toReversed(),
  }),
  '/stable/splits': (security) => ({
    body: (security?.splits ?? [])
      .map(({ exDate, ...ratio }) => ({ date: exDate, ...ratio, splitType: 'stock-split' }))
      .toReversed(),
  }),
  // The last one is announced, its amount not yet known.
  '/stable/dividends': (security) => ({
    body: [
      { date: '2025-08-11', dividend: null, adjDividend: null, paymentDate: '' },
      ...(security?.dividends ?? [])
        .map(({ exDate, amount }) => ({ date: exDate, dividend: amount, adjDividend: amount / 4, paymentDate: '2025-06-30' }))
        .toReversed(),
    ],
  }),
  '/stable/profile': (security) => ({ body: security === undefined ? [] : [profileOf(security)] }),
  '/stable/quote': (security) => ({ body: security === undefined ? [] : [quoteOf(security)] }),
  '/stable/batch-quote': (_, query) => ({
    body: (query.get('symbols') ?? '').split(',').flatMap((ticker) => {
      const security = securityOf(ticker);
      return security && isListed(security) ? [quoteOf(security)] : [];
    }),
  }),
  '/stable/search-symbol': (_, query) => matches(query, ({ symbol }) => symbol),
  '/stable/search-name': (_, query) => matches(query, ({ name }) => name),
};

function securityOf(ticker: string | null): InventedSecurity | undefined {
  return ticker?.includes('.') ? undefined : securityCalled(ticker?.replace('-', '.'));
}

function tickerOf({ symbol }: InventedSecurity): string {
  return symbol.replace('.', '-');
}

function profileOf(security: InventedSecurity) {
  return {
    symbol: tickerOf(security),
    price: 101.25,
    marketCap: 1_234_567_890,
    beta: 1.1,
    companyName: security.name,
    currency: 'USD',
    exchangeFullName: 'Invented Stock Exchange',
    exchange: 'NYSE',
    industry: 'Heavy Things',
    sector: 'Industrials',
    country: 'US',
    isEtf: false,
    isActivelyTrading: isListed(security),
    isFund: false,
  };
}

function quoteOf(security: InventedSecurity) {
  const timestamp = Date.parse('2025-03-31T20:00:01Z') / 1_000;
  return { symbol: tickerOf(security), name: security.name, price: 101.25, previousClose: 99.5, exchange: 'NYSE', timestamp };
}

function matches(query: URLSearchParams, textOf: (security: InventedSecurity) => string): Reply {
  const text = (query.get('query') ?? '').toLowerCase().replace('-', '.');
  const found = SECURITIES.filter((security) => isListed(security) && textOf(security).toLowerCase().includes(text));
  return {
    body: found.map((security) => ({ symbol: tickerOf(security), name: security.name, currency: 'USD', exchange: 'NYSE' })),
  };
}
