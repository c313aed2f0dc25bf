// The calculation of one portfolio: asked for, followed, cancelled. Every path exists under /portfolio and under /portfolios.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { date, id, idParams, instant, queryFlag } from './fields.js';
import { runFields, startedStatus } from './run.js';

const runParams = idParams.extend({ run: id });

export const calculatePortfolio = endpoint({
  method: 'post',
  path: '/portfolio/:id/calculate',
  summary:
    'Computes the figures of the last complete session, or joins the run that does; force computes the whole history again',
  tag: 'Calculation',
  auth: 'user',
  idempotent: true,
  params: idParams,
  query: z.object({ force: queryFlag }),
  responses: {
    202: {
      description: 'The run is under way',
      schema: z.object({
        status: startedStatus,
        batch_run_id: id,
        portfolio_id: id,
        calculation_date: date,
        message: z.string(),
        poll_url: z.string(),
      }),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_OWNER_001', 'ERR_REQ_001'],
});

export const getBatchStatus = endpoint({
  method: 'get',
  path: '/portfolio/:id/batch-status/:run',
  summary: 'How a run stands',
  tag: 'Calculation',
  auth: 'user',
  limit: 'poll',
  params: runParams,
  responses: {
    200: {
      description: 'The run; its ETag answers 304 while nothing changes',
      schema: z.object({
        ...runFields,
        portfolio_id: id,
        preprocessing: z
          .object({
            symbols_count: z.int(),
            prices_bootstrapped: z.int(),
            price_coverage_percentage: z.number(),
            ready_for_batch: z.boolean(),
            warnings: z.array(z.unknown()),
          })
          .nullable()
          .describe('null until the prices are there'),
        error: z.object({ code: z.string(), message: z.string() }).nullable(),
        cancel_requested_at: instant.nullable(),
      }),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_BATCH_003', 'ERR_REQ_001'],
});

export const followRun = endpoint({
  method: 'get',
  path: '/portfolio/:id/batch-status/:run/events',
  summary: 'How a run stands, as server-sent events until it has ended',
  tag: 'Calculation',
  auth: 'user',
  limit: 'poll',
  params: runParams,
  responses: {
    200: {
      description:
        'An event `status` with the body of batch-status, now and whenever it changes, and an event `end` after the last one. ' +
        'The id names the state shown: a Last-Event-ID that is still the newest brings nothing until it changes. At most 20 streams per user',
      contentType: 'text/event-stream',
    },
    204: { description: 'The run has ended, and Last-Event-ID is its last state: do not come back' },
  },
  errors: ['ERR_PORT_404', 'ERR_BATCH_003', 'ERR_REQ_001'],
});

export const cancelRun = endpoint({
  method: 'post',
  path: '/portfolio/:id/batch-status/:run/cancel',
  summary: 'Cancels a run: at once while it waits, else between two of its steps. A run that has ended stays as it is',
  tag: 'Calculation',
  auth: 'user',
  idempotent: true,
  params: runParams,
  responses: {
    202: {
      description: 'What the run is now; poll_url tells when it has stopped',
      schema: z.object({ batch_run_id: id, status: runFields.status, message: z.string(), poll_url: z.string() }),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_OWNER_001', 'ERR_BATCH_003', 'ERR_REQ_001'],
});

export const getReadiness = endpoint({
  method: 'get',
  path: '/portfolio/:id/readiness',
  summary: 'What the figures of the last complete session can rest on, and what is missing',
  tag: 'Calculation',
  auth: 'user',
  params: idParams,
  responses: {
    200: {
      description: 'Coverage of prices, securities and factors. It informs: a calculation is never refused for it',
      schema: z.object({
        portfolio_id: id,
        calculation_date: date,
        ready_for_batch: z.boolean(),
        symbols_count: z.int(),
        price_coverage_percentage: z.number(),
        missing_prices: z.array(z.object({ symbol: z.string(), latest_close_date: date.nullable(), reason: z.string() })),
        missing_profiles: z.array(z.string()).describe('symbols of which neither name nor sector is known yet'),
        factors: z
          .array(z.object({ name: z.string(), proxy: z.string(), stands_for_it: z.string().nullable() }))
          .describe('the symbol that stands for each factor; null where none has enough prices'),
        warnings: z.array(z.string()),
      }),
    },
  },
  errors: ['ERR_PORT_404', 'ERR_REQ_001'],
});
