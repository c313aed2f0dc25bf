// The audit entry that every write of a superuser leaves.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { id, instant, pageLimit } from './fields.js';

const AUDIT_PAGE_MAX = 200;

const auditEntry = z.object({
  id: z.int(),
  at: instant,
  actor_id: id.nullable().describe('null: at the command line'),
  acting_as_id: id.nullable(),
  action: z.string(),
  subject: z.string().nullable().describe('the id of what it was done to'),
  details: z.unknown(),
  request_id: z.string().nullable(),
});

export const listAudit = endpoint({
  method: 'get',
  path: '/admin/audit',
  summary: 'Who did what, newest first',
  tag: 'Admin',
  auth: 'superuser',
  query: z.object({
    action: z.string().min(1).max(100).optional().describe('only this action, like job.retry'),
    cursor: z.coerce.number().int().positive().optional().describe('next_cursor of the page before'),
    limit: pageLimit(AUDIT_PAGE_MAX, 50),
  }),
  responses: {
    200: {
      description: 'One page; next_cursor is null at the end',
      schema: z.object({ entries: z.array(auditEntry), next_cursor: z.int().nullable() }),
    },
  },
  errors: ['ERR_REQ_001'],
});
