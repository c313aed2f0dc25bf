import { readFiguresState, submitReport } from '@closebell/prisma/export-files';
import { findJob, submitJob, type JobRow } from '@closebell/prisma/jobs';
import { exportPortfolio, exportReport, exportTrades } from '@closebell/shared/contracts/exports';
import { AppError } from '@closebell/shared/errors';
import { tradeFile } from '@closebell/shared/export/trade-file';
import { countSubmit } from '@closebell/shared/metrics';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { answerFile, attachmentHeaders, pendingFile } from '../job-file.js';
import { userOrigin } from '../job-origin.js';
import { requireReadable, requireWritable } from '../portfolio-access.js';
import { preferredWaitMs } from '../preferred-wait.js';
import { requestFault } from '../request-fault.js';
import { route, routeBoth } from '../route.js';

const EXPORT_WAIT_MS = 10_000;

export function exportRoutes(router: Router, context: ApiContext): void {
  portfolioRoute(router, context);
  reportRoute(router, context);

  route(router, context, exportTrades, async ({ body }) => {
    const file = tradeFile(body.trades, body.format);
    return { status: 200, body: file.body, headers: attachmentHeaders(file.fileName, file.contentType) };
  });
}

function portfolioRoute(router: Router, context: ApiContext): void {
  const { db, jobEnds, metrics } = context;

  routeBoth(router, context, exportPortfolio, async ({ params, query: { format, include }, principal, requestId, raw }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    const state = await requireState(context, portfolio.id);
    const payload = { portfolioId: portfolio.id, ...state, format, parts: include };
    const { jobId, created } = await submitJob(db.pool, 'build-export', payload, userOrigin(principal, requestId));
    countSubmit(metrics, 'build-export', created);
    await jobEnds.wait(jobId, preferredWaitMs(raw.get('prefer'), EXPORT_WAIT_MS));
    const job = await requireJob(context, jobId);
    return (await answerFile(context, job)) ?? pendingFile(job);
  });
}

function reportRoute(router: Router, context: ApiContext): void {
  const { db, calendar, metrics } = context;

  route(router, context, exportReport, async ({ body, principal, requestId, keyHold, now }) => {
    const portfolio = await requireWritable(db, body.portfolio_id, principal.userId);
    if (body.as_of_date !== undefined && body.as_of_date > calendar.newYorkDate(now))
      throw requestFault('as_of_date', 'must not be in the future');
    const { generation } = await requireState(context, portfolio.id);
    const { jobId, created } = await submitReport(
      db,
      { portfolioId: portfolio.id, generation, asOfDate: body.as_of_date ?? null, format: body.format },
      { origin: userOrigin(principal, requestId), keyHold },
    );
    countSubmit(metrics, 'build-report', created);
    return pendingFile(await requireJob(context, jobId));
  });
}

/** Throws ERR_PORT_404 for a portfolio that was deleted since it was looked at. */
async function requireState({ db }: ApiContext, portfolioId: string) {
  const state = await readFiguresState(db.pool, portfolioId);
  if (state === null) throw new AppError('ERR_PORT_404');
  return state;
}

async function requireJob({ db }: ApiContext, jobId: string): Promise<JobRow> {
  const job = await findJob(db.pool, jobId);
  if (job === null) throw new Error(`job ${jobId} is gone`);
  return job;
}
