// Values between two closes: at live quotes, once per slot whoever runs, and never a figure that the quotes do not carry.
import { submitJob } from '@closebell/prisma/jobs';
import { loadQuotes } from '@closebell/prisma/quotes';
import { submitValueSlot } from '@closebell/prisma/value-slots';
import type { Quote } from '@closebell/shared/market-data/provider';
import { submitDueSlot } from '@closebell/worker/value-slots';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makePortfolio } from '../support/ledger.js';
import { quotingProvider, type QuotingProvider } from '../support/quoting-provider.js';
import { createWorld, run, withWorker, type TestWorld } from '../support/worker.js';

/** A Friday after a holiday, in the session; Wednesday's figures are the newest. */
const NOW = '2025-06-20T15:00:00.000Z';
const SNAPSHOT = '2025-06-18';
const QUOTED_AT = '2025-06-20T14:59:50.000Z';

let world: TestWorld;
let first: QuotingProvider;
let second: QuotingProvider;
let portfolioId: string;
let closes: Readonly<Record<string, number>>;

beforeAll(async () => {
  const quotedAt = () => new Date(QUOTED_AT);
  first = quotingProvider('first', quotedAt);
  second = quotingProvider('second', quotedAt);
  world = await createWorld({ now: NOW, providers: [first, second], env: { RECORD_VALUES_EVERY_S: '30' } });
  const lots = ['AAPL', 'MSFT'].map((symbol) => ({ symbol, quantity: '10', entryPrice: '100', entryDate: SNAPSHOT }));
  portfolioId = await makePortfolio(world.db, { asOf: SNAPSHOT, equity: '50000', lots });
  await withWorker(world, () => run(world.db, 'calculate-portfolio', { portfolioId, sessionDate: SNAPSHOT }));
  const { rows } = await world.db.pool.query<{ symbol: string; price: string }>(
    `SELECT symbol, price FROM position_values JOIN positions ON positions.id = position_id`,
  );
  closes = Object.fromEntries(rows.map(({ symbol, price }) => [symbol, Number(price)]));
});
afterAll(() => world.close());

beforeEach(async () => {
  world.setNow(NOW);
  for (const provider of [first, second]) {
    provider.prices.clear();
    provider.asked.length = 0;
  }
  await world.db.pool.query(`TRUNCATE quotes, intraday_values, fetch_attempts, schedule_ticks`);
});

const up = (symbol: string, dollars: number): Partial<Quote> => ({ price: closes[symbol]! + dollars });
const record = (slot = NOW, only?: string) =>
  withWorker(world, () => run(world.db, 'record-values', { slot, ...(only === undefined ? {} : { portfolioId: only }) }));
const recorded = async () => {
  const { rows } = await world.db.pool.query<{ value: string; coverage: number; slot: Date; oldest: Date | null }>(
    `SELECT total_value AS value, coverage, recorded_at AS slot, oldest_quote_at AS oldest FROM intraday_values
     WHERE portfolio_id = $1 ORDER BY recorded_at`,
    [portfolioId],
  );
  return rows;
};
/** Lets quotes be asked for as if the last ones had come long ago. */
const ageQuotes = () => world.db.pool.query(`UPDATE quotes SET fetched_at = fetched_at - interval '1 hour'`);
const slotJobs = async () => {
  const { rows } = await world.db.pool.query<{ slot: string }>(
    `SELECT payload->>'slot' AS slot FROM jobs WHERE kind = 'record-values' AND status = 'queued' ORDER BY created_at`,
  );
  return rows.map(({ slot }) => slot);
};

