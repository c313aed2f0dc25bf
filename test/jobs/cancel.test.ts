// A cancel ends the whole run, at whatever point it comes and whether or not anybody works.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cancelTree } from '@closebell/prisma/job-cancels';
import { rescueJobs } from '@closebell/prisma/job-relay';
import { awaitChildren, beat, claimJob, endJob, requeueJob, type ChildJob } from '@closebell/prisma/job-runs';
import { findChildren, findJob, findTree, submitJob, type JobRow } from '@closebell/prisma/jobs';
import { figuresOf, makePortfolio } from '../support/ledger.js';
import { createWorld, ended, withWorker, type TestWorld } from '../support/worker.js';

const SESSION = '2025-06-20';
const LEASE_MS = 60_000;

let world: TestWorld;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const read = async (jobId: string): Promise<JobRow> => (await findJob(world.db.pool, jobId))!;
const claim = async (jobId: string): Promise<JobRow> =>
  (await claimJob(world.db.pool, jobId, (await read(jobId)).fence, LEASE_MS))!;
const holdOf = ({ id, fence }: JobRow) => ({ id, fence, leaseMs: LEASE_MS });
const expire = (jobId: string) => world.db.pool.query(`UPDATE jobs SET lease_until = '-infinity' WHERE id = $1`, [jobId]);
const rescue = () => rescueJobs(world.db, { enqueuedForMs: 60_000, limit: 100, holds: () => Promise.resolve(true) });
const statuses = async (runId: string) => (await findTree(world.db.pool, runId)).map(({ status }) => status);
const submitRun = async (): Promise<string> => {
  const payload = { portfolioId: crypto.randomUUID(), sessionDate: SESSION };
  return (await submitJob(world.db.pool, 'calculate-portfolio', payload, { trigger: 'user' })).jobId;
};

/** A user's run that waits for its prices. */
async function waitingRun() {
  const runId = await submitRun();
  const root = await claim(runId);
  const { portfolioId, sessionDate } = root.payload as { portfolioId: string; sessionDate: string };
  await awaitChildren(world.db, holdOf(root), root, [{ kind: 'prepare-portfolio', payload: { portfolioId, sessionDate } }]);
  const [child] = await findChildren(world.db.pool, runId);
  return { runId, childId: child!.id };
}

async function waitingBatch(sessionDate: string, chunks: number) {
  const { jobId } = await submitJob(world.db.pool, 'run-batch', { sessionDate }, { trigger: 'admin' });
  const root = await claim(jobId);
  const children = Array.from({ length: chunks }, (_, chunk): ChildJob => {
    return { kind: 'calculate-chunk', payload: { runId: jobId, chunk, sessionDate, portfolioIds: [] } };
  });
  await awaitChildren(world.db, holdOf(root), root, children);
  return jobId;
}

describe('a cancelled run ends though nobody works', () => {
  test('while it is queued', async () => {
    const runId = await submitRun();
    expect(await cancelTree(world.db, runId)).toEqual({ ended: 1, asked: 0 });
    expect(await read(runId)).toMatchObject({ status: 'cancelled', finished_at: expect.any(Date) });
  });

  test('while it waits for its prices', async () => {
    const { runId, childId } = await waitingRun();
    expect(await cancelTree(world.db, childId), 'by any of its parts').toEqual({ ended: 2, asked: 0 });
    expect(await statuses(runId)).toEqual(['cancelled', 'cancelled']);
  });

  test('with a part that runs, as soon as that one heeds its heartbeat', async () => {
    const { runId, childId } = await waitingRun();
    const hold = holdOf(await claim(childId));
    expect(await cancelTree(world.db, runId)).toEqual({ ended: 0, asked: 1 });
    expect(await beat(world.db.pool, hold)).toEqual({ held: true, cancelRequested: true });
    await endJob(world.db, hold, { status: 'cancelled' });
    expect(await statuses(runId)).toEqual(['cancelled', 'cancelled']);
  });

  test('through all levels of a tree', async () => {
    const { jobId } = await submitJob(world.db.pool, 'sweep-snapshots', { sessionDate: SESSION }, { trigger: 'schedule' });
    const sweep = await claim(jobId);
    await awaitChildren(world.db, holdOf(sweep), sweep, [{ kind: 'run-batch', payload: { sessionDate: SESSION } }]);
    const batch = await claim((await findChildren(world.db.pool, jobId))[0]!.id);
    const payload = { runId: batch.id, chunk: 0, sessionDate: SESSION, portfolioIds: [] };
    await awaitChildren(world.db, holdOf(batch), batch, [{ kind: 'calculate-chunk', payload }]);
    const chunk = holdOf(await claim((await findChildren(world.db.pool, batch.id))[0]!.id));
    await cancelTree(world.db, jobId);
    await endJob(world.db, chunk, { status: 'completed' });
    expect((await statuses(jobId)).toSorted()).toEqual(['cancelled', 'cancelled', 'completed']);
  });

  test('when its worker is dead: by a second cancel, or by the next rescuer', async () => {
    const [first, second] = [await submitRun(), await submitRun()];
    for (const runId of [first, second]) {
      await claim(runId);
      await cancelTree(world.db, runId);
      await expire(runId);
    }
    expect(await cancelTree(world.db, first)).toEqual({ ended: 1, asked: 0 });
    expect(await rescue()).toMatchObject({ cancelled: 1, requeued: 0, failed: 0 });
    expect([await statuses(first), await statuses(second)]).toEqual([['cancelled'], ['cancelled']]);
  });
});

