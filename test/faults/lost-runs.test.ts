// What the API answered 202 to ends completed, once, whichever process dies meanwhile. Nobody does anything after the fault
// but start again what was killed.
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prepareDatabase } from '../support/database.js';
import { end, startFleet, type Fleet } from '../support/fleet.js';
import { damage, drained, NO_DAMAGE, NOTHING_UNDER_WAY } from '../support/invariants.js';
import {
  askForFigures,
  eachOf,
  makePortfolios,
  registerInvestors,
  type Investor,
  type OwnedPortfolio,
} from '../support/investors.js';
import { startPrivatePostgres } from '../support/private-postgres.js';
import { startPrivateRedis } from '../support/private-redis.js';
import { hasRedis } from '../support/services.js';
import type { TestService } from '../support/test-service.js';
import { until } from '../support/until.js';

const RUNS = 1_000;
const INVESTORS = 20;
const CLIENTS = 8;
const TEST_TIMEOUT_MS = 300_000;

describe.each(['postgres', 'redis'] as const)('of 1,000 accepted runs none is lost, with the queue on %s,', (backend) => {
  let missing = false;
  let postgres: TestService;
  let redis: TestService | null = null;
  let fleet: Fleet;
  let investors: readonly Investor[];

  beforeAll(async () => {
    missing = backend === 'redis' && !(await hasRedis({ ours: true }));
    if (missing) return;
    postgres = await startPrivatePostgres();
    await prepareDatabase(postgres.url);
    redis = backend === 'redis' ? await startPrivateRedis({ appendOnly: false }) : null;
    fleet = await startFleet({ databaseUrl: postgres.url, redisUrl: redis?.url ?? null });
    investors = await registerInvestors(fleet.url, INVESTORS);
  });
  afterAll(async () => {
    await fleet?.stop();
    await redis?.stop();
    await postgres?.stop();
  });

  const faults: Readonly<Record<string, (accepted: Accepted) => Promise<void>>> = {
    'when the API is killed amid the requests': async (accepted) => {
      for (const share of [0.2, 0.5, 0.8]) {
        await until(`${share} of the runs are accepted`, () => accepted.size >= share * RUNS, TEST_TIMEOUT_MS);
        await end(fleet.api(), 'SIGKILL');
        await fleet.startApi();
      }
    },
    'when every relay is killed amid the hand-over': async (accepted) => {
      for (const share of [0.2, 0.5, 0.8]) {
        await until(`${share} of the runs are accepted`, () => accepted.size >= share * RUNS, TEST_TIMEOUT_MS);
        await fleet.killWorkers('SIGKILL');
        await fleet.startWorkers();
      }
    },
    'when Postgres dies and recovers': async (accepted) => {
      await until('half of the runs are accepted', () => accepted.size >= RUNS / 2, TEST_TIMEOUT_MS);
      await postgres.restart();
    },
  };
  const faultsOfRedis: typeof faults = {
    'when Redis is flushed': async (accepted) => {
      await until('half of the runs are accepted', () => accepted.size >= RUNS / 2, TEST_TIMEOUT_MS);
      await flush(redis!.url);
    },
    'when Redis is killed and comes back empty': async (accepted) => {
      await until('half of the runs are accepted', () => accepted.size >= RUNS / 2, TEST_TIMEOUT_MS);
      await redis!.kill();
      await until('some more are accepted', () => accepted.size >= 0.6 * RUNS, TEST_TIMEOUT_MS);
      await redis!.restart();
    },
  };

  const cases = Object.entries(backend === 'redis' ? { ...faults, ...faultsOfRedis } : faults);
  test.each(cases)('%s', { timeout: TEST_TIMEOUT_MS }, async (name, fault) => {
    if (missing) return;
    const portfolios = await makePortfolios(fleet.db, investors, RUNS);
    const accepted: Accepted = new Map();
    const startedAt = performance.now();
    await Promise.all([askForAll(fleet.url, portfolios, accepted), fault(accepted)]);
    expect(await drained(fleet.db, TEST_TIMEOUT_MS)).toEqual(NOTHING_UNDER_WAY);
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    const { lost, doubled, incomplete } = await countOutcomes(fleet, accepted);
    console.log(`${backend}, ${name}: ${accepted.size} accepted, ${lost} lost, ${doubled} doubled, ${seconds} s`);
    expect({ lost, doubled, incomplete }).toEqual({ lost: 0, doubled: 0, incomplete: 0 });
    expect(await damage(fleet.db)).toEqual(NO_DAMAGE);
  });
});

/** Run → portfolio, for every answer 202. */
type Accepted = Map<string, string>;

/** Asks for each portfolio until it is told 202, as a client does whose request was cut off or refused for now. */
async function askForAll(url: string, portfolios: readonly OwnedPortfolio[], accepted: Accepted): Promise<void> {
  await eachOf(portfolios, CLIENTS, async (portfolio) => {
    await until(
      `a run of portfolio ${portfolio.id} is accepted`,
      async () => {
        const { runId } = await askForFigures(url, portfolio);
        if (runId !== null) accepted.set(runId, portfolio.id);
        return runId !== null;
      },
      60_000,
    );
  });
}

/**
 * lost: accepted runs that did not end completed. doubled: portfolios whose sessions were computed by more than one run, or more than
 * once each. incomplete: portfolios without the one whole set of sessions.
 */
async function countOutcomes(
  { db }: Fleet,
  accepted: Accepted,
): Promise<Readonly<{ lost: number; doubled: number; incomplete: number }>> {
  const { rows } = await db.pool.query<{ lost: number; doubled: number; incomplete: number }>(
    `WITH asked AS (SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS given (run_id, portfolio_id)),
     history AS (
       SELECT portfolio_id, count(*) AS sessions FROM portfolio_snapshots
       WHERE portfolio_id IN (SELECT portfolio_id FROM asked) AND is_complete GROUP BY 1),
     whole AS (SELECT max(sessions) AS sessions FROM history),
     work AS (
       SELECT payload->>'portfolioId' AS id, sum((result->>'sessions_computed')::int) AS sessions FROM jobs
       WHERE kind = 'calculate-portfolio' AND payload->>'portfolioId' IN (SELECT portfolio_id::text FROM asked) GROUP BY 1)
     SELECT
       (SELECT count(*) FROM asked LEFT JOIN jobs ON jobs.id = asked.run_id WHERE status IS DISTINCT FROM 'completed') AS lost,
       (SELECT count(*) FROM work, whole WHERE work.sessions > whole.sessions) AS doubled,
       (SELECT count(DISTINCT asked.portfolio_id) FROM whole, asked LEFT JOIN history USING (portfolio_id)
          WHERE history.sessions IS DISTINCT FROM whole.sessions) AS incomplete`,
    [[...accepted.keys()], [...accepted.values()]],
  );
  return rows[0]!;
}

async function flush(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  await redis.flushall();
  redis.disconnect();
}