describe('a slot', () => {
  test('records the equity of the snapshot and what the lots earned since at their quotes', async () => {
    first.prices.set('AAPL', up('AAPL', 1.5)).set('MSFT', up('MSFT', -0.25));
    const job = await record();
    expect(job).toMatchObject({ status: 'completed', result: { recorded: 1, left_out: 0 } });
    expect(await recorded()).toEqual([{ value: '50012.5000', coverage: 1, slot: new Date(NOW), oldest: new Date(QUOTED_AT) }]);
  });

  test('that is delivered twice is written once', async () => {
    first.prices.set('AAPL', up('AAPL', 1));
    await record();
    await ageQuotes();
    first.prices.set('AAPL', up('AAPL', 9));
    expect((await record()).result).toMatchObject({ recorded: 0 });
    expect((await recorded()).map(({ value }) => value)).toEqual(['50010.0000']);
  });

  test('is not recorded by a job that comes too late, nor on a weekend or holiday', async () => {
    first.prices.set('AAPL', up('AAPL', 1));
    for (const [slot, now] of [
      [NOW, '2025-06-20T15:06:00Z'],
      ['2025-06-21T15:00:00.000Z', '2025-06-21T15:00:00Z'],
      ['2025-06-19T15:00:00.000Z', '2025-06-19T15:00:00Z'],
    ] as const) {
      world.setNow(now);
      expect((await record(slot)).result).toMatchObject({ recorded: 0, note: expect.stringMatching(/too late|not opened/) });
    }
    expect(await recorded()).toEqual([]);
    expect(first.asked).toEqual([]);
  });

  test('leaves out who has no snapshot and who waits for a calculation, and may be of one portfolio alone', async () => {
    await makePortfolio(world.db, { asOf: SNAPSHOT });
    await world.db.pool.query(`UPDATE portfolios SET dirty_from = $2 WHERE id = $1`, [portfolioId, SNAPSHOT]);
    expect((await record()).result).toMatchObject({ recorded: 0, left_out: 2 });
    await world.db.pool.query(`UPDATE portfolios SET dirty_from = '2025-06-20' WHERE id = $1`, [portfolioId]);
    expect((await record(NOW, portfolioId)).result).toMatchObject({ recorded: 1, left_out: 0 });
    await world.db.pool.query(`UPDATE portfolios SET dirty_from = NULL`);
  });

  test('knows the lots and the money that came and went since the snapshot', async () => {
    const client = world.db.pool;
    first.prices.set('AAPL', up('AAPL', 2)).set('MSFT', up('MSFT', 2));
    await client.query(
      `INSERT INTO positions (portfolio_id, symbol, quantity, entry_price, entry_date, investment_class) VALUES ($1, 'AAPL', -4, $2, '2025-06-20', 'PUBLIC')`,
      [portfolioId, closes['AAPL']! + 3],
    );
    await client.query(`UPDATE positions SET exit_date = '2025-06-20', exit_price = $1 WHERE symbol = 'MSFT'`, [
      closes['MSFT']! - 1,
    ]);
    await client.query(
      `INSERT INTO equity_changes (portfolio_id, change_type, amount, change_date) VALUES ($1, 'WITHDRAWAL', 1000.25, '2025-06-20')`,
      [portfolioId],
    );
    await record();
    await client.query(`DELETE FROM equity_changes`);
    await client.query(`DELETE FROM positions WHERE quantity < 0`);
    await client.query(`UPDATE positions SET exit_date = NULL, exit_price = NULL`);
    // 10 × 2 on Apple held, 4 × 1 on Apple sold short, 10 × −1 on Microsoft sold.
    expect((await recorded())[0]).toMatchObject({ value: '49013.7500', coverage: 1 });
  });
});

