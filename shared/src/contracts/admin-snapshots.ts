// Snapshots that a superuser asks for, by the jobs that the night would run.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { calendarDate } from './calendar-date.js';
import { date, id, idParams } from './fields.js';
import { startedStatus } from './run.js';

const started = z.object({ status: startedStatus, batch_run_id: id, calculation_date: date, poll_url: z.string() });

export const takeDailySnapshots = endpoint({
  method: 'post',
  path: '/admin/snapshots/daily',
  summary: 'Snapshots of all portfolios at the last complete session: the nightly batch, now. Its totals say how many were made',
  tag: 'Admin',
  auth: 'superuser',
  idempotent: true,
  responses: { 202: { description: 'The batch is under way', schema: started } },
  errors: [],
});

export const takePortfolioSnapshots = endpoint({
  method: 'post',
  path: '/admin/portfolios/:id/snapshots',
  summary:
    'Snapshots of one portfolio, whoever owns it: every session that is missing or no longer holds, up to the last complete one on or before a date',
  tag: 'Admin',
  auth: 'superuser',
  idempotent: true,
  params: idParams,
  query: z.object({ date: calendarDate.optional().describe('today when left out') }),
  responses: { 202: { description: 'The run is under way', schema: started.extend({ portfolio_id: id }) } },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});
