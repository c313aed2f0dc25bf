// Batches and other runs as a superuser starts and watches them. The jobs behind them are in admin-jobs.ts.
import { z } from 'zod';
import { JOB_STATUSES } from '../jobs.js';
import { jobError, jobKind, jobsPage } from './admin-jobs.js';
import { endpoint } from './endpoint.js';
import { calendarDate } from './calendar-date.js';
import { date, id, idParams, queryFlag } from './fields.js';
import { runFields, startedStatus } from './run.js';

/** Live runs shown at most. */
export const RUNS_SHOWN_MAX = 200;

const batchTotals = z
  .object({
    portfolios: z.int().describe('all of the batch: processed, cancelled and those still to come'),
    processed: z.int().describe('succeeded, partial, failed and skipped'),
    succeeded: z.int(),
    partial: z.int().describe('with a part of the risk figures missing'),
    failed: z.int(),
    cancelled: z.int().describe('not looked at because the run was cancelled'),
    skipped: z.object({ up_to_date: z.int(), duplicate_run: z.int(), deleted: z.int() }),
    sessions: z.int(),
    chunks: z.int(),
  })
  .describe('counted as the chunks of a batch end; null for other runs');

const run = z.object({
  ...runFields,
  kind: jobKind,
  portfolio_id: id.nullable(),
  requested_by: id.nullable(),
  jobs: z.record(z.enum(JOB_STATUSES), z.int()).describe('the parts of the run by status'),
  totals: batchTotals.nullable(),
  error: jobError.nullable(),
});

const submitted = z.object({ status: startedStatus, job_id: id, poll_url: z.string() });

export const runBatch = endpoint({
  method: 'post',
  path: '/admin/batch/run',
  summary: 'Computes all portfolios, or one, for the last complete session on or before a date',
  tag: 'Admin',
  auth: 'superuser',
  idempotent: true,
  query: z.object({
    portfolio_id: id.optional(),
    calculation_date: calendarDate.optional(),
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

export const listBatchHistory = endpoint({
  method: 'get',
  path: '/admin/batch/history',
  summary: 'All batches, newest first',
  tag: 'Admin',
  auth: 'superuser',
  query: z.object(jobsPage),
  responses: {
    200: {
      description: 'One page; next_cursor is null at the end',
      schema: z.object({ runs: z.array(run), next_cursor: id.nullable() }),
    },
  },
  errors: ['ERR_REQ_001'],
});

export const cleanUpIncomplete = endpoint({
  method: 'post',
  path: '/admin/batch/cleanup-incomplete',
  summary: 'Removes snapshot slots that were abandoned for longer than an age',
  tag: 'Admin',
  auth: 'superuser',
  idempotent: true,
  query: z.object({ portfolio_id: id.optional(), age_threshold_hours: z.coerce.number().min(0).max(8_760).default(24) }),
  responses: { 202: { description: 'The clean-up is under way', schema: submitted } },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});
