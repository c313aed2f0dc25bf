// Snapshots on demand: of all portfolios, or of one.
import { requestBatch, requestCalculation } from '@closebell/prisma/calculation-requests';
import type { Submitted } from '@closebell/prisma/jobs';
import { findPortfolio } from '@closebell/prisma/portfolios';
import { takeDailySnapshots, takePortfolioSnapshots } from '@closebell/shared/contracts/admin-snapshots';
import { AppError } from '@closebell/shared/errors';
import { countSubmit } from '@closebell/shared/metrics';
import type { Router } from 'express';
import { accepted, startedStatus } from '../accepted.js';
import { runUrl } from '../admin-view.js';
import { audited } from '../audited.js';
import type { Principal } from '../auth/principal.js';
import type { ApiContext } from '../context.js';
import { route } from '../route.js';

export function adminSnapshotRoutes(router: Router, context: ApiContext): void {
  const { db, calendar, metrics } = context;

  route(router, context, takeDailySnapshots, async ({ principal, requestId, now, keyHold }) => {
    const sessionDate = calendar.latestCompleteSession(now);
    const submitted = await requestBatch(db, { ...wishOf(principal, requestId, { sessionDate, portfolioId: null }), keyHold });
    countSubmit(metrics, 'run-batch', submitted.created);
    return underWay(submitted, { calculation_date: sessionDate });
  });

  route(router, context, takePortfolioSnapshots, async ({ params, query, principal, requestId, now, keyHold }) => {
    const portfolio = await findPortfolio(db.pool, params.id);
    if (portfolio === null) throw new AppError('ERR_PORT_404');
    const sessionDate = calendar.targetSession(query.date ?? calendar.newYorkDate(now), now);
    const wish = wishOf(principal, requestId, { sessionDate, portfolioId: portfolio.id });
    const submitted = await requestCalculation(db, { ...wish, portfolioId: portfolio.id, onboarding: false, keyHold });
    countSubmit(metrics, 'calculate-portfolio', submitted.created);
    return underWay(submitted, { portfolio_id: portfolio.id, calculation_date: sessionDate });
  });
}

function wishOf(
  principal: Principal,
  requestId: string,
  { sessionDate, portfolioId }: Readonly<{ sessionDate: string; portfolioId: string | null }>,
) {
  const origin = { trigger: 'admin', requestedBy: principal.userId, requestId } as const;
  const alsoKeep = audited<Submitted>({ principal, requestId }, ({ jobId, created }) => ({
    action: 'snapshots.take',
    subject: jobId,
    details: { portfolio_id: portfolioId, calculation_date: sessionDate, created },
  }));
  return { sessionDate, force: false, origin, alsoKeep };
}

function underWay({ jobId, created }: Submitted, fields: Readonly<{ calculation_date: string; portfolio_id?: string }>) {
  const pollUrl = runUrl(jobId);
  return accepted(pollUrl, { status: startedStatus(created), batch_run_id: jobId, ...fields, poll_url: pollUrl });
}
