// A long run under faults, one after the other, while users go on working. The seed is printed; SOAK_SEED repeats its choices, and
// SOAK_SECONDS sets how long it takes.
import { requestBatch } from '@closebell/prisma/calculation-requests';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prepareDatabase } from '../support/database.js';
import { FLEET_SESSION, startFleet, type Fleet } from '../support/fleet.js';
import { startHalfOpenProxy, type HalfOpenProxy } from '../support/half-open-proxy.js';
import { damage, differingAfterRecompute, drained, NO_DAMAGE, NOTHING_UNDER_WAY } from '../support/invariants.js';
import { makePortfolios, registerInvestors, type Investor } from '../support/investors.js';
import { startPrivatePostgres } from '../support/private-postgres.js';
import { startPrivateRedis } from '../support/private-redis.js';
import { connectionsByProgram, readResources, type Resources } from '../support/resources.js';
import { hasRedis } from '../support/services.js';
import { FAULTS, type FaultName, type Site } from '../support/soak-faults.js';
import { startTraffic, type Accepted } from '../support/soak-traffic.js';
import { seededRandom } from '../support/seeded-random.js';
import type { TestService } from '../support/test-service.js';
import { until } from '../support/until.js';
import { ended } from '../support/worker.js';

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 600);
const SEED = Number(process.env['SOAK_SEED'] ?? Date.now() % 1_000_000);
const PAUSE_MS_MIN = 2_000;
const PAUSE_MS_MAX = 6_000;
const INVESTORS = 5;
const PORTFOLIOS = 50;
const DRAINED_WITHIN_MS = 60_000;
/** What the memory of a process at rest may differ by: it is collected when the engine likes. */
const MEMORY_SLACK_MB = 120;
const KEYS_SLACK = 10;
const CONNECTIONS_SLACK = 5;

describe.skipIf(!(await hasRedis({ ours: true })))('an installation under faults', () => {
  let postgres: TestService;
  let redis: TestService;
  let roads: Readonly<{ postgres: HalfOpenProxy; redis: HalfOpenProxy }>;
  let fleet: Fleet;
  let investors: readonly Investor[];

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPrivatePostgres(), startPrivateRedis({ appendOnly: false })]);
    await prepareDatabase(postgres.url);
    roads = { postgres: await startHalfOpenProxy(postgres.url), redis: await startHalfOpenProxy(redis.url) };
    const workerEnv = { DATABASE_URL: roads.postgres.through(postgres.url), REDIS_URL: roads.redis.through(redis.url) };
    fleet = await startFleet({ databaseUrl: postgres.url, redisUrl: redis.url, workerEnv });
    investors = await registerInvestors(fleet.url, INVESTORS);
  });
  afterAll(async () => {
    await fleet?.stop();
    await Promise.all([roads?.postgres.close(), roads?.redis.close(), postgres?.stop(), redis?.stop()]);
  });

  test(`keeps every invariant over ${SECONDS} s`, { timeout: (SECONDS + 400) * 1_000 }, async () => {
    console.log(`soak: seed ${SEED}, ${SECONDS} s`);
    const portfolios = await makePortfolios(fleet.db, investors, PORTFOLIOS);
    await warmUp(fleet);
    const baseline = await restingResources(fleet, redis);
    const connectedAtFirst = await connectionsByProgram(fleet);
    const site: Site = { fleet, postgres, redis, roads };

    const traffic = startTraffic(fleet, investors, portfolios, seededRandom(SEED));
    const injected = await injectFaults(site, seededRandom(SEED + 1));
    const { accepted, done } = await traffic.stop();

    const stoppedAt = performance.now();
    expect(await drained(fleet.db, DRAINED_WITHIN_MS)).toEqual(NOTHING_UNDER_WAY);
    const drainedMs = performance.now() - stoppedAt;
    const outcomes = await countOutcomes(fleet, accepted);
    expect(await damage(fleet.db)).toEqual(NO_DAMAGE);
    roads.postgres.cut();
    roads.redis.cut();
    const resources = await restingResources(fleet, redis, baseline);
    console.table(injected);
    console.table({ ...done, ...outcomes, drained_ms: Math.round(drainedMs) });
    console.table({ baseline, end: resources });
    console.table({ baseline: connectedAtFirst, end: await connectionsByProgram(fleet) });
    expect(outcomes['not ended'] ?? 0).toBe(0);
    expect(outcomes['gone'] ?? 0).toBe(0);

    // What cancelled runs left undone is computed first; all else stays as the faults left it, and is compared.
    await completeBatch(fleet);
    expect(await differingAfterRecompute(fleet.db, FLEET_SESSION, 120_000)).toEqual([]);
    expect(resources.redisKeys).toBeLessThanOrEqual(baseline.redisKeys + KEYS_SLACK);
    expect(resources.connections).toBeLessThanOrEqual(baseline.connections + CONNECTIONS_SLACK);
    expect(resources.workerMb).toBeLessThanOrEqual(baseline.workerMb + MEMORY_SLACK_MB);
    expect(resources.apiMb).toBeLessThanOrEqual(baseline.apiMb + MEMORY_SLACK_MB);
  });
});

