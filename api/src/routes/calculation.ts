import { requestCalculation } from '@closebell/prisma/calculation-requests';
import { cancelTree } from '@closebell/prisma/job-cancels';
import {
  calculatePortfolio,
  cancelRun,
  followRun,
  getBatchStatus,
  getReadiness,
  inPlural,
} from '@closebell/shared/contracts/calculation';
import { countSubmit } from '@closebell/shared/metrics';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { userOrigin } from '../job-origin.js';
import { requireReadable, requireReadableRun, requireWritable } from '../portfolio-access.js';
import { readReadiness } from '../readiness.js';
import { route } from '../route.js';
import { streamRun } from '../run-stream.js';
import { statusOf } from '../run-view.js';
import { viewCalculation } from '../calculation-view.js';

const SAME = <T>(definition: T): T => definition;

/** Each endpoint in the singular and in the plural: clients know both. */
export function calculationRoutes(router: Router, context: ApiContext): void {
  for (const at of [SAME, inPlural]) {
    requestRoutes(router, context, at);
    runRoutes(router, context, at);
  }
}

function requestRoutes(router: Router, context: ApiContext, at: typeof inPlural): void {
  const { db, calendar } = context;

  route(router, context, at(calculatePortfolio), async ({ params, query, principal, requestId, now, keyHold }) => {
    const portfolio = await requireWritable(db, params.id, principal.userId);
    const sessionDate = calendar.latestCompleteSession(now);
    const { jobId, created } = await requestCalculation(db, {
      portfolioId: portfolio.id,
      sessionDate,
      onboarding: true,
      force: query.force === 'true',
      origin: userOrigin(principal, requestId),
      keyHold,
    });
    countSubmit(context.metrics, 'calculate-portfolio', created);
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

  route(router, context, at(getReadiness), async ({ params, principal, now }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    return { status: 200, body: await readReadiness(db, calendar, portfolio.id, calendar.latestCompleteSession(now)) };
  });
}

function runRoutes(router: Router, context: ApiContext, at: typeof inPlural): void {
  const { db } = context;

  route(router, context, at(getBatchStatus), async ({ params, principal }) => {
    const key = { portfolioId: params.id, runId: params.run };
    const run = await requireReadableRun(context, key, principal.userId);
    return { status: 200, body: viewCalculation(run, key.portfolioId) };
  });

  route(router, context, at(followRun), async ({ params, principal, raw }, response) => {
    const key = { portfolioId: params.id, runId: params.run };
    const run = await requireReadableRun(context, key, principal.userId);
    return streamRun(context, { key, run, principal, raw, response });
  });

  route(router, context, at(cancelRun), async ({ params, principal }) => {
    const portfolio = await requireWritable(db, params.id, principal.userId);
    const key = { portfolioId: portfolio.id, runId: params.run };
    const { root } = await requireReadableRun(context, key, principal.userId);
    await cancelTree(db, root.id);
    const status = statusOf((await requireReadableRun(context, key, principal.userId)).root);
    const pollUrl = runUrl(portfolio.id, root.id);
    const message = status === 'running' ? 'The run stops at its next step.' : `The run is ${status}.`;
    return {
      status: 202,
      headers: { Location: pollUrl, 'Retry-After': '1' },
      body: { batch_run_id: root.id, status, message, poll_url: pollUrl },
    };
  });
}

function runUrl(portfolioId: string, runId: string): string {
  return `/api/v1/portfolio/${portfolioId}/batch-status/${runId}`;
}
