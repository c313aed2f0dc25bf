import { inTransactionOnce } from '@closebell/prisma/idempotency-keys';
import { backfillSnapshots } from '@closebell/shared/contracts/backfill';
import { inPlural } from '@closebell/shared/contracts/calculation';
import { countSubmit } from '@closebell/shared/metrics';
import type { Router } from 'express';
import { submitBackfill, type Backfill } from '../backfill.js';
import type { ApiContext } from '../context.js';
import { userOrigin } from '../job-origin.js';
import { requireWritable } from '../portfolio-access.js';
import { route } from '../route.js';

/** In the singular and in the plural: clients know both. */
export function backfillRoutes(router: Router, context: ApiContext): void {
  const { db, calendar } = context;
  for (const definition of [backfillSnapshots, inPlural(backfillSnapshots)]) {
    route(router, context, definition, async ({ params, body, principal, requestId, now, keyHold }) => {
      const portfolio = await requireWritable(db, params.id, principal.userId);
      const range = { startDate: body.start_date, endDate: body.end_date };
      const wish = { portfolioId: portfolio.id, ...range, now, origin: userOrigin(principal, requestId) };
      const made = await inTransactionOnce(db, keyHold, (client) => submitBackfill(client, calendar, wish));
      countSubmit(context.metrics, 'calculate-portfolio', made.created);
      const pollUrl = `/api/v1/portfolio/${portfolio.id}/batch-status/${made.jobId}`;
      return {
        status: 202,
        headers: { Location: pollUrl, 'Retry-After': '1' },
        body: {
          status: made.created ? 'started' : 'already_running',
          batch_run_id: made.jobId,
          portfolio_id: portfolio.id,
          start_date: made.from,
          end_date: made.to,
          sessions: made.sessions,
          missing: made.missing,
          message: messageOf(made, body.start_date),
          poll_url: pollUrl,
        },
      };
    });
  }
}

function messageOf({ from, to, missing, historyStart }: Backfill, startDate: string): string {
  const cut =
    startDate < historyStart ? ` The history of this portfolio begins with ${historyStart}: there are none before it.` : '';
  if (missing === 0) return `Every session from ${from} to ${to} has its snapshot.${cut}`;
  const what = missing === 1 ? 'One missing snapshot is' : `${missing} missing snapshots are`;
  return `${what} being computed, from ${from} to ${to}.${cut}`;
}
