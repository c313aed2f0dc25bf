import { summarisePnl } from '@closebell/prisma/snapshots';
import { getOverview } from '@closebell/shared/contracts/analytics';
import type { Router } from 'express';
import { answerAnalysed } from '../analysed-portfolio.js';
import type { ApiContext } from '../context.js';
import { viewOverview } from '@closebell/shared/ledger/overview';
import { routeBoth } from '../route.js';

export function analyticsRoutes(router: Router, context: ApiContext): void {
  routeBoth(router, context, getOverview, ({ params, principal }) =>
    answerAnalysed(context, params.id, principal.userId, async ({ portfolio, snapshot, sessionDate }) => {
      const pnl = await summarisePnl(context.db.pool, portfolio.id, sessionDate);
      return viewOverview(portfolio, snapshot, pnl);
    }),
  );
}
