import { findSnapshotRange, listSnapshots, type SnapshotRow } from '@closebell/prisma/snapshots';
import { getPerformance, type PerformanceRange } from '@closebell/shared/contracts/performance';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { rangeStart, viewPerformance } from '../performance-view.js';
import { requireReadable } from '../portfolio-access.js';
import { routeBoth } from '../route.js';

export function performanceRoutes(router: Router, context: ApiContext): void {
  routeBoth(router, context, getPerformance, async ({ params, query, principal }) => {
    const portfolio = await requireReadable(context.db, params.id, principal.userId);
    const snapshots = await readRange(context, portfolio.id, query.range);
    const shown = { portfolioId: portfolio.id, range: query.range, isCurrent: portfolio.dirty_from === null };
    return { status: 200, body: viewPerformance(shown, snapshots) };
  });
}

/** More sessions than the calendar has. */
const SESSIONS_MAX = 20_000;

/** From the close on or before the day that the range begins at, or the first there is. */
async function readRange(
  { db, calendar }: ApiContext,
  portfolioId: string,
  range: PerformanceRange,
): Promise<readonly SnapshotRow[]> {
  const { first, last } = await findSnapshotRange(db.pool, portfolioId);
  if (first === null || last === null) return [];
  const start = rangeStart(range, last);
  const from = start === null || start <= first ? first : calendar.sessionOnOrBefore(start);
  return listSnapshots(db.pool, portfolioId, { from, limit: SESSIONS_MAX });
}
