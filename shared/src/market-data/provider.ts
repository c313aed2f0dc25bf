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

export type SecurityProfile = Readonly<{
  symbol: string;
  name: string | null;
  sector: string | null;
  industry: string | null;
}>;

/** The sessions from `from` to `to`, both included, as 'YYYY-MM-DD'. */
export type SessionRange = Readonly<{ from: string; to: string }>;

/**
 * What one symbol's request came to. Anything but `ok` says why, so that "no data" is never taken for a fault or the reverse.
 * `no_data`: the symbol is known but has no bar in the range. `unknown_symbol`: never heard of it. `unavailable`: ask again later.
 */
export type DailyBarsResult =
  | Readonly<{
      status: 'ok';
      symbol: string;
      bars: readonly OhlcvBar[];
      actions: readonly CorporateAction[];
      warnings: readonly string[];
    }>
  | Readonly<{ status: 'no_data' | 'unknown_symbol' | 'unavailable'; symbol: string; reason: string }>;

export type MarketDataProvider = Readonly<{
  /** As named in MARKET_DATA_PROVIDERS and stored with every bar. */
  name: string;
  /** Bars and corporate actions of one symbol, oldest first. Never rejects for one symbol's sake: the result says what went wrong. */
  dailyBars: (symbol: string, range: SessionRange, signal: AbortSignal) => Promise<DailyBarsResult>;
  /** Name and sector where the provider has them, else null. */
  profile: (symbol: string, signal: AbortSignal) => Promise<SecurityProfile | null>;
}>;
