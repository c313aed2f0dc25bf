// npm run doctor: healthy installations pass, and each thing that is broken is named with its remedy.
import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { freePort } from '@closebell/shared/infra/free-port';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FRED_KEY, startFred } from '../providers/fred-stand-in.js';
import { startMassive } from '../providers/massive-stand-in.js';
import { startYahooStandIn } from '../providers/yahoo-stand-in.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { runProgram, startProgram } from './programs.js';

const DOCTOR = 'worker/dist/commands/doctor.js';
const WORKER = 'worker/dist/main.js';

describe('the doctor', () => {
  let dataDir: string;
  let database: TestDatabase;
  let db: Db;
  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'closebell-doctor-'));
  });
  afterAll(() => rm(dataDir, { recursive: true }));
  beforeEach(async () => {
    database = await createTestDatabase();
    db = createDb({ databaseUrl: database.url, poolMax: 1 });
  });
  afterEach(async () => {
    await closeDb(db);
    await database.drop();
  });
  const examine = (env: Readonly<Record<string, string>> = {}) =>
    runProgram(DOCTOR, [], { CLOSEBELL_DATA_DIR: dataDir, DATABASE_URL: database.url, ...env });

  it('finds nothing to mend in a migrated database, says that no worker runs, and sends no job then', async () => {
    const { code, output } = await examine();
    expect(output).toMatch(/^✓ database +Postgres \d+/m);
    expect(output).toMatch(/^✓ citext +installed$/m);
    expect(output).toMatch(/^✓ migrations +all applied, none edited$/m);
    expect(output).toMatch(/^✓ system tables +8 of 8 factors, 22 of 22 scenarios$/m);
    expect(output).toMatch(/^! jobs +no worker is running/m);
    expect(code, output).toBe(0);
    expect(await rowsOf('SELECT 1 FROM jobs')).toEqual([]);
  });

  it('sends a job through a running worker and back', async () => {
    const worker = startProgram(WORKER, [], { CLOSEBELL_DATA_DIR: dataDir, DATABASE_URL: database.url });
    try {
      await until('the worker is ready', () => worker.output().includes('worker ready'));
      const { code, output } = await examine();
      expect(output).toMatch(/^✓ jobs +a ping came back after \d+ ms$/m);
      expect(output).toMatch(/^✓ queue +on Postgres/m);
      expect(code, output).toBe(0);
    } finally {
      worker.kill('SIGTERM');
      await worker.ended;
    }
  });

  it('says that a connected worker does not answer, and leaves no job waiting', async () => {
    const idle = createDb({ databaseUrl: database.url, poolMax: 1, applicationName: 'closebell-worker' });
    await idle.pool.query('SELECT 1');
    const { code, output } = await examine();
    expect(output).toMatch(/^✗ jobs +a ping did not come back within 10 s/m);
    expect(code).toBe(1);
    expect(await rowsOf('SELECT kind, status FROM jobs')).toEqual([{ kind: 'ping', status: 'cancelled' }]);
    await closeDb(idle);
  });

  it('names an edited migration, a pending one, and missing reference data', async () => {
    await db.pool.query(`UPDATE _prisma_migrations SET checksum = 'edited'`);
    await db.pool.query(`DELETE FROM stress_scenarios WHERE id = (SELECT min(id) FROM stress_scenarios)`);
    const edited = await examine();
    expect(edited.output).toMatch(/^✗ migrations +migration \S+ was edited after it was applied/m);
    expect(edited.output).toMatch(/^✗ system tables +8 of 8 factors, 21 of 22 scenarios/m);
    expect(edited.code).toBe(1);

    await db.pool.query(`DELETE FROM _prisma_migrations`);
    const pending = await examine();
    expect(pending.output).toMatch(/^✗ migrations +\d+ pending: .*npm run migrate/m);
    expect(pending.code).toBe(1);
  });

  it('names a database and a Redis that are out of reach, and shows no password', async () => {
    const { code, output } = await examine({
      DATABASE_URL: 'postgresql://closebell:hidden-word@127.0.0.1:1/closebell?password=hidden-word',
      REDIS_URL: 'redis://:hidden-word@127.0.0.1:1',
    });
    expect(output).toMatch(/^✗ database +postgresql:\/\/closebell@127\.0\.0\.1:1\/closebell: .*ECONNREFUSED/m);
    expect(output).toMatch(/^✗ queue +Redis at redis:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/m);
    expect(output).not.toContain('hidden-word');
    expect(code).toBe(1);
  });

  it('names every fault of the configuration and stops there', async () => {
    const { code, output } = await examine({ ENVIRONMENT: 'production' });
    for (const name of ['JWT_SECRET', 'BETA_INVITE_CODE', 'MARKET_DATA_PROVIDERS']) {
      expect(output).toMatch(new RegExp(`^✗ configuration +${name}:`, 'm'));
    }
    expect(output).not.toContain('database');
    expect(code).toBe(1);
  });

  it('tells where prices come from, and of a clock that was moved', async () => {
    const simulated = await examine({ CLOSEBELL_NOW: '2026-03-06T22:00:00Z' });
    expect(simulated.output).toMatch(/^! clock +CLOSEBELL_NOW starts the market clock at 2026-03-06T22:00:00\.000Z/m);
    expect(simulated.output).toMatch(/^! prices +simulated, seed 20240102/m);
    const files = await examine({ MARKET_DATA_PROVIDERS: 'files', MARKET_DATA_DIR: path.join(dataDir, 'absent') });
    expect(files.output).toMatch(/^✗ prices +0 symbols in the files of \S+absent/m);
    expect(files.code).toBe(1);
  });

  it('tells of each provider whether it answers, with which key, and whether the workers ask it', async () => {
    const [massive, fred] = [await startMassive(), await startFred()];
    const bars = xnysCalendar()
      .sessionsBetween('2024-12-02', '2025-01-31')
      .map((date) => ({ date, close: 500, volume: 1_000 }));
    const yahoo = await startYahooStandIn([{ symbol: 'SPY', name: 'The market', currency: 'USD', bars }]);
    await db.pool.query(
      `INSERT INTO provider_circuits (provider, capability, failures, retry_at, last_error, last_error_status)
       VALUES ('yahoo', 'dailyBars', 5, clock_timestamp() + interval '10 minutes', 'Yahoo answered 503', 'unavailable')`,
    );
    const env = {
      CLOSEBELL_NOW: '2025-01-06T23:00:00Z',
      MARKET_DATA_PROVIDERS: 'yahoo,massive',
      // Nobody listens there.
      YAHOO_BASE_URL: `http://127.0.0.1:${await freePort()}`,
      MASSIVE_BASE_URL: massive.url,
      FRED_BASE_URL: fred.url,
    };
    try {
      const { code, output } = await examine({ ...env, MASSIVE_API_KEY: 'hidden-word', FRED_API_KEY: FRED_KEY });
      expect(output).toMatch(/^✗ prices +yahoo: Yahoo could not be reached: ECONNREFUSED\. .*MARKET_DATA_PROVIDERS=simulated/m);
      expect(output).toMatch(/^✗ prices +massive: .*\. Correct MASSIVE_API_KEY$/m);
      expect(output).toMatch(/^✓ rates +fred answers with FRED_API_KEY$/m);
      expect(output).toMatch(/^! circuit +yahoo: dailyBars not asked until .* UTC, after 5 failures: Yahoo answered 503\./m);
      expect(output).toMatch(/^✓ circuit +massive has not been asked yet$/m);
      expect(output).not.toContain('hidden-word');
      expect(code).toBe(1);
      await db.pool.query(`DELETE FROM provider_circuits`);
      const mended = await examine({ ...env, MARKET_DATA_PROVIDERS: 'yahoo', YAHOO_BASE_URL: yahoo.url });
      expect(mended.output).toMatch(/^✓ prices +yahoo answers without a key: 5 bars of SPY up to 2025-01-06$/m);
      expect(mended.output).toMatch(/^✓ rates +no FRED_API_KEY: options are marked with OPTION_RATE, 0\.045$/m);
      expect(mended.output).toMatch(/^✓ circuit +yahoo has not been asked yet$/m);
      expect(mended.code, mended.output).toBe(0);
    } finally {
      await yahoo.close();
      await massive.close();
      await fred.close();
    }
  });

  it('warns when the calendar ends within a year, and finds it broken when it has ended', async () => {
    const ending = await examine({ CLOSEBELL_NOW: '2028-06-01T22:00:00Z' });
    expect(ending.output).toMatch(/^! calendar .*: 21[23] days left/m);
    const over = await examine({ CLOSEBELL_NOW: '2029-06-01T22:00:00Z' });
    expect(over.output).toMatch(/^✗ calendar .*that is over/m);
    expect(over.code).toBe(1);
  });

  it('makes no embedded database by looking for one', async () => {
    const { code, output } = await examine({ DATABASE_URL: '' });
    expect(output).toMatch(/^! database +none yet/m);
    expect(code, output).toBe(0);
    expect(await readdir(dataDir)).toEqual([]);
  });

  async function rowsOf(sql: string): Promise<unknown[]> {
    return (await db.pool.query<Record<string, unknown>>(sql)).rows;
  }
});
