// What a market data provider must do. Providers return what they know; storing, gaps and revisions are not their business.

/** One session of one symbol. `close` is raw: as traded, before any later split. Prices in the security's currency. */
export type OhlcvBar = Readonly<{
  symbol: string;
  sessionDate: string;
  open: number | null;
  high: number | null;
  low: number | null;
  close: number;
  volume: bigint | null;
}>;

/** A split of `numerator` new shares for `denominator` old ones, effective before the open of `exDate`. */
export type Split = Readonly<{
  type: 'split';
  symbol: string;
  exDate: string;
  numerator: number;
  denominator: number;
}>;

/** A cash dividend per share, counted in shares held before any split of the same `exDate`. */
export type Dividend = Readonly<{ type: 'dividend'; symbol: string; exDate: string; amount: number }>;

export type CorporateAction = Split | Dividend;

/** What a provider knows of a security; null where it does not say. */
export type SecurityProfile = Readonly<{
  symbol: string;
  name: string | null;
  /** As the market calls it: EQUITY, ETF, MUTUALFUND … */
  securityType: string | null;
  sector: string | null;
  industry: string | null;
  exchange: string | null;
  country: string | null;
  /** ISO 4217, upper case; GBX for pence. */
  currency: string | null;
  marketCap: number | null;
  /** As published, over whatever window the provider uses: shown, never computed with. */
  beta: number | null;
}>;

/** The last trade known: `price` in the security's currency, `quotedAt` an ISO instant of the exchange's clock. */
export type Quote = Readonly<{
  symbol: string;
  price: number;
  previousClose: number | null;
  currency: string | null;
  quotedAt: string;
}>;

export type SymbolMatch = Readonly<{
  symbol: string;
  name: string | null;
  securityType: string | null;
  exchange: string | null;
}>;

/** One published value of a rate: percent per year, as in 4.37. */
export type RatePoint = Readonly<{ date: string; percent: number }>;
export type RateSeries = 'DGS3MO' | 'DGS10';
/** The three-month Treasury yield, which options are marked with. */
export const OPTION_RATE_SERIES = 'DGS3MO' satisfies RateSeries;

/** The sessions from `from` to `to`, both included, as 'YYYY-MM-DD'. */
export type SessionRange = Readonly<{ from: string; to: string }>;

/**
 * Why a request brought nothing, so that "no data" is never taken for a fault or the reverse. `no_data`: the symbol is known but has nothing
 * in the range. `unknown_symbol`: never heard of it. The others are the provider's own trouble and say nothing about the symbol:
 * `rate_limited` (ask again after `retryAfterMs`, where it said so), `unauthorized` (the key is missing, wrong or not allowed this),
 * `garbage` (an answer that cannot be what was asked for), `unavailable` (down, timed out, an error of its own).
 */
export type Refusal = (
  | Readonly<{ status: 'no_data' | 'unknown_symbol' | 'unauthorized' | 'garbage' | 'unavailable'; reason: string }>
  | Readonly<{ status: 'rate_limited'; reason: string; retryAfterMs: number | null }>
) &
  Readonly<{
    /** No request was made: the plan's requests are spent, the provider rests after failures, or it could not have had an answer. */
    notAsked?: true;
  }>;

export type RefusalStatus = Refusal['status'];

/** What one symbol's request came to. */
export type DailyBarsResult =
  | Readonly<{
      status: 'ok';
      symbol: string;
      bars: readonly OhlcvBar[];
      actions: readonly CorporateAction[];
      warnings: readonly string[];
    }>
  | (Refusal & Readonly<{ symbol: string }>);

export type Answer<T> = Readonly<{ status: 'ok'; value: T }> | Refusal;

/** How often a plan lets one ask; null: no limit known. */
export type RequestBudget = Readonly<{ perMinute: number | null; perDay: number | null }>;

/** What providers can be asked for, as the methods below are called. */
export type Capability = 'dailyBars' | 'profile' | 'quotes' | 'search' | 'rates';

/** Symbols come in our spelling (BRK.B); each provider translates to its own and back. No method rejects but with the signal's reason. */
export type MarketDataProvider = Readonly<{
  /** As named in MARKET_DATA_PROVIDERS and stored with every bar. */
  name: string;
  /** Of the plan in use; absent for providers that are asked without a network. */
  budget?: RequestBudget;
  /** How many of the budget's requests one call takes at most; 1 where it is not said. */
  requests?: Readonly<Partial<Record<Capability, number>>>;
  /** The variable of the configuration that its key comes from, for messages about a key that was refused. */
  keyVariable?: string;
  /** Bars and corporate actions of one symbol, oldest first, in one request. */
  dailyBars: (symbol: string, range: SessionRange, signal: AbortSignal) => Promise<DailyBarsResult>;
  /** Absent where the provider has no profiles; so for the others below. */
  profile?: (symbol: string, signal: AbortSignal) => Promise<Answer<SecurityProfile>>;
  /** Those of the symbols it knows, in one request where the provider can. */
  quotes?: (symbols: readonly string[], signal: AbortSignal) => Promise<Answer<readonly Quote[]>>;
  search?: (text: string, signal: AbortSignal) => Promise<Answer<readonly SymbolMatch[]>>;
  rates?: (series: RateSeries, range: SessionRange, signal: AbortSignal) => Promise<Answer<readonly RatePoint[]>>;
}>;
