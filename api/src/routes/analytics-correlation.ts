import { loadValuedLots } from '@closebell/prisma/valued-lots';
import { pairwiseCorrelations } from '@closebell/shared/calc/correlation';
import {
  CORRELATED_SYMBOLS_MAX,
  getCorrelationMatrix,
  getDiversificationScore,
} from '@closebell/shared/contracts/analytics-correlation';
import { AppError } from '@closebell/shared/errors';
import { riskLot } from '@closebell/shared/risk/risk-lots';
import { currentSymbols, RETURN_AGE_MAX, type ExcludedSymbol } from '@closebell/shared/risk/joint-window';
import type { Router } from 'express';
import { answerAnalysed, type AnalysedPortfolio, type NoFigures } from '../analysed-portfolio.js';
import type { ApiContext } from '../context.js';
import { viewCorrelationMatrix, viewDiversificationScore, type CorrelatedHoldings } from '../correlation-view.js';
import { grossDollars, heldSymbols } from '../held-symbols.js';
import { readReturns } from '../return-window.js';
import { routeBoth } from '../route.js';

export function correlationRoutes(router: Router, context: ApiContext): void {
  routeBoth(router, context, getCorrelationMatrix, async ({ params, query, principal }) => {
    const window = windowOf(query);
    return answerAnalysed(context, params.id, principal.userId, async (analysed) => {
      const holdings = await correlate(context, analysed, { ...window, symbolsMax: query.max_symbols });
      if ('reason' in holdings) return holdings;
      return viewCorrelationMatrix(holdings) ?? insufficientOverlap(window);
    });
  });

  routeBoth(router, context, getDiversificationScore, async ({ params, query, principal }) => {
    const window = windowOf(query);
    return answerAnalysed(context, params.id, principal.userId, async (analysed) => {
      const holdings = await correlate(context, analysed, { ...window, symbolsMax: CORRELATED_SYMBOLS_MAX });
      if ('reason' in holdings) return holdings;
      return viewDiversificationScore(holdings) ?? insufficientOverlap(window);
    });
  });
}

type Window = Readonly<{ lookback: number; minOverlap: number }>;

function windowOf({
  lookback_days: lookback,
  min_overlap: minOverlap,
}: Readonly<{ lookback_days: number; min_overlap: number }>): Window {
  if (minOverlap > lookback)
    throw new AppError('ERR_ANALYTICS_001', { details: { lookback_days: lookback, min_overlap: minOverlap } });
  return { lookback, minOverlap };
}

/**
 * From returns, whatever the lookback. The night's table of 252 sessions is not read: it is of every symbol in use, so that it takes longer to hand over than the
 * returns of one portfolio (76 ms of 500 symbols, seconds of 3,000; 45 ms for the whole answer of 30 holdings), and it does not know which have stopped trading.
 */
async function correlate(
  context: ApiContext,
  { portfolio, sessionDate }: AnalysedPortfolio,
  { lookback, minOverlap, symbolsMax }: Window & Readonly<{ symbolsMax: number }>,
): Promise<CorrelatedHoldings | NoFigures> {
  const lots = (await loadValuedLots(context.db.pool, [portfolio.id], sessionDate)).map((lot) => riskLot(lot));
  const held = heldSymbols(lots);
  if (held.length < 2) return INSUFFICIENT_SYMBOLS;
  const largest = held.slice(0, symbolsMax);
  const names = largest.map(({ symbol }) => symbol);
  const returns = await readReturns(context, names, sessionDate, lookback);
  const { included, excluded } = currentSymbols(names, returns);
  if (included.length < 2) return noOverlap(excluded);
  return {
    portfolioId: portfolio.id,
    sessionDate,
    lookback,
    minOverlap,
    symbols: largest.filter(({ symbol }) => included.includes(symbol)),
    symbolsHeld: held.length,
    excluded,
    grossDollars: grossDollars(lots),
    correlations: pairwiseCorrelations(
      included.map((symbol) => returns.get(symbol) as Float64Array),
      minOverlap,
    ),
  };
}

const INSUFFICIENT_SYMBOLS: NoFigures = {
  reason: 'insufficient_symbols',
  message: 'A correlation needs two holdings with market prices of their own. Cash and private holdings have none.',
};

function noOverlap(excluded: readonly ExcludedSymbol[]): NoFigures {
  const names = excluded.slice(0, NAMED_MAX).map(({ symbol }) => symbol);
  const list = excluded.length > NAMED_MAX ? `${names.join(', ')} and others` : names.join(', ');
  return {
    reason: 'insufficient_overlap',
    message: `Fewer than two holdings have a return in the last ${RETURN_AGE_MAX} sessions. Left out: ${list}. They are no longer traded, or their prices are missing; data quality shows which.`,
  };
}

const NAMED_MAX = 5;

function insufficientOverlap({ lookback, minOverlap }: Window): NoFigures {
  return {
    reason: 'insufficient_overlap',
    message: `No two holdings have ${minOverlap} returns in common within the last ${lookback} sessions. A longer lookback_days or a smaller min_overlap may find some.`,
  };
}
