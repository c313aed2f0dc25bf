import { inTransactionOnce } from '@closebell/prisma/idempotency-keys';
import { backfillSnapshots } from '@closebell/shared/contracts/backfill';
import { countSubmit } from '@closebell/shared/metrics';
import type { Router } from 'express';
import { accepted, calculationUrl, startedStatus } from '../accepted.js';
import { submitBackfill, type Backfill } from '../backfill.js';
import type { ApiContext } from '../context.js';
import { userOrigin } from '../job-origin.js';
import { requireWritable } from '../portfolio-access.js';
import { routeBoth } from '../route.js';

export function backfillRoutes(router: Router, context: ApiContext): void {
  const { db, calendar } = context;
  routeBoth(router, context, backfillSnapshots, async ({ params, body, principal, requestId, now, keyHold }) => {
    const portfolio = await requireWritable(db, params.id, principal.userId);
    const range = { startDate: body.start_date, endDate: body.end_date };
    const wish = { portfolioId: portfolio.id, ...range, now, origin: userOrigin(principal, requestId) };
    const made = await inTransactionOnce(db, keyHold, (client) => submitBackfill(client, calendar, wish));
    countSubmit(context.metrics, 'calculate-portfolio', made.created);
    const pollUrl = calculationUrl(portfolio.id, made.jobId);
    return accepted(pollUrl, {
      status: startedStatus(made.created),
      batch_run_id: made.jobId,
      portfolio_id: portfolio.id,
      start_date: made.from,
      end_date: made.to,
      sessions: made.sessions,
      missing: made.missing,
      message: messageOf(made, body.start_date),
      poll_url: pollUrl,
    });
  });
}

function messageOf({ from, to, missing, historyStart }: Backfill, startDate: string): string {
  const cut =
    startDate < historyStart ? ` The history of this portfolio begins with ${historyStart}: there are none before it.` : '';
  if (missing === 0) return `Every session from ${from} to ${to} has its snapshot.${cut}`;
  const what = missing === 1 ? 'One missing snapshot is' : `${missing} missing snapshots are`;
  return `${what} being computed, from ${from} to ${to}.${cut}`;
}
