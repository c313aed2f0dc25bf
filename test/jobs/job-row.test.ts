// The job row on its own: who may take it, who may write for it, and that it always ends.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  awaitChildren,
  beat,
  claimJob,
  endJob,
  FenceLostError,
  inFencedTransaction,
  requeueJob,
  type ChildJob,
} from '@closebell/prisma/job-runs';
import { relayDueJobs, rescueJobs } from '@closebell/prisma/job-relay';
import { findChildren, findJob, submitJob, type JobRow } from '@closebell/prisma/jobs';
import { JOBS } from '@closebell/shared/jobs';
import { createWorld, type TestWorld } from '../support/worker.js';

let world: TestWorld;
let nonce = 0;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const LEASE_MS = 60_000;
const submitPing = async (text = `row ${nonce++}`) => submitJob(world.db.pool, 'ping', { nonce: text }, { trigger: 'user' });
const rescue = () => rescueJobs(world.db, { enqueuedForMs: 0, limit: 100, holds: () => Promise.resolve(true) });
const read = async (jobId: string): Promise<JobRow> => (await findJob(world.db.pool, jobId))!;
const claim = async (jobId: string): Promise<JobRow> =>
  (await claimJob(world.db.pool, jobId, (await read(jobId)).fence, LEASE_MS))!;
const holdOf = ({ id, fence }: JobRow) => ({ id, fence, leaseMs: LEASE_MS });
const chunkOf = (runId: string, chunk: number): ChildJob => ({
  kind: 'calculate-chunk',
  payload: { runId, chunk, sessionDate: '2025-06-20', portfolioIds: [] },
});
const expire = (jobId: string) =>
  world.db.pool.query(`UPDATE jobs SET lease_until = clock_timestamp() - interval '1 second' WHERE id = $1`, [jobId]);

describe('submitting', () => {
  test('500 times at once gives one row, whose id everybody gets', async () => {
    const submitted = await Promise.all(Array.from({ length: 500 }, () => submitPing('one of 500')));
    expect(submitted.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(submitted.map(({ jobId }) => jobId)).size).toBe(1);
  });

  test('refuses a payload that does not fit its kind', async () => {
    await expect(submitJob(world.db.pool, 'run-batch', { sessionDate: 'yesterday' }, { trigger: 'admin' })).rejects.toThrow();
  });
});

describe('a claim', () => {
  test('is given once, however often the job is delivered', async () => {
    const { jobId } = await submitPing();
    const { fence } = await read(jobId);
    const claims = await Promise.all(Array.from({ length: 8 }, () => claimJob(world.db.pool, jobId, fence, LEASE_MS)));
    expect(claims.filter((job) => job !== null)).toHaveLength(1);
  });

  test('of an older fence is refused', async () => {
    const { jobId } = await submitPing();
    const held = await claim(jobId);
    await requeueJob(world.db, holdOf(held), { delayMs: 0, keepsAttempt: true });
    expect(await claimJob(world.db.pool, jobId, held.fence, LEASE_MS)).toBeNull();
  });
});

describe('a worker that lost its job', () => {
  test('can neither write, nor report, nor end it', async () => {
    const { jobId } = await submitPing();
    const frozen = holdOf(await claim(jobId));
    await expire(jobId);
    expect(await rescue()).toMatchObject({ requeued: 1 });
    const successor = holdOf(await claim(jobId));
    expect(successor.fence).toBeGreaterThan(frozen.fence);
    await expect(inFencedTransaction(world.db, frozen, () => Promise.resolve('wrote'))).rejects.toThrow(FenceLostError);
    await expect(endJob(world.db, frozen, { status: 'completed' })).rejects.toThrow(FenceLostError);
    expect(await beat(world.db.pool, frozen)).toEqual({ held: false, cancelRequested: false });
    expect(await inFencedTransaction(world.db, successor, () => Promise.resolve('wrote'))).toBe('wrote');
    await endJob(world.db, successor, { status: 'completed' });
    expect(await read(jobId)).toMatchObject({ status: 'completed', attempts_made: 2 });
  });

  test('at every try is stopped after five starts', async () => {
    const { jobId } = await submitPing();
    for (let start = 1; start <= 5; start++) {
      expect(await claim(jobId)).toMatchObject({ attempts_made: start });
      await expire(jobId);
      await rescue();
    }
    expect(await read(jobId)).toMatchObject({ status: 'failed', error: { code: 'ERR_JOB_001' } });
  });
});

