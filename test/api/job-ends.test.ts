import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { listenForJobEnds, type JobEnds } from '@closebell/prisma/job-ends';
import { submitJob } from '@closebell/prisma/jobs';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { endJob } from './records.js';

let db: Db;
let jobEnds: JobEnds;

beforeAll(async () => {
  db = createDb({ databaseUrl: (await createTestDatabase()).url });
  jobEnds = listenForJobEnds(db);
  await until('the listener is connected', async () => (await listeners()).length === 1);
});
afterAll(async () => {
  await jobEnds.close();
  await closeDb(db);
});

async function newJob(): Promise<string> {
  return (await submitJob(db.pool, 'ping', { nonce: randomUUID() }, { trigger: 'user' })).jobId;
}

async function listeners(): Promise<readonly number[]> {
  const { rows } = await db.pool.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN closebell_job_ended%'`,
  );
  return rows.map(({ pid }) => pid);
}

async function endSilently(jobId: string): Promise<void> {
  await db.pool.query(`UPDATE jobs SET status = 'completed', finished_at = now() WHERE id = $1`, [jobId]);
}

it('a job that has ended is answered at once', async () => {
  const jobId = await newJob();
  await endJob(db, jobId, { status: 'completed' });
  expect(await jobEnds.wait(jobId, 30_000)).toMatchObject({ id: jobId, status: 'completed' });
});

it('a job that goes on is answered null when the time is over', async () => {
  expect(await jobEnds.wait(await newJob(), 0)).toBeNull();
  expect(await jobEnds.wait(await newJob(), 50)).toBeNull();
});

it('an end wakes everybody who waits for it, and many who wait hold no connection', async () => {
  const jobIds = await Promise.all(Array.from({ length: 50 }, newJob));
  const waits = jobIds.flatMap((jobId) => [jobEnds.wait(jobId, 30_000), jobEnds.wait(jobId, 30_000)]);
  for (const jobId of jobIds) await endJob(db, jobId, { status: 'failed' });
  const ended = await Promise.all(waits);
  expect(ended.map((job) => job?.status)).toEqual(Array.from({ length: 100 }, () => 'failed'));
});

it('an end that nobody was told of is found by the poll', async () => {
  const jobId = await newJob();
  const wait = jobEnds.wait(jobId, 30_000);
  await endSilently(jobId);
  expect(await wait).toMatchObject({ status: 'completed' });
});

it('a listener whose connection was cut comes back', async () => {
  const [before] = await listeners();
  await db.pool.query('SELECT pg_terminate_backend($1)', [before]);
  const jobId = await newJob();
  const wait = jobEnds.wait(jobId, 30_000);
  await endSilently(jobId);
  expect(await wait).toMatchObject({ status: 'completed' });
  await until('another listener is connected', async () => {
    const [now] = await listeners();
    return now !== undefined && now !== before;
  });
});
