// The queue or the road to it goes away under a working installation, and comes back: the API goes on taking orders, and work
// goes on by itself.
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.js';
import { startFleet, type Fleet, type FleetOptions } from '../support/fleet.js';
import { startHalfOpenProxy, type HalfOpenProxy } from '../support/half-open-proxy.js';
import { damage, drained, NO_DAMAGE, NOTHING_UNDER_WAY } from '../support/invariants.js';
import { askForFigures, eachOf, makePortfolios, registerInvestors, type OwnedPortfolio } from '../support/investors.js';
import { startPrivateRedis } from '../support/private-redis.js';
import { hasRedis } from '../support/services.js';
import type { TestService } from '../support/test-service.js';
import { until } from '../support/until.js';

const TEST_TIMEOUT_MS = 300_000;
const QUEUED = 1_000;
const RE_DISPATCHED_WITHIN_MS = 60_000;
const AWAY_MS = 30_000;
const REQUESTS_PER_SECOND = 20;
const RESUMED_WITHIN_MS = 5_000;
const P99_MS = 300;

describe.skipIf(!(await hasRedis({ ours: true })))('Redis', () => {
  let redis: TestService;
  let fleet: Fleet;
  beforeEach(async () => {
    redis = await startPrivateRedis({ appendOnly: false });
    fleet = await startFleet({
      databaseUrl: (await createTestDatabase()).url,
      redisUrl: redis.url,
      env: { RATE_LIMITS: 'true' },
    });
  });
  afterEach(async () => {
    await fleet.stop();
    await redis.stop();
  });

  test.each(['stopped', 'running'] as const)(
    `forgets ${QUEUED} queued runs while the workers are %s: all are on their way again within a minute, and end`,
    { timeout: TEST_TIMEOUT_MS },
    async (workers) => {
      const investors = await registerInvestors(fleet.url, 4);
      const portfolios = await makePortfolios(fleet.db, investors, QUEUED);
      if (workers === 'stopped') await fleet.killWorkers('SIGKILL');
      await askAll(fleet, portfolios);
      if (workers === 'stopped') await enqueueAndHalt(fleet);
      const flushedAt = await databaseTime(fleet);
      await flush(redis.url);
      const startedAt = performance.now();
      const waiting = await countStranded(fleet, flushedAt);
      if (workers === 'stopped') await fleet.startWorkers();
      const isDispatched = async (): Promise<boolean> => (await countStranded(fleet, flushedAt)) === 0;
      await until('every run is on its way again', isDispatched, RE_DISPATCHED_WITHIN_MS);
      const dispatchedMs = performance.now() - startedAt;
      expect(await drained(fleet.db, TEST_TIMEOUT_MS)).toEqual(NOTHING_UNDER_WAY);
      const [dispatched, ended] = [dispatchedMs, performance.now() - startedAt].map((ms) => (ms / 1_000).toFixed(1));
      console.log(
        `flushed with workers ${workers}: ${waiting} waited, on their way after ${dispatched} s, ended after ${ended} s`,
      );
      // A few have started before the relay was ended.
      expect(waiting).toBeGreaterThan(workers === 'stopped' ? QUEUED * 0.9 : QUEUED / 4);
      expect(await countCompleted(fleet)).toBe(QUEUED);
    },
  );

  test.each(['killed', 'frozen'] as const)(
    'is away for 30 s, %s: calculate is answered 202 throughout, and work resumes within 5 s',
    { timeout: TEST_TIMEOUT_MS },
    async (how) => {
      const investors = await registerInvestors(fleet.url, 4);
      const portfolios = await makePortfolios(fleet.db, investors, (AWAY_MS / 1_000) * REQUESTS_PER_SECOND);
      await (how === 'killed' ? redis.kill() : redis.pause());
      const answers = await askSteadily(fleet, portfolios);
      await (how === 'killed' ? redis.restart() : redis.resume());
      const backAt = await databaseTime(fleet);
      expect(await drained(fleet.db, TEST_TIMEOUT_MS)).toEqual(NOTHING_UNDER_WAY);
      const resumedMs = await firstStartAfter(fleet, backAt);
      const p99 = percentile(
        answers.map(({ ms }) => ms),
        0.99,
      );
      console.log(
        `Redis ${how} for 30 s: ${answers.length} asked, p99 ${p99.toFixed(0)} ms, first job ${resumedMs} ms after its return`,
      );
      expect(answers.filter(({ status }) => status !== 202)).toEqual([]);
      expect(p99).toBeLessThan(P99_MS);
      expect(resumedMs).toBeLessThan(RESUMED_WITHIN_MS);
      expect(await countCompleted(fleet)).toBe(portfolios.length);
      expect(await damage(fleet.db)).toEqual(NO_DAMAGE);
    },
  );
});

