// What Massive (formerly Polygon) answers, as its documentation describes it in November 2026: only the fields we use.
import { z } from 'zod';

/** DELAYED is the answer of plans without real-time data, and as good as OK. */
const status = z.enum(['OK', 'DELAYED']);
const isoDate = z.iso.date();
const text = z.string().nullish();
const number = z.number().nullish();

/** Instants from 1990 to 2096, so that a number of another unit shows. */
const milliseconds = z.number().min(631e9).max(4e12);
const millisecondsOrZero = z.number().min(0).max(4e12).nullish();
const nanosecondsOrZero = z.number().min(0).max(4e18).nullish();

/** One page; where there is another, its address. */
function page<T extends z.ZodType>(row: T) {
  return z.object({ status, results: z.array(row).nullish(), next_url: z.url().nullish() });
}

/** `t`: the start of the session's day in New York, in milliseconds. Indices have no volume. Since 2026 volumes have decimals. */
const aggregate = z.object({ t: milliseconds, o: number, h: number, l: number, c: z.number(), v: number });

/** `split_to` new shares for `split_from` old ones; stock dividends are listed as splits too. */
const split = z.object({ execution_date: isoDate, split_from: z.number(), split_to: z.number() });

/** `cash_amount` is per share as declared, before any later split. */
const dividend = z.object({
  ex_dividend_date: isoDate,
  cash_amount: z.number(),
  currency: text,
  distribution_type: text,
  pay_date: text,
});

const ticker = z.object({
  ticker: z.string(),
  name: text,
  type: text,
  primary_exchange: text,
  currency_name: text,
  sic_description: text,
  market_cap: number,
});

const close = z.object({ c: number }).nullish();

/** Before the first trade of a day everything but `prevDay` is 0 or absent. `lastTrade` comes with the larger plans only. */
const snapshot = z.object({
  ticker: z.string(),
  updated: nanosecondsOrZero,
  lastTrade: z.object({ p: number, t: nanosecondsOrZero }).nullish(),
  min: z.object({ c: number, t: millisecondsOrZero }).nullish(),
  day: close,
  prevDay: close,
});

export const massiveAggregates = page(aggregate);
export const massiveSplits = page(split);
export const massiveDividends = page(dividend);
export const massiveTickers = page(ticker);
export const massiveTickerDetails = z.object({ status, results: ticker });
export const massiveSnapshots = z.object({ status, tickers: z.array(snapshot).nullish() });

export type MassiveAggregate = z.output<typeof aggregate>;
export type MassiveSplit = z.output<typeof split>;
export type MassiveDividend = z.output<typeof dividend>;
export type MassiveTicker = z.output<typeof ticker>;
export type MassiveSnapshot = z.output<typeof snapshot>;