async function warmUp(fleet: Fleet): Promise<void> {
  for (let round = 0; round < 3; round++) await completeBatch(fleet);
}

async function completeBatch({ db }: Fleet): Promise<void> {
  const request = { sessionDate: FLEET_SESSION, force: false, origin: { trigger: 'admin' } } as const;
  const { jobId } = await requestBatch(db, request);
  expect((await ended(db, jobId, 120_000)).status).toBe('completed');
}

/** What is held at rest; with `baseline`, as soon as it is back there, or what it is after a minute. */
async function restingResources(fleet: Fleet, redis: TestService, baseline?: Resources): Promise<Resources> {
  const read = (): Promise<Resources> => readResources(fleet, redis.url);
  if (!baseline) return await read();
  const isBack = async (): Promise<boolean> => {
    const { redisKeys, connections } = await read();
    return redisKeys <= baseline.redisKeys + KEYS_SLACK && connections <= baseline.connections + CONNECTIONS_SLACK;
  };
  await until('keys and connections are back at the baseline', isBack, 60_000).catch(() => {});
  return await read();
}

async function injectFaults(site: Site, random: () => number): Promise<Readonly<Record<string, number>>> {
  const names = Object.keys(FAULTS) as FaultName[];
  const injected: Record<string, number> = Object.fromEntries(names.map((name) => [name, 0]));
  const endsAt = performance.now() + SECONDS * 1_000;
  while (performance.now() < endsAt) {
    const pauseMs = PAUSE_MS_MIN + random() * (PAUSE_MS_MAX - PAUSE_MS_MIN);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const name = names[Math.floor(random() * names.length)]!;
    await FAULTS[name](site, random);
    injected[name]!++;
  }
  return injected;
}

/** How the accepted runs and uploads ended, by status. */
async function countOutcomes({ db }: Fleet, { runIds, importIds }: Accepted): Promise<Readonly<Record<string, number>>> {
  const { rows } = await db.pool.query<{ outcome: string; count: number }>(
    `SELECT CASE WHEN jobs.id IS NULL THEN 'gone' WHEN status IN ('queued', 'running') THEN 'not ended' ELSE kind || ' ' || status END AS outcome,
       count(*) AS count
     FROM (SELECT unnest($1::uuid[]) AS id UNION
           SELECT jobs.id FROM unnest($2::text[]) AS upload LEFT JOIN jobs ON kind = 'import-positions' AND payload->>'importId' = upload) AS asked
     LEFT JOIN jobs USING (id) GROUP BY 1 ORDER BY 1`,
    [runIds, importIds],
  );
  return Object.fromEntries(rows.map(({ outcome, count }) => [outcome, count]));
}
