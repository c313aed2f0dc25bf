// Phases of a calculation that a superuser may run alone.
import { z } from 'zod';
import { endpoint } from './endpoint.js';
import { calendarDate } from './calendar-date.js';
import { date, id } from './fields.js';
import { startedStatus } from './run.js';

const SYMBOLS_MAX = 10_000;

const TRIGGER_PHASES = ['market-data', 'profiles'] as const;
export type TriggerPhase = (typeof TRIGGER_PHASES)[number];

const wish = z.object({
  symbols: z
    .array(z.string().trim().min(1).max(100))
    .min(1)
    .max(SYMBOLS_MAX)
    .optional()
    .describe('of those in use: held in an active portfolio, or a factor; all of them when left out'),
  calculation_date: calendarDate.optional().describe('up to the last complete session on or before it; today when left out'),
  force: z
    .boolean()
    .default(false)
    .describe('also ask for symbols and sessions that were asked for in vain and are left alone for a while'),
});

export type TriggerWish = z.output<typeof wish>;

export const triggerPhase = endpoint({
  method: 'post',
  path: '/admin/batch/trigger/:phase',
  summary:
    'Runs one phase alone: market-data fetches the prices that are missing, profiles (without a body) renews names, sectors and exchanges',
  tag: 'Admin',
  auth: 'superuser',
  idempotent: true,
  params: z.object({ phase: z.enum(TRIGGER_PHASES) }),
  body: wish,
  responses: {
    202: {
      description: 'The jobs are under way, at most 1,000 symbols in each; a job that is live for the same symbols is joined',
      schema: z.object({
        phase: z.enum(TRIGGER_PHASES),
        calculation_date: date.nullable().describe('null for a phase that is about no session'),
        symbols_count: z.int().nullable().describe('null for a phase that finds its symbols itself'),
        jobs: z.array(z.object({ status: startedStatus, job_id: id, symbols_count: z.int().nullable(), poll_url: z.string() })),
      }),
    },
  },
  errors: ['ERR_REQ_001'],
});
