// The queue: its store, and a job that travels all the way through it.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from '@closebell/prisma/client';
import { hasLiveWorker, type ServerFacts } from '@closebell/prisma/diagnosis';
import { cancelTree } from '@closebell/prisma/job-cancels';
import { findJob, submitJob } from '@closebell/prisma/jobs';
import { connectRedis } from '@closebell/shared/infra/redis-connection';
import { fault, messageOf, ok, warning, withoutSecrets, type Finding } from './finding.js';

const PING_WITHIN_MS = 10_000;
const PING_POLL_MS = 50;
const REDIS_WITHIN_MS = 3_000;

export async function checkQueueStore(redisUrl: string | null, facts: ServerFacts | null): Promise<Finding> {
  if (redisUrl !== null) return checkRedis(redisUrl);
  if (facts === null) return warning('queue', 'on Postgres, which is out of reach', 'Mend the database first');
  if (facts.hasQueueSchema) return ok('queue', 'on Postgres (schema bullmq)');
  return warning('queue', 'on Postgres, its schema is not there yet', 'The API and the worker make it when they start');
}

async function checkRedis(url: string): Promise<Finding> {
  const redis = connectRedis(url);
  const where = withoutSecrets(url);
  try {
    // Its own reason says more than the time-out, which is for a server that takes the connection and stays silent.
    await Promise.race([
      once(redis, 'ready', { signal: AbortSignal.timeout(REDIS_WITHIN_MS) }),
      once(redis, 'end').then(() => Promise.reject(new Error('the connection was closed'))),
    ]);
    const policy = /maxmemory_policy:(\S+)/.exec(await redis.info('memory'))?.[1];
    if (policy === undefined || policy === 'noeviction') return ok('queue', `Redis at ${where}, noeviction`);
    return fault(
      'queue',
      `Redis at ${where} may evict jobs (maxmemory-policy ${policy})`,
      'Run: redis-cli config set maxmemory-policy noeviction',
    );
  } catch (error) {
    const reason = (error as Error).name === 'AbortError' ? `no answer within ${REDIS_WITHIN_MS / 1000} s` : messageOf(error);
    return fault('queue', `Redis at ${where}: ${reason}`, 'Start it, correct REDIS_URL, or unset it to queue on Postgres');
  } finally {
    redis.disconnect();
  }
}

/** A `ping` from here to a worker and back. It leaves nothing queued behind. */
export async function checkJourney(db: Db): Promise<Finding> {
  if (!(await hasLiveWorker(db.pool)))
    return warning('jobs', 'no worker is running', 'Start one with npm start or npm run worker');
  const startedAt = performance.now();
  const { jobId } = await submitJob(db.pool, 'ping', { nonce: randomUUID() }, { trigger: 'admin' });
  while (performance.now() - startedAt < PING_WITHIN_MS) {
    const job = await findJob(db.pool, jobId);
    if (job?.status === 'completed') return ok('jobs', `a ping came back after ${Math.round(performance.now() - startedAt)} ms`);
    if (job?.status === 'failed')
      return fault('jobs', `a ping failed: ${job.error?.message ?? 'no reason'}`, 'Look into the log of the worker');
    await sleep(PING_POLL_MS);
  }
  await cancelTree(db, jobId);
  return fault(
    'jobs',
    `a ping did not come back within ${PING_WITHIN_MS / 1000} s although a worker is connected`,
    'Do API and worker have the same REDIS_URL? Look into the log of the worker',
  );
}
