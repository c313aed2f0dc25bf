import { loadValuedLots } from '@closebell/prisma/valued-lots';
import { pairwiseCorrelations } from '@closebell/shared/calc/correlation';
import { inPlural } from '@closebell/shared/contracts/calculation';
import {
  CORRELATED_SYMBOLS_MAX,
  getCorrelationMatrix,
  getDiversificationScore,
} from '@closebell/shared/contracts/analytics-correlation';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import { answerAnalysed, type AnalysedPortfolio, type NoFigures } from '../analysed-portfolio.js';
import type { ApiContext } from '../context.js';
import { viewCorrelationMatrix, viewDiversificationScore, type CorrelatedHoldings } from '../correlation-view.js';
import { grossDollars, heldSymbols, riskLot } from '../held-symbols.js';
import { readReturns } from '../return-window.js';
import { route } from '../route.js';

export function correlationRoutes(router: Router, context: ApiContext): void {
  for (const definition of [getCorrelationMatrix, inPlural(getCorrelationMatrix)]) {
    route(router, context, definition, async ({ params, query, principal }) => {
      const window = windowOf(query);
      return answerAnalysed(context, params.id, principal.userId, async (analysed) => {
        const holdings = await correlate(context, analysed, { ...window, symbolsMax: query.max_symbols });
        if ('reason' in holdings) return holdings;
        return viewCorrelationMatrix(holdings) ?? insufficientOverlap(window);
      });
    });
  }

  for (const definition of [getDiversificationScore, inPlural(getDiversificationScore)]) {
    route(router, context, definition, async ({ params, query, principal }) => {
      const window = windowOf(query);
      return answerAnalysed(context, params.id, principal.userId, async (analysed) => {
        const holdings = await correlate(context, analysed, { ...window, symbolsMax: CORRELATED_SYMBOLS_MAX });
        if ('reason' in holdings) return holdings;
        return viewDiversificationScore(holdings) ?? insufficientOverlap(window);
      });
    });
  }
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

async function correlate(
  context: ApiContext,
  { portfolio, sessionDate }: AnalysedPortfolio,
  { lookback, minOverlap, symbolsMax }: Window & Readonly<{ symbolsMax: number }>,
): Promise<CorrelatedHoldings | NoFigures> {
  const lots = (await loadValuedLots(context.db.pool, [portfolio.id], sessionDate)).map(riskLot);
  const held = heldSymbols(lots);
  if (held.length < 2) return INSUFFICIENT_SYMBOLS;
  const symbols = held.slice(0, symbolsMax);
  const names = symbols.map(({ symbol }) => symbol);
  const returns = await readReturns(context, names, sessionDate, lookback);
  return {
    portfolioId: portfolio.id,
    sessionDate,
    lookback,
    minOverlap,
    symbols,
    symbolsHeld: held.length,
    grossDollars: grossDollars(lots),
    correlations: pairwiseCorrelations([...returns.values()], minOverlap),
  };
}

const INSUFFICIENT_SYMBOLS: NoFigures = {
  reason: 'insufficient_symbols',
  message: 'A correlation needs two holdings with market prices of their own. Cash and private holdings have none.',
};

function insufficientOverlap({ lookback, minOverlap }: Window): NoFigures {
  return {
    reason: 'insufficient_overlap',
    message: `No two holdings have ${minOverlap} returns in common within the last ${lookback} sessions. A longer lookback_days or a smaller min_overlap may find some.`,
  };
}
