// What comes while a portfolio is being computed: its change, the loss of its claim, a look at it. The run is held by a lock on the row of
// its portfolio, which the worker needs on its way: shared before it computes, exclusively before it commits.
import { claimPortfolios, releaseClaims } from '@closebell/prisma/calculation-claims';
import { inTransaction, type Queryable } from '@closebell/prisma/client';
import { rescueJobs } from '@closebell/prisma/job-relay';
import { claimJob } from '@closebell/prisma/job-runs';
import { findJob, submitJob, type JobRow } from '@closebell/prisma/jobs';
import { listPortfolios } from '@closebell/prisma/portfolios';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { figuresOf, makePortfolio, makeUser, type LotRecord } from '../support/ledger.js';
import { until } from '../support/until.js';
import { createWorld, ended, run, withWorker, type TestWorld } from '../support/worker.js';

const SESSION = '2025-06-20';
const LEASE_MS = 60_000;
const FIRST: LotRecord = { symbol: 'AAPL', quantity: '100', entryPrice: '180.5', entryDate: '2025-05-14' };
const SAME_SYMBOL: LotRecord = { symbol: 'AAPL', quantity: '11', entryPrice: '190.5', entryDate: '2025-06-03' };
const NEW_SYMBOL: LotRecord = { symbol: 'KO', quantity: '30', entryPrice: '60.01', entryDate: '2025-03-10' };

let world: TestWorld;
beforeAll(async () => {
  world = await createWorld({ now: '2025-06-21T15:00:00Z' });
});
afterAll(() => world.close());

/** Calculates a portfolio, and does something to it once its worker waits for the lock; gives the ended job. */
async function calculateHeld(portfolioId: string, meanwhile: (client: Queryable) => Promise<unknown>): Promise<JobRow> {
  const { db } = world;
  return withWorker(world, async () => {
    const jobId = await inTransaction(db, async (client) => {
      await client.query(`SELECT 1 FROM portfolios WHERE id = $1 FOR NO KEY UPDATE`, [portfolioId]);
      const submitted = await submitJob(
        db.pool,
        'calculate-portfolio',
        { portfolioId, sessionDate: SESSION },
        { trigger: 'user' },
      );
      await until('the worker waits to commit', () => isWaiting('UPDATE portfolios SET dirty_from = NULL'));
      await meanwhile(client);
      return submitted.jobId;
    });
    return ended(db, jobId);
  });
}

async function isWaiting(statement: string): Promise<boolean> {
  const { rowCount } = await world.db.pool.query(
    `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND strpos(query, $1) > 0`,
    [statement],
  );
  return rowCount !== 0;
}

async function changeIn(
  client: Queryable,
  portfolioId: string,
  { symbol, quantity, entryPrice, entryDate }: LotRecord,
): Promise<void> {
  await client.query(
    `INSERT INTO positions (portfolio_id, symbol, investment_class, quantity, entry_price, entry_date) VALUES ($1, $2, 'PUBLIC', $3, $4, $5)`,
    [portfolioId, symbol, quantity, entryPrice, entryDate],
  );
  await client.query(`UPDATE portfolios SET dirty_from = $2, generation = generation + 1 WHERE id = $1`, [
    portfolioId,
    entryDate,
  ]);
}

async function directly(lots: readonly LotRecord[]): Promise<string> {
  const portfolioId = await makePortfolio(world.db, { asOf: SESSION, lots });
  await withWorker(world, () => run(world.db, 'calculate-portfolio', { portfolioId, sessionDate: SESSION }));
  return figuresOf(world.db, portfolioId);
}

test('a change that comes before the figures are committed is in them when the run ends', async () => {
  const portfolioId = await makePortfolio(world.db, { asOf: SESSION, lots: [FIRST] });
  const job = await calculateHeld(portfolioId, (client) => changeIn(client, portfolioId, SAME_SYMBOL));
  expect(job.status).toBe('completed');
  expect(await figuresOf(world.db, portfolioId)).toBe(await directly([FIRST, SAME_SYMBOL]));
});

test('a change that brings a new symbol has the run fetch its prices', async () => {
  const portfolioId = await makePortfolio(world.db, { asOf: SESSION, lots: [FIRST] });
  const job = await calculateHeld(portfolioId, (client) => changeIn(client, portfolioId, NEW_SYMBOL));
  expect(job.status).toBe('completed');
  expect(await figuresOf(world.db, portfolioId)).toBe(await directly([FIRST, NEW_SYMBOL]));
});

