// What faults are tried on: a database in which one job of a kind waits, copied for every try, and what is true once it has ended.
import { createHash, randomBytes } from 'node:crypto';
import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { submitImport } from '@closebell/prisma/imports';
import { submitJob } from '@closebell/prisma/jobs';
import { SCHEDULES, type ScheduleName } from '@closebell/shared/jobs';
import { dueTimesOf } from '@closebell/worker/schedules';
import pg from 'pg';
import { inject } from 'vitest';
import { figuresOf, type LotRecord, makePortfolio, makeUser, MSFT_PUT } from './ledger.js';
import { createWorld, ended, run, withWorker } from './worker.js';

export const SESSION = '2025-06-20';
const NOW = '2025-06-21T15:00:00Z';
/** The shortest a worker takes: every takeover waits for it. */
export const LEASE_SECONDS = 2;

/** Long, short, closed, cash, private, without data, and an option: every way a lot is priced. */
export const LOTS: readonly LotRecord[] = [
  { symbol: 'AAPL', quantity: '100', entryPrice: '180.5', entryDate: '2025-03-14' },
  { symbol: 'MSFT', quantity: '-40.5', entryPrice: '410.25', entryDate: '2025-02-03' },
  { symbol: 'MSFT', quantity: '7', entryPrice: '400.01', entryDate: '2025-01-30', exitPrice: '405', exitDate: '2025-03-22' },
  { symbol: 'SPAXX', quantity: '5000', entryPrice: '1', entryDate: '2025-01-02', investmentSubtype: 'MUTUAL_FUND' },
  { symbol: 'HOUSE', quantity: '1', entryPrice: '250000', entryDate: '2023-01-02', investmentClass: 'PRIVATE' },
  { symbol: 'NODATA1', quantity: '10', entryPrice: '12.34', entryDate: '2025-01-02' },
  MSFT_PUT,
];

const UPLOAD = `Symbol,Quantity,Entry Price Per Share,Entry Date
AAPL,100,180.5,2025-03-14
MSFT,-40.5,410.25,2025-02-03
NODATA1,10,12.34,2025-01-02
SPAXX,5000,1,2025-01-02
`;
const UPLOADED_LOTS = 4;

export type SceneKind = 'import' | 'calculate' | 'chunk' | 'batch';

export type Scene = Readonly<{
  kind: SceneKind;
  jobId: string;
  /** A copy with a connection and the environment of its workers. */
  copy: () => Promise<SceneCopy>;
}>;

export type SceneCopy = Readonly<{ db: Db; env: Readonly<Record<string, string>>; close: () => Promise<void> }>;

/** Builds the database of a kind. Nothing is connected to it afterwards, so that it can be copied. */
export async function createScene(kind: SceneKind): Promise<Scene> {
  const world = await createWorld({ now: NOW });
  const { db } = world;
  // The queue's own tables are made on the way.
  await withWorker(world, () => run(db, 'ping', { nonce: 'the queue works' }));
  const userId = await makeUser(db);
  if (kind === 'import' || kind === 'chunk') await storePrices(world, userId);
  const jobId = await submitters[kind](db, userId);
  await silenceSchedules(db);
  await db.pool.query(`DELETE FROM jobs WHERE finished_at IS NOT NULL`);
  await world.close();
  return { kind, jobId, copy: () => copyOf(db.url) };
}

/** Prices as an earlier night left them: of a portfolio that is gone. */
async function storePrices(world: Awaited<ReturnType<typeof createWorld>>, userId: string): Promise<void> {
  const { db } = world;
  const portfolioId = await makePortfolio(db, { userId, asOf: SESSION, lots: LOTS });
  await withWorker(world, () => run(db, 'prepare-portfolio', { portfolioId, sessionDate: SESSION }));
  await db.pool.query(`DELETE FROM positions`);
  await db.pool.query(`DELETE FROM portfolios`);
}

const submitters: Readonly<Record<SceneKind, (db: Db, userId: string) => Promise<string>>> = {
  import: async (db, userId) => {
    const file = Buffer.from(UPLOAD);
    const sha256 = createHash('sha256').update(file).digest();
    const request = {
      portfolio_name: 'Uploaded',
      account_name: 'one',
      account_type: 'taxable',
      equity_balance: '400000',
      equity_as_of: null,
      description: null,
      allow_multiple_lots: false,
    };
    const upload = { userId, fileName: 'positions.csv', file, sha256, request, origin: { trigger: 'user' as const } };
    return (await submitImport(db, upload)).jobId;
  },
  calculate: async (db, userId) => {
    const portfolioId = await makePortfolio(db, { userId, asOf: SESSION, lots: LOTS });
    return (await submitJob(db.pool, 'calculate-portfolio', { portfolioId, sessionDate: SESSION }, { trigger: 'user' })).jobId;
  },
  chunk: async (db, userId) => {
    const portfolioIds = await makePortfolios(db, userId);
    const payload = { runId: portfolioIds[0]!, chunk: 0, sessionDate: SESSION, portfolioIds };
    return (await submitJob(db.pool, 'calculate-chunk', payload, { trigger: 'schedule' })).jobId;
  },
  batch: async (db, userId) => {
    await makePortfolios(db, userId);
    return (await submitJob(db.pool, 'run-batch', { sessionDate: SESSION }, { trigger: 'schedule' })).jobId;
  },
};

