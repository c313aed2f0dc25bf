// The retry of jobs that failed, one or all of one cause. A dry run tells what it would touch and changes nothing.
import type { AlsoKeep, Db } from '@closebell/prisma/client';
import { listFailedJobIds, readBlastRadius } from '@closebell/prisma/failures';
import { makeOnce } from '@closebell/prisma/idempotency-keys';
import {
  planRetries,
  retryJob as retryStored,
  type RetryPlan,
  type RetryRefusal,
  type RetryResult,
} from '@closebell/prisma/job-retries';
import { RETRY_BATCH_MAX, retryFailures, retryJob } from '@closebell/shared/contracts/admin-jobs';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import { runUrl } from '../admin-view.js';
import { audited } from '../audited.js';
import type { ApiContext } from '../context.js';
import { route } from '../route.js';

export function adminRetryRoutes(router: Router, context: ApiContext): void {
  const { db } = context;

  route(router, context, retryJob, async ({ params, query, principal, requestId, keyHold }) => {
    if (query.dry_run === 'true') {
      const plans = await planRetries(db.pool, [params.id]);
      if (plans.length === 0) throw noSuchJob();
      return { status: 200, body: await viewPlans(db, plans, true) };
    }
    const alsoKeep = audited<RetryResult>({ principal, requestId }, (made) => ({
      action: 'job.retry',
      subject: params.id,
      details: made,
    }));
    const retried = await makeOnce<RetryResult>(keyHold, (note) =>
      retryStored(db, params.id, async (client, made) => {
        if (made.outcome === 'not_found') return;
        await alsoKeep(client, made);
        await note(client, made);
      }),
    );
    if (retried.outcome === 'not_found') throw noSuchJob();
    if (retried.outcome !== 'queued') throw errorOf(retried);
    const pollUrl = runUrl(retried.runId);
    return { status: 202, headers: { Location: pollUrl }, body: { status: 'queued', job_id: retried.runId, poll_url: pollUrl } };
  });

  route(router, context, retryFailures, async ({ body: { fingerprint, dry_run: dryRun }, principal, requestId }) => {
    const found = await listFailedJobIds(db.pool, fingerprint, RETRY_BATCH_MAX + 1);
    const remaining = found.length > RETRY_BATCH_MAX;
    const plans = await planRetries(db.pool, found.slice(0, RETRY_BATCH_MAX));
    if (dryRun) return { status: 200, body: { fingerprint, ...(await viewPlans(db, plans, true)), remaining } };
    // Looked up before: the retry forgets the parts that name the portfolios.
    const reached = await viewPlans(db, plans, false);
    const alsoKeep = audited<RetryResult>({ principal, requestId }, (made) => ({
      action: 'job.retry-failures',
      subject: fingerprint,
      details: made,
    }));
    const done = await retryRuns(db, plans, alsoKeep);
    return { status: 202, body: { fingerprint, ...reached, ...sortOut(done), remaining } };
  });
}

/** Each run once, however many of its parts failed; what has changed since the look is told as it turned out. */
async function retryRuns(db: Db, plans: readonly RetryPlan[], alsoKeep: AlsoKeep<RetryResult>): Promise<readonly RetryPlan[]> {
  const refusals = new Map<string, RetryRefusal | null>();
  for (const runId of new Set(plans.map((plan) => plan.runId))) {
    const retried = await retryStored(db, runId, alsoKeep);
    if (retried.outcome !== 'not_found') refusals.set(runId, retried.outcome === 'queued' ? null : retried);
  }
  return plans.flatMap((plan) => {
    const refusal = refusals.get(plan.runId);
    return refusal === undefined ? [] : [{ ...plan, refusal }];
  });
}

async function viewPlans(db: Db, plans: readonly RetryPlan[], dryRun: boolean) {
  const sorted = sortOut(plans);
  const { portfolios, stale } = await readBlastRadius(db.pool, sorted.run_ids);
  return { dry_run: dryRun, ...sorted, portfolios, stale_portfolios: stale };
}

function sortOut(plans: readonly RetryPlan[]) {
  const taken = plans.filter(({ refusal }) => refusal === null);
  return {
    job_ids: taken.map(({ jobId }) => jobId),
    run_ids: [...new Set(taken.map(({ runId }) => runId))],
    refused: plans.flatMap(({ jobId, refusal }) => (refusal === null ? [] : [{ job_id: jobId, ...viewRefusal(refusal) }])),
  };
}

function viewRefusal(refusal: RetryRefusal) {
  return refusal.outcome === 'already_live'
    ? ({ code: 'ERR_JOB_004', live_job_id: refusal.liveJobId } as const)
    : ({ code: 'ERR_JOB_005', live_job_id: null } as const);
}

function errorOf(refusal: RetryRefusal): AppError {
  return refusal.outcome === 'already_live'
    ? new AppError('ERR_JOB_004', { details: { live_job_id: refusal.liveJobId } })
    : new AppError('ERR_JOB_005', { details: { status: refusal.status } });
}

function noSuchJob(): AppError {
  return new AppError('ERR_BATCH_003', { message: 'There is no such job.' });
}
