import { requestCalculation } from '@closebell/prisma/calculation-requests';
import { cancelTree } from '@closebell/prisma/job-cancels';
import { calculatePortfolio, cancelRun, followRun, getBatchStatus, getReadiness } from '@closebell/shared/contracts/calculation';
import { countSubmit } from '@closebell/shared/metrics';
import type { Router } from 'express';
import { accepted, calculationUrl, startedStatus } from '../accepted.js';
import type { ApiContext } from '../context.js';
import { userOrigin } from '../job-origin.js';
import { requireReadable, requireReadableRun, requireWritable } from '../portfolio-access.js';
import { readReadiness } from '../readiness.js';
import { routeBoth } from '../route.js';
import { streamRun } from '../run-stream.js';
import { statusOf } from '../run-view.js';
import { viewCalculation } from '../calculation-view.js';

export function calculationRoutes(router: Router, context: ApiContext): void {
  requestRoutes(router, context);
  runRoutes(router, context);
}

function requestRoutes(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  routeBoth(router, context, calculatePortfolio, async ({ params, query, principal, requestId, now, keyHold }) => {
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
    const pollUrl = calculationUrl(portfolio.id, jobId);
    return accepted(pollUrl, {
      status: startedStatus(created),
      batch_run_id: jobId,
      portfolio_id: portfolio.id,
      calculation_date: sessionDate,
      message: created ? `The figures of ${sessionDate} are being computed.` : `A run for ${sessionDate} is under way.`,
      poll_url: pollUrl,
    });
  });

  routeBoth(router, context, getReadiness, async ({ params, principal, now }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    return { status: 200, body: await readReadiness(db, calendar, portfolio.id, calendar.latestCompleteSession(now)) };
  });
}

function runRoutes(router: Router, context: ApiContext): void {
  const { db } = context;

  routeBoth(router, context, getBatchStatus, async ({ params, principal }) => {
    const key = { portfolioId: params.id, runId: params.run };
    const run = await requireReadableRun(context, key, principal.userId);
    return { status: 200, body: viewCalculation(run, key.portfolioId) };
  });

  routeBoth(router, context, followRun, async ({ params, principal, raw }, response) => {
    const key = { portfolioId: params.id, runId: params.run };
    const run = await requireReadableRun(context, key, principal.userId);
    return streamRun(context, { key, run, principal, raw, response });
  });

  routeBoth(router, context, cancelRun, async ({ params, principal }) => {
    const portfolio = await requireWritable(db, params.id, principal.userId);
    const key = { portfolioId: portfolio.id, runId: params.run };
    const { root } = await requireReadableRun(context, key, principal.userId);
    await cancelTree(db, root.id);
    const status = statusOf((await requireReadableRun(context, key, principal.userId)).root);
    const pollUrl = calculationUrl(portfolio.id, root.id);
    const message = status === 'running' ? 'The run stops at its next step.' : `The run is ${status}.`;
    return accepted(pollUrl, { batch_run_id: root.id, status, message, poll_url: pollUrl });
  });
}
