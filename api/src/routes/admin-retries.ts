// The retry of jobs that failed, one or all of one cause. A dry run tells what it would touch and changes nothing.
import { recordAudit } from '@closebell/prisma/audit';
import type { Db } from '@closebell/prisma/client';
import { listFailedJobIds, readBlastRadius } from '@closebell/prisma/failures';
import { planRetries, retryJob as retryStored, type RetryPlan, type RetryRefusal } from '@closebell/prisma/job-retries';
import { RETRY_BATCH_MAX, retryFailures, retryJob } from '@closebell/shared/contracts/admin-jobs';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import { runUrl } from '../admin-view.js';
import type { ApiContext } from '../context.js';
import { route } from '../route.js';

export function adminRetryRoutes(router: Router, context: ApiContext): void {
  const { db } = context;

  route(router, context, retryJob, async ({ params, query, principal, requestId }) => {
    if (query.dry_run === 'true') {
      const plans = await planRetries(db.pool, [params.id]);
      if (plans.length === 0) throw noSuchJob();
      return { status: 200, body: await viewPlans(db, plans, true) };
    }
    const retried = await retryStored(db, params.id);
    if (retried.outcome === 'not_found') throw noSuchJob();
    await recordAudit(db, { actorId: principal.userId, action: 'job.retry', subject: params.id, details: retried, requestId });
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
    const done = await retryRuns(db, plans);
    const body = { fingerprint, ...reached, ...sortOut(done), remaining };
    const details = { run_ids: [...body.run_ids], refused: body.refused.length };
    await recordAudit(db, { actorId: principal.userId, action: 'job.retry-failures', subject: fingerprint, details, requestId });
    return { status: 202, body };
  });
}

/** Each run once, however many of its parts failed; what has changed since the look is told as it turned out. */
async function retryRuns(db: Db, plans: readonly RetryPlan[]): Promise<readonly RetryPlan[]> {
  const refusals = new Map<string, RetryRefusal | null>();
  for (const runId of new Set(plans.map((plan) => plan.runId))) {
    const retried = await retryStored(db, runId);
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
