// Handlers run in threads: what one does, or what it costs, is its own affair and not that of the main thread or of other jobs.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { submitImport } from '@closebell/prisma/imports';
import { submitJob, type JobRow } from '@closebell/prisma/jobs';
import { createTestDatabase } from '../support/database.js';
import { makePortfolio, makeUser } from '../support/ledger.js';
import type { Program } from '../support/programs.js';
import { until } from '../support/until.js';
import { ended, MISBEHAVING, spawnWorker } from '../support/worker.js';

let db: Db;
let env: Readonly<Record<string, string>>;
beforeAll(async () => {
  const { url } = await createTestDatabase();
  db = createDb({ databaseUrl: url });
  env = { DATABASE_URL: url, JOB_LEASE_SECONDS: '2', LOG_LEVEL: 'info', CLOSEBELL_NOW: '2025-06-20T22:00:00Z' };
});
afterAll(() => closeDb(db));

async function beside(worker: Program, work: () => Promise<void>): Promise<void> {
  try {
    await worker.ready;
    await work();
  } finally {
    await worker.kill('SIGTERM');
  }
}

const ping = async (nonce: string): Promise<string> =>
  (await submitJob(db.pool, 'ping', { nonce: `${nonce} ${randomUUID()}` }, { trigger: 'user' })).jobId;
const halfASecond = async (): Promise<string> =>
  (await submitJob(db.pool, 'cleanup-incomplete', { portfolioId: randomUUID() }, { trigger: 'user' })).jobId;

describe('a worker of one thread', { timeout: 120_000 }, () => {
  const spawnOne = (extra: Readonly<Record<string, string>> = {}) =>
    spawnWorker({ ...env, WORKER_THREADS: '1', ...extra }, { preload: MISBEHAVING });

  test('ends a handler that blocks its thread by its time-out, and the other jobs of the thread complete at no cost of a try', async () => {
    const blocking = await ping('block');
    await db.pool.query(`UPDATE jobs SET attempts_max = 1 WHERE id = $1`, [blocking]);
    await beside(spawnOne({ PING_TIMEOUT_MS: '2000' }), async () => {
      const others = [await halfASecond(), await halfASecond()];
      const blocked = await ended(db, blocking);
      expect(blocked).toMatchObject({ status: 'failed', error: { code: 'ERR_JOB_002' } });
      expect(durationMs(blocked)).toBeLessThan(4_000);
      for (const id of others) expect(await ended(db, id)).toMatchObject({ status: 'completed', attempts_made: 1 });
    });
  });

  test.each([
    ['that runs out of memory', 'exhaust', /memory/],
    ['by an exception that nobody catches', 'throw', /nobody catches this/],
  ])('a thread lost to a handler %s fails that try only, and is replaced', async (_, deed, message) => {
    const worker = spawnOne();
    await beside(worker, async () => {
      const job = await ended(db, await ping(deed), 100_000);
      expect(job).toMatchObject({ status: 'completed', attempts_made: 2, error: null });
      expect(worker.output()).toMatch(message);
      expect(worker.child.exitCode).toBeNull();
    });
  });
});

test(
  'a heavy import and a heavy calculation delay the main thread by less than 50 ms and cost no lease',
  { timeout: 240_000 },
  async () => {
    const portfolioId = await largePortfolio();
    const worker = spawnWorker(env, { preload: 'support/main-thread-delay.mjs' });
    await beside(worker, async () => {
      worker.child.kill('SIGUSR2');
      const { jobId: importJob } = await submitImport(db, await pathologicalUpload());
      const payload = { portfolioId, sessionDate: '2025-06-20' };
      const { jobId: calculation } = await submitJob(db.pool, 'calculate-portfolio', payload, { trigger: 'user' });
      for (const jobId of [importJob, calculation]) {
        expect(await ended(db, jobId, 200_000)).toMatchObject({ status: 'completed' });
      }
      await until('the metric is reported', async () => (await valueOf('closebell_event_loop_delay_p99_seconds')) !== null);
    });
    const [, samples, p99Ms] = /main thread: (\d+) samples, p99 ([\d.-]+) ms/.exec(worker.output()) ?? [];
    expect(Number(samples)).toBeGreaterThan(300);
    expect(Number(p99Ms)).toBeLessThan(50);
    expect((await valueOf('closebell_jobs_taken_over_total')) ?? 0).toBe(0);
  },
);

async function valueOf(metric: string): Promise<number | null> {
  const { rows } = await db.pool.query<{ value: number }>(`SELECT value FROM metric_values WHERE name = $1`, [metric]);
  return rows[0]?.value ?? null;
}

function durationMs(job: JobRow): number {
  return job.finished_at!.getTime() - job.started_at!.getTime();
}

const LOTS = 3_000;
const SYMBOLS = ['AAPL', 'MSFT', 'JNJ', 'XOM', 'KO', 'SPY', 'QQQ', 'NVDA', 'AMZN', 'JPM'];

/** Lots of a year ago: every session since then is computed. */
async function largePortfolio(): Promise<string> {
  const portfolioId = await makePortfolio(db, { asOf: '2025-06-20', equity: '900000000' });
  await db.pool.query(
    `INSERT INTO positions (portfolio_id, symbol, quantity, entry_price, entry_date, investment_class)
     SELECT $1, ($2::text[])[1 + n % $3], 1 + n, 100, DATE '2024-06-20' + n % 5, 'PUBLIC' FROM generate_series(1, $4::int) AS n`,
    [portfolioId, SYMBOLS, SYMBOLS.length, LOTS],
  );
  return portfolioId;
}

/** As large as an upload may be: half a million rows, each a repetition of the first. */
async function pathologicalUpload(): Promise<Parameters<typeof submitImport>[1]> {
  const header = 'Symbol,Quantity,Entry Price Per Share,Entry Date\n';
  const row = 'AAPL,1,1,2024-01-16\n';
  const file = Buffer.from(header + row.repeat(Math.floor((10 * 1024 * 1024 - header.length) / row.length)));
  const userId = await makeUser(db);
  const request = {
    portfolio_name: 'Large',
    account_name: 'Large',
    account_type: 'taxable',
    equity_balance: '1000000',
    allow_multiple_lots: true,
  };
  return {
    userId,
    fileName: 'large.csv',
    file,
    sha256: Buffer.alloc(32),
    request: request as never,
    origin: { trigger: 'user' },
  };
}
