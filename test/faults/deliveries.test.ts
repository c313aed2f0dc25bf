// What the queue may do to a worker: deliver twice, too late, out of order, to many at once; and jobs that no worker survives.
import { describe, expect, test } from 'vitest';
import { submitJob } from '@closebell/prisma/jobs';
import { createTransport } from '@closebell/shared/infra/queues';
import { createLogger } from '@closebell/shared/infra/logger';
import { spawnFaultyWorker } from '../support/fault-points.js';
import { allFigures, createScene, remains, SESSION, type SceneCopy } from '../support/fault-scenes.js';
import { rehearse } from '../support/fault-trials.js';
import { until } from '../support/until.js';
import { ended, run, spawnWorker } from '../support/worker.js';

test('a job delivered again and again, early, late and under fences it never had, is done once', async () => {
  const { scene, figures } = await rehearse('calculate');
  const copy = await scene.copy();
  await deliver(copy, scene.jobId, [1, 2, 1, 0, 3, 2, 1, 99]);
  const workers = [spawnWorker(copy.env), spawnWorker(copy.env)];
  try {
    await ended(copy.db, scene.jobId, 60_000);
    await deliver(copy, scene.jobId, [2, 1, 3]);
    await run(copy.db, 'ping', { nonce: 'behind the late ones' });
    const { rows } = await copy.db.pool.query(`SELECT attempts_made, fence FROM jobs WHERE id = $1`, [scene.jobId]);
    expect(rows).toEqual([{ attempts_made: 1, fence: 2 }]);
    expect(await remains(copy.db, scene)).toEqual([]);
    expect(await allFigures(copy.db)).toBe(figures);
  } finally {
    await Promise.all(workers.map(({ kill }) => kill('SIGKILL')));
    await copy.close();
  }
});

/** Puts entries on the queue past the relay. */
async function deliver({ env }: SceneCopy, jobId: string, fences: readonly number[]): Promise<void> {
  const logger = createLogger({ name: 'test', level: 'silent' });
  const transport = await createTransport({ redisUrl: null, databaseUrl: env['DATABASE_URL']!, logger });
  const queue = transport.queues.get('calculations')!;
  for (const fence of fences) await queue.add('calculate-portfolio', { jobId, fence });
  await transport.close();
}

describe.each([2, 8])('%d workers that race for one portfolio', (count) => {
  test('leave the figures of one clean run', async () => {
    const { scene, figures } = await rehearse('calculate');
    const copy = await scene.copy();
    const { rows } = await copy.db.pool.query<{ id: string }>(`SELECT id FROM portfolios`);
    const portfolioId = rows[0]!.id;
    const jobIds = [scene.jobId];
    for (const sessionDate of ['2025-06-20', '2025-06-18', '2025-06-17', '2025-06-13', '2025-06-12', '2025-06-03']) {
      jobIds.push(
        (await submitJob(copy.db.pool, 'calculate-portfolio', { portfolioId, sessionDate }, { trigger: 'user' })).jobId,
      );
    }
    jobIds.push((await submitJob(copy.db.pool, 'run-batch', { sessionDate: SESSION }, { trigger: 'schedule' })).jobId);
    const workers = Array.from({ length: count }, () => spawnWorker(copy.env));
    try {
      for (const jobId of jobIds) expect((await ended(copy.db, jobId, 120_000)).status).toBe('completed');
      expect(await remains(copy.db, scene)).toEqual([]);
      expect(await allFigures(copy.db)).toBe(figures);
    } finally {
      await Promise.all(workers.map(({ kill }) => kill('SIGKILL')));
      await copy.close();
    }
  });
});

describe('a poison job', () => {
  test('whose payload does not parse fails at once and leaves other jobs going', async () => {
    const copy = await (await createScene('import')).copy();
    const { rows } = await copy.db.pool.query<{ id: string }>(
      `INSERT INTO jobs (id, kind, queue, payload, dedupe_key, priority, attempts_max, run_id, trigger)
       SELECT id, 'calculate-portfolio', 'calculations', '{"portfolioId": 7, "more": [null]}', 'poison', 1, 5, id, 'user'
       FROM (SELECT gen_random_uuid() AS id) AS new RETURNING id`,
    );
    const worker = spawnWorker(copy.env);
    try {
      expect(await ended(copy.db, rows[0]!.id)).toMatchObject({
        status: 'failed',
        attempts_made: 1,
        error: { code: 'ERR_JOB_003' },
      });
      expect((await run(copy.db, 'ping', { nonce: 'goes on' })).status).toBe('completed');
    } finally {
      await worker.kill('SIGKILL');
      await copy.close();
    }
  });

  test('that kills every worker that claims it is stopped after five starts and leaves other jobs going', async () => {
    const { scene, points } = await rehearse('import');
    const copy = await scene.copy();
    const point = points.steady.find(({ name, when }) => name.startsWith('claimJob:') && when === 'after')!;
    const { jobId: poison } = await submitJob(copy.db.pool, 'ping', { nonce: 'poison' }, { trigger: 'user' });
    let starts = 0;
    let isOver = false;
    const keepWorking = async (): Promise<void> => {
      while (!isOver) {
        const worker = await spawnFaultyWorker(copy.env, { point, does: 'kill', holds: poison });
        await Promise.race([worker.gone, until('the test is over', () => isOver, 600_000)]);
        if (worker.noted().length > 0) starts += 1;
        await worker.kill('SIGKILL');
      }
    };
    const working = keepWorking();
    try {
      expect((await ended(copy.db, scene.jobId, 180_000)).status).toBe('completed');
      expect(await ended(copy.db, poison, 240_000)).toMatchObject({
        status: 'failed',
        attempts_made: 5,
        error: { code: 'ERR_JOB_001' },
      });
      expect(starts).toBe(5);
      expect((await run(copy.db, 'ping', { nonce: 'goes on' })).status).toBe('completed');
    } finally {
      isOver = true;
      await working;
      await copy.close();
    }
  });
});
