// Runs and jobs as a superuser sees them. Pure.
import type { BatchTotals } from '@closebell/prisma/batch-totals';
import type { JobRow } from '@closebell/prisma/jobs';
import type { Run, RunPart } from '@closebell/prisma/runs';
import type { AdminJob } from '@closebell/shared/contracts/admin-jobs';
import { JOB_STATUSES, type JobStatus } from '@closebell/shared/jobs';
import { viewRun } from './run-view.js';

/** `totals`: of a batch. */
export function viewAdminRun(run: Run, totals: BatchTotals | null) {
  const { root, children } = run;
  return {
    ...viewRun(run),
    kind: root.kind,
    portfolio_id: typeof root.payload['portfolioId'] === 'string' ? root.payload['portfolioId'] : null,
    requested_by: root.requested_by,
    jobs: countByStatus(children),
    totals,
    error: root.error,
  };
}

function countByStatus(jobs: readonly RunPart[]): Record<JobStatus, number> {
  return everyStatus((status) => jobs.filter((job) => job.status === status).length);
}

/** Every status with its count, those that no job has among them. */
export function everyStatus(count: (status: JobStatus) => number): Record<JobStatus, number> {
  return Object.fromEntries(JOB_STATUSES.map((status) => [status, count(status)])) as Record<JobStatus, number>;
}

export function viewAdminJob(job: JobRow): AdminJob {
  return {
    id: job.id,
    kind: job.kind,
    status: job.status,
    payload: job.payload,
    parent_id: job.parent_id,
    run_id: job.run_id,
    attempts_made: job.attempts_made,
    attempts_max: job.attempts_max,
    open_children: job.open_children,
    triggered_by: job.trigger,
    requested_by: job.requested_by,
    request_id: job.request_id,
    error: job.error,
    queued_at: job.created_at.toISOString(),
    started_at: job.started_at?.toISOString() ?? null,
    finished_at: job.finished_at?.toISOString() ?? null,
    cancel_requested_at: job.cancel_requested_at?.toISOString() ?? null,
  };
}

export function runUrl(runId: string): string {
  return `/api/v1/admin/batch/runs/${runId}`;
}
