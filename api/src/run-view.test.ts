import type { JobPhase, JobRow } from '@closebell/prisma/jobs';
import type { Run, RunPart } from '@closebell/prisma/runs';
import { describe, expect, it } from 'vitest';
import { mergePhases, viewRun } from './run-view.js';

const QUEUED_AT = new Date('2025-03-12T21:00:00Z');

const root = (fields: Partial<JobRow> = {}): JobRow => ({
  id: '6f1b8d9e-1f0c-4b58-9d3b-0c6f3b0f9f11',
  kind: 'calculate-portfolio',
  payload: { sessionDate: '2025-03-12' },
  status: 'running',
  dedupe_key: 'key',
  parent_id: null,
  run_id: '6f1b8d9e-1f0c-4b58-9d3b-0c6f3b0f9f11',
  open_children: 0,
  attempts_made: 1,
  attempts_max: 5,
  progress: null,
  phases: [],
  result: null,
  error: null,
  requested_by: null,
  acting_as: null,
  trigger: 'user',
  request_id: null,
  fence: 1,
  created_at: QUEUED_AT,
  started_at: QUEUED_AT,
  finished_at: null,
  cancel_requested_at: null,
  ...fields,
});

const phase = (number: number, fields: Partial<JobPhase> = {}): JobPhase => ({
  number,
  name: `phase ${number}`,
  status: 'completed',
  started_at: '2025-03-12T21:00:00.000Z',
  duration_ms: 1_500,
  counts: {},
  ...fields,
});

const child = (fields: Partial<RunPart>): RunPart => ({
  kind: 'prepare-portfolio',
  status: 'completed',
  phases: [],
  progress: null,
  result: null,
  ...fields,
});

const run = (fields: Partial<JobRow>, children: readonly RunPart[] = [], elapsedSeconds = 10): Run => ({
  root: root(fields),
  children,
  elapsedSeconds,
});

describe('the status of a run', () => {
  it('is queued until it first starts', () => {
    expect(viewRun(run({ status: 'queued', started_at: null })).status).toBe('queued');
  });

  it('stays running while the row waits for another turn', () => {
    expect(viewRun(run({ status: 'queued' })).status).toBe('running');
  });
});

describe('the phases of a run', () => {
  it('are those of its parts and its own, by number', () => {
    const view = viewRun(
      run({ phases: [phase(3, { status: 'running', duration_ms: null })] }, [child({ phases: [phase(1), phase(0)] })]),
    );
    expect(view.phases.map(({ number, duration_seconds: seconds }) => [number, seconds])).toEqual([
      [0, 1.5],
      [1, 1.5],
      [3, null],
    ]);
  });

  it('add up what several parts did of one', () => {
    const merged = mergePhases([
      { phases: [phase(3, { counts: { portfolios: 2 }, duration_ms: 5 })] },
      { phases: [phase(3, { counts: { portfolios: 3, failed: 1 }, duration_ms: 9, status: 'failed' })] },
    ]);
    expect(merged).toEqual([phase(3, { counts: { portfolios: 5, failed: 1 }, duration_ms: 9, status: 'failed' })]);
  });
});

describe('the progress of a run', () => {
  it('is nothing at first', () => {
    const { progress } = viewRun(run({ status: 'queued', started_at: null }, [], 0));
    expect(progress).toEqual({ percent: 0, phase: null, phase_name: null, done: 0, total: 0, unit: null, eta_seconds: null });
  });

  it('is that of the part at work, with the time it needs at this pace', () => {
    const progress = { phase: 1, phase_name: 'market data', done: 3, total: 4, unit: 'symbols', reached: 1.75 };
    const view = viewRun(run({}, [child({ status: 'running', phases: [phase(0), phase(1, { status: 'running' })], progress })]));
    expect(view.progress).toMatchObject({ percent: 25, phase: 1, phase_name: 'market data', done: 3, total: 4, eta_seconds: 30 });
  });

  it('counts phases left out as done', () => {
    expect(viewRun(run({ phases: [phase(1), phase(3), phase(4)] })).progress.percent).toBe(71);
  });

  it('stays where the last try had come when a new one begins', () => {
    const progress = { phase: 3, phase_name: 'P&L', done: 0, total: 1, unit: 'portfolios', reached: 3.5 };
    expect(viewRun(run({ status: 'queued', phases: [phase(1)], progress })).progress.percent).toBe(50);
  });

  it('of a batch grows with its chunks', () => {
    const chunk = (status: RunPart['status']) => child({ kind: 'calculate-chunk', status, phases: [phase(6)] });
    const batch = run({ kind: 'run-batch' }, [chunk('completed'), chunk('failed'), chunk('queued'), chunk('running')]);
    expect(viewRun(batch).progress.percent).toBe(71);
  });

  it('is 100 only at a good end, and stays where it was at a bad one', () => {
    const all = [0, 1, 2, 3, 4, 5, 6].map((number) => phase(number));
    expect(viewRun(run({ phases: all })).progress.percent).toBe(99);
    expect(viewRun(run({ phases: all, status: 'completed' })).progress).toMatchObject({ percent: 100, eta_seconds: null });
    expect(viewRun(run({ phases: all.slice(0, 3), status: 'failed' })).progress.percent).toBe(42);
  });
});

it('shows whole seconds while it runs, so that a poll within one answers 304', () => {
  expect(viewRun(run({}, [], 3.94)).elapsed_seconds).toBe(3);
  expect(viewRun(run({ status: 'completed' }, [], 3.9412)).elapsed_seconds).toBe(3.941);
});