describe('quotes', () => {
  test('that the first provider has not are asked of the next, once', async () => {
    first.prices.set('AAPL', up('AAPL', 1));
    second.prices.set('MSFT', up('MSFT', 1));
    await record();
    expect([first.asked, second.asked]).toEqual([[['AAPL', 'MSFT']], [['MSFT']]]);
    const quotes = await loadQuotes(world.db.pool, ['AAPL', 'MSFT']);
    expect(quotes.map(({ symbol, provider }) => `${symbol} ${provider}`).sort((a, b) => (a < b ? -1 : 1))).toEqual([
      'AAPL first',
      'MSFT second',
    ]);
  });

  test('that nobody has leave their lots at the close, and coverage says how much', async () => {
    first.prices.set('AAPL', up('AAPL', 1));
    const job = await record();
    expect(job.result).toMatchObject({ quotes: { requested: 2, stored: 1, missing: 1 } });
    const [aapl, msft] = [10 * (closes['AAPL']! + 1), 10 * closes['MSFT']!];
    expect(await recorded()).toMatchObject([{ value: '50010.0000', coverage: expect.closeTo(aapl / (aapl + msft), 12) }]);
    // In vain: not again before an hour is over.
    await ageQuotes();
    await record('2025-06-20T15:00:30.000Z');
    expect(first.asked).toEqual([['AAPL', 'MSFT'], ['AAPL']]);
  });

  test('are asked for 200 at a time, and a provider in trouble is not asked for the rest', async () => {
    const symbols = Array.from({ length: 450 }, (_, i) => `S${i}`);
    const lots = symbols.map((symbol) => ({ symbol, quantity: '1', entryPrice: '1', entryDate: SNAPSHOT }));
    const many = await makePortfolio(world.db, { asOf: SNAPSHOT, lots });
    const down: QuotingProvider = {
      ...first,
      quotes: (batch) => {
        first.asked.push([...batch]);
        return Promise.resolve({ status: 'unavailable', reason: 'answered 503' });
      },
    };
    const context = { ...world.context, providers: [down, second] };
    const job = await withWorker({ context }, () => run(world.db, 'record-values', { slot: NOW }));
    expect([first.asked, second.asked].map((asked) => asked.map((batch) => batch.length))).toEqual([[200], [200, 200, 52]]);
    expect(job.result).toMatchObject({ quotes: { requested: 452, stored: 0, missing: 452 } });
    await world.db.pool.query(`DELETE FROM portfolios WHERE id = $1`, [many]);
  });

  test.each<[string, Partial<Quote>]>([
    ['a price of 0', { price: 0 }],
    ['a price that is no number', { price: Number.NaN }],
    ['an instant to come', { price: 100, quotedAt: '2025-06-20T15:05:30.000Z' }],
  ])('with %s are refused, and the next provider is asked', async (_, faulty) => {
    first.prices.set('AAPL', faulty);
    second.prices.set('AAPL', up('AAPL', 1));
    await record();
    expect(await loadQuotes(world.db.pool, ['AAPL'])).toMatchObject([{ provider: 'second' }]);
  });

  test('replace only what was quoted before them', async () => {
    first.prices.set('AAPL', up('AAPL', 2));
    await record();
    await ageQuotes();
    first.prices.set('AAPL', { ...up('AAPL', 5), quotedAt: '2025-06-20T14:40:00.000Z' });
    await record('2025-06-20T15:00:30.000Z');
    expect((await recorded()).map(({ value }) => value)).toEqual(['50020.0000', '50020.0000']);
  });

  test('of a provider that has stopped value their lots still, and count as coverage no more', async () => {
    first.prices.set('AAPL', up('AAPL', 1)).set('MSFT', up('MSFT', 1));
    await record();
    first.prices.clear();
    await ageQuotes();
    world.setNow('2025-06-20T15:30:00Z');
    await record('2025-06-20T15:30:00.000Z');
    expect(await recorded()).toMatchObject([
      { value: '50020.0000', coverage: 1 },
      { value: '50020.0000', coverage: 0, oldest: new Date(QUOTED_AT) },
    ]);
  });

  test('that halve a price without a split that explains it leave the lot at its close', async () => {
    first.prices.set('AAPL', { price: closes['AAPL']! / 2 }).set('MSFT', up('MSFT', 1));
    await record();
    expect((await recorded())[0]).toMatchObject({ value: '50010.0000' });
    await ageQuotes();
    await world.db.pool.query(
      `INSERT INTO corporate_actions (symbol, ex_date, action_type, numerator, denominator, provider) VALUES ('AAPL', '2025-06-20', 'split', 2, 1, 'first')`,
    );
    await record('2025-06-20T15:00:30.000Z');
    await world.db.pool.query(`DELETE FROM corporate_actions WHERE numerator = 2`);
    const halfCent = 10 * 2 * (Math.round((closes['AAPL']! / 2) * 1e6) / 1e6) - 10 * closes['AAPL']!;
    expect(Number((await recorded())[1]!.value)).toBeCloseTo(50_010 + halfCent, 4);
    expect((await recorded())[1]!.coverage).toBe(1);
  });

  test('from before the snapshot change nothing', async () => {
    const early = { quotedAt: '2025-06-18T19:00:00.000Z' };
    first.prices.set('AAPL', { ...up('AAPL', 7), ...early }).set('MSFT', { ...up('MSFT', 7), ...early });
    await record();
    expect(await recorded()).toMatchObject([{ value: '50000.0000', coverage: 0, oldest: null }]);
  });
});

