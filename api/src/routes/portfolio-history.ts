import { listIntradayValues, type IntradayValueRow } from '@closebell/prisma/intraday-values';
import { listSnapshots } from '@closebell/prisma/snapshots';
import { getHistory } from '@closebell/shared/contracts/portfolio-history';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { cutPage } from '../page.js';
import { requireReadable } from '../portfolio-access.js';
import { routeBoth } from '../route.js';
import { viewSnapshot } from '../snapshot-view.js';

export function portfolioHistoryRoutes(router: Router, context: ApiContext): void {
  const { db } = context;
  routeBoth(router, context, getHistory, async ({ params, query, principal }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    const { from, to, cursor: after, limit, granularity } = query;
    const range = { from, to, after, limit: limit + 1 };
    const page =
      granularity === 'session'
        ? pageOf((await listSnapshots(db.pool, portfolio.id, range)).map(viewSnapshot), limit, (row) => row.snapshot_date)
        : pageOf((await listIntradayValues(db.pool, portfolio.id, range)).map(viewIntraday), limit, (row) => row.recorded_at);
    return { status: 200, body: { portfolio_id: portfolio.id, ...page } };
  });
}

function pageOf<T>(rows: readonly T[], limit: number, cursorOf: (last: T) => string) {
  const { page: snapshots, nextCursor } = cutPage(rows, limit, cursorOf);
  return { snapshots, next_cursor: nextCursor };
}

function viewIntraday({ recorded_at: recordedAt, total_value: value, coverage, oldest_quote_at: oldest }: IntradayValueRow) {
  return {
    recorded_at: recordedAt.toISOString(),
    equity: value,
    total_value: value,
    status: coverage === 1 ? 'full' : 'partial',
    coverage,
    oldest_quote_at: oldest?.toISOString() ?? null,
  };
}
