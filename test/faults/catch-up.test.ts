// Days without a worker, over a change of the clocks: each session's batch is made good once, and only once.
import { createDb, closeDb, type Db } from '@closebell/prisma/client';
import { afterEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../support/database.js';
import { damage, drained, NO_DAMAGE, NOTHING_UNDER_WAY } from '../support/invariants.js';
import { makePortfolio } from '../support/ledger.js';
import type { Program } from '../support/programs.js';
import { until } from '../support/until.js';
import { spawnWorker } from '../support/worker.js';

type Absence = Readonly<{
  name: string;
  /** The market clock when the first worker starts, and when two start after the absence. */
  from: string;
  back: string;
  opened: string;
  /** New York dates whose 17:30 fell due, with the session computed; a holiday's is the session before. */
  batches: readonly Readonly<{ day: string; session: string }>[];
}>;

const ABSENCES: readonly Absence[] = [
  {
    name: 'when clocks go forward',
    from: '2025-03-06T23:00:00Z',
    back: '2025-03-11T22:00:00Z',
    opened: '2025-03-05',
    batches: [
      { day: '2025-03-06', session: '2025-03-06' },
      { day: '2025-03-07', session: '2025-03-07' },
      { day: '2025-03-10', session: '2025-03-10' },
      { day: '2025-03-11', session: '2025-03-11' },
    ],
  },
  {
    name: 'when clocks go back',
    from: '2025-10-30T22:00:00Z',
    back: '2025-11-04T23:00:00Z',
    opened: '2025-10-29',
    batches: [
      { day: '2025-10-30', session: '2025-10-30' },
      { day: '2025-10-31', session: '2025-10-31' },
      { day: '2025-11-03', session: '2025-11-03' },
      { day: '2025-11-04', session: '2025-11-04' },
    ],
  },
  {
    name: 'over a holiday, whose batch finds nothing to do',
    from: '2025-07-02T22:00:00Z',
    back: '2025-07-07T22:00:00Z',
    opened: '2025-07-01',
    batches: [
      { day: '2025-07-02', session: '2025-07-02' },
      { day: '2025-07-03', session: '2025-07-03' },
      { day: '2025-07-04', session: '2025-07-03' },
      { day: '2025-07-07', session: '2025-07-07' },
    ],
  },
];

/** Several chunks, so that batches of two sessions meet. */
const PORTFOLIOS = 12;
const CHUNK_SIZE = '3';

describe('days without a worker', () => {
  const running: Program[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ kill }) => kill('SIGTERM')));
  });
  const start = async (url: string, now: string): Promise<void> => {
    const worker = spawnWorker({ DATABASE_URL: url, CLOSEBELL_NOW: now, JOB_LEASE_SECONDS: '5', BATCH_CHUNK_SIZE: CHUNK_SIZE });
    running.push(worker);
    await worker.ready;
  };

  test.each(ABSENCES)('$name: each batch once, with two workers back at once', { timeout: 180_000 }, async (absence) => {
    const { url } = await createTestDatabase();
    const db = createDb({ databaseUrl: url });
    try {
      for (let made = 0; made < PORTFOLIOS; made++) {
        const symbol = made % 2 === 0 ? 'AAPL' : 'KO';
        const lots = [{ symbol, quantity: '10', entryPrice: '100', entryDate: absence.opened }];
        await makePortfolio(db, { asOf: absence.opened, lots });
      }
      await start(url, absence.from);
      await until('the first batch has run', async () => (await batchesOf(db)).some(({ ended }) => ended), 60_000);
      await drained(db, 60_000);
      await Promise.all(running.splice(0).map(({ kill }) => kill('SIGTERM')));

      await Promise.all([start(url, absence.back), start(url, absence.back)]);
      await until('every due time is acted upon', async () => (await batchesOf(db)).length >= absence.batches.length, 60_000);
      expect(await drained(db, 120_000)).toEqual(NOTHING_UNDER_WAY);

      const batches = await batchesOf(db);
      expect(batches.map(({ day, session, status }) => ({ day, session, status }))).toEqual(
        absence.batches.map((batch) => ({ ...batch, status: 'completed' })),
      );
      const sessions = [...new Set(absence.batches.map(({ session }) => session))];
      // Those of a holiday and of the session before it may be one job, as they ask for the same.
      expect(new Set(batches.map(({ jobId }) => jobId)).size).toBeGreaterThanOrEqual(sessions.length);
      expect(await sessionsOf(db)).toEqual(sessions);
      expect(await countComputedTwice(db)).toBe(0);
      expect(await damage(db)).toEqual(NO_DAMAGE);
    } finally {
      await closeDb(db);
    }
  });
});

type BatchTick = Readonly<{ day: string; session: string; status: string; ended: boolean; jobId: string }>;

/** The due times of the nightly batch that were acted upon, and what became of them; oldest first. */
async function batchesOf(db: Db): Promise<readonly BatchTick[]> {
  const { rows } = await db.pool.query<BatchTick>(
    `SELECT to_char(due_at AT TIME ZONE 'America/New_York', 'YYYY-MM-DD') AS day, payload->>'sessionDate' AS session, status,
       finished_at IS NOT NULL AS ended, jobs.id AS "jobId"
     FROM schedule_ticks JOIN jobs ON jobs.id = job_id WHERE schedule = 'nightly-batch' ORDER BY due_at`,
  );
  return rows;
}

/** The sessions that every portfolio has since it was opened. */
async function sessionsOf(db: Db): Promise<readonly string[]> {
  const { rows } = await db.pool.query<{ date: string }>(
    `SELECT snapshot_date AS date FROM portfolio_snapshots s JOIN portfolios p ON p.id = portfolio_id
     WHERE is_complete AND snapshot_date > opened_on GROUP BY snapshot_date
     HAVING count(*) = (SELECT count(*) FROM portfolios) ORDER BY snapshot_date`,
  );
  return rows.map(({ date }) => date);
}

/** Nothing was changed, so each snapshot is the work of one batch. */
async function countComputedTwice(db: Db): Promise<number> {
  const { rows } = await db.pool.query<{ extra: number }>(
    `SELECT (SELECT sum((result->>'sessions')::bigint) FROM jobs WHERE kind = 'run-batch') - (SELECT count(*) FROM portfolio_snapshots) AS extra`,
  );
  return Number(rows[0]!.extra);
}
