// Where points are counted: in Redis if there is one, else in Postgres, so that several API processes share the counts; in the memory of
// the process where sharing them would cost more than it brings, and while Redis is away.
import type { Db } from '@closebell/prisma/client';
import { prepareRateLimitTable, RATE_LIMIT_SCHEMA, RATE_LIMIT_TABLE } from '@closebell/prisma/rate-limits';
import type { Logger } from '@closebell/shared/infra/logger';
import { connectRedis } from '@closebell/shared/infra/redis-connection';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import { once } from 'node:events';

export type CounterOptions = Readonly<{ keyPrefix: string; points: number; duration: number }>;

/** Takes points, or gives them back. Rejects with a RateLimiterRes when there are not so many, with anything else when it cannot count. */
export type RateCounter = Readonly<Record<'consume' | 'reward', (key: string, points?: number) => Promise<RateLimiterRes>>>;

export type RateCounters = Readonly<{ counter: (options: CounterOptions) => RateCounter; close: () => void }>;

export function memoryCounter(options: CounterOptions): RateCounter {
  return new RateLimiterMemory(options);
}

export async function postgresCounters(db: Db): Promise<RateCounters> {
  await prepareRateLimitTable(db);
  const table = { schemaName: RATE_LIMIT_SCHEMA, tableName: RATE_LIMIT_TABLE, tableCreated: true } as const;
  return { counter: (options) => new RateLimiterPostgres({ storeClient: db.pool, ...table, ...options }), close: () => {} };
}

/** No request waits longer for Redis, and after one has waited in vain, none does until Redis answers again. */
const ANSWER_MS = 150;
const CONNECT_MS = 1_000;
const PROBE_EVERY_MS = 500;

export async function redisCounters(redisUrl: string, logger: Logger): Promise<RateCounters> {
  const redis = connectRedis(redisUrl, { answerMs: ANSWER_MS });
  const outage = watchOutage(() => redis.ping(), logger);
  await once(redis, 'ready', { signal: AbortSignal.timeout(CONNECT_MS) }).catch(outage.begin);
  return {
    counter: ({ keyPrefix, ...options }) => {
      const shared = new RateLimiterRedis({
        storeClient: redis,
        rejectIfRedisNotReady: true,
        keyPrefix: `closebell-limit:${keyPrefix}`,
        ...options,
      });
      const own = memoryCounter({ keyPrefix, ...options });
      const count = async (what: 'consume' | 'reward', key: string, taken = 1): Promise<RateLimiterRes> => {
        if (outage.isOn()) return own[what](key, taken);
        try {
          return await shared[what](key, taken);
        } catch (cause) {
          if (cause instanceof RateLimiterRes) throw cause;
          outage.begin(cause);
          return own[what](key, taken);
        }
      };
      return { consume: (key, taken) => count('consume', key, taken), reward: (key, taken) => count('reward', key, taken) };
    },
    close: () => {
      outage.close();
      redis.disconnect();
    },
  };
}

type Outage = Readonly<{ isOn: () => boolean; begin: (cause: unknown) => void; close: () => void }>;

/** An outage begins with a failure and ends when `probe`, tried in the background, succeeds. */
function watchOutage(probe: () => Promise<unknown>, logger: Logger): Outage {
  let timer: NodeJS.Timeout | null = null;
  const end = (): void => {
    if (timer === null) return;
    clearInterval(timer);
    timer = null;
    logger.info('rate limits are counted in Redis again');
  };
  return {
    isOn: () => timer !== null,
    begin: (cause) => {
      if (timer !== null) return;
      logger.warn({ err: cause }, 'Redis does not answer: rate limits are counted in this process');
      timer = setInterval(() => void probe().then(end, () => undefined), PROBE_EVERY_MS);
      timer.unref();
    },
    close: () => {
      if (timer !== null) clearInterval(timer);
    },
  };
}
