// Redis killed, and Redis frozen, with rate limits on: whoever asks for a calculation must not notice.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startApiProcess, type ApiProcess } from '../support/api-process.js';
import { createClient, sendAtRate } from '../support/load.js';
import { hasRedis, startRedis } from '../support/services.js';
import type { TestService } from '../support/test-service.js';
import { until } from '../support/until.js';

const AWAY_SECONDS = 30;
/** Below every user's budget over the time: nobody is turned away for asking too often. */
const PER_SECOND = 20;
const USERS = 4;

describe.skipIf(!(await hasRedis({ ours: true })))('while Redis is away', () => {
  let redis: TestService;
  let api: ApiProcess;
  beforeEach(async () => {
    redis = await startRedis({ ours: true });
    api = await startApiProcess({ REDIS_URL: redis.url });
  });
  afterEach(async () => {
    await api.stop();
    await redis.stop();
  });

  const ready = async (): Promise<boolean> => {
    const reply = await fetch(`${api.url}/health/ready`);
    const { checks } = (await reply.json()) as { checks: { queue: { ok: boolean } } };
    return reply.status === 200 && checks.queue.ok;
  };

  it.each([
    ['killed', (service: TestService) => service.kill(), (service: TestService) => service.restart()],
    ['frozen', (service: TestService) => service.pause(), (service: TestService) => service.resume()],
  ])(
    '%s, calculate answers 202 within 300 ms, limits stay on, and the queue is ready again within 5 s',
    async (_how, takeAway, bringBack) => {
      const users = await Promise.all(Array.from({ length: USERS }, () => api.addUser()));
      const portfolioIds = await Promise.all(users.map(({ userId }) => api.addPortfolio(userId)));
      const client = createClient(api.url);
      const calculate = (place: number) =>
        client.send(`/api/v1/portfolio/${portfolioIds[place % USERS]}/calculate`, {
          method: 'POST',
          headers: users[place % USERS]!.headers,
        });
      expect(await ready()).toBe(true);
      await calculate(0);

      await takeAway(redis);
      const report = await sendAtRate({ perSecond: PER_SECOND, seconds: AWAY_SECONDS }, calculate);
      console.log('Redis', _how, report);
      expect(report.statuses).toEqual({ 202: PER_SECOND * AWAY_SECONDS });
      expect(report.p99Ms).toBeLessThan(300);
      expect(await ready()).toBe(false);
      expect((await calculate(0)).headers['ratelimit-limit']).toBe('1000');

      const backAt = performance.now();
      await bringBack(redis);
      await until('ready again', ready, 5_000);
      console.log('ready again after', Math.round(performance.now() - backAt), 'ms');
      expect((await calculate(0)).status).toBe(202);
      client.close();
    },
    120_000,
  );
});
