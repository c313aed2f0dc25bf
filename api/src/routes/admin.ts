// Batches as a superuser starts and watches them. The jobs behind them are in admin-jobs.ts.
import { readBatchTotals } from '@closebell/prisma/batch-totals';
import { requestBatch, requestCalculation } from '@closebell/prisma/calculation-requests';
import type { Db } from '@closebell/prisma/client';
import { inTransactionOnce } from '@closebell/prisma/idempotency-keys';
import { listJobs, submitJob, type Submitted } from '@closebell/prisma/jobs';
import { findPortfolio } from '@closebell/prisma/portfolios';
import { findRun, findRuns, type Run } from '@closebell/prisma/runs';
import {
  cleanUpIncomplete,
  getRun,
  listBatchHistory,
  listRuns,
  runBatch,
  RUNS_SHOWN_MAX,
} from '@closebell/shared/contracts/admin';
import { AppError } from '@closebell/shared/errors';
import type { JobKind, JobStatus } from '@closebell/shared/jobs';
import { countSubmit } from '@closebell/shared/metrics';
import type { Router } from 'express';
import { accepted, startedStatus } from '../accepted.js';
import { runUrl, viewAdminRun } from '../admin-view.js';
import { audited } from '../audited.js';
import type { ApiContext } from '../context.js';
import { cutPage } from '../page.js';
import { route } from '../route.js';

const RUN_KINDS: readonly JobKind[] = ['run-batch', 'calculate-portfolio'];

export function adminRoutes(router: Router, context: ApiContext): void {
  batchRoutes(router, context);
  runRoutes(router, context);
}

function batchRoutes(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  route(router, context, runBatch, async ({ query, principal, requestId, now, keyHold }) => {
    const sessionDate = calendar.targetSession(query.calculation_date ?? calendar.newYorkDate(now), now);
    const portfolioId = query.portfolio_id === undefined ? null : await requirePortfolio(db, query.portfolio_id);
    const force = query.force === 'true';
    const origin = { trigger: 'admin', requestedBy: principal.userId, requestId } as const;
    const alsoKeep = audited<Submitted>({ principal, requestId }, (made) => ({
      action: 'batch.run',
      subject: made.jobId,
      details: { portfolio_id: portfolioId, calculation_date: sessionDate, force, created: made.created },
    }));
    const wish = { sessionDate, force, origin, keyHold, alsoKeep };
    const { jobId, created } =
      portfolioId === null
        ? await requestBatch(db, wish)
        : await requestCalculation(db, { ...wish, portfolioId, onboarding: query.onboarding === 'true' });
    countSubmit(context.metrics, portfolioId === null ? 'run-batch' : 'calculate-portfolio', created);
    return accepted(runUrl(jobId), {
      status: startedStatus(created),
      batch_run_id: jobId,
      portfolio_id: portfolioId,
      calculation_date: sessionDate,
      poll_url: runUrl(jobId),
    });
  });

  route(router, context, cleanUpIncomplete, async ({ query, principal, requestId, keyHold }) => {
    const portfolioId = query.portfolio_id === undefined ? null : await requirePortfolio(db, query.portfolio_id);
    const payload = { ageHours: query.age_threshold_hours, ...(portfolioId === null ? {} : { portfolioId }) };
    const origin = { trigger: 'admin', requestedBy: principal.userId, requestId } as const;
    const alsoKeep = audited<Submitted>({ principal, requestId }, (made) => ({
      action: 'batch.cleanup-incomplete',
      subject: made.jobId,
      details: { portfolio_id: portfolioId, age_threshold_hours: query.age_threshold_hours, created: made.created },
    }));
    const { jobId, created } = await inTransactionOnce(db, keyHold, async (client) => {
      const made = await submitJob(client, 'cleanup-incomplete', payload, origin);
      await alsoKeep(client, made);
      return made;
    });
    countSubmit(context.metrics, 'cleanup-incomplete', created);
    return accepted(runUrl(jobId), { status: startedStatus(created), job_id: jobId, poll_url: runUrl(jobId) });
  });
}

function runRoutes(router: Router, context: ApiContext): void {
  const { db } = context;

  route(router, context, listRuns, async ({ query }) => {
    const statuses: readonly JobStatus[] = query.status === undefined ? ['running', 'queued'] : [query.status];
    const limit = RUNS_SHOWN_MAX + 1;
    const found = await Promise.all(
      statuses.map((status) => listJobs(db.pool, { status, kinds: RUN_KINDS, rootsOnly: true, limit })),
    );
    const newestFirst = found.flat().sort((a, b) => b.created_at.getTime() - a.created_at.getTime());
    const runs = await viewAll(db, await findRuns(db.pool, newestFirst.slice(0, RUNS_SHOWN_MAX)));
    return { status: 200, body: { runs, truncated: newestFirst.length > RUNS_SHOWN_MAX } };
  });

  route(router, context, getRun, async ({ params }) => {
    const run = await findRun(db.pool, params.id);
    if (run === null) throw new AppError('ERR_BATCH_003');
    const [body] = await viewAll(db, [run]);
    return { status: 200, body };
  });

  route(router, context, listBatchHistory, async ({ query: { limit, cursor } }) => {
    const filter = { kinds: ['run-batch'] as const, rootsOnly: true, limit: limit + 1 };
    const rows = await listJobs(db.pool, cursor === undefined ? filter : { ...filter, before: cursor });
    const { page, nextCursor } = cutPage(rows, limit, ({ id }) => id);
    return { status: 200, body: { runs: await viewAll(db, await findRuns(db.pool, page)), next_cursor: nextCursor } };
  });
}

async function viewAll(db: Db, runs: readonly Run[]) {
  const counted = runs.filter(({ root }) => root.kind === 'run-batch').map(({ root }) => root.id);
  const totals = await readBatchTotals(db.pool, counted);
  return runs.map((run) => viewAdminRun(run, totals.get(run.root.id) ?? null));
}

/** The portfolio's id as stored. Throws ERR_PORT_404. */
async function requirePortfolio(db: Db, portfolioId: string): Promise<string> {
  const portfolio = await findPortfolio(db.pool, portfolioId);
  if (portfolio === null) throw new AppError('ERR_PORT_404');
  return portfolio.id;
}
