// What today's holdings would have made in each of the last sessions, and how bad the worst of that was.
import { countPresent } from '../calc/statistics.js';
import { jointWindow } from './joint-window.js';
import type { HoldingsValueAtRisk } from './risk-figures.js';
import { coverageOf, dollarsBySymbol, isAnyCovered, type RiskLot } from './risk-lots.js';
import type { RiskMarket } from './risk-market.js';
import { dividedBy, tailLosses } from './tail-losses.js';

/**
 * From delta-adjusted dollars × returns of each session, over all sessions given. A symbol that has stopped trading, or has less than half the returns of the
 * one that has the most, is left out and lowers the coverage, since a session counts only where all that are in have a return. Cash moves by nothing.
 */
export function holdingsValueAtRisk(
  lots: readonly RiskLot[],
  equity: number,
  { sessions, returns }: Pick<RiskMarket, 'sessions' | 'returns'>,
): HoldingsValueAtRisk {
  const lookback = sessions.length;
  const dollars = dollarsBySymbol(lots);
  const { included, excluded } = jointWindow([...dollars.keys()], returns);
  const kept = new Set(included);
  const isIncluded = (symbol: string): boolean => kept.has(symbol);
  const none = { lookback, observations: 0, start_date: null, coverage: null, excluded, dollars: null, fractions: null };
  if (lots.length === 0) return { ...none, reason: 'no_holdings' };
  if (!isAnyCovered(lots, isIncluded)) return { ...none, reason: 'nothing_covered' };
  const pnl = new Float64Array(lookback);
  for (const symbol of included) addProducts(pnl, dollars.get(symbol) as number, returns.get(symbol) as Float64Array);
  const first = pnl.findIndex((value) => !Number.isNaN(value));
  const found = {
    lookback,
    observations: countPresent(pnl),
    start_date: sessions[first] ?? null,
    coverage: coverageOf(lots, isIncluded),
    excluded,
  };
  const losses = tailLosses(pnl);
  if (losses.value_at_risk_95 === null) return { ...found, dollars: null, fractions: null, reason: 'insufficient_history' };
  if (!(equity > 0)) return { ...found, dollars: losses, fractions: null, reason: 'no_equity' };
  return { ...found, dollars: losses, fractions: dividedBy(losses, equity), reason: null };
}

/** A gap in any of the series is a gap in the sum. */
function addProducts(sum: Float64Array, dollars: number, returns: Float64Array): void {
  for (let t = 0; t < sum.length; t++) sum[t] = (sum[t] as number) + dollars * (returns[t] as number);
}
