// The factors as shown and what stands for them: names, proxies and fallbacks as a table.

/** The columns of the regression: the market, five spreads and rates. */
export type ModelFactor = 'MKT' | 'VMG' | 'MOM' | 'QUA' | 'SIZ' | 'LOV' | 'RAT';

export type FactorDefinition = Readonly<{
  id: string;
  /** As shown to users. */
  name: string;
  /** The ETF that stands for it. */
  proxy: string;
  /** Tried in order where the proxy has no data; one for the whole window. */
  fallbacks: readonly string[];
  /** The column of the regression. Value and Growth are the two ends of one. */
  modelFactor: ModelFactor;
}>;

export const FACTORS = [
  { id: 'market_beta', name: 'Market Beta', proxy: 'SPY', fallbacks: ['IVV', 'VOO'], modelFactor: 'MKT' },
  { id: 'value', name: 'Value', proxy: 'VTV', fallbacks: [], modelFactor: 'VMG' },
  { id: 'growth', name: 'Growth', proxy: 'VUG', fallbacks: [], modelFactor: 'VMG' },
  { id: 'momentum', name: 'Momentum', proxy: 'MTUM', fallbacks: [], modelFactor: 'MOM' },
  { id: 'quality', name: 'Quality', proxy: 'QUAL', fallbacks: [], modelFactor: 'QUA' },
  { id: 'size', name: 'Size', proxy: 'IWM', fallbacks: ['SIZE', 'SLY'], modelFactor: 'SIZ' },
  { id: 'low_volatility', name: 'Low Volatility', proxy: 'USMV', fallbacks: [], modelFactor: 'LOV' },
  { id: 'interest_rate', name: 'Interest Rate', proxy: 'TLT', fallbacks: [], modelFactor: 'RAT' },
] as const satisfies readonly FactorDefinition[];

/** Fewer closes than this in the window are too few for a regression: the proxy counts as absent. */
const OBSERVATIONS_MIN = 60;

export type FactorProxy = Readonly<{ factor: FactorDefinition; symbol: string | null }>;

/** Which symbol stands for each factor, given how many closes of the window each symbol has; null when none has enough. */
export function chooseProxies(closesInWindow: ReadonlyMap<string, number>): readonly FactorProxy[] {
  return FACTORS.map((factor) => ({
    factor,
    symbol: [factor.proxy, ...factor.fallbacks].find((symbol) => (closesInWindow.get(symbol) ?? 0) >= OBSERVATIONS_MIN) ?? null,
  }));
}

/** Every symbol that may stand for a factor. */
export const FACTOR_SYMBOLS: readonly string[] = FACTORS.flatMap(({ proxy, fallbacks }) => [proxy, ...fallbacks]);
