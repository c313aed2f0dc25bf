// Snapshots of past sessions, asked for by range. The path exists under /portfolio and under /portfolios.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { date, id, idParams } from './fields.js';
import { startedStatus } from './run.js';

export const backfillSnapshots = endpoint({
  method: 'post',
  path: '/portfolio/:id/snapshots/backfill',
  summary: 'Has the missing snapshots of a range computed, each from the lots and flows of its own date',
  tag: 'Portfolios',
  auth: 'user',
  idempotent: true,
  params: idParams,
  body: z.object({ start_date: date, end_date: date }).refine(({ start_date: start, end_date: end }) => start <= end, {
    path: ['start_date'],
    error: 'must not be after end_date',
  }),
  responses: {
    202: {
      description:
        'The run is under way. There is one snapshot a session: days without one have none, nor has any before the history begins or after the last ' +
        'complete session',
      schema: z.object({
        status: startedStatus,
        batch_run_id: id,
        portfolio_id: id,
        start_date: date.describe('the first session of the range that the history has'),
        end_date: date.describe('the last one that is complete'),
        sessions: z.int().describe('from start_date to end_date'),
        missing: z.int().describe('those that have no snapshot yet; the others are left as they are'),
        message: z.string(),
        poll_url: z.string(),
      }),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_OWNER_001', 'ERR_REQ_001'],
});