describe('a road that stays half open', () => {
  const SILENT_MS = 12_000;
  const RUNS = 100;
  let redis: TestService | null = null;
  let fleet: Fleet;
  let road: HalfOpenProxy;
  const start = async (to: 'Redis' | 'Postgres'): Promise<void> => {
    const { url } = await createTestDatabase();
    redis = to === 'Redis' ? await startPrivateRedis() : null;
    road = await startHalfOpenProxy(redis?.url ?? url);
    const options: FleetOptions =
      redis === null
        ? { databaseUrl: url, workerEnv: { DATABASE_URL: road.through(url) } }
        : { databaseUrl: url, redisUrl: redis.url, workerEnv: { REDIS_URL: road.through(redis.url) } };
    fleet = await startFleet(options);
  };
  afterEach(async () => {
    await road.close();
    await fleet.stop();
    await redis?.stop();
  });

  test.each([
    ['Redis', 'resumed'],
    ['Redis', 'forgotten'],
    ['Postgres', 'resumed'],
    ['Postgres', 'forgotten'],
  ] as const)(
    'between workers and %s, whose old connections are then %s: all runs end, nothing twice',
    { timeout: TEST_TIMEOUT_MS },
    async (to, old) => {
      await start(to);
      const investors = await registerInvestors(fleet.url, 2);
      const portfolios = await makePortfolios(fleet.db, investors, RUNS);
      const asking = askAll(fleet, portfolios);
      await until('some runs have ended', async () => (await countCompleted(fleet)) > 5, 60_000);
      road.stall();
      await asking;
      await silence(SILENT_MS);
      road.heal(old);
      const healedAt = performance.now();
      expect(await drained(fleet.db, 120_000)).toEqual(NOTHING_UNDER_WAY);
      console.log(
        `${to} silent for 12 s, connections ${old}: all ended ${((performance.now() - healedAt) / 1_000).toFixed(1)} s after`,
      );
      expect(await countCompleted(fleet)).toBe(RUNS);
      expect(await damage(fleet.db)).toEqual(NO_DAMAGE);
    },
  );
});

async function askAll(fleet: Fleet, portfolios: readonly OwnedPortfolio[]): Promise<void> {
  const answers = await eachOf(portfolios, 8, (portfolio) => askForFigures(fleet.url, portfolio));
  expect(answers.filter(({ status }) => status !== 202)).toEqual([]);
}

type Answer = Readonly<{ status: number | null; ms: number }>;

/** One request after the other by the clock, whether or not the ones before were answered. */
async function askSteadily(fleet: Fleet, portfolios: readonly OwnedPortfolio[]): Promise<readonly Answer[]> {
  const startedAt = performance.now();
  return await Promise.all(
    portfolios.map(async (portfolio, n) => {
      await silence(startedAt + (n * 1_000) / REQUESTS_PER_SECOND - performance.now());
      const askedAt = performance.now();
      const { status } = await askForFigures(fleet.url, portfolio);
      return { status, ms: performance.now() - askedAt };
    }),
  );
}

/** The time of a fault, or of a client's pace: nothing is awaited. */
async function silence(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

/** Lets a worker's relay hand everything over, and ends it at once. */
async function enqueueAndHalt(fleet: Fleet): Promise<void> {
  const starting = fleet.startWorkers().catch(() => {});
  const due = `SELECT count(*) AS count FROM jobs WHERE status = 'queued' AND enqueued_at IS NULL`;
  await until('the queue holds every run', async () => (await count(fleet, due)) === 0, 60_000);
  await fleet.killWorkers('SIGKILL');
  await starting;
}

async function flush(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  await redis.flushall();
  redis.disconnect();
}

async function databaseTime({ db }: Fleet): Promise<Date> {
  const { rows } = await db.pool.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  return rows[0]!.now;
}

/** Runs that have neither started nor been given to the queue since. */
async function countStranded({ db }: Fleet, since: Date): Promise<number> {
  const { rows } = await db.pool.query<{ count: number }>(
    `SELECT count(*) AS count FROM jobs WHERE status = 'queued' AND started_at IS NULL AND (enqueued_at IS NULL OR enqueued_at < $1)`,
    [since],
  );
  return rows[0]!.count;
}

async function firstStartAfter({ db }: Fleet, since: Date): Promise<number> {
  const { rows } = await db.pool.query<{ ms: number }>(
    `SELECT (extract(epoch FROM min(started_at) - $1) * 1000)::int AS ms FROM jobs WHERE started_at > $1`,
    [since],
  );
  return rows[0]!.ms;
}

async function countCompleted(fleet: Fleet): Promise<number> {
  return await count(fleet, `SELECT count(*) AS count FROM jobs WHERE kind = 'calculate-portfolio' AND status = 'completed'`);
}

async function count({ db }: Fleet, sql: string): Promise<number> {
  const { rows } = await db.pool.query<{ count: number }>(sql);
  return rows[0]!.count;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}
