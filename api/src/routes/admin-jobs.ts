// The jobs themselves: listed, grouped by what failed them, retried, cancelled.
import { recordAudit } from '@closebell/prisma/audit';
import { listFailedJobIds, listStalePortfolios } from '@closebell/prisma/failures';
import {
  cancelTree,
  findJob,
  listFailures as listStored,
  listJobs as listRows,
  retryJob as retryStored,
} from '@closebell/prisma/jobs';
import { cancelJob, listFailures, listJobs, RETRY_BATCH_MAX, retryFailures, retryJob } from '@closebell/shared/contracts/admin';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import { cutPage, runUrl, viewAdminJob } from '../admin-view.js';
import type { ApiContext } from '../context.js';
import { route } from '../route.js';

export function adminJobRoutes(router: Router, context: ApiContext): void {
  listRoutes(router, context);
  retryRoutes(router, context);
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
    const { page, nextCursor } = cutPage(rows, limit);
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

function retryRoutes(router: Router, context: ApiContext): void {
  const { db } = context;

  route(router, context, retryFailures, async ({ body: { fingerprint }, principal, requestId }) => {
    const found = await listFailedJobIds(db.pool, fingerprint, RETRY_BATCH_MAX + 1);
    const jobIds: string[] = [];
    const counts = { queued: 0, already_live: 0, not_failed: 0, not_found: 0 };
    for (const id of found.slice(0, RETRY_BATCH_MAX)) {
      const retried = await retryStored(db, id);
      counts[retried.outcome]++;
      if (retried.outcome === 'queued') jobIds.push(retried.jobId);
    }
    await recordAudit(db, {
      actorId: principal.userId,
      action: 'job.retry-failures',
      subject: fingerprint,
      details: counts,
      requestId,
    });
    return {
      status: 202,
      body: {
        fingerprint,
        retried: counts.queued,
        already_live: counts.already_live,
        not_failed: counts.not_failed,
        remaining: found.length > RETRY_BATCH_MAX,
        job_ids: jobIds,
      },
    };
  });

  route(router, context, retryJob, async ({ params, principal, requestId }) => {
    const retried = await retryStored(db, params.id);
    if (retried.outcome === 'not_found') throw new AppError('ERR_BATCH_003', { message: 'There is no such job.' });
    await recordAudit(db, { actorId: principal.userId, action: 'job.retry', subject: params.id, details: retried, requestId });
    const jobId = liveJobId(retried) ?? params.id;
    return {
      status: retried.outcome === 'queued' ? 202 : 409,
      headers: { Location: runUrl(jobId) },
      body: { status: retried.outcome, job_id: jobId, poll_url: runUrl(jobId) },
    };
  });
}

function cancelRoute(router: Router, context: ApiContext): void {
  const { db } = context;

  route(router, context, cancelJob, async ({ params, principal, requestId }) => {
    const job = await findJob(db.pool, params.id);
    if (job === null) throw new AppError('ERR_BATCH_003', { message: 'There is no such job.' });
    const { ended, asked } = await cancelTree(db, job.run_id);
    const details = { run_id: job.run_id, ended, asked };
    await recordAudit(db, { actorId: principal.userId, action: 'job.cancel', subject: job.id, details, requestId });
    const pollUrl = runUrl(job.run_id);
    return {
      status: 202,
      headers: { Location: pollUrl, 'Retry-After': '1' },
      body: { run_id: job.run_id, ended, asked_to_stop: Math.max(0, asked - ended), poll_url: pollUrl },
    };
  });
}

type Retried = Exclude<Awaited<ReturnType<typeof retryStored>>, { outcome: 'not_found' }>;

function liveJobId(retried: Retried): string | null {
  if (retried.outcome === 'queued') return retried.jobId;
  return retried.outcome === 'already_live' ? retried.liveJobId : null;
}
