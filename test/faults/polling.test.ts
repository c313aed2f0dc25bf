// A thousand polls a second, most of them of runs that have not changed: answered from Postgres, without a word to Redis.
import { submitJob } from '@closebell/prisma/jobs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiProcess, type ApiProcess, type ApiUser } from '../support/api-process.js';
import { createClient, sendAtRate } from '../support/load.js';
import { hasRedis, startRedis } from '../support/services.js';
import type { TestService } from '../support/test-service.js';

const USERS = 40;
const POLLS_PER_SECOND = 1_000;
const SECONDS = 10;
/** With the clock's own change once a second, a fifth of the polls sees something new. */
const CHANGE_EVERY_MS = 250;

describe.skipIf(!(await hasRedis({ ours: true })))('polls', () => {
  let redis: TestService;
  let api: ApiProcess;
  beforeAll(async () => {
    redis = await startRedis({ ours: true });
    api = await startApiProcess({ REDIS_URL: redis.url });
  });
  afterAll(async () => {
    await api.stop();
    await redis.stop();
  });

  it('are answered at 1,000 a second within 50 ms, 80 % with 304, and Redis hears of none', async () => {
    const runs = await Promise.all(Array.from({ length: USERS }, startRun));
    const client = createClient(api.url);
    const etags = runs.map(() => 'none');
    const poll = async (place: number) => {
      const [at, user] = [place % USERS, runs[place % USERS]!.user];
      const answer = await client.send(runs[at]!.path, { headers: { ...user.headers, 'If-None-Match': etags[at]! } });
      etags[at] = answer.headers.etag ?? etags[at]!;
      return answer;
    };
    await sendAtRate({ perSecond: POLLS_PER_SECOND, seconds: 3 }, poll);
    const before = await commandsOf(redis.url);
    const changing = setInterval(() => void changeRuns(), CHANGE_EVERY_MS);
    const report = await sendAtRate({ perSecond: POLLS_PER_SECOND, seconds: SECONDS }, poll);
    clearInterval(changing);
    client.close();
    console.log('polls', report);
    expect(Object.keys(report.statuses).toSorted()).toEqual(['200', '304']);
    expect(report.statuses[304]! / (POLLS_PER_SECOND * SECONDS)).toBeGreaterThan(0.7);
    expect(report.p99Ms).toBeLessThan(50);
    expect(await commandsOf(redis.url)).toEqual(before);
  });

  async function startRun(): Promise<Readonly<{ user: ApiUser; path: string }>> {
    const user = await api.addUser();
    const portfolioId = await api.addPortfolio(user.userId);
    const payload = { portfolioId, sessionDate: '2025-03-14', onboarding: true };
    const { jobId } = await submitJob(api.db.pool, 'calculate-portfolio', payload, { trigger: 'user' });
    await api.db.pool.query(
      `UPDATE jobs SET status = 'running', started_at = clock_timestamp() - random() * interval '1 second', progress = $2 WHERE id = $1`,
      [jobId, { phase: 3, phase_name: 'P&L and snapshots', done: 0, total: 1_000, unit: 'sessions', reached: 3 }],
    );
    return { user, path: `/api/v1/portfolio/${portfolioId}/batch-status/${jobId}` };
  }

  async function changeRuns(): Promise<void> {
    await api.db.pool.query(
      `UPDATE jobs SET progress = jsonb_set(progress, '{done}', to_jsonb((progress->>'done')::int + 1)) WHERE status = 'running'`,
    );
  }
});

/** Calls of each command that a request could cause: the queue's connections check their own health by INFO and PING. */
async function commandsOf(url: string): Promise<Readonly<Record<string, string>>> {
  const redis = new Redis(url);
  try {
    const stats = await redis.info('commandstats');
    const calls = [...stats.matchAll(/cmdstat_([^:]+):calls=(\d+)/g)].map(([, name = '', total = '']) => [name, total] as const);
    return Object.fromEntries(calls.filter(([name]) => !/^(info|ping|client|hello|auth|select)/.test(name)));
  } finally {
    redis.disconnect();
  }
}
