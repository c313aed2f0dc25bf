// The promises of the calculation: twice, at once, out of order or half-way, the figures are those of one clean serial run.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '@closebell/prisma/client';
import { submitJob } from '@closebell/prisma/jobs';
import { addLot, brokenChains, figuresOf, type LotRecord, makePortfolio, MSFT_PUT } from '../support/ledger.js';
import { createWorld, ended, run, withWorker, type TestWorld } from '../support/worker.js';

const LOTS: readonly LotRecord[] = [
  { symbol: 'AAPL', quantity: '100', entryPrice: '180.5', entryDate: '2024-03-15' },
  { symbol: 'MSFT', quantity: '-40.5', entryPrice: '410.25', entryDate: '2025-02-03' },
  { symbol: 'KO', quantity: '333.333333', entryPrice: '60.01', entryDate: '2024-11-30', exitPrice: '70', exitDate: '2025-03-22' },
  { symbol: 'SPAXX', quantity: '5000', entryPrice: '1', entryDate: '2025-01-02', investmentSubtype: 'MUTUAL_FUND' },
  {
    symbol: 'HOUSE',
    quantity: '1',
    entryPrice: '250000',
    entryDate: '2023-01-02',
    investmentClass: 'PRIVATE',
    investmentSubtype: 'REAL_ESTATE',
  },
  { symbol: 'NODATA1', quantity: '10', entryPrice: '12.34', entryDate: '2025-01-02' },
  {
    symbol: 'AAPL250516C00200000',
    quantity: '-3',
    entryPrice: '9.55',
    entryDate: '2025-03-03',
    investmentClass: 'OPTIONS',
    underlyingSymbol: 'AAPL',
    strikePrice: '200',
    expirationDate: '2025-05-16',
    optionType: 'CALL',
  },
  MSFT_PUT,
];

const TARGET = '2025-06-20';

let world: TestWorld;
beforeAll(async () => {
  world = await createWorld({ now: '2025-06-21T15:00:00Z' });
});
afterAll(() => world.close());

const calculate = (portfolioId: string, sessionDate = TARGET) =>
  run(world.db, 'calculate-portfolio', { portfolioId, sessionDate });

