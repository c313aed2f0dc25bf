import { findNewestSnapshot, summarisePnl } from '@closebell/prisma/snapshots';
import { getOverview } from '@closebell/shared/contracts/analytics';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { viewOverview } from '../overview-view.js';
import { requireReadable } from '../portfolio-access.js';
import { route } from '../route.js';

export function analyticsRoutes(router: Router, context: ApiContext): void {
  const { db } = context;

  route(router, context, getOverview, async ({ params, principal }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    const snapshot = await findNewestSnapshot(db.pool, portfolio.id);
    if (snapshot === null) return { status: 200, body: { available: false, reason: 'no_snapshots', portfolio_id: portfolio.id } };
    const pnl = await summarisePnl(db.pool, portfolio.id, snapshot.snapshot_date);
    return { status: 200, body: viewOverview(portfolio, snapshot, pnl) };
  });
}
