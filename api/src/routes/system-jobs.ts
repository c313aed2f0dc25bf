// Jobs by whoever asked for them. What came of a job belongs to its requester alone: superusers see how it stands, no more.
import { findExportFileHead } from '@closebell/prisma/export-files';
import { makeOnce } from '@closebell/prisma/idempotency-keys';
import { cancelTree, type CancelResult } from '@closebell/prisma/job-cancels';
import { findJob, type JobRow } from '@closebell/prisma/jobs';
import { cancelSystemJob, getSystemJob, getSystemJobResult, type SystemJob } from '@closebell/shared/contracts/system-jobs';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import { accepted } from '../accepted.js';
import type { ApiContext } from '../context.js';
import { answerFile, systemJobUrl } from '../job-file.js';
import { route } from '../route.js';
import { viewSystemJob } from '../system-job-view.js';

export function systemJobRoutes(router: Router, context: ApiContext): void {
  const { db } = context;

  route(router, context, getSystemJob, async ({ params, principal }) => {
    const job = await requireJob(context, params.id);
    if (requesterOf(job) !== principal.userId && !principal.isSuperuser) throw noSuchJob();
    return { status: 200, body: await readView(context, job) };
  });

  route(router, context, getSystemJobResult, async ({ params, principal }) => {
    const job = await requireJob(context, params.id);
    if (requesterOf(job) !== principal.userId) throw noSuchJob();
    return (await answerFile(context, job)) ?? accepted(systemJobUrl(job.id), await readView(context, job));
  });

  route(router, context, cancelSystemJob, async ({ params, principal, keyHold }) => {
    const job = await requireJob(context, params.id);
    if (requesterOf(job) !== principal.userId) throw new AppError('ERR_OWNER_001');
    await makeOnce<CancelResult>(keyHold, (note) => cancelTree(db, job.run_id, note));
    return accepted(systemJobUrl(job.id), await readView(context, await requireJob(context, job.id)));
  });
}

/** Who a superuser acted as, or who asked. */
function requesterOf({ acting_as: actingAs, requested_by: requestedBy }: JobRow): string | null {
  return actingAs ?? requestedBy;
}

/** Throws ERR_BATCH_003. */
async function requireJob({ db }: ApiContext, jobId: string): Promise<JobRow> {
  const job = await findJob(db.pool, jobId);
  if (job === null) throw noSuchJob();
  return job;
}

async function readView({ db }: ApiContext, job: JobRow): Promise<SystemJob> {
  return viewSystemJob(job, await findExportFileHead(db.pool, job.id));
}

function noSuchJob(): AppError {
  return new AppError('ERR_BATCH_003', { message: 'There is no such job.' });
}
