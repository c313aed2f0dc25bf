import { summarisePnl } from '@closebell/prisma/snapshots';
import { getOverview } from '@closebell/shared/contracts/analytics';
import { inPlural } from '@closebell/shared/contracts/calculation';
import type { Router } from 'express';
import { answerAnalysed } from '../analysed-portfolio.js';
import type { ApiContext } from '../context.js';
import { viewOverview } from '@closebell/shared/ledger/overview';
import { route } from '../route.js';

export function analyticsRoutes(router: Router, context: ApiContext): void {
  for (const definition of [getOverview, inPlural(getOverview)]) {
    route(router, context, definition, ({ params, principal }) =>
      answerAnalysed(context, params.id, principal.userId, async ({ portfolio, snapshot, sessionDate }) => {
        const pnl = await summarisePnl(context.db.pool, portfolio.id, sessionDate);
        return viewOverview(portfolio, snapshot, pnl);
      }),
    );
  }
}
