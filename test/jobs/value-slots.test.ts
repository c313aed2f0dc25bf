// Values between two closes by workers as operators run them: one row per slot with two of them, and with one that is killed.
import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { spawnFaultyWorker, type Fault, type FaultyWorker } from '../support/fault-points.js';
import { makePortfolio } from '../support/ledger.js';
import { until } from '../support/until.js';
import { createWorld, run, spawnWorker, withWorker } from '../support/worker.js';

const NOW = '2025-06-20T15:00:00.000Z';
const SNAPSHOT = '2025-06-18';
const PORTFOLIOS = 3;

let url: string;
let db: Db;
beforeAll(async () => {
  const world = await createWorld({ now: NOW });
  url = world.db.url;
  db = createDb({ databaseUrl: url });
  const lots = [{ symbol: 'AAPL', quantity: '10', entryPrice: '100', entryDate: SNAPSHOT }];
  for (let i = 0; i < PORTFOLIOS; i += 1) await makePortfolio(world.db, { asOf: SNAPSHOT, lots });
  await withWorker(world, () => run(world.db, 'run-batch', { sessionDate: SNAPSHOT }));
  await world.close();
});
afterAll(() => closeDb(db));

const environment = () => ({ DATABASE_URL: url, CLOSEBELL_NOW: NOW, RECORD_VALUES_EVERY_S: '1', JOB_LEASE_SECONDS: '2' });

type Slot = Readonly<{ slot: Date; values: number; jobs: number }>;
const slots = async (): Promise<readonly Slot[]> => {
  const { rows } = await db.pool.query<Slot>(
    `SELECT recorded_at AS slot, count(*) AS values,
       (SELECT count(*) FROM jobs WHERE kind = 'record-values' AND (payload->>'slot')::timestamptz = recorded_at) AS jobs
     FROM intraday_values GROUP BY 1 ORDER BY 1`,
  );
  return rows;
};

test('two workers record every portfolio once a slot, at even seconds and by one job', async () => {
  const workers = [spawnWorker(environment()), spawnWorker(environment())];
  await Promise.all(workers.map(({ ready }) => ready));
  await until('five slots are recorded', async () => (await slots()).length >= 5);
  await Promise.all(workers.map((worker) => worker.kill('SIGTERM')));
  const recorded = await slots();
  expect(recorded.filter(({ values, jobs }) => values !== PORTFOLIOS || jobs !== 1)).toEqual([]);
  expect(recorded.filter(({ slot }) => slot.getTime() % 1_000 !== 0)).toEqual([]);
  // Seconds after a quote the value is still near what that quote makes of it.
  const { rows } = await db.pool.query(
    `SELECT DISTINCT abs(total_value - 1000000 - 10 * (quote.price - bar.close)) < 100 AS near, coverage
     FROM intraday_values, quotes quote JOIN price_bars bar ON bar.symbol = quote.symbol AND session_date = $1`,
    [SNAPSHOT],
  );
  expect(rows).toEqual([{ near: true, coverage: 1 }]);
});

let statements: readonly string[] | null = null;
const INSERT = 'insertIntradayValues: INSERT INTO intraday_values';

test.each([
  ['before it writes', (name: string) => name.startsWith(INSERT), 'before'],
  ['with its rows written and not committed', (name: string) => name.startsWith(INSERT), 'after'],
  ['with its rows committed and its end not told', (name: string) => name === 'insertIntradayValues: COMMIT', 'after'],
] as const)(
  'a worker killed %s leaves the slot to another, which writes it once',
  { timeout: 60_000 },
  async (_, isPoint, when) => {
    statements ??= await statementsOfOneSlot();
    const name = statements.find(isPoint)!;
    await db.pool.query(`DELETE FROM intraday_values`);
    const killed = await struck({ point: { name, occurrence: 1, when }, does: 'kill' });
    const other = spawnWorker({ ...environment(), RECORD_VALUES_EVERY_S: '3600' });
    await other.ready;
    await until('the slots of the killed worker have ended', async () => (await liveSlots()) === 0);
    await other.kill('SIGTERM');
    expect(killed.child.signalCode).toBe('SIGKILL');
    expect((await slots()).filter(({ values, jobs }) => values !== PORTFOLIOS || jobs !== 1)).toEqual([]);
    const { rows } = await db.pool.query(`SELECT DISTINCT status FROM jobs WHERE kind = 'record-values'`);
    expect(rows).toEqual([{ status: 'completed' }]);
  },
);

async function statementsOfOneSlot(): Promise<readonly string[]> {
  const worker = await spawnFaultyWorker(environment(), null);
  await worker.ready;
  await until('a slot is recorded', () => worker.statements().includes('insertIntradayValues: COMMIT'));
  await worker.kill('SIGTERM');
  return worker.statements();
}

async function struck(fault: Fault): Promise<FaultyWorker> {
  const worker = await spawnFaultyWorker(environment(), fault);
  await worker.gone;
  expect(await liveSlots()).toBe(1);
  return worker;
}

async function liveSlots(): Promise<number> {
  const { rows } = await db.pool.query<{ live: number }>(
    `SELECT count(*) AS live FROM jobs WHERE kind = 'record-values' AND status IN ('queued', 'running')`,
  );
  return rows[0]!.live;
}
