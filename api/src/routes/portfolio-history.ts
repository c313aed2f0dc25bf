import { listIntradayValues, type IntradayValueRow } from '@closebell/prisma/intraday-values';
import { listSnapshots } from '@closebell/prisma/snapshots';
import { inPlural } from '@closebell/shared/contracts/calculation';
import { getHistory } from '@closebell/shared/contracts/portfolio-history';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { requireReadable } from '../portfolio-access.js';
import { route } from '../route.js';
import { viewSnapshot } from '../snapshot-view.js';

/** In the singular and in the plural: clients know both. */
export function portfolioHistoryRoutes(router: Router, context: ApiContext): void {
  const { db } = context;
  for (const definition of [getHistory, inPlural(getHistory)]) {
    route(router, context, definition, async ({ params, query, principal }) => {
      const portfolio = await requireReadable(db, params.id, principal.userId);
      const { from, to, cursor: after, limit, granularity } = query;
      // One row more than the page tells whether there is another page.
      const range = { from, to, after, limit: limit + 1 };
      const page =
        granularity === 'session'
          ? pageOf(await listSnapshots(db.pool, portfolio.id, range), limit, viewSnapshot, (row) => row.snapshot_date)
          : pageOf(await listIntradayValues(db.pool, portfolio.id, range), limit, viewIntraday, (row) => row.recorded_at);
      return { status: 200, body: { portfolio_id: portfolio.id, ...page } };
    });
  }
}

function pageOf<R, V>(rows: readonly R[], limit: number, view: (row: R) => V, cursorOf: (view: V) => string) {
  const snapshots = rows.slice(0, limit).map(view);
  const last = snapshots.at(-1);
  return { snapshots, next_cursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
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
