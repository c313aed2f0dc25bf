// The budgets of the API, and taking from them.
import type { Db } from '@closebell/prisma/client';
import { readTogether } from '@closebell/prisma/read-together';
import type { Config } from '@closebell/shared/config';
import { groupBy } from '@closebell/shared/grouping';
import type { Logger } from '@closebell/shared/infra/logger';
import { RateLimiterRes } from 'rate-limiter-flexible';
import { createHash } from 'node:crypto';
import { memoryCounter, postgresCounters, redisCounters, type RateCounter } from './rate-counters.js';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

type BudgetDefinition = Readonly<{ points: number; windowSeconds: number; perProcess?: boolean }>;

/** How many points per window. The first two are each user's (each address's where nobody is logged in), polls count on their own. */
export const BUDGETS = {
  minute: { points: 1_000, windowSeconds: MINUTE },
  hour: { points: 10_000, windowSeconds: HOUR },
  /** In each API process by itself: a poll asks one database and nothing else. */
  poll: { points: 3_000, windowSeconds: MINUTE, perProcess: true },
  /** Per user. */
  upload: { points: 50, windowSeconds: HOUR },
  /** Attempts per address. */
  registration: { points: 100, windowSeconds: HOUR },
  /** Accounts made per address. */
  accounts: { points: 50, windowSeconds: DAY },
  /** Failed logins per address and account: guessing one password must be slow, a wrong one elsewhere must not lock the owner out. */
  failedLogins: { points: 20, windowSeconds: 15 * MINUTE },
} as const satisfies Readonly<Record<string, BudgetDefinition>>;

export type Budget = keyof typeof BUDGETS;

export type Spent = Readonly<{ allowed: boolean; limit: number; remaining: number; resetSeconds: number }>;

export type RateLimiter = Readonly<{
  /** Takes a point; null when nothing is counted, because limits are off or the database that counts is down. */
  spend: (budget: Budget, key: string) => Promise<Spent | null>;
  /** Gives a point back. */
  refund: (budget: Budget, key: string) => Promise<void>;
  close: () => void;
}>;

const UNLIMITED: RateLimiter = { spend: async () => null, refund: async () => {}, close: () => {} };

export async function createRateLimiter(config: Config, db: Db, logger: Logger): Promise<RateLimiter> {
  if (!config.rateLimits) return UNLIMITED;
  const shared = config.redisUrl === null ? await postgresCounters(db) : await redisCounters(config.redisUrl, logger);
  const counters = new Map<Budget, RateCounter>();
  const takers = new Map<Budget, (key: string) => Promise<Taken>>();
  for (const [name, { points, windowSeconds, perProcess = false }] of Object.entries<BudgetDefinition>(BUDGETS)) {
    const options = { keyPrefix: name, points, duration: windowSeconds };
    const counter = perProcess ? memoryCounter(options) : shared.counter(options);
    counters.set(name as Budget, counter);
    takers.set(name as Budget, perProcess ? (key) => takeAll(counter, key, 1) : takeTogether(counter));
  }
  return {
    spend: async (budget, key) => {
      try {
        return spent(budget, await takers.get(budget)!(shortKey(key)));
      } catch (cause) {
        // Without its counters a server that still works would turn everybody away; better a while without limits.
        logger.warn({ err: cause, budget }, 'rate limits are not counted');
        return null;
      }
    },
    refund: async (budget, key) => {
      await counters
        .get(budget)!
        .reward(shortKey(key))
        .catch((cause: unknown) => logger.warn({ err: cause, budget }, 'rate limits are not counted'));
    },
    close: shared.close,
  };
}

type Taken = Pick<RateLimiterRes, 'consumedPoints' | 'msBeforeNext'>;

/** A crowd that asks with one key at the same moment costs its counter one step, and each is told its own place in it. */
function takeTogether(counter: RateCounter): (key: string) => Promise<Taken> {
  return readTogether(async (keys) => {
    const crowds = [...groupBy(keys, (key) => key)];
    const counts = await Promise.all(crowds.map(([key, { length }]) => takeAll(counter, key, length)));
    const before = new Map(crowds.map(([key, { length }], place) => [key, counts[place]!.consumedPoints - length]));
    const waits = new Map(crowds.map(([key], place) => [key, counts[place]!.msBeforeNext]));
    return keys.map((key) => {
      const consumedPoints = before.get(key)! + 1;
      before.set(key, consumedPoints);
      return { consumedPoints, msBeforeNext: waits.get(key)! };
    });
  });
}

async function takeAll(counter: RateCounter, key: string, points: number): Promise<Taken> {
  try {
    return await counter.consume(key, points);
  } catch (cause) {
    if (cause instanceof RateLimiterRes) return cause;
    throw cause;
  }
}

function spent(budget: Budget, { consumedPoints, msBeforeNext }: Taken): Spent {
  const { points } = BUDGETS[budget];
  return {
    allowed: consumedPoints <= points,
    limit: points,
    remaining: Math.max(0, points - consumedPoints),
    resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1_000)),
  };
}

/** Keys have a bounded length in the table, and an e-mail address has no business in a counter. */
function shortKey(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 24);
}
