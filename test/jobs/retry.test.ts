// A retry puts a run back as if it had never failed, and never beside a new one.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { planRetries, retryJob } from '@closebell/prisma/job-retries';
import { awaitChildren, claimJob, endJob } from '@closebell/prisma/job-runs';
import { findChildren, findJob, findTree, listJobs, pruneJobs, submitJob, type JobRow } from '@closebell/prisma/jobs';
import { createWorld, type TestWorld } from '../support/worker.js';

const LEASE_MS = 60_000;

let world: TestWorld;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.close());

const claim = async (jobId: string): Promise<JobRow> => {
  const { fence } = (await findJob(world.db.pool, jobId))!;
  return (await claimJob(world.db.pool, jobId, fence, LEASE_MS))!;
};
const holdOf = ({ id, fence }: JobRow) => ({ id, fence, leaseMs: LEASE_MS });
const submitBatch = async (sessionDate: string) =>
  (await submitJob(world.db.pool, 'run-batch', { sessionDate }, { trigger: 'admin' })).jobId;

/** A sweep whose batch has failed with its chunk: three levels. */
async function failedSweep(sessionDate: string) {
  const { jobId } = await submitJob(world.db.pool, 'sweep-snapshots', { sessionDate }, { trigger: 'schedule' });
  const sweep = await claim(jobId);
  await awaitChildren(world.db, holdOf(sweep), sweep, [{ kind: 'run-batch', payload: { sessionDate } }]);
  const batch = await claim((await findChildren(world.db.pool, jobId))[0]!.id);
  const payload = { runId: batch.id, chunk: 0, sessionDate, portfolioIds: [] };
  await awaitChildren(world.db, holdOf(batch), batch, [{ kind: 'calculate-chunk', payload }]);
  const [chunk] = await findChildren(world.db.pool, batch.id);
  for (const id of [chunk!.id, batch.id, jobId]) await endJob(world.db, holdOf(await claim(id)), { status: 'failed' });
  return { runId: jobId, batchId: batch.id, chunkId: chunk!.id };
}

test('of a part puts back its root, and leaves nothing of the failed try', async () => {
  const { runId, batchId, chunkId } = await failedSweep('2025-06-20');
  expect(await retryJob(world.db, chunkId)).toEqual({ outcome: 'queued', runId });
  expect((await findTree(world.db.pool, runId)).map(({ id, status }) => ({ id, status }))).toEqual([
    { id: runId, status: 'queued' },
  ]);
  expect(await listJobs(world.db.pool, { kinds: ['run-batch'], rootsOnly: true, limit: 10 })).toEqual([]);
  expect(await retryJob(world.db, batchId)).toEqual({ outcome: 'not_found' });
});

test('is planned as it would be done, in the order asked for, without changing anything', async () => {
  const { runId, chunkId } = await failedSweep('2025-06-18');
  const taken = await submitBatch('2025-06-17');
  await endJob(world.db, holdOf(await claim(taken)), { status: 'failed' });
  const live = await submitBatch('2025-06-17');
  const before = await findTree(world.db.pool, runId);
  expect(await planRetries(world.db.pool, [live, chunkId, crypto.randomUUID(), taken])).toEqual([
    { jobId: live, runId: live, refusal: { outcome: 'not_failed', status: 'queued' } },
    { jobId: chunkId, runId, refusal: null },
    { jobId: taken, runId: taken, refusal: { outcome: 'already_live', liveJobId: live } },
  ]);
  expect(await findTree(world.db.pool, runId)).toEqual(before);
});

test('against a new submit gives one live job, whoever is first', async () => {
  for (let round = 0; round < 20; round++) {
    const sessionDate = `2024-01-${String(round + 1).padStart(2, '0')}`;
    const failed = await submitBatch(sessionDate);
    await endJob(world.db, holdOf(await claim(failed)), { status: 'failed' });
    const [retried, again, submitted] = await Promise.all([
      retryJob(world.db, failed),
      retryJob(world.db, failed),
      submitBatch(sessionDate),
    ]);
    const { rows } = await world.db.pool.query<{ id: string }>(
      `SELECT id FROM jobs WHERE dedupe_key = $1 AND status IN ('queued', 'running')`,
      [`run-batch ${sessionDate}`],
    );
    expect(rows).toEqual([{ id: submitted }]);
    const queued = [retried, again].filter(({ outcome }) => outcome === 'queued');
    expect(queued).toHaveLength(submitted === failed ? 1 : 0);
  }
});

test('and a clean-up of old trees do not take rows from each other', async () => {
  const { runId, chunkId } = await failedSweep('2025-06-16');
  await world.db.pool.query(`UPDATE jobs SET finished_at = clock_timestamp() - interval '40 days' WHERE run_id = $1`, [runId]);
  const [retried, pruned] = await Promise.all([retryJob(world.db, chunkId), pruneJobs(world.db.pool, 30)]);
  expect([retried.outcome, pruned]).toEqual(retried.outcome === 'queued' ? ['queued', 0] : ['not_found', 3]);
});
