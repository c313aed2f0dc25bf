// The jobs themselves: listed, looked at, grouped by what failed them, cancelled. Their retry is in admin-retries.ts.
import { countTree, listFailures as listStored, listStalePortfolios, readBlastRadius } from '@closebell/prisma/failures';
import { cancelTree, type CancelResult } from '@closebell/prisma/job-cancels';
import { findJob, listJobs as listRows } from '@closebell/prisma/jobs';
import { makeOnce } from '@closebell/prisma/idempotency-keys';
import { cancelJob, getJob, listFailures, listJobs } from '@closebell/shared/contracts/admin-jobs';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import { accepted } from '../accepted.js';
import { everyStatus, runUrl, viewAdminJob } from '../admin-view.js';
import { audited } from '../audited.js';
import type { ApiContext } from '../context.js';
import { cutPage } from '../page.js';
import { route } from '../route.js';
import { statusOf } from '../run-view.js';

export function adminJobRoutes(router: Router, context: ApiContext): void {
  listRoutes(router, context);
  jobRoute(router, context);
  cancelRoute(router, context);
}

function listRoutes(router: Router, context: ApiContext): void {
  const { db } = context;

  route(router, context, listJobs, async ({ query: { status, kind, cursor, limit } }) => {
    const rows = await listRows(db.pool, {
      ...(status === undefined ? {} : { status }),
      ...(kind === undefined ? {} : { kinds: [kind] }),
      ...(cursor === undefined ? {} : { before: cursor }),
      limit: limit + 1,
    });
    const { page, nextCursor } = cutPage(rows, limit, ({ id }) => id);
    return { status: 200, body: { jobs: page.map(viewAdminJob), next_cursor: nextCursor } };
  });

  route(router, context, listFailures, async ({ query }) => {
    const groups = await listStored(db.pool, query.limit);
    const stale = await listStalePortfolios(
      db.pool,
      groups.map(({ fingerprint }) => fingerprint),
    );
    const failures = groups.map((group) => {
      const left = stale.find(({ fingerprint, kind }) => fingerprint === group.fingerprint && kind === group.kind);
      const { count = 0, portfolio_ids: portfolioIds = [] } = left ?? {};
      return { ...group, latest_at: group.latest_at.toISOString(), stale_portfolios: { count, portfolio_ids: portfolioIds } };
    });
    return { status: 200, body: { failures } };
  });
}

function jobRoute(router: Router, context: ApiContext): void {
  const { pool } = context.db;

  route(router, context, getJob, async ({ params }) => {
    const job = await findJob(pool, params.id);
    if (job === null) throw noSuchJob();
    const [counts, { portfolios, stale }] = await Promise.all([countTree(pool, job.run_id), readBlastRadius(pool, [job.run_id])]);
    const run = { jobs: everyStatus((status) => counts.get(status) ?? 0), portfolios, stale_portfolios: stale };
    return { status: 200, body: { ...viewAdminJob(job), result: job.result, run } };
  });
}

function cancelRoute(router: Router, context: ApiContext): void {
  const { db } = context;

  route(router, context, cancelJob, async ({ params, principal, requestId, keyHold }) => {
    const job = await findJob(db.pool, params.id);
    if (job === null) throw noSuchJob();
    const alsoKeep = audited<CancelResult>({ principal, requestId }, (made) => ({
      action: 'job.cancel',
      subject: job.id,
      details: { run_id: job.run_id, ...made },
    }));
    const { ended, asked } = await makeOnce<CancelResult>(keyHold, (note) =>
      cancelTree(db, job.run_id, async (client, made) => {
        await alsoKeep(client, made);
        await note(client, made);
      }),
    );
    const root = await findJob(db.pool, job.run_id);
    const pollUrl = runUrl(job.run_id);
    return accepted(pollUrl, {
      run_id: job.run_id,
      status: statusOf(root ?? job),
      ended,
      asked_to_stop: asked,
      poll_url: pollUrl,
    });
  });
}

function noSuchJob(): AppError {
  return new AppError('ERR_BATCH_003', { message: 'There is no such job.' });
}