describe('a calculation', () => {
  test('gives a year of sessions whose equity adds up to the last digit, ending at the stated balance', async () => {
    const portfolioId = await makePortfolio(world.db, { equity: '400000', asOf: TARGET, lots: LOTS });
    const job = await withWorker(world, () => calculate(portfolioId));
    expect(job).toMatchObject({ status: 'completed', result: { calculation_date: TARGET, lots_valued: 6 } });
    const { rows } = await world.db.pool.query(
      `SELECT count(*) AS sessions, min(snapshot_date) AS first, max(snapshot_date) AS last,
         (array_agg(equity ORDER BY snapshot_date DESC))[1] AS equity, (array_agg(valuation ORDER BY snapshot_date DESC))[1] AS valuation
       FROM portfolio_snapshots WHERE portfolio_id = $1 AND is_complete`,
      [portfolioId],
    );
    // 365 days before Friday 20 June 2025 is Thursday 20 June 2024.
    expect(rows).toEqual([{ sessions: 251, first: '2024-06-20', last: TARGET, equity: '400000.0000', valuation: 'partial' }]);
    expect(await brokenChains(world.db)).toBe(0);
  });

  test('says of every lot where its value comes from', async () => {
    const portfolioId = await makePortfolio(world.db, { asOf: TARGET, lots: LOTS });
    await withWorker(world, () => calculate(portfolioId));
    const { rows } = await world.db.pool.query<{ symbol: string; price_source: string; market_value: string }>(
      `SELECT symbol, price_source, market_value FROM position_values JOIN positions ON positions.id = position_id
       WHERE position_values.portfolio_id = $1 ORDER BY symbol`,
      [portfolioId],
    );
    expect(rows.map(({ symbol, price_source: source }) => [symbol, source])).toEqual([
      ['AAPL', 'close'],
      ['HOUSE', 'manual'],
      ['MSFT', 'close'],
      ['MSFT260116P00400000', 'model'],
      ['NODATA1', 'no_price'],
      ['SPAXX', 'par'],
    ]);
    expect(rows.find(({ symbol }) => symbol === 'NODATA1')?.market_value).toBe('123.4000');
    expect(rows.every(({ market_value: value }) => Number(value) !== 0)).toBe(true);
  });

  test('four times in a row and twenty at once leave every byte as the first left it', { timeout: 60_000 }, async () => {
    const portfolioId = await makePortfolio(world.db, { asOf: TARGET, lots: LOTS });
    await withWorker(world, async () => {
      await calculate(portfolioId);
      const first = await figuresOf(world.db, portfolioId);
      for (let n = 0; n < 4; n++) expect((await calculate(portfolioId)).status).toBe('completed');
      expect(await figuresOf(world.db, portfolioId)).toBe(first);
      const submit = () =>
        submitJob(world.db.pool, 'calculate-portfolio', { portfolioId, sessionDate: TARGET }, { trigger: 'user' });
      const submitted = await Promise.all(Array.from({ length: 20 }, submit));
      expect(submitted.filter(({ created }) => created)).toHaveLength(1);
      expect(new Set(submitted.map(({ jobId }) => jobId)).size).toBe(1);
      await ended(world.db, submitted[0]!.jobId);
      expect(await figuresOf(world.db, portfolioId)).toBe(first);
    });
  });

  test('computed again from the ledger gives the same bytes and hashes', async () => {
    const portfolioId = await makePortfolio(world.db, { asOf: TARGET, lots: LOTS });
    await withWorker(world, async () => {
      await calculate(portfolioId);
      const first = await figuresOf(world.db, portfolioId);
      await world.db.pool.query(`DELETE FROM portfolio_snapshots WHERE portfolio_id = $1`, [portfolioId]);
      await world.db.pool.query(`DELETE FROM position_values WHERE portfolio_id = $1`, [portfolioId]);
      await calculate(portfolioId);
      expect(await figuresOf(world.db, portfolioId)).toBe(first);
    });
  });

  test('session by session, or all missed ones at once, or out of order: the same bytes', { timeout: 60_000 }, async () => {
    const record = { asOf: '2025-06-02', lots: LOTS };
    const [daily, atOnce, disordered] = [
      await makePortfolio(world.db, record),
      await makePortfolio(world.db, record),
      await makePortfolio(world.db, record),
    ] as const;
    await withWorker(world, async () => {
      for (const session of world.context.calendar.sessionsBetween('2025-06-02', TARGET)) await calculate(daily, session);
      await calculate(atOnce, TARGET);
      for (const session of ['2025-06-05', TARGET, '2025-06-03', '2025-06-13']) await calculate(disordered, session);
    });
    const expected = await figuresOf(world.db, daily);
    expect(await figuresOf(world.db, atOnce)).toBe(expected);
    expect(await figuresOf(world.db, disordered)).toBe(expected);
  });

  test('a lot added later is rolled back through the history without moving the stated balance', async () => {
    const portfolioId = await makePortfolio(world.db, { equity: '100000', asOf: TARGET, lots: LOTS.slice(0, 1) });
    const direct = await makePortfolio(world.db, { equity: '100000', asOf: TARGET, lots: LOTS.slice(0, 2) });
    await withWorker(world, async () => {
      await calculate(portfolioId);
      await inTransaction(world.db, async (client) => {
        await client.query(`UPDATE portfolios SET dirty_from = '2025-02-03', generation = generation + 1 WHERE id = $1`, [
          portfolioId,
        ]);
      });
      await addLot(world.db, portfolioId, LOTS[1]!);
      await calculate(portfolioId);
      await calculate(direct);
    });
    expect(await figuresOf(world.db, portfolioId)).toBe(await figuresOf(world.db, direct));
  });

  test('a contribution after the anchor moves equity and cash from its session on and earns nothing', async () => {
    const portfolioId = await makePortfolio(world.db, { equity: '100000', asOf: '2025-06-12' });
    await world.db.pool.query(
      `INSERT INTO equity_changes (portfolio_id, change_type, amount, change_date) VALUES ($1, 'CONTRIBUTION', 5000, '2025-06-14'), ($1, 'WITHDRAWAL', 250.5, '2025-06-17')`,
      [portfolioId],
    );
    await withWorker(world, () => calculate(portfolioId));
    const { rows } = await world.db.pool.query(
      `SELECT snapshot_date AS date, equity, cash, daily_pnl AS pnl, capital_flow AS flow FROM portfolio_snapshots WHERE portfolio_id = $1 ORDER BY 1`,
      [portfolioId],
    );
    // 14 June is a Saturday: the flow counts on Monday the 16th. 19 June is a holiday.
    expect(rows.map(({ date, equity, flow }) => [date, equity, flow])).toEqual([
      ['2025-06-12', '100000.0000', '0.0000'],
      ['2025-06-13', '100000.0000', '0.0000'],
      ['2025-06-16', '105000.0000', '5000.0000'],
      ['2025-06-17', '104749.5000', '-250.5000'],
      ['2025-06-18', '104749.5000', '0.0000'],
      ['2025-06-20', '104749.5000', '0.0000'],
    ]);
    expect(rows.every(({ equity, cash, pnl }) => equity === cash && pnl === '0.0000')).toBe(true);
  });

  test('an expired option settles at intrinsic value and earns nothing afterwards', async () => {
    const call = { ...LOTS[6]!, strikePrice: '1', symbol: 'AAPL250516C00001000', entryPrice: '200' };
    const portfolioId = await makePortfolio(world.db, { asOf: TARGET, lots: [call] });
    await withWorker(world, () => calculate(portfolioId));
    const { rows } = await world.db.pool.query<{ date: string; pnl: string; options: string; realised: string }>(
      `SELECT snapshot_date AS date, daily_pnl AS pnl, options_value AS options, realised_pnl AS realised FROM portfolio_snapshots
       WHERE portfolio_id = $1 AND snapshot_date >= '2025-05-15' ORDER BY 1`,
      [portfolioId],
    );
    const { rows: closes } = await world.db.pool.query<{ close: string }>(
      `SELECT close FROM price_bars WHERE symbol = 'AAPL' AND session_date = '2025-05-16'`,
    );
    const intrinsic = Number(closes[0]!.close) - 1;
    expect(Number(rows[0]!.options)).toBeGreaterThan(0);
    expect(rows[1]).toMatchObject({ date: '2025-05-16', options: '0.0000', realised: (-300 * (intrinsic - 200)).toFixed(4) });
    expect(rows.slice(2).every(({ pnl }) => pnl === '0.0000')).toBe(true);
  });

  test('two jobs at once for one portfolio do not double anything: the second waits for the first', async () => {
    const portfolioId = await makePortfolio(world.db, { asOf: TARGET, lots: LOTS });
    await withWorker(world, async () => {
      const sessions = ['2025-06-18', TARGET];
      const jobs = await Promise.all(sessions.map((session) => calculate(portfolioId, session)));
      expect(jobs.map(({ status }) => status)).toEqual(['completed', 'completed']);
    });
    expect(await brokenChains(world.db)).toBe(0);
  });
});
