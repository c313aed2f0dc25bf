import { requestCalculation } from '@closebell/prisma/calculation-requests';
import { cancelTree } from '@closebell/prisma/jobs';
import { findRun, type Run } from '@closebell/prisma/runs';
import type { Db } from '@closebell/prisma/client';
import { calculatePortfolio, cancelRun, getBatchStatus, getReadiness, inPlural } from '@closebell/shared/contracts/calculation';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { userOrigin } from '../job-origin.js';
import { requireReadable, requireWritable } from '../portfolio-access.js';
import { readReadiness } from '../readiness.js';
import { route } from '../route.js';
import { statusOf } from '../run-view.js';
import { viewCalculation } from '../calculation-view.js';

const SAME = <T>(definition: T): T => definition;

/** Each endpoint in the singular and in the plural: clients know both. */
export function calculationRoutes(router: Router, context: ApiContext): void {
  calculationRoutesAt(router, context, SAME);
  calculationRoutesAt(router, context, inPlural);
}

function calculationRoutesAt(router: Router, context: ApiContext, at: typeof inPlural): void {
  const { db, calendar } = context;

  route(router, context, at(calculatePortfolio), async ({ params, query, principal, requestId, now }) => {
    const portfolio = await requireWritable(db, params.id, principal.userId);
    const sessionDate = calendar.latestCompleteSession(now);
    const { jobId, created } = await requestCalculation(db, {
      portfolioId: portfolio.id,
      sessionDate,
      onboarding: true,
      force: query.force === 'true',
      origin: userOrigin(principal, requestId),
    });
    const pollUrl = runUrl(portfolio.id, jobId);
    return {
      status: 202,
      headers: { Location: pollUrl, 'Retry-After': '1' },
      body: {
        status: created ? 'started' : 'already_running',
        batch_run_id: jobId,
        portfolio_id: portfolio.id,
        calculation_date: sessionDate,
        message: created ? `The figures of ${sessionDate} are being computed.` : `A run for ${sessionDate} is under way.`,
        poll_url: pollUrl,
      },
    };
  });

  route(router, context, at(getBatchStatus), async ({ params, principal }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    return { status: 200, body: viewCalculation(await requireRun(db, portfolio.id, params.run), portfolio.id) };
  });

  route(router, context, at(cancelRun), async ({ params, principal }) => {
    const portfolio = await requireWritable(db, params.id, principal.userId);
    const { root } = await requireRun(db, portfolio.id, params.run);
    await cancelTree(db, root.id);
    const status = statusOf((await requireRun(db, portfolio.id, root.id)).root);
    const pollUrl = runUrl(portfolio.id, root.id);
    const message = status === 'running' ? 'The run stops at its next step.' : `The run is ${status}.`;
    return {
      status: 202,
      headers: { Location: pollUrl, 'Retry-After': '1' },
      body: { batch_run_id: root.id, status, message, poll_url: pollUrl },
    };
  });

  route(router, context, at(getReadiness), async ({ params, principal, now }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    return { status: 200, body: await readReadiness(db, calendar, portfolio.id, calendar.latestCompleteSession(now)) };
  });
}

/** Throws ERR_BATCH_003 unless it is a calculation of this very portfolio. */
async function requireRun(db: Db, portfolioId: string, runId: string): Promise<Run> {
  const run = await findRun(db.pool, runId);
  const isOfPortfolio = run?.root.kind === 'calculate-portfolio' && run.root.payload['portfolioId'] === portfolioId;
  if (!run || !isOfPortfolio) throw new AppError('ERR_BATCH_003');
  return run;
}

function runUrl(portfolioId: string, runId: string): string {
  return `/api/v1/portfolio/${portfolioId}/batch-status/${runId}`;
}
