// Force asked for while a batch of the same session is on its way: the wish joins the batch, and no portfolio it has passed is left behind.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { requestBatch } from '@closebell/prisma/calculation-requests';
import { awaitChildren, claimJob, endJob, type ChildJob, type JobHold } from '@closebell/prisma/job-runs';
import { findChildren, findJob, submitJob } from '@closebell/prisma/jobs';
import { figuresOf, makePortfolio } from '../support/ledger.js';
import { createWorld, ended, run, withWorker, type TestWorld } from '../support/worker.js';

const SESSION = '2025-06-20';
const LEASE_MS = 60_000;
const lots = [{ symbol: 'AAPL', quantity: '10', entryPrice: '190', entryDate: '2025-06-02' }];

let world: TestWorld;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const claim = async (jobId: string): Promise<JobHold> => {
  const { fence } = (await findJob(world.db.pool, jobId))!;
  await claimJob(world.db.pool, jobId, fence, LEASE_MS);
  return { id: jobId, fence, leaseMs: LEASE_MS };
};

test('a forced batch that joins one at its very end is computed by it', async () => {
  const portfolioId = await makePortfolio(world.db, { asOf: SESSION, openedOn: SESSION, lots });
  await withWorker(world, () => run(world.db, 'calculate-portfolio', { portfolioId, sessionDate: SESSION }));
  const figures = await figuresOf(world.db, portfolioId);
  const { jobId } = await submitJob(world.db.pool, 'run-batch', { sessionDate: SESSION }, { trigger: 'schedule' });
  const batch = await claim(jobId);
  const chunk: ChildJob = {
    kind: 'calculate-chunk',
    payload: { runId: jobId, chunk: 0, sessionDate: SESSION, portfolioIds: [portfolioId] },
  };
  await awaitChildren(world.db, batch, (await findJob(world.db.pool, jobId))!, [chunk]);
  const [child] = await findChildren(world.db.pool, jobId);
  const computed = { processed: 1, succeeded: 1, partial: 0, failed: 0, skipped: {}, sessions: 0, failures: [] };
  await endJob(world.db, await claim(child!.id), { status: 'completed', result: computed });
  const ending = await claim(jobId);

  const joined = await requestBatch(world.db, { sessionDate: SESSION, force: true, origin: { trigger: 'admin' } });
  expect(joined).toEqual({ jobId, created: false });
  expect(await endJob(world.db, ending, { status: 'completed' })).toBe('queued');

  const job = await withWorker(world, () => ended(world.db, jobId));
  expect(job).toMatchObject({ status: 'completed', result: { processed: 2, succeeded: 2, chunks: 2 } });
  const { rows } = await world.db.pool.query(`SELECT dirty_from FROM portfolios WHERE id = $1`, [portfolioId]);
  expect(rows).toEqual([{ dirty_from: null }]);
  expect(await figuresOf(world.db, portfolioId)).toBe(figures);
});
