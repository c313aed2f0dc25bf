// Jobs as whoever asked for them sees them: how they stand, what they came to.
import { z } from 'zod';
import { EXPORT_KEPT_DAYS } from '../export/export-request.js';
import { JOB_KINDS, JOB_STATUSES } from '../jobs.js';
import { endpoint } from './endpoint.js';
import { id, idParams, instant } from './fields.js';

const systemJob = z.object({
  job_id: id,
  kind: z.enum(JOB_KINDS),
  status: z.enum(JOB_STATUSES),
  progress: z
    .object({ phase_name: z.string(), done: z.int(), total: z.int(), unit: z.string() })
    .nullable()
    .describe('null while there is nothing to say'),
  created_at: instant,
  started_at: instant.nullable(),
  finished_at: instant.nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable().describe('why it failed; null unless it has ended'),
  file: z
    .object({ file_name: z.string(), content_type: z.string(), bytes: z.int() })
    .nullable()
    .describe(`of an export or a report, kept for ${EXPORT_KEPT_DAYS} days`),
  result_url: z.string().nullable().describe('the file; null while there is none'),
  cancel_url: z.string().nullable().describe('null once it has ended'),
});

export const getSystemJob = endpoint({
  method: 'get',
  path: '/system/jobs/:id',
  summary: 'How a job that you asked for stands; a superuser sees every job',
  tag: 'Jobs',
  auth: 'user',
  limit: 'poll',
  params: idParams,
  responses: { 200: { description: 'The job; its ETag answers 304 while nothing changes', schema: systemJob } },
  errors: ['ERR_BATCH_003', 'ERR_REQ_001'],
});

export const getSystemJobResult = endpoint({
  method: 'get',
  path: '/system/jobs/:id/result',
  summary: 'The file that a job of yours has made',
  tag: 'Jobs',
  auth: 'user',
  limit: 'poll',
  params: idParams,
  responses: {
    200: { description: 'The file, as an attachment with its own Content-Type', contentType: '*/*' },
    202: { description: 'The job is not done; ask again', schema: systemJob },
  },
  errors: ['ERR_BATCH_003', 'ERR_EXPORT_001', 'ERR_EXPORT_404', 'ERR_REQ_001'],
});

export const cancelSystemJob = endpoint({
  method: 'post',
  path: '/system/jobs/:id/cancel',
  summary: 'Cancels a job of yours: at once while it waits, else at its next step. A job that has ended stays as it is',
  tag: 'Jobs',
  auth: 'user',
  idempotent: true,
  params: idParams,
  responses: { 202: { description: 'What the job is now', schema: systemJob } },
  errors: ['ERR_BATCH_003', 'ERR_OWNER_001', 'ERR_REQ_001'],
});

export type SystemJob = z.output<typeof systemJob>;
