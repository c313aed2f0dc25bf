// What monitors and orchestrators ask. The same three answer at the root, beside /api/v1.
import { z } from 'zod';
import { endpoint } from './endpoint.js';

const check = z.object({ ok: z.boolean(), message: z.string() });

export const FACTORS_NEEDED = 8;
export const SCENARIOS_NEEDED = 22;

export const live = endpoint({
  method: 'get',
  path: '/health',
  summary: 'The process runs and answers',
  tag: 'System',
  auth: 'public',
  limit: 'none',
  responses: { 200: { description: 'It does', schema: z.object({ status: z.literal('ok') }) } },
  errors: [],
});

const readiness = z.object({
  status: z.enum(['ready', 'not_ready']),
  checks: z.object({ database: check, queue: check, migrations: check }),
});

export const ready = endpoint({
  method: 'get',
  path: '/health/ready',
  summary: 'Whether requests can be served: database, queue, migrations',
  tag: 'System',
  auth: 'public',
  limit: 'none',
  responses: {
    200: { description: 'Ready', schema: readiness },
    503: { description: 'Not ready; the checks say why', schema: readiness },
  },
  errors: [],
});

const needed = z.object({ ok: z.boolean(), found: z.int(), needed: z.int() });
const prerequisitesMet = z.object({ status: z.enum(['ready', 'not_ready']), factors: needed, scenarios: needed });

export const prerequisites = endpoint({
  method: 'get',
  path: '/health/prerequisites',
  summary: 'Whether the tables that calculations rest on are filled: factors and stress scenarios',
  tag: 'System',
  auth: 'public',
  limit: 'none',
  responses: {
    200: { description: 'They are', schema: prerequisitesMet },
    503: { description: 'Something is missing', schema: prerequisitesMet },
  },
  errors: ['ERR_SYS_002'],
});
