// A provider whose quotes the test writes, over simulated bars.
import type { MarketDataProvider, Quote } from '@closebell/shared/market-data/provider';
import { DEFAULT_SIMULATION_SEED, simulatedProvider } from '@closebell/worker/market-data/simulated';

export type QuotingProvider = MarketDataProvider &
  Readonly<{
    /** What it knows: change it and the next request sees it. */
    prices: Map<string, Partial<Quote>>;
    /** The symbols of every request. */
    asked: string[][];
  }>;

/** Quotes are in dollars and as of `clock`, unless the test says otherwise. */
export function quotingProvider(name: string, clock: () => Date): QuotingProvider {
  const prices = new Map<string, Partial<Quote>>();
  const asked: string[][] = [];
  const quoteOf = (symbol: string): readonly Quote[] => {
    const terms = prices.get(symbol);
    const standard = { symbol, price: 0, previousClose: null, currency: 'USD', quotedAt: clock().toISOString() };
    return terms === undefined ? [] : [{ ...standard, ...terms }];
  };
  return {
    ...simulatedProvider({ seed: DEFAULT_SIMULATION_SEED }),
    name,
    quotes: (symbols) => {
      asked.push([...symbols]);
      return Promise.resolve({ status: 'ok', value: symbols.flatMap(quoteOf) });
    },
    prices,
    asked,
  };
}
