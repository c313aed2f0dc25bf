// The budgets, and what counts them: Redis if there is one, else Postgres, so that several API processes share the counts.
import type { Db } from '@closebell/prisma/client';
import { prepareRateLimitTable, RATE_LIMIT_SCHEMA, RATE_LIMIT_TABLE } from '@closebell/prisma/rate-limits';
import type { Config } from '@closebell/shared/config';
import type { Logger } from '@closebell/shared/infra/logger';
import { connectRedis } from '@closebell/shared/infra/redis-connection';
import { RateLimiterPostgres, RateLimiterRedis, RateLimiterRes, type RateLimiterStoreAbstract } from 'rate-limiter-flexible';
import { createHash } from 'node:crypto';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How many points per window. The first two are each user's (each address's where nobody is logged in), polls count on their own. */
export const BUDGETS = {
  minute: { points: 1_000, windowSeconds: MINUTE },
  hour: { points: 10_000, windowSeconds: HOUR },
  poll: { points: 3_000, windowSeconds: MINUTE },
  /** Per user. */
  upload: { points: 50, windowSeconds: HOUR },
  /** Attempts per address. */
  registration: { points: 100, windowSeconds: HOUR },
  /** Accounts made per address. */
  accounts: { points: 50, windowSeconds: DAY },
  /** Failed logins per address and account: guessing one password must be slow, a wrong one elsewhere must not lock the owner out. */
  failedLogins: { points: 20, windowSeconds: 15 * MINUTE },
} as const;

export type Budget = keyof typeof BUDGETS;

export type Spent = Readonly<{ allowed: boolean; limit: number; remaining: number; resetSeconds: number }>;

export type RateLimiter = Readonly<{
  /** Takes a point; null when nothing is counted, because limits are off or the store is down. */
  spend: (budget: Budget, key: string) => Promise<Spent | null>;
  /** Gives a point back. */
  refund: (budget: Budget, key: string) => Promise<void>;
  close: () => void;
}>;

const UNLIMITED: RateLimiter = { spend: async () => null, refund: async () => {}, close: () => {} };

export async function createRateLimiter(config: Config, db: Db, logger: Logger): Promise<RateLimiter> {
  if (!config.rateLimits) return UNLIMITED;
  const store = config.redisUrl === null ? await postgresStore(db) : redisStore(config.redisUrl);
  const counters = Object.fromEntries(
    Object.entries(BUDGETS).map(([name, { points, windowSeconds }]) => [
      name,
      store.counter({ keyPrefix: name, points, duration: windowSeconds }),
    ]),
  ) as Record<Budget, RateLimiterStoreAbstract>;
  return {
    spend: async (budget, key) => {
      try {
        return spent(budget, await counters[budget].consume(shortKey(key)), true);
      } catch (cause) {
        if (cause instanceof RateLimiterRes) return spent(budget, cause, false);
        // Without its counters a server that still works would turn everybody away; better a while without limits.
        logger.warn({ err: cause, budget }, 'rate limits are not counted');
        return null;
      }
    },
    refund: async (budget, key) => {
      await counters[budget]
        .reward(shortKey(key))
        .catch((cause: unknown) => logger.warn({ err: cause, budget }, 'rate limits are not counted'));
    },
    close: store.close,
  };
}

type CounterOptions = Readonly<{ keyPrefix: string; points: number; duration: number }>;
type Store = Readonly<{ counter: (options: CounterOptions) => RateLimiterStoreAbstract; close: () => void }>;

async function postgresStore(db: Db): Promise<Store> {
  await prepareRateLimitTable(db);
  const table = { schemaName: RATE_LIMIT_SCHEMA, tableName: RATE_LIMIT_TABLE, tableCreated: true } as const;
  return { counter: (options) => new RateLimiterPostgres({ storeClient: db.pool, ...table, ...options }), close: () => {} };
}

function redisStore(redisUrl: string): Store {
  const redis = connectRedis(redisUrl);
  return {
    counter: ({ keyPrefix, ...options }) =>
      new RateLimiterRedis({
        storeClient: redis,
        rejectIfRedisNotReady: true,
        keyPrefix: `closebell-limit:${keyPrefix}`,
        ...options,
      }),
    close: () => redis.disconnect(),
  };
}

function spent(budget: Budget, { remainingPoints, msBeforeNext }: RateLimiterRes, allowed: boolean): Spent {
  return {
    allowed,
    limit: BUDGETS[budget].points,
    remaining: remainingPoints,
    resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1_000)),
  };
}

/** Keys have a bounded length in the table, and an e-mail address has no business in a counter. */
function shortKey(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 24);
}
