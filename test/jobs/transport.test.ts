// The way of a job on both backends: two workers as real processes, killed at random, and a queue that forgets everything.
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeDb, createDb, inTransaction, type Db } from '@closebell/prisma/client';
import { submitJob } from '@closebell/prisma/jobs';
import { createLogger } from '@closebell/shared/infra/logger';
import { createTransport } from '@closebell/shared/infra/queues';
import { createTestDatabase } from '../support/database.js';
import { hasRedis, startRedis } from '../support/services.js';
import type { TestService } from '../support/test-service.js';
import { until } from '../support/until.js';
import type { Program } from '../support/programs.js';
import { spawnWorker } from '../support/worker.js';

const JOBS_TOTAL = 1_000;
const KILLS = 3;

describe.each(['postgres', 'redis'] as const)('on %s', (backend) => {
  const missing = backend === 'redis' ? hasRedis({ ours: true }).then((has) => !has) : Promise.resolve(false);
  let redis: TestService | null = null;
  let db: Db;
  let env: Readonly<Record<string, string>>;

  beforeAll(async () => {
    const { url } = await createTestDatabase();
    db = createDb({ databaseUrl: url });
    redis = backend === 'redis' && !(await missing) ? await startRedis({ ours: true }) : null;
    env = { DATABASE_URL: url, JOB_LEASE_SECONDS: '2', ...(redis ? { REDIS_URL: redis.url } : {}) };
  });
  afterAll(async () => {
    await closeDb(db);
    await redis?.stop();
  });

  test(
    `${JOBS_TOTAL} jobs each end once, though workers are killed and the queue is emptied`,
    { timeout: 120_000 },
    async (ctx) => {
      if (await missing) ctx.skip();
      await submitPings(db);
      const workers: Program[] = [spawnWorker(env), spawnWorker(env)];
      try {
        await Promise.all(workers.map(({ ready }) => ready));
        for (let kill = 0; kill < KILLS; kill++) {
          await until('some jobs are done', async () => (await countEnded(db)) > (kill + 1) * (JOBS_TOTAL / (KILLS + 3)), 60_000);
          await workers[kill % 2]!.kill('SIGKILL');
          if (kill === 1) await forget(backend, env);
          workers[kill % 2] = spawnWorker(env);
          await workers[kill % 2]!.ready;
        }
        await until('all jobs are done', async () => (await countEnded(db)) === JOBS_TOTAL, 90_000);
      } finally {
        await Promise.all(workers.map(({ kill }) => kill('SIGTERM')));
      }
      const { rows } = await db.pool.query<{ status: string; count: number }>(
        `SELECT status, count(*) AS count FROM jobs WHERE kind = 'ping' GROUP BY status`,
      );
      expect(rows).toEqual([{ status: 'completed', count: JOBS_TOTAL }]);
    },
  );

  test('workers that start at the same moment all set the alarm clocks, and all start', async (ctx) => {
    if (await missing) ctx.skip();
    const logger = createLogger({ name: 'test', level: 'silent' });
    const options = { redisUrl: redis?.url ?? null, databaseUrl: db.url, logger };
    const transports = await Promise.all(Array.from({ length: 6 }, () => createTransport(options)));
    try {
      for (let round = 0; round < 5; round++) await Promise.all(transports.map(({ syncSchedules }) => syncSchedules()));
    } finally {
      await Promise.all(transports.map(({ close }) => close()));
    }
  });

  test('a worker told to stop is gone within ten seconds and leaves nothing running', async (ctx) => {
    if (await missing) ctx.skip();
    const worker = spawnWorker(env);
    await worker.ready;
    await submitPings(db, 20);
    const before = performance.now();
    await worker.kill('SIGTERM');
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(worker.child.exitCode).toBe(0);
    const { rows } = await db.pool.query(`SELECT 1 FROM jobs WHERE status = 'running'`);
    expect(rows).toEqual([]);
  });
});

async function submitPings(db: Db, count = JOBS_TOTAL): Promise<void> {
  const batch = Math.random().toString(36).slice(2);
  await inTransaction(db, async (client) => {
    for (let n = 0; n < count; n++) await submitJob(client, 'ping', { nonce: `${batch} ${n}` }, { trigger: 'user' });
  });
}

async function countEnded(db: Db): Promise<number> {
  const { rows } = await db.pool.query<{ count: number }>(
    `SELECT count(*) AS count FROM jobs WHERE kind = 'ping' AND finished_at IS NOT NULL`,
  );
  return rows[0]!.count;
}

/** What a flush or a restart without a file does to the queue. */
async function forget(backend: 'postgres' | 'redis', env: Readonly<Record<string, string>>): Promise<void> {
  if (backend === 'redis') {
    const client = new Redis(env['REDIS_URL']!);
    await client.flushall();
    client.disconnect();
    return;
  }
  const db = createDb({ databaseUrl: env['DATABASE_URL']! });
  const { rows } = await db.pool.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'bullmq' AND tablename IN ('job', 'jobs', 'bullmq_job')`,
  );
  for (const { name } of rows) await db.pool.query(`DELETE FROM ${name}`);
  await closeDb(db);
}
