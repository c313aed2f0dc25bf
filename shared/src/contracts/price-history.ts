// Closes of many symbols along the same sessions: as traded, never carried forward, with splits and dividends beside.
import { z } from 'zod';
import { FACTORS, FACTOR_SYMBOLS } from '../calc/factors.js';
import { queryInteger, UNAVAILABLE_REASONS } from './analytics.js';
import { endpoint } from './endpoint.js';
import { date, id, idParams, money, queryFlag } from './fields.js';

/** Sessions that are kept of a security, and of the ETFs that stand for factors. */
const SECURITY_SESSIONS = 504;
const FACTOR_SESSIONS = 1_320;
const SYMBOLS_MAX = 500;
/** Symbols left out that are named. */
export const LEFT_OUT_MAX = 500;
const SYMBOLS_STANDARD = 50;
const LOOKBACK_STANDARD = 150;

const DATE_FORMATS = ['iso', 'unix'] as const;

const dateFormat = z
  .enum(DATE_FORMATS)
  .default('iso')
  .describe('of dates: YYYY-MM-DD, or unix: seconds from 1970 to the midnight, UTC, that the day begins with');

const lookback = (max: number) =>
  queryInteger(1, max, LOOKBACK_STANDARD).describe(`sessions up to the last complete one; at most the ${max} that are kept`);

const day = z.union([date, z.int()]).describe('as date_format says');

const priceSeries = {
  symbol: z.string(),
  closes: z.array(money.nullable()).describe('one for each of dates, as traded on that day; null where there is none'),
  closes_count: z.int().describe('that are not null'),
  splits: z.array(z.object({ ex: day, numerator: z.int(), denominator: z.int() })).describe('within dates, new shares for old'),
  dividends: z.array(z.object({ ex: day, amount: money })).describe('within dates, cash a share'),
};

const metadata = z.object({
  lookback_days: z.int().describe('sessions'),
  from_date: date,
  to_date: date.describe('the last complete session'),
  adjusted: z.literal(false).describe('closes are raw: a total return is (close × split + dividend) / previous close − 1'),
});

const dates = z.array(day).describe('the sessions, oldest first');

const unavailable = z.object({ available: z.literal(false), reason: z.enum(UNAVAILABLE_REASONS), message: z.string() });

const portfolioPrices = z.object({
  available: z.literal(true),
  portfolio_id: id,
  dates,
  symbols: z
    .array(
      z.object({
        ...priceSeries,
        market_value: money
          .nullable()
          .describe(
            'size of all its lots as last calculated, options by their own value, others at what they cost; null of an ETF that is not held',
          ),
        is_held: z.boolean(),
        factor: z.string().nullable().describe('that it is the ETF of'),
      }),
    )
    .describe('the largest by value first, then the ETFs of the factors that are not among them'),
  truncated: z.boolean().describe('true when max_symbols left some out'),
  left_out: z.array(z.string()).describe(`the symbols left out, the largest first, at most ${LEFT_OUT_MAX}`),
  symbols_total: z.int().describe('held, with prices of their own; private holdings and cash have none'),
  without_closes: z.array(z.string()).describe('symbols shown that have no close in the window'),
  metadata,
});

export const getPortfolioPrices = endpoint({
  method: 'get',
  path: '/data/prices/historical/:id',
  summary: 'Closes of what a portfolio holds, along the same sessions',
  tag: 'Raw data',
  auth: 'user',
  params: idParams,
  query: z.object({
    lookback_days: lookback(SECURITY_SESSIONS),
    max_symbols: queryInteger(1, SYMBOLS_MAX, SYMBOLS_STANDARD).describe('held symbols; the largest by value are kept'),
    include_factor_etfs: queryFlag,
    date_format: dateFormat,
  }),
  responses: {
    200: {
      description: 'An option brings the symbol of its underlying. insufficient_symbols when nothing held has prices',
      schema: z.union([portfolioPrices, unavailable.extend({ portfolio_id: id })]),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});

const FACTOR_WORDS = [...FACTORS.flatMap(({ id: own, name }) => [own, name]), ...FACTOR_SYMBOLS];
const factorKey = (text: string): string =>
  text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s-]+/g, '_');
const isFactorWord = (text: string): boolean => FACTOR_WORDS.some((known) => factorKey(known) === factorKey(text));

const factorList = z
  .string()
  .transform((list) => [...new Set(list.split(',').map(factorKey))].filter((each) => each !== ''))
  .pipe(
    z
      .array(z.string().refine(isFactorWord, `not a factor or its ETF: use ${FACTOR_WORDS.join(', ')}`))
      .min(1, 'name at least one factor')
      .max(FACTOR_WORDS.length),
  );

const factorPrices = z.object({
  available: z.literal(true),
  dates,
  factors: z
    .array(
      z.object({
        ...priceSeries,
        id: z.string(),
        name: z.string(),
        proxy: z
          .string()
          .describe('the ETF that stands for the factor; symbol is another where this one has no close in the window'),
      }),
    )
    .describe('each factor asked for, or the ETF named'),
  metadata,
});

export const getFactorPrices = endpoint({
  method: 'get',
  path: '/data/factors/etf-prices',
  summary: 'Closes of the ETFs that stand for the factors',
  tag: 'Raw data',
  auth: 'user',
  query: z.object({
    lookback_days: lookback(FACTOR_SESSIONS),
    factors: factorList.optional().describe('names or ETFs, separated by commas: Market Beta,size,TLT; all factors unless told'),
    date_format: dateFormat,
  }),
  responses: {
    200: {
      description: 'The closes; no_benchmark_data when none of the ETFs has one in the window',
      schema: z.union([factorPrices, unavailable]),
    },
  },
  errors: ['ERR_REQ_001'],
});

/** Whether `word`, of a parsed `factors`, means this name or symbol. */
export function meansFactor(word: string, name: string): boolean {
  return word === factorKey(name);
}

export type DateFormat = (typeof DATE_FORMATS)[number];
export type PriceSeriesShown = z.output<z.ZodObject<typeof priceSeries>>;
