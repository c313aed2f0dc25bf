// Volatility of today's holdings from the covariances of their returns, and what each symbol adds to it.
import { portfolioVolatility } from '../calc/portfolio-volatility.js';
import { COVARIANCE_LOOKBACK } from './return-covariances.js';
import type { HoldingsVolatility } from './risk-figures.js';
import { coverageOf, dollarsBySymbol, isAnyCovered, type RiskLot } from './risk-lots.js';
import type { RiskMarket } from './risk-market.js';

/** `equity` in dollars. A symbol whose covariances are not known is left out and lowers the coverage; cash moves by nothing. */
export function holdingsVolatility(
  lots: readonly RiskLot[],
  equity: number,
  { covariances: { rows, matrix, unknown } }: Pick<RiskMarket, 'covariances'>,
): HoldingsVolatility {
  const none = { lookback: COVARIANCE_LOOKBACK, volatility: null, coverage: null, excluded: [], contributions: {} };
  if (lots.length === 0) return { ...none, reason: 'no_holdings' };
  if (!(equity > 0)) return { ...none, reason: 'no_equity' };
  const dollars = dollarsBySymbol(lots);
  const symbols = [...dollars.keys()];
  const positions = {
    weights: symbols.map((symbol) => (dollars.get(symbol) as number) / equity),
    rows: symbols.map((symbol) => rows.get(symbol) ?? -1),
  };
  const found = portfolioVolatility(positions, matrix, rows.size);
  const contributions = new Map(symbols.map((symbol, i) => [symbol, found?.contributions[i] ?? Number.NaN]));
  const isCovered = (symbol: string): boolean => !Number.isNaN(contributions.get(symbol) ?? Number.NaN);
  const excluded = symbols
    .filter((symbol) => !isCovered(symbol))
    .map((symbol) => ({ symbol, reason: unknown.get(symbol) ?? ('unknown_covariances' as const) }));
  if (!isAnyCovered(lots, isCovered))
    return { ...none, excluded, reason: symbols.length === 0 ? 'nothing_covered' : 'unknown_covariances' };
  return {
    lookback: COVARIANCE_LOOKBACK,
    volatility: found?.volatility ?? 0,
    coverage: coverageOf(lots, isCovered),
    excluded,
    contributions: Object.fromEntries([...contributions].filter(([symbol]) => isCovered(symbol))),
    reason: null,
  };
}
