import { inPlural } from '@closebell/shared/contracts/calculation';
import { getPortfolioDataQuality } from '@closebell/shared/contracts/portfolio-data-quality';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { requireReadable } from '../portfolio-access.js';
import { readPortfolioDataQuality } from '../portfolio-data-quality.js';
import { route } from '../route.js';

export function portfolioDataQualityRoutes(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  for (const definition of [getPortfolioDataQuality, inPlural(getPortfolioDataQuality)]) {
    route(router, context, definition, async ({ params, principal, now }) => {
      const { id } = await requireReadable(db, params.id, principal.userId);
      const quality = await readPortfolioDataQuality(context, id, calendar.latestCompleteSession(now));
      return { status: 200, body: quality ?? { available: false, reason: 'insufficient_symbols', portfolio_id: id } };
    });
  }
}