describe('the timer', () => {
  const cancelQueued = () => world.db.pool.query(`UPDATE jobs SET status = 'cancelled' WHERE status = 'queued'`);
  beforeEach(cancelQueued);

  test('of several workers submits a slot once, and the next when its time has come', async () => {
    await Promise.all([1, 2, 3].map(() => submitDueSlot(world.context, null)));
    expect(await slotJobs()).toEqual([NOW]);
    await cancelQueued();
    expect(await submitDueSlot(world.context, null)).toEqual(new Date(NOW));
    expect(await slotJobs()).toEqual([]);
    world.setNow('2025-06-20T15:00:31Z');
    await Promise.all([1, 2, 3].map(() => submitDueSlot(world.context, null)));
    expect(await slotJobs()).toEqual(['2025-06-20T15:00:30.000Z']);
  });

  test('submits nothing while the exchange is closed, and the close once', async () => {
    for (const now of ['2025-06-20T13:00:00Z', '2025-06-20T20:01:00Z', '2025-06-21T15:00:00Z', '2025-06-19T15:00:00Z']) {
      world.setNow(now);
      await submitDueSlot(world.context, null);
    }
    expect(await slotJobs()).toEqual([]);
    for (const now of ['2025-06-20T20:15:00Z', '2025-06-20T22:00:00Z']) {
      world.setNow(now);
      await submitDueSlot(world.context, null);
    }
    expect(await slotJobs()).toEqual(['2025-06-20T20:00:00.000Z']);
  });

  test('lets a slot go whose predecessor has not ended, for good', async () => {
    expect(await submitValueSlot(world.db, new Date(NOW))).toBe('submitted');
    const next = new Date('2025-06-20T15:00:30Z');
    expect(await submitValueSlot(world.db, next)).toBe('skipped');
    await cancelQueued();
    expect(await submitValueSlot(world.db, next)).toBe('known');
    // One after a trade is another matter.
    await submitJob(world.db.pool, 'record-values', { slot: NOW, portfolioId }, { trigger: 'user' });
    expect(await submitValueSlot(world.db, new Date('2025-06-20T15:01:00Z'))).toBe('submitted');
  });

  test('forgets the slots of the days before', async () => {
    await submitValueSlot(world.db, new Date('2025-06-18T15:00:00Z'));
    await submitValueSlot(world.db, new Date(NOW));
    const { rows } = await world.db.pool.query(`SELECT due_at FROM schedule_ticks WHERE schedule = 'record-values'`);
    expect(rows).toEqual([{ due_at: new Date(NOW) }]);
  });
});

test('values are kept for 30 days, the completed jobs that recorded them for two', async () => {
  await world.db.pool.query(
    `INSERT INTO intraday_values (portfolio_id, recorded_at, total_value)
     SELECT $1, $2::timestamptz - make_interval(days => days), 1 FROM unnest('{29,31}'::int[]) AS days`,
    [portfolioId, NOW],
  );
  await record();
  await world.db.pool.query(`UPDATE jobs SET finished_at = finished_at - interval '3 days' WHERE kind = 'record-values'`);
  await world.db.pool.query(`DELETE FROM intraday_values WHERE recorded_at = $1`, [NOW]);
  await withWorker(world, () => run(world.db, 'prune-jobs', {}));
  const { rows } = await world.db.pool.query(`SELECT 1 FROM jobs WHERE kind = 'record-values' AND status = 'completed'`);
  expect(rows).toEqual([]);
  expect((await recorded()).map(({ slot }) => slot.toISOString())).toEqual(['2025-05-22T15:00:00.000Z']);
});
