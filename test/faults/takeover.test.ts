// From the SIGKILL of a worker in the middle of a calculation to the claim by another: at most the lease and five seconds.
import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import type { Db } from '@closebell/prisma/client';
import { oneOf, spawnFaultyWorker, type FaultyWorker } from '../support/fault-points.js';
import { LEASE_SECONDS, remains } from '../support/fault-scenes.js';
import { rehearse, severalAtOnce, type Rehearsed } from '../support/fault-trials.js';
import { hasRedis, startRedis } from '../support/services.js';
import { until } from '../support/until.js';
import { ended } from '../support/worker.js';

const KILLS = 20;
const AT_ONCE = 2;
const LIMIT_MS = (LEASE_SECONDS + 5) * 1_000;
/** Within the time a calculation takes. */
const DELAY_MS_MAX = 250;

describe.each(['postgres', 'redis'] as const)('with the queue on %s', (backend) => {
  test(`${KILLS} workers killed at random instants are each taken over within the lease and five seconds`, async (context) => {
    if (backend === 'redis' && !(await hasRedis({ ours: true }))) context.skip();
    const rehearsed = await rehearse('calculate');
    const lanes = Array.from({ length: AT_ONCE }, (_, lane) => lane);
    const perLane = await severalAtOnce(AT_ONCE, lanes, async () => takeovers(rehearsed, KILLS / AT_ONCE, backend));
    const times = perLane.flat();
    const worst = Math.max(...times);
    console.log(
      `${backend}: ${times.length} takeovers, the slowest ${worst} ms, the median ${times.sort((a, b) => a - b)[times.length >> 1]} ms`,
    );
    expect(times).toHaveLength(KILLS);
    expect(worst).toBeLessThanOrEqual(LIMIT_MS);
  });
});

async function takeovers(rehearsed: Rehearsed, count: number, backend: 'postgres' | 'redis'): Promise<readonly number[]> {
  const redis = backend === 'redis' ? await startRedis({ ours: true }) : null;
  const env: Readonly<Record<string, string>> = redis === null ? {} : { REDIS_URL: redis.url };
  try {
    const times: number[] = [];
    while (times.length < count) {
      if (redis !== null) await empty(redis.url);
      const time = await takeover(rehearsed, env);
      if (time !== null) times.push(time);
    }
    return times;
  } finally {
    await redis?.stop();
  }
}

async function empty(url: string): Promise<void> {
  const client = new Redis(url);
  await client.flushall();
  client.disconnect();
}

/** Null when the one that was killed held no job at that instant. */
async function takeover({ scene, points }: Rehearsed, backend: Readonly<Record<string, string>>): Promise<number | null> {
  const copy = await scene.copy();
  const fault = {
    point: points.steady.find(({ name, when }) => name.startsWith('claimJob:') && when === 'after')!,
    does: 'kill' as const,
    delayMs: 1 + Math.floor(Math.random() * DELAY_MS_MAX),
    permit: await oneOf(),
  };
  const workers = await Promise.all([
    spawnFaultyWorker({ ...copy.env, ...backend }, fault),
    spawnFaultyWorker({ ...copy.env, ...backend }, fault),
  ]);
  try {
    await Promise.race(workers.map(({ gone }) => gone));
    const killed = workers.find(({ noted }) => noted().length > 0);
    if (!killed) throw new Error(`a worker ended by itself: ${workers.map(({ output }) => output()).join('\n')}`);
    const time = await claimAfter(copy.db, killed);
    await ended(copy.db, scene.jobId, 60_000);
    expect(await remains(copy.db, scene)).toEqual([]);
    return time;
  } finally {
    await Promise.all(workers.map(async ({ kill, child }) => (child.signalCode === null ? kill('SIGKILL') : undefined)));
    await copy.close();
  }
}

type Held = Readonly<{ id: string; fence: number; status: string; heartbeat_at: Date }>;

async function claimAfter(db: Db, { noted }: FaultyWorker): Promise<number | null> {
  const killedAt = Number(noted()[0]);
  const { rows } = await db.pool.query<Held>(`SELECT id, fence FROM jobs WHERE status = 'running' AND lease_until IS NOT NULL`);
  const held = rows[0];
  if (!held) return null;
  let time: number | null = null;
  await until(
    'the job has another holder, or has ended in its own',
    async () => {
      const { rows: now } = await db.pool.query<Held>(`SELECT fence, status, heartbeat_at FROM jobs WHERE id = $1`, [held.id]);
      const { fence, status, heartbeat_at: beatAt } = now[0]!;
      if (fence === held.fence) return status !== 'running';
      if (status === 'queued' || beatAt.getTime() <= killedAt) return false;
      time = beatAt.getTime() - killedAt;
      return true;
    },
    60_000,
  );
  return time;
}
