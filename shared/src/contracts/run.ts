// How a run shows to whoever polls it.
import { z } from 'zod';
import { JOB_STATUSES, JOB_TRIGGERS } from '../jobs.js';
import { date, id, instant } from './fields.js';

export const runPhase = z.object({
  number: z.int().min(0).max(6),
  name: z.string(),
  status: z.enum(['running', 'completed', 'partial', 'failed']),
  duration_seconds: z.number().nullable(),
  counts: z.record(z.string(), z.number()),
});

export const runProgress = z.object({
  percent: z.int().min(0).max(100),
  phase: z.int().nullable(),
  phase_name: z.string().nullable(),
  done: z.int(),
  total: z.int(),
  unit: z.string().nullable(),
  eta_seconds: z.int().nullable(),
});

export const runFields = {
  batch_run_id: id,
  status: z.enum(JOB_STATUSES),
  triggered_by: z.enum(JOB_TRIGGERS),
  calculation_date: date.nullable(),
  queued_at: instant,
  started_at: instant.nullable(),
  finished_at: instant.nullable(),
  elapsed_seconds: z.number().describe('since its first start; 0 while it waits'),
  progress: runProgress,
  phases: z.array(runPhase),
  result: z.record(z.string(), z.unknown()).nullable(),
};

export const startedStatus = z.enum(['started', 'already_running']);

export type RunPhase = z.output<typeof runPhase>;
export type RunProgress = z.output<typeof runProgress>;
