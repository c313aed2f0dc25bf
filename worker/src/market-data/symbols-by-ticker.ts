/** Our symbols by a provider's spelling of them, without those that it must not be asked for. */
export function symbolsByTicker(
  symbols: readonly string[],
  tickerOf: (symbol: string) => string | null,
): ReadonlyMap<string, string> {
  return new Map(
    symbols.flatMap((symbol) => {
      const ticker = tickerOf(symbol);
      return ticker === null ? [] : [[ticker, symbol] as const];
    }),
  );
}