async function makePortfolios(db: Db, userId: string): Promise<string[]> {
  const first = await makePortfolio(db, { userId, asOf: SESSION, lots: LOTS });
  const second = await makePortfolio(db, { userId, asOf: '2025-06-12', equity: '90000', lots: LOTS.slice(0, 2) });
  return [first, second, await makePortfolio(db, { userId, asOf: SESSION, lots: LOTS.slice(3) })];
}

/** Every due time so far counts as acted upon: the workers of a scene find nothing of their own to do. */
async function silenceSchedules(db: Db): Promise<void> {
  for (const schedule of Object.keys(SCHEDULES) as ScheduleName[]) {
    const dueAt = dueTimesOf(schedule, new Date(NOW)).at(-1);
    if (dueAt)
      await db.pool.query(`INSERT INTO schedule_ticks (schedule, due_at, job_id) VALUES ($1, $2, gen_random_uuid())`, [
        schedule,
        dueAt,
      ]);
  }
}

async function copyOf(url: string): Promise<SceneCopy> {
  const source = new URL(url);
  // Named after the run's template, so that what is left at its end goes with it.
  const name = `${new URL(inject('templateDatabaseUrl')).pathname.slice(1)}_${randomBytes(5).toString('hex')}`;
  await administer(url, `CREATE DATABASE ${name} TEMPLATE ${source.pathname.slice(1)}`);
  source.pathname = `/${name}`;
  const db = createDb({ databaseUrl: source.href, poolMax: 3 });
  const env = {
    DATABASE_URL: source.href,
    CLOSEBELL_NOW: NOW,
    JOB_LEASE_SECONDS: String(LEASE_SECONDS),
    BATCH_CHUNK_SIZE: '2',
    LOG_LEVEL: 'info',
  };
  const close = async (): Promise<void> => {
    await closeDb(db);
    await administer(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  };
  return { db, env, close };
}

async function administer(url: string, statement: string): Promise<void> {
  const server = new URL(url);
  server.pathname = '/postgres';
  const client = new pg.Client({ connectionString: server.href });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The figures of all portfolios, to the byte, in an order that every copy of a scene has. */
export async function allFigures(db: Db): Promise<string> {
  const ids = await portfolioIdsOf(db);
  return (await Promise.all(ids.map((id) => figuresOf(db, id)))).join('\n\n');
}

/** Deletes every figure and has it computed again by the workers that run. */
export async function computeAgain(db: Db): Promise<void> {
  await db.pool.query(`DELETE FROM position_values`);
  await db.pool.query(`DELETE FROM portfolio_snapshots`);
  for (const portfolioId of await portfolioIdsOf(db)) {
    const payload = { portfolioId, sessionDate: SESSION };
    const { jobId } = await submitJob(db.pool, 'calculate-portfolio', payload, { trigger: 'user' });
    const { status } = await ended(db, jobId, 60_000);
    if (status !== 'completed') throw new Error(`computing again ended ${status}`);
  }
}

async function portfolioIdsOf(db: Db): Promise<readonly string[]> {
  const { rows } = await db.pool.query<{ id: string }>(`SELECT id FROM portfolios ORDER BY created_at, id`);
  return rows.map(({ id }) => id);
}

/** What a crash may not leave behind; empty when all is well. An import's portfolio is there once, with all its lots. */
export async function remains(db: Db, { kind, jobId }: Pick<Scene, 'kind' | 'jobId'>): Promise<readonly string[]> {
  const { rows } = await db.pool.query<{ what: string; count: number }>(
    `SELECT what, count FROM (VALUES
       ('run that is not completed', (SELECT count(*) FROM jobs WHERE id = $1 AND status <> 'completed')),
       ('live job', (SELECT count(*) FROM jobs WHERE status IN ('queued', 'running'))),
       ('job that failed', (SELECT count(*) FROM jobs WHERE status NOT IN ('queued', 'running', 'completed'))),
       ('live claim', (SELECT count(*) FROM calculation_claims WHERE lease_until > clock_timestamp())),
       ('incomplete slot', (SELECT count(*) FROM portfolio_snapshots WHERE NOT is_complete)),
       ('dirty portfolio', (SELECT count(*) FROM portfolios WHERE dirty_from IS NOT NULL)),
       ('bar written twice', (SELECT count(*) FROM price_bars WHERE revision > 0)),
       ('mark written twice', (SELECT count(*) FROM option_marks WHERE revision > 0)),
       ('value of another session', (SELECT count(*) FROM position_values WHERE session_date <> '${SESSION}')),
       ('session that hangs in a transaction', (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
          AND state LIKE 'idle in transaction%' AND state_change < clock_timestamp() - interval '1 second')),
       ('broken chain', (SELECT count(*) FROM (
          SELECT equity - lag(equity) OVER (PARTITION BY portfolio_id ORDER BY snapshot_date) - daily_pnl - capital_flow AS rest
          FROM portfolio_snapshots WHERE is_complete) AS pairs WHERE rest <> 0)),
       ('portfolio too many or too few', (SELECT abs(count(*) - $2) FROM portfolios)),
       ('lot too many or too few', CASE WHEN $3 THEN (SELECT abs(count(*) - ${UPLOADED_LOTS}) FROM positions) ELSE 0 END),
       ('undecided import', (SELECT count(*) FROM imports WHERE status <> 'completed'))) AS checks (what, count)
     WHERE count > 0`,
    [jobId, kind === 'import' || kind === 'calculate' ? 1 : 3, kind === 'import'],
  );
  return rows.map(({ what, count }) => `${count} × ${what}`);
}