describe('a cancelled run', () => {
  test('takes on no more work: what its worker would put off or hand out ends', async () => {
    const [puttingOff, handingOut] = [await submitRun(), await submitRun()];
    const [first, second] = [await claim(puttingOff), await claim(handingOut)];
    for (const runId of [puttingOff, handingOut]) await cancelTree(world.db, runId);
    await requeueJob(world.db, holdOf(first), { delayMs: 0, keepsAttempt: true });
    expect(await statuses(puttingOff)).toEqual(['cancelled']);
    const child: ChildJob = { kind: 'prepare-portfolio', payload: { portfolioId: crypto.randomUUID(), sessionDate: SESSION } };
    expect(await awaitChildren(world.db, holdOf(second), second, [child])).toBe('busy');
    await requeueJob(world.db, holdOf(second), { delayMs: 0, keepsAttempt: true });
    expect(await statuses(handingOut)).toEqual(['cancelled']);
  });

  test('that has ended stays as it is', async () => {
    const runId = await submitRun();
    await endJob(world.db, holdOf(await claim(runId)), { status: 'completed', result: { kept: true } });
    const before = await read(runId);
    expect(await cancelTree(world.db, runId)).toEqual({ ended: 0, asked: 0 });
    expect(await read(runId)).toEqual(before);
  });

  test('while a worker runs it ends, and a finished portfolio keeps its figures', async () => {
    const own = await createWorld();
    const lots = [{ symbol: 'AAPL', quantity: '10', entryPrice: '190', entryDate: '2025-06-02' }];
    const portfolioId = await makePortfolio(own.db, { asOf: SESSION, lots });
    const payload = { portfolioId, sessionDate: SESSION };
    await withWorker(own, async () => {
      const done = await submitJob(own.db.pool, 'calculate-portfolio', payload, { trigger: 'user' });
      await ended(own.db, done.jobId);
      const figures = await figuresOf(own.db, portfolioId);
      const { jobId } = await submitJob(own.db.pool, 'run-batch', { sessionDate: SESSION }, { trigger: 'admin' });
      await cancelTree(own.db, jobId);
      expect(['cancelled', 'completed']).toContain((await ended(own.db, jobId)).status);
      expect(await figuresOf(own.db, portfolioId)).toBe(figures);
    });
    await own.close();
  });
});

describe('races', () => {
  test('a cancel against the ends of the last children never leaves a live tree, and neither waits for the other for ever', async () => {
    for (let round = 0; round < 20; round++) {
      const runId = await waitingBatch(`2024-01-${String(round + 1).padStart(2, '0')}`, 6);
      const children = await findChildren(world.db.pool, runId);
      const holds = await Promise.all(children.slice(0, 5).map(async ({ id }) => holdOf(await claim(id))));
      await Promise.all([
        ...holds.map((hold) => endJob(world.db, hold, { status: 'completed' })),
        cancelTree(world.db, runId),
        rescue(),
      ]);
      const [root] = await findTree(world.db.pool, runId);
      expect(root).toMatchObject({ status: 'cancelled', open_children: 0 });
      expect(await statuses(runId)).not.toContain('queued');
    }
  });

  test('a cancel against a parent that hands out its children leaves none of them behind', async () => {
    for (let round = 0; round < 20; round++) {
      const runId = await submitRun();
      const root = await claim(runId);
      const child: ChildJob = { kind: 'prepare-portfolio', payload: { portfolioId: crypto.randomUUID(), sessionDate: SESSION } };
      const [handedOut] = await Promise.all([awaitChildren(world.db, holdOf(root), root, [child]), cancelTree(world.db, runId)]);
      if (handedOut === 'busy') await requeueJob(world.db, holdOf(root), { delayMs: 0, keepsAttempt: true });
      expect(new Set(await statuses(runId))).toEqual(new Set(['cancelled']));
    }
  });
});

test('a tree of 10,000 is submitted and cancelled in bulk: under a second on an idle machine', async () => {
  const runId = await waitingBatch('2024-02-01', 10_000);
  const startedAt = performance.now();
  expect(await cancelTree(world.db, runId)).toEqual({ ended: 10_001, asked: 0 });
  // One by one it takes half a minute; the bound leaves room for a machine with other work.
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});
