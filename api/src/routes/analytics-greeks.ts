import { loadMarks } from '@closebell/prisma/figures';
import { loadActions } from '@closebell/prisma/prices';
import { loadValuedLots } from '@closebell/prisma/valued-lots';
import { calculateGreeks } from '@closebell/shared/calc/greeks-request';
import { calculateGreeksOfRequest, getGreeks } from '@closebell/shared/contracts/analytics-greeks';
import { actionEvents } from '@closebell/shared/ledger/price-book';
import { lotKind } from '@closebell/shared/lot-kind';
import type { Router } from 'express';
import { answerAnalysed, type AnalysedPortfolio } from '../analysed-portfolio.js';
import type { ApiContext } from '../context.js';
import { viewGreeks } from '../greeks-view.js';
import { route, routeBoth } from '../route.js';

export function greeksRoutes(router: Router, context: ApiContext): void {
  routeBoth(router, context, getGreeks, ({ params, principal }) =>
    answerAnalysed(context, params.id, principal.userId, (analysed) => readGreeks(context, analysed)),
  );

  route(router, context, calculateGreeksOfRequest, async ({ body }) => ({
    status: 200,
    body: { results: calculateGreeks(body.positions) },
  }));
}

async function readGreeks({ db, calendar }: ApiContext, { portfolio, sessionDate }: AnalysedPortfolio) {
  const all = await loadValuedLots(db.pool, [portfolio.id], sessionDate);
  const lots = all.filter((lot) => lotKind(lot) === 'option');
  const underlyings = [...new Set(lots.flatMap(({ underlyingSymbol }) => underlyingSymbol ?? []))];
  const [marks, actions] = await Promise.all([
    loadMarks(
      db.pool,
      lots.map(({ positionId }) => positionId),
      sessionDate,
      sessionDate,
    ),
    loadActions(db.pool, underlyings, sessionDate),
  ]);
  return viewGreeks({
    portfolioId: portfolio.id,
    sessionDate,
    closedAt: calendar.closeInstant(sessionDate),
    lots,
    marks: new Map(marks.map((mark) => [mark.positionId, mark])),
    splitsOf: (symbol) => actionEvents(actions.get(symbol) ?? []).splits,
  });
}
