import { getPortfolioDataQuality } from '@closebell/shared/contracts/portfolio-data-quality';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { requireReadable } from '../portfolio-access.js';
import { readPortfolioDataQuality } from '../portfolio-data-quality.js';
import { routeBoth } from '../route.js';

export function portfolioDataQualityRoutes(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  routeBoth(router, context, getPortfolioDataQuality, async ({ params, principal, now }) => {
    const { id } = await requireReadable(db, params.id, principal.userId);
    const quality = await readPortfolioDataQuality(context, id, calendar.latestCompleteSession(now));
    return { status: 200, body: quality ?? { available: false, reason: 'insufficient_symbols', portfolio_id: id } };
  });
}
