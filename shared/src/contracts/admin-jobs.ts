// The jobs themselves as a superuser sees them: lists, failures by cause, what a run reaches, retry and cancel.
import { z } from 'zod';
import { JOB_KINDS, JOB_STATUSES, JOB_TRIGGERS, type JobKind } from '../jobs.js';
import { endpoint } from './endpoint.js';
import { id, idParams, instant, pageLimit, queryFlag } from './fields.js';

const JOBS_PAGE_MAX = 200;
/** Failed jobs that one bulk retry takes on; the answer says how many are left. */
export const RETRY_BATCH_MAX = 200;
const FAILURES_MAX = 200;

export const jobKind = z.enum(JOB_KINDS as [JobKind, ...JobKind[]]);
export const jobError = z.object({ code: z.string(), message: z.string(), fingerprint: z.string() });

export const jobsPage = { limit: pageLimit(JOBS_PAGE_MAX, 50), cursor: id.optional().describe('next_cursor of the page before') };

/** A number of portfolios, and some of them. */
const portfolios = z.object({ count: z.int(), portfolio_ids: z.array(id).describe('at most 20') });

const job = z.object({
  id,
  kind: jobKind,
  status: z.enum(JOB_STATUSES),
  payload: z.record(z.string(), z.unknown()),
  parent_id: id.nullable(),
  run_id: id,
  attempts_made: z.int(),
  attempts_max: z.int(),
  open_children: z.int(),
  triggered_by: z.enum(JOB_TRIGGERS),
  requested_by: id.nullable(),
  request_id: z.string().nullable(),
  error: jobError.nullable(),
  queued_at: instant,
  started_at: instant.nullable(),
  finished_at: instant.nullable(),
  cancel_requested_at: instant.nullable(),
});

export type AdminJob = z.output<typeof job>;

const retryOutcome = z.object({ status: z.literal('queued'), job_id: id, poll_url: z.string() });

const retryFields = {
  dry_run: z.boolean().describe('true: nothing was changed'),
  job_ids: z.array(id).describe('the failed jobs that the retry takes on'),
  run_ids: z.array(id).describe('the runs they belong to: those go back to the queue'),
  portfolios: portfolios.describe('what these runs are about'),
  stale_portfolios: portfolios.describe('those of them without current figures'),
  refused: z.array(
    z.object({
      job_id: id,
      code: z.enum(['ERR_JOB_004', 'ERR_JOB_005']),
      live_job_id: id.nullable().describe('with ERR_JOB_004: the job that does the same'),
    }),
  ),
};

const dryRun = queryFlag.describe('only tell what a retry would touch');

export const listJobs = endpoint({
  method: 'get',
  path: '/admin/jobs',
  summary: 'Jobs, newest first',
  tag: 'Admin',
  auth: 'superuser',
  query: z.object({ status: z.enum(JOB_STATUSES).optional(), kind: jobKind.optional(), ...jobsPage }),
  responses: {
    200: {
      description: 'One page; next_cursor is null at the end',
      schema: z.object({ jobs: z.array(job), next_cursor: id.nullable() }),
    },
  },
  errors: ['ERR_REQ_001'],
});

export const listFailures = endpoint({
  method: 'get',
  path: '/admin/jobs/failures',
  summary: 'Failed jobs by cause, and the portfolios they leave without current figures',
  tag: 'Admin',
  auth: 'superuser',
  query: z.object({ limit: pageLimit(FAILURES_MAX, 50) }),
  responses: {
    200: {
      description: 'The most frequent cause first',
      schema: z.object({
        failures: z.array(
          z.object({
            fingerprint: z.string(),
            kind: jobKind,
            code: z.string(),
            message: z.string(),
            count: z.int(),
            latest_at: instant,
            job_ids: z.array(id).describe('the newest 20'),
            stale_portfolios: portfolios,
          }),
        ),
      }),
    },
  },
  errors: ['ERR_REQ_001'],
});

export const getJob = endpoint({
  method: 'get',
  path: '/admin/jobs/:id',
  summary: 'A job, what belongs to its run, and whose figures the run is about',
  tag: 'Admin',
  auth: 'superuser',
  params: idParams,
  responses: {
    200: {
      description: 'The job',
      schema: job.extend({
        result: z.record(z.string(), z.unknown()).nullable(),
        run: z.object({
          jobs: z.record(z.enum(JOB_STATUSES), z.int()).describe('all jobs of the run by status, its root among them'),
          portfolios: portfolios.describe('what the run is about'),
          stale_portfolios: portfolios.describe('those of them without current figures of its session'),
        }),
      }),
    },
  },
  errors: ['ERR_BATCH_003', 'ERR_REQ_001'],
});

export const retryJob = endpoint({
  method: 'post',
  path: '/admin/jobs/:id/retry',
  summary: 'Puts a failed, partial or cancelled job back in the queue; the part of a run is retried by its run',
  tag: 'Admin',
  auth: 'superuser',
  idempotent: true,
  params: idParams,
  query: z.object({ dry_run: dryRun }),
  responses: {
    200: { description: 'With dry_run: what it would touch', schema: z.object(retryFields) },
    202: { description: 'The job waits to run again', schema: retryOutcome },
  },
  errors: ['ERR_BATCH_003', 'ERR_JOB_004', 'ERR_JOB_005', 'ERR_REQ_001'],
});

const retriedFailures = z.object({
  fingerprint: z.string(),
  ...retryFields,
  remaining: z.boolean().describe('there are more: ask again'),
});

export const retryFailures = endpoint({
  method: 'post',
  path: '/admin/jobs/retry',
  summary: 'Retries the failed jobs of one cause',
  tag: 'Admin',
  auth: 'superuser',
  idempotent: true,
  body: z.object({ fingerprint: z.string().min(1).max(500), dry_run: z.boolean().default(false) }),
  responses: {
    200: { description: 'With dry_run: what it would touch', schema: retriedFailures },
    202: { description: 'What became of each', schema: retriedFailures },
  },
  errors: ['ERR_REQ_001'],
});

export const cancelJob = endpoint({
  method: 'post',
  path: '/admin/jobs/:id/cancel',
  summary: 'Cancels the run that a job belongs to',
  tag: 'Admin',
  auth: 'superuser',
  idempotent: true,
  params: idParams,
  responses: {
    202: {
      description: 'Jobs that waited have ended; those that run were asked to stop. A run that has ended stays as it is',
      schema: z.object({
        run_id: id,
        status: z.enum(JOB_STATUSES).describe('of the run, now'),
        ended: z.int(),
        asked_to_stop: z.int(),
        poll_url: z.string(),
      }),
    },
  },
  errors: ['ERR_BATCH_003', 'ERR_REQ_001'],
});
