// What a superuser sees and does: batches, jobs, failures, retries. Every write leaves an audit entry.
import { z } from 'zod';
import { JOB_KINDS, JOB_STATUSES, JOB_TRIGGERS, type JobKind } from '../jobs.js';
import { endpoint } from './endpoint.js';
import { date, id, idParams, instant, pageLimit, queryFlag } from './fields.js';
import { runFields, startedStatus } from './run.js';

export const JOBS_PAGE_MAX = 200;
/** Failed jobs that one bulk retry takes on; the answer says how many are left. */
export const RETRY_BATCH_MAX = 200;
/** Live runs shown at most. */
export const RUNS_SHOWN_MAX = 200;
const FAILURES_MAX = 200;

const kind = z.enum(JOB_KINDS as [JobKind, ...JobKind[]]);
const jobError = z.object({ code: z.string(), message: z.string(), fingerprint: z.string() });

const run = z.object({
  ...runFields,
  kind,
  portfolio_id: id.nullable(),
  requested_by: id.nullable(),
  jobs: z.record(z.enum(JOB_STATUSES), z.int()).describe('the parts of the run by status'),
  error: jobError.nullable(),
});

const job = z.object({
  id,
  kind,
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

const submitted = z.object({ status: startedStatus, job_id: id, poll_url: z.string() });
const retryOutcome = z.object({ status: z.enum(['queued', 'already_live', 'not_failed']), job_id: id, poll_url: z.string() });

export const runBatch = endpoint({
  method: 'post',
  path: '/admin/batch/run',
  summary: 'Computes all portfolios, or one, for the last complete session on or before a date',
  tag: 'Admin',
  auth: 'superuser',
  query: z.object({
    portfolio_id: id.optional(),
    calculation_date: date.optional(),
    force: queryFlag.describe('compute complete sessions again'),
    onboarding: queryFlag.describe('with portfolio_id: also do what is meant for the current session only'),
  }),
  responses: {
    202: {
      description: 'The run is under way',
      schema: z.object({
        status: startedStatus,
        batch_run_id: id,
        portfolio_id: id.nullable(),
        calculation_date: date,
        poll_url: z.string(),
      }),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});

export const listRuns = endpoint({
  method: 'get',
  path: '/admin/batch/runs',
  summary: 'Batches and calculations that wait or run now, or that have a given status',
  tag: 'Admin',
  auth: 'superuser',
  query: z.object({ status: z.enum(JOB_STATUSES).optional() }),
  responses: { 200: { description: 'Newest first', schema: z.object({ runs: z.array(run), truncated: z.boolean() }) } },
  errors: ['ERR_REQ_001'],
});

export const getRun = endpoint({
  method: 'get',
  path: '/admin/batch/runs/:id',
  summary: 'How a batch, or any other run, stands',
  tag: 'Admin',
  auth: 'superuser',
  limit: 'poll',
  params: idParams,
  responses: { 200: { description: 'The run', schema: run } },
  errors: ['ERR_BATCH_003', 'ERR_REQ_001'],
});

const page = { limit: pageLimit(JOBS_PAGE_MAX, 50), cursor: id.optional().describe('next_cursor of the page before') };

export const listBatchHistory = endpoint({
  method: 'get',
  path: '/admin/batch/history',
  summary: 'All batches, newest first',
  tag: 'Admin',
  auth: 'superuser',
  query: z.object(page),
  responses: {
    200: {
      description: 'One page; next_cursor is null at the end',
      schema: z.object({ runs: z.array(run), next_cursor: id.nullable() }),
    },
  },
  errors: ['ERR_REQ_001'],
});

export const listJobs = endpoint({
  method: 'get',
  path: '/admin/jobs',
  summary: 'Jobs, newest first',
  tag: 'Admin',
  auth: 'superuser',
  query: z.object({ status: z.enum(JOB_STATUSES).optional(), kind: kind.optional(), ...page }),
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
            kind,
            code: z.string(),
            message: z.string(),
            count: z.int(),
            latest_at: instant,
            job_ids: z.array(id).describe('the newest 20'),
            stale_portfolios: z.object({ count: z.int(), portfolio_ids: z.array(id).describe('at most 20') }),
          }),
        ),
      }),
    },
  },
  errors: ['ERR_REQ_001'],
});

export const retryJob = endpoint({
  method: 'post',
  path: '/admin/jobs/:id/retry',
  summary: 'Puts a failed, partial or cancelled job back in the queue; the part of a run is retried by its run',
  tag: 'Admin',
  auth: 'superuser',
  params: idParams,
  responses: {
    202: { description: 'The job waits to run again', schema: retryOutcome },
    409: {
      description: 'Refused: another job for the same work is live, or this one has not failed; job_id names it',
      schema: retryOutcome,
    },
  },
  errors: ['ERR_BATCH_003', 'ERR_REQ_001'],
});

export const retryFailures = endpoint({
  method: 'post',
  path: '/admin/jobs/retry',
  summary: 'Retries the failed jobs of one cause',
  tag: 'Admin',
  auth: 'superuser',
  body: z.object({ fingerprint: z.string().min(1).max(500) }),
  responses: {
    202: {
      description: 'What became of each',
      schema: z.object({
        fingerprint: z.string(),
        retried: z.int(),
        already_live: z.int(),
        not_failed: z.int(),
        remaining: z.boolean().describe('there are more: ask again'),
        job_ids: z.array(id),
      }),
    },
  },
  errors: ['ERR_REQ_001'],
});

export const cancelJob = endpoint({
  method: 'post',
  path: '/admin/jobs/:id/cancel',
  summary: 'Cancels the run that a job belongs to',
  tag: 'Admin',
  auth: 'superuser',
  params: idParams,
  responses: {
    202: {
      description: 'Jobs that waited have ended; those that run were asked to stop',
      schema: z.object({ run_id: id, ended: z.int(), asked_to_stop: z.int(), poll_url: z.string() }),
    },
  },
  errors: ['ERR_BATCH_003', 'ERR_REQ_001'],
});

export const cleanUpIncomplete = endpoint({
  method: 'post',
  path: '/admin/batch/cleanup-incomplete',
  summary: 'Removes snapshot slots that were abandoned for longer than an age',
  tag: 'Admin',
  auth: 'superuser',
  query: z.object({ portfolio_id: id.optional(), age_threshold_hours: z.coerce.number().min(0).max(8_760).default(24) }),
  responses: { 202: { description: 'The clean-up is under way', schema: submitted } },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});

export type AdminJob = z.output<typeof job>;
