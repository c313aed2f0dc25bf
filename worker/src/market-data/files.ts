// Prices from a folder of CSV files: no network, no key. For histories a user already has, and for tests.
import type { DailyBarsResult, MarketDataProvider, SessionRange } from '@closebell/shared/market-data/provider';
import { createPriceLibrary, symbolKey, type PriceIndex } from './price-library.js';
import { barsBetween } from './price-series.js';

/**
 * `directory` holds files ending in .csv, either tidy (symbol,date,open,high,low,close,adj_close,volume) or one symbol per file, named for
 * it (Date,Open,High,Low,Close,Adj Close,Volume); both may add Dividends and Stock Splits. Folders inside it aren't read. `recheckMs`: how
 * long the provider trusts what it read before it looks whether a file changed.
 */
export type FilesProviderOptions = Readonly<{ directory: string; recheckMs?: number }>;

/**
 * A symbol that is in no file is `unknown_symbol`, or `unavailable` while some file, which might have had it, can't be used.
 * An aborted signal rejects with its reason.
 */
export function filesProvider({ directory, recheckMs = 1_000 }: FilesProviderOptions): MarketDataProvider {
  const library = createPriceLibrary(directory, recheckMs);
  return {
    name: 'files',
    dailyBars: async (symbol, range, signal) => {
      signal.throwIfAborted();
      const index = await library();
      signal.throwIfAborted();
      return dailyBarsOf(index, symbol, range);
    },
  };
}

function dailyBarsOf(index: PriceIndex, symbol: string, range: SessionRange): DailyBarsResult {
  const series = index.series.get(symbolKey(symbol));
  if (series === undefined) {
    if (index.faults.length > 0) return { status: 'unavailable', symbol, reason: index.faults.join('; ') };
    return { status: 'unknown_symbol', symbol, reason: `${symbol} is in none of the price files` };
  }
  const bars = barsBetween(series, symbol, range);
  if (bars.length === 0)
    return { status: 'no_data', symbol, reason: `the price files have no close of ${symbol} from ${range.from} to ${range.to}` };
  const inside = (date: string) => date >= range.from && date <= range.to;
  const warnings = series.warnings
    .filter(({ sessionDate }) => inside(sessionDate))
    .map(({ sessionDate, message }) => `${symbol} ${sessionDate}: ${message}`);
  return {
    status: 'ok',
    symbol,
    bars,
    actions: series.actions.filter(({ exDate }) => inside(exDate)).map((action) => ({ ...action, symbol })),
    warnings: [...warnings, ...index.faults, ...index.notes],
  };
}
