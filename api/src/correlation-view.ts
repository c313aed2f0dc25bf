// Correlations of holdings as they are shown. Pure.
import { pairIndex, type Correlations } from '@closebell/shared/calc/correlation';
import { diversification } from '@closebell/shared/calc/diversification';
import type { CorrelationMatrix, DiversificationScore } from '@closebell/shared/contracts/analytics-correlation';
import type { ExcludedSymbol } from '@closebell/shared/risk/joint-window';
import { viewExcluded } from './excluded-view.js';
import type { HeldSymbol } from './held-symbols.js';

/** Symbols in the order of the correlations, with the gross dollars of the whole portfolio. */
export type CorrelatedHoldings = Readonly<{
  portfolioId: string;
  sessionDate: string;
  lookback: number;
  minOverlap: number;
  symbols: readonly HeldSymbol[];
  symbolsHeld: number;
  /** Held, and not among the symbols. */
  excluded: readonly ExcludedSymbol[];
  grossDollars: number;
  correlations: Correlations;
}>;

/** Null when no pair has a correlation. */
export function viewCorrelationMatrix(holdings: CorrelatedHoldings): CorrelationMatrix | null {
  const { symbols, correlations } = holdings;
  const present = correlations.coefficients.filter((value) => !Number.isNaN(value));
  if (present.length === 0) return null;
  const row = (i: number): Record<string, number | null> =>
    Object.fromEntries(symbols.map(({ symbol }, j) => [symbol, i === j ? 1 : coefficient(correlations, i, j)]));
  return {
    available: true,
    portfolio_id: holdings.portfolioId,
    data: {
      matrix: Object.fromEntries(symbols.map(({ symbol }, i) => [symbol, row(i)])),
      average_correlation: present.reduce((sum, value) => sum + value, 0) / present.length,
    },
    metadata: {
      ...viewWindow(holdings),
      positions_included: symbols.length,
      positions_total: holdings.symbolsHeld,
      repaired: false,
    },
  };
}

/** Null when no pair has a correlation. */
export function viewDiversificationScore(holdings: CorrelatedHoldings): DiversificationScore | null {
  const { symbols, correlations, lookback, sessionDate } = holdings;
  const score = diversification({
    marketValues: symbols.map(({ dollars }) => dollars),
    correlation: (i, j) => coefficient(correlations, i, j) ?? Number.NaN,
  });
  if (!score.ok) return null;
  return {
    available: true,
    portfolio_id: holdings.portfolioId,
    portfolio_correlation: score.portfolioCorrelation,
    diversification_score: score.diversificationScore,
    duration_days: lookback,
    calculation_date: sessionDate,
    symbols_included: symbols.length,
    metadata: { ...viewWindow(holdings), pairs: score.pairs, pairs_possible: score.pairsPossible },
  };
}

function viewWindow(holdings: CorrelatedHoldings) {
  const { sessionDate, lookback, minOverlap, symbols, excluded, grossDollars, correlations } = holdings;
  const overlaps = correlations.overlaps.filter((_, pair) => !Number.isNaN(correlations.coefficients[pair]));
  const correlated = symbols.filter((_, i) => symbols.some((_other, j) => i !== j && coefficient(correlations, i, j) !== null));
  const held = correlated.reduce((sum, symbol) => sum + symbol.grossDollars, 0);
  const alone = symbols.filter((symbol) => !correlated.includes(symbol));
  return {
    calculation_date: sessionDate,
    lookback_days: lookback,
    min_overlap: minOverlap,
    observations: overlaps.reduce((fewest, overlap) => Math.min(fewest, overlap), lookback),
    coverage: grossDollars > 0 ? held / grossDollars : null,
    excluded: viewExcluded([...excluded, ...alone.map(({ symbol }) => ({ symbol, reason: 'insufficient_overlap' as const }))]),
    method: 'pearson_pairwise_complete' as const,
  };
}

function coefficient({ coefficients, size }: Correlations, i: number, j: number): number | null {
  const value = coefficients[pairIndex(Math.min(i, j), Math.max(i, j), size)] ?? Number.NaN;
  return Number.isNaN(value) ? null : value;
}