describe('a tree', () => {
  test('waits without a lease until its last child has ended, and the rescuer leaves it alone', async () => {
    const sessionDate = '2025-06-20';
    const { jobId } = await submitJob(world.db.pool, 'run-batch', { sessionDate }, { trigger: 'admin' });
    const parent = await claim(jobId);
    expect(await awaitChildren(world.db, holdOf(parent), parent, [chunkOf(jobId, 0), chunkOf(jobId, 1)])).toBe('waiting');
    await rescue();
    expect(await read(jobId)).toMatchObject({ status: 'running', open_children: 2, attempts_made: 0 });
    const [first, second] = await findChildren(world.db.pool, jobId);
    await endJob(world.db, holdOf(await claim(first!.id)), { status: 'completed' });
    expect(await read(jobId)).toMatchObject({ status: 'running', open_children: 1 });
    await endJob(world.db, holdOf(await claim(second!.id)), { status: 'failed' });
    expect(await read(jobId)).toMatchObject({ status: 'queued', open_children: 0 });
  });

  test('is submitted whole or not at all, and never of no child', async () => {
    const { jobId } = await submitJob(world.db.pool, 'run-batch', { sessionDate: '2025-06-17' }, { trigger: 'admin' });
    const parent = await claim(jobId);
    await submitJob(world.db.pool, 'calculate-chunk', chunkOf(jobId, 1).payload as never, { trigger: 'admin' });
    expect(await awaitChildren(world.db, holdOf(parent), parent, [chunkOf(jobId, 0), chunkOf(jobId, 1)])).toBe('busy');
    expect(await findChildren(world.db.pool, jobId)).toEqual([]);
    await expect(awaitChildren(world.db, holdOf(parent), parent, [])).rejects.toThrow('no child');
    expect(await beat(world.db.pool, holdOf(parent))).toMatchObject({ held: true });
  });
});

describe('the relay', () => {
  test('hands each due row over once, and again only what was not noted', async () => {
    await world.db.pool.query(`UPDATE jobs SET enqueued_at = clock_timestamp() WHERE status = 'queued'`);
    const { jobId } = await submitPing();
    const seen: string[] = [];
    const note = (jobs: readonly { id: string }[]) => {
      seen.push(...jobs.map(({ id }) => id));
      return Promise.resolve();
    };
    await expect(relayDueJobs(world.db, 10, () => Promise.reject(new Error('queue away')))).rejects.toThrow('queue away');
    await Promise.all([relayDueJobs(world.db, 10, note), relayDueJobs(world.db, 10, note)]);
    await relayDueJobs(world.db, 10, note);
    expect(seen).toEqual([jobId]);
  });

  test('a row the queue no longer knows gets a new fence, and one it knows keeps its own', async () => {
    const [lost, known] = [(await submitPing()).jobId, (await submitPing()).jobId];
    await relayDueJobs(world.db, 100, () => Promise.resolve());
    const holds = ({ jobId }: Readonly<{ jobId: string }>) => Promise.resolve(jobId !== lost);
    expect(await rescueJobs(world.db, { enqueuedForMs: 0, limit: 100, holds })).toMatchObject({ reEnqueued: 1 });
    expect((await read(lost)).fence).toBe(2);
    expect((await read(known)).fence).toBe(1);
  });

  test('admits no more of a bounded kind than has a place, lets the others pass, and goes on as places come free', async () => {
    const own = await createWorld();
    const { jobId: runId } = await submitJob(own.db.pool, 'run-batch', { sessionDate: '2025-06-16' }, { trigger: 'admin' });
    const parent = (await claimJob(own.db.pool, runId, 1, LEASE_MS))!;
    const max = JOBS['calculate-chunk'].inFlightMax!;
    await awaitChildren(
      own.db,
      holdOf(parent),
      parent,
      Array.from({ length: max + 50 }, (_, chunk) => chunkOf(runId, chunk)),
    );
    await submitJob(own.db.pool, 'ping', { nonce: 'a user behind the night' }, { trigger: 'user' });
    const admitted: string[] = [];
    const relayAll = async () => {
      const before = admitted.length;
      const note = (jobs: readonly { kind: string }[]) => {
        admitted.push(...jobs.map(({ kind }) => kind));
        return Promise.resolve();
      };
      await Promise.all([relayDueJobs(own.db, 1_000, note), relayDueJobs(own.db, 1_000, note)]);
      return admitted.length - before;
    };
    expect(await relayAll()).toBe(max + 1);
    expect(admitted[0]).toBe('ping');
    expect(await relayAll()).toBe(0);
    const { rows } = await own.db.pool.query<{ id: string }>(
      `SELECT id FROM jobs WHERE kind = 'calculate-chunk' AND enqueued_at IS NOT NULL LIMIT 2`,
    );
    const [running, over] = rows.map(({ id }) => id);
    await claimJob(own.db.pool, running!, 1, LEASE_MS);
    expect(await relayAll(), 'a running one keeps its place').toBe(0);
    const held = (await claimJob(own.db.pool, over!, 1, LEASE_MS))!;
    await endJob(own.db, holdOf(held), { status: 'completed' });
    expect(await relayAll()).toBe(1);
    await own.close();
  });
});
