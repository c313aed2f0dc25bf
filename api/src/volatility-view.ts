// Volatilities of a portfolio and of its holdings as they are shown. Pure.
import { countPresent } from '@closebell/shared/calc/statistics';
import { volatilityFigures } from '@closebell/shared/calc/volatility';
import type { VolatilityAnswer } from '@closebell/shared/contracts/analytics-risk';
import type { HoldingsVolatility } from '@closebell/shared/risk/risk-figures';
import type { SymbolStatistics } from '@closebell/shared/risk/symbol-statistics';
import { viewExcluded } from './excluded-view.js';
import type { HeldSymbol } from './held-symbols.js';
import { MISSING_WORDS } from '@closebell/shared/risk/missing-words';
import type { Subject } from './risk-view.js';

export type VolatilitySources = Readonly<{
  holdings: HoldingsVolatility | null;
  /** The portfolio's daily returns, NaN where there is none; the last one of the session. */
  returns: Float64Array;
  /** The largest first. */
  symbols: readonly HeldSymbol[];
  statistics: ReadonlyMap<string, SymbolStatistics>;
}>;

export function viewVolatility({ portfolioId, sessionDate }: Subject, sources: VolatilitySources): VolatilityAnswer {
  const { holdings, returns, symbols, statistics } = sources;
  const { realized21, realized63, ...rest } = volatilityFigures(returns);
  return {
    available: true,
    portfolio_id: portfolioId,
    calculation_date: sessionDate,
    holdings: holdings && viewHoldings(holdings),
    realised: { realized_21: realized21, realized_63: realized63, ...rest, observations: countPresent(returns) },
    symbols: symbols.map(({ symbol }) => viewSymbol(symbol, statistics.get(symbol))),
  };
}

export function viewHoldings({ volatility, contributions, lookback, coverage, excluded, reason }: HoldingsVolatility) {
  return {
    volatility,
    contributions: Object.entries(contributions)
      .map(([symbol, contribution]) => ({ symbol, contribution }))
      .toSorted((a, b) => b.contribution - a.contribution || (a.symbol < b.symbol ? -1 : 1)),
    lookback_days: lookback,
    coverage,
    excluded: viewExcluded(excluded),
    message: reason && MISSING_WORDS[reason],
  };
}

const UNKNOWN = { realized_21: null, realized_63: null, ewma: null, forecast: null, trend: null, percentile: null };

function viewSymbol(symbol: string, statistics: SymbolStatistics | undefined): VolatilityAnswer['symbols'][number] {
  if (statistics === undefined) {
    return { symbol, ...UNKNOWN, message: 'Its prices have changed since; the next calculation makes the figures again.' };
  }
  const { volatility, reasons } = statistics;
  const reason = reasons.realized_21 ?? reasons.realized_63 ?? reasons.forecast ?? reasons.percentile;
  return { symbol, ...volatility, message: reason === undefined ? null : MISSING_WORDS[reason] };
}
