import { FACTORS } from '@closebell/shared/calc/factors';
import {
  getFactorDefinitions,
  getFactorExposures,
  getPositionFactorExposures,
} from '@closebell/shared/contracts/analytics-factors';
import type { Router } from 'express';
import { answerAnalysed } from '../analysed-portfolio.js';
import { readFactorStanding } from '../analysed-risk.js';
import type { ApiContext } from '../context.js';
import { viewFactorExposures, viewPositionFactorExposures } from '../factor-view.js';
import { route, routeBoth } from '../route.js';

export function factorRoutes(router: Router, context: ApiContext): void {
  routeBoth(router, context, getFactorExposures, ({ params, principal }) =>
    answerAnalysed(context, params.id, principal.userId, async (analysed) => {
      const standing = await readFactorStanding(context, analysed, 'exposures');
      return 'reason' in standing ? standing : viewFactorExposures(standing);
    }),
  );

  routeBoth(router, context, getPositionFactorExposures, ({ params, principal, query: { limit, offset, symbols } }) =>
    answerAnalysed(context, params.id, principal.userId, async (analysed) => {
      const standing = await readFactorStanding(context, analysed, 'exposures');
      if ('reason' in standing) return standing;
      const isAsked = (symbol: string | null): boolean => symbols === undefined || (symbol !== null && symbols.includes(symbol));
      const lots = standing.lots.filter((lot) => isAsked(lot.symbol) || isAsked(lot.underlyingSymbol));
      const page = { lots: lots.slice(offset, offset + limit), total: lots.length, limit, offset };
      return viewPositionFactorExposures(standing, page);
    }),
  );

  route(router, context, getFactorDefinitions, async () => ({
    status: 200,
    body: { factors: FACTORS.map(({ modelFactor, ...factor }) => ({ ...factor, model_factor: modelFactor })) },
  }));
}