test('prices that arrive while the first figures are computed without them make those void', async () => {
  const { db } = world;
  const lot: LotRecord = { symbol: 'JPM', quantity: '-8', entryPrice: '265.5', entryDate: '2025-06-13' };
  const portfolioId = await makePortfolio(db, { asOf: SESSION, lots: [lot] });
  const payload = { runId: portfolioId, chunk: 0, sessionDate: SESSION, portfolioIds: [portfolioId] };
  await withWorker(world, async () => {
    const chunk = await submitJob(db.pool, 'calculate-chunk', payload, { trigger: 'schedule' });
    const prepare = await inTransaction(db, async (client) => {
      await client.query(`SELECT 1 FROM portfolios WHERE id = $1 FOR NO KEY UPDATE`, [portfolioId]);
      await until('the chunk waits to commit', () => isWaiting('UPDATE portfolios SET dirty_from = NULL'));
      const submitted = await submitJob(db.pool, 'prepare-portfolio', { portfolioId, sessionDate: SESSION }, { trigger: 'user' });
      await until('the prices are stored, or wait as well', async () => {
        return (await findJob(db.pool, submitted.jobId))!.finished_at !== null || isWaiting('WITH changed AS');
      });
      return submitted;
    });
    for (const { jobId } of [chunk, prepare]) expect(await ended(db, jobId)).toMatchObject({ status: 'completed' });
    await run(db, 'calculate-portfolio', { portfolioId, sessionDate: SESSION });
  });
  expect(await figuresOf(db, portfolioId)).toBe(await directly([lot]));
});

test('a session that is being computed has a slot, which nobody is shown', async () => {
  const userId = await makeUser(world.db);
  const portfolioId = await makePortfolio(world.db, { userId, asOf: SESSION, lots: [FIRST] });
  await calculateHeld(portfolioId, async () => {
    const { rows } = await world.db.pool.query(
      `SELECT snapshot_date AS date, is_complete FROM portfolio_snapshots WHERE portfolio_id = $1`,
      [portfolioId],
    );
    expect(rows).toEqual([{ date: SESSION, is_complete: false }]);
    expect(await listPortfolios(world.db.pool, userId, 1)).toMatchObject([{ net_asset_value: null, snapshot_date: null }]);
  });
});

test('a portfolio whose claim went to another job while it was computed is left to that one', async () => {
  const { db } = world;
  const portfolioId = await makePortfolio(db, { asOf: SESSION, lots: [FIRST] });
  await withWorker(world, () => run(db, 'calculate-portfolio', { portfolioId, sessionDate: SESSION }));
  // Claimed before, it is claimed without a look at the portfolio; the slot it needs again then waits for the lock.
  await db.pool.query(`DELETE FROM portfolio_snapshots WHERE portfolio_id = $1`, [portfolioId]);
  await db.pool.query(`DELETE FROM position_values WHERE portfolio_id = $1`, [portfolioId]);
  const { jobId: otherId } = await submitJob(db.pool, 'ping', { nonce: 'takes the claim' }, { trigger: 'user' });
  const other = { id: otherId, fence: 1, leaseMs: LEASE_MS };
  const { jobId } = await submitJob(db.pool, 'calculate-portfolio', { portfolioId, sessionDate: SESSION }, { trigger: 'user' });
  await withWorker(world, async () => {
    let fence = 0;
    const claims = await inTransaction(db, async (client) => {
      await client.query(`SELECT 1 FROM portfolios WHERE id = $1 FOR UPDATE`, [portfolioId]);
      await until('the worker has claimed the portfolio and waits', () => isWaiting('INSERT INTO portfolio_snapshots'));
      ({ fence } = (await findJob(db.pool, jobId))!);
      await db.pool.query(`UPDATE calculation_claims SET lease_until = '-infinity' WHERE portfolio_id = $1`, [portfolioId]);
      return claimPortfolios(db.pool, other, [portfolioId]);
    });
    await until('the run has given up its turn', async () => (await findJob(db.pool, jobId))!.fence > fence);
    expect(await figuresOf(db, portfolioId)).not.toContain('"is_complete": true');
    await releaseClaims(db.pool, other, claims);
    expect(await ended(db, jobId)).toMatchObject({ status: 'completed' });
  });
});

test('while its lease runs a job is left to its worker', async () => {
  const { db } = world;
  const { jobId } = await submitJob(db.pool, 'ping', { nonce: 'held' }, { trigger: 'user' });
  await claimJob(db.pool, jobId, 1, LEASE_MS);
  await rescueJobs(db, { enqueuedForMs: 0, limit: 100, holds: () => Promise.resolve(true) });
  expect(await findJob(db.pool, jobId)).toMatchObject({ status: 'running', fence: 1 });
  await db.pool.query(`DELETE FROM jobs WHERE id = $1`, [jobId]);
});

test('a run for a session before the stated balance has the prices of the balance’s own session', async () => {
  const own = await createWorld({ now: '2025-06-21T15:00:00Z' });
  const figuresFor = async (sessionDate: string): Promise<string> => {
    const portfolioId = await makePortfolio(own.db, { asOf: SESSION, lots: [FIRST, NEW_SYMBOL] });
    await run(own.db, 'calculate-portfolio', { portfolioId, sessionDate });
    return figuresOf(own.db, portfolioId);
  };
  await withWorker(own, async () => {
    const early = await figuresFor('2025-06-18');
    expect(early).toBe(await figuresFor(SESSION));
  });
  await own.close();
});
