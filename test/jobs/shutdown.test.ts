// A worker that is told to stop is gone within ten seconds, whatever state it or its services are in, and its work is with another.
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { relayDueJobs } from '@closebell/prisma/job-relay';
import { findJob, submitJob } from '@closebell/prisma/jobs';
import { inlineRunner } from '@closebell/worker/handler-run';
import { runJob } from '@closebell/worker/run-job';
import { createTestDatabase, prepareDatabase } from '../support/database.js';
import type { Program } from '../support/programs.js';
import { hasRedis, startPostgres, startRedis } from '../support/services.js';
import { until } from '../support/until.js';
import { createWorld, ended, MISBEHAVING, spawnWorker } from '../support/worker.js';

const redisIsThere = await hasRedis({ ours: true });

/** An orchestrator's patience. */
const STOP_WITHIN_MS = 10_000;

const ping = async (db: Db, nonce: string): Promise<string> =>
  (await submitJob(db.pool, 'ping', { nonce: `${nonce} ${randomUUID()}` }, { trigger: 'user' })).jobId;
const countRunning = async (db: Db): Promise<number> =>
  (await db.pool.query(`SELECT 1 FROM jobs WHERE status = 'running'`)).rowCount ?? 0;
const isRunning = async (db: Db, jobId: string): Promise<boolean> => (await findJob(db.pool, jobId))?.status === 'running';

async function stopMs(worker: Program): Promise<number> {
  const askedAt = performance.now();
  await worker.kill('SIGTERM');
  return performance.now() - askedAt;
}

test('an entry that comes when the end has begun is not claimed but given back, and is due at once', async () => {
  const world = await createWorld();
  const jobId = await ping(world.db, 'any');
  await relayDueJobs(world.db, 10, () => Promise.resolve());
  const runner = inlineRunner(world.context);
  const options = { leaseMs: 30_000, shutdown: AbortSignal.abort(), runner };
  await runJob(world.context, { jobId, fence: 1 }, options);
  expect(await findJob(world.db.pool, jobId)).toMatchObject({ status: 'queued', fence: 2, attempts_made: 0 });
  // The same entry again finds nothing to give back.
  await runJob(world.context, { jobId, fence: 1 }, options);
  expect(await findJob(world.db.pool, jobId)).toMatchObject({ fence: 2 });
  const relayed: string[] = [];
  await relayDueJobs(world.db, 10, async (jobs) => void relayed.push(...jobs.map(({ id, fence }) => `${id} ${fence}`)));
  expect(relayed).toEqual([`${jobId} 2`]);
  await world.close();
});

describe('on SIGTERM a worker', { timeout: 90_000 }, () => {
  let db: Db;
  let env: Readonly<Record<string, string>>;
  beforeEach(async () => {
    const { url } = await createTestDatabase();
    db = createDb({ databaseUrl: url });
    env = { DATABASE_URL: url, JOB_LEASE_SECONDS: '2', WORKER_THREADS: '1' };
  });
  afterEach(() => closeDb(db));

  test.each(['heed', 'block'])('hands over handlers that %s, with their try given back, and exits with code 0', async (deed) => {
    const worker = spawnWorker(env, { preload: MISBEHAVING });
    await worker.ready;
    const jobIds = [await ping(db, deed), await ping(db, 'heed'), await ping(db, 'heed')];
    // The queue's other place may have gone to a scheduled job, which a blocked thread never ends.
    await until('two run', async () => (await isRunning(db, jobIds[0]!)) && (await countRunning(db)) === 2);
    expect(await stopMs(worker)).toBeLessThan(STOP_WITHIN_MS);
    expect(worker.child.exitCode, worker.output()).toBe(0);
    expect(await countRunning(db)).toBe(0);
    // A worker whose handlers do as they should finds them all due.
    const successor = spawnWorker(env);
    try {
      for (const jobId of jobIds) expect(await ended(db, jobId)).toMatchObject({ status: 'completed', attempts_made: 1 });
    } finally {
      await successor.kill('SIGTERM');
    }
  });

  test.skipIf(!redisIsThere).each(['pause', 'kill'] as const)('hands over what runs with Redis away (%s)', async (fault) => {
    const redis = await startRedis({ ours: true });
    const worker = spawnWorker({ ...env, REDIS_URL: redis.url }, { preload: MISBEHAVING });
    try {
      await worker.ready;
      const jobId = await ping(db, 'heed');
      await until('it runs', () => isRunning(db, jobId));
      await redis[fault]();
      expect(await stopMs(worker)).toBeLessThan(STOP_WITHIN_MS);
      expect(await findJob(db.pool, jobId)).toMatchObject({ status: 'queued', attempts_made: 0 });
      expect(await countRunning(db)).toBe(0);
    } finally {
      await worker.kill('SIGKILL');
      await redis.stop();
    }
  });
});

test.each(['pause', 'kill'] as const)(
  'with Postgres away (%s) a worker still goes on SIGTERM, and what it ran is taken over when Postgres is back',
  { timeout: 90_000 },
  async (fault) => {
    const postgres = await startPostgres({ ours: true });
    await prepareDatabase(postgres.url);
    const db = createDb({ databaseUrl: postgres.url });
    const env = { DATABASE_URL: postgres.url, JOB_LEASE_SECONDS: '2', WORKER_THREADS: '1' };
    const workers = [spawnWorker(env, { preload: MISBEHAVING })];
    try {
      await workers[0]!.ready;
      const jobId = await ping(db, 'heed');
      await until('it runs', () => isRunning(db, jobId));
      await postgres[fault]();
      expect(await stopMs(workers[0]!)).toBeLessThan(STOP_WITHIN_MS);
      await (fault === 'pause' ? postgres.resume() : postgres.restart());
      workers.push(spawnWorker(env));
      expect(await ended(db, jobId)).toMatchObject({ status: 'completed' });
    } finally {
      await Promise.all(workers.map(({ kill }) => kill('SIGKILL')));
      await closeDb(db);
      await postgres.stop();
    }
  },
);
