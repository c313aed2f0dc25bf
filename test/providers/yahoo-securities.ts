// What the stand-in for Yahoo publishes of a security: everything adjusted for all splits, prices as 32-bit floats, as Yahoo has them.
import { newYorkInstant } from '@closebell/shared/calendar/new-york-time';

export type TradedBar = Readonly<{ date: string; close: number | null; volume: number }>;

export type YahooSecurity = Readonly<{
  /** In Yahoo's spelling, as in everything it answers. */
  symbol: string;
  name: string;
  currency: string;
  /** As traded. */
  bars: readonly TradedBar[];
  splits?: readonly Readonly<{ exDate: string; numerator: number; denominator: number }>[];
  /** As paid. */
  dividends?: readonly Readonly<{ exDate: string; amount: number }>[];
}>;

type Seconds = number;

/** Bars and events of the period, its end excluded; undefined where there are none. */
export function chartOf(security: YahooSecurity, period1: Seconds, period2: Seconds): unknown {
  const isInside = (date: string): boolean => openOf(date) >= period1 && openOf(date) < period2;
  const bars = security.bars.filter(({ date }) => isInside(date));
  if (bars.length === 0) return undefined;
  const adjusted = (change: number) =>
    bars.map(({ date, close }) => (close === null ? null : Math.fround((close + change) / sharesAfter(security, date))));
  const { splits = [], dividends = [] } = security;
  const events = {
    splits: Object.fromEntries(
      splits
        .filter(({ exDate }) => isInside(exDate))
        .map(({ exDate, numerator, denominator }) => {
          return [openOf(exDate), { date: openOf(exDate), numerator, denominator, splitRatio: `${numerator}:${denominator}` }];
        }),
    ),
    dividends: Object.fromEntries(
      dividends
        .filter(({ exDate }) => isInside(exDate))
        .map(({ exDate, amount }) => [openOf(exDate), { date: openOf(exDate), amount: amount / sharesFrom(security, exDate) }]),
    ),
  };
  const columns = {
    open: adjusted(0.25),
    high: adjusted(1),
    low: adjusted(-1),
    close: adjusted(0),
    volume: bars.map(({ date, volume }) => Math.round(volume * sharesAfter(security, date))),
  };
  return {
    meta: chartMeta(security),
    timestamp: bars.map(({ date }) => openOf(date)),
    events,
    indicators: { quote: [columns], adjclose: [{ adjclose: columns.close }] },
  };
}

export function quoteOf({ symbol, name, currency, bars }: YahooSecurity): unknown {
  const [previous, last] = bars.filter(({ close }) => close !== null).slice(-2);
  return {
    language: 'en-US',
    region: 'US',
    quoteType: 'EQUITY',
    symbol,
    longName: name,
    currency,
    exchange: 'NMS',
    regularMarketPrice: last?.close,
    regularMarketPreviousClose: previous?.close,
    regularMarketTime: openOf(last?.date ?? '') + 3_600,
  };
}

export function summaryOf({ symbol, name, currency }: YahooSecurity): unknown {
  return {
    price: {
      maxAge: 1,
      symbol,
      longName: name,
      quoteType: 'EQUITY',
      exchangeName: 'NasdaqGS',
      currency,
      marketCap: 1_250_000_000,
    },
    assetProfile: { maxAge: 86_400, sector: 'Industrials', industry: 'Tools & Accessories', country: 'United States' },
    summaryDetail: { maxAge: 1, beta: 1.13 },
    defaultKeyStatistics: { maxAge: 1 },
  };
}

export function matchOf({ symbol, name }: YahooSecurity): unknown {
  return {
    symbol,
    longname: name,
    quoteType: 'EQUITY',
    typeDisp: 'equity',
    exchange: 'NMS',
    exchDisp: 'NASDAQ',
    isYahooFinance: true,
  };
}

/** 09:30 in New York, by which Yahoo dates a session. */
export function openOf(date: string): Seconds {
  return newYorkInstant(date, 10).getTime() / 1_000 - 1_800;
}

function sharesAfter(security: YahooSecurity, date: string): number {
  return sharesOver(security, (exDate) => exDate > date);
}

function sharesFrom(security: YahooSecurity, date: string): number {
  return sharesOver(security, (exDate) => exDate >= date);
}

function sharesOver({ splits = [] }: YahooSecurity, isPicked: (exDate: string) => boolean): number {
  const picked = splits.filter(({ exDate }) => isPicked(exDate));
  return picked.reduce((shares, { numerator, denominator }) => (shares * numerator) / denominator, 1);
}

function chartMeta({ symbol, name, currency, bars }: YahooSecurity): unknown {
  const opened = openOf(bars.at(-1)?.date ?? '');
  const period = { timezone: 'EST', start: opened, end: opened + 23_400, gmtoffset: -18_000 };
  return {
    currency,
    symbol,
    longName: name,
    exchangeName: 'NMS',
    instrumentType: 'EQUITY',
    firstTradeDate: openOf(bars[0]?.date ?? ''),
    regularMarketTime: opened,
    gmtoffset: -18_000,
    timezone: 'EST',
    exchangeTimezoneName: 'America/New_York',
    regularMarketPrice: 1,
    priceHint: 2,
    currentTradingPeriod: { pre: period, regular: period, post: period },
    dataGranularity: '1d',
    range: '',
    validRanges: ['1d', 'max'],
  };
}
