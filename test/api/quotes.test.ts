// Quotes over HTTP: what is stored, fetched again by a worker when it is old, and never a request to a provider that nobody needs.
import type { WorkerContext } from '@closebell/worker/context';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makePortfolio } from '../support/ledger.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { quotingProvider } from '../support/quoting-provider.js';
import { withWorker, workerContextBeside } from '../support/worker.js';
import { createCaller, expectError, fieldsOf, logIn, type Caller } from './caller.js';

const NOW = '2025-06-20T15:00:00Z';

let app: TestApp;
let user: Caller;
let worker: WorkerContext;
let now: Date;
const provider = quotingProvider('scripted', () => now);
const { asked, prices } = provider;

beforeAll(async () => {
  // The clock of the routes and of the worker, which the test moves.
  app = await startTestApp({}, () => now);
  const { context } = app;
  const { db } = context;
  worker = workerContextBeside(context, [provider]);
  user = await logIn(app);
  await makePortfolio(db, {
    asOf: '2025-06-18',
    lots: [
      { symbol: 'AAPL', quantity: '1', entryPrice: '1', entryDate: '2025-06-02' },
      { symbol: 'BRK.B', quantity: '1', entryPrice: '1', entryDate: '2025-06-02' },
      { symbol: 'CASH_USD', quantity: '1', entryPrice: '1', entryDate: '2025-06-02', investmentSubtype: 'CASH' },
      { symbol: 'MYFUND', quantity: '1', entryPrice: '1', entryDate: '2025-06-02', investmentClass: 'PRIVATE' },
    ],
  });
});
afterAll(() => app.close());

beforeEach(async () => {
  now = new Date(NOW);
  asked.length = 0;
  prices.clear();
  await app.context.db.pool.query(`TRUNCATE quotes, fetch_attempts`);
  await app.context.db.pool.query(`DELETE FROM jobs`);
});

type Quotes = Readonly<{
  quotes: readonly Record<string, unknown>[];
  missing: readonly Readonly<{ symbol: string; reason: string }>[];
}>;
const get = async (symbols: string) => fieldsOf<Quotes>(await user.get(`/data/prices/quotes?symbols=${symbols}`), 200);
const store = (symbol: string, quotedAt: string, fetchedSecondsAgo = 0) =>
  app.context.db.pool.query(
    `INSERT INTO quotes (symbol, price, previous_close, currency, quoted_at, provider, fetched_at)
     VALUES ($1, 101.1, 100, 'USD', $2, 'stored', clock_timestamp() - make_interval(secs => $3))`,
    [symbol, quotedAt, fetchedSecondsAgo],
  );
const refreshes = async () => {
  const { rows } = await app.context.db.pool.query<{ symbols: string }>(
    `SELECT payload->>'symbols' AS symbols FROM jobs WHERE kind = 'refresh-quotes'`,
  );
  return rows.map(({ symbols }) => symbols);
};

describe('a quote', () => {
  it('that is stored and fresh is shown as it is, and nothing is fetched', async () => {
    await store('AAPL', '2025-06-20T14:59:30Z');
    expect(await get('aapl')).toEqual({
      quotes: [
        {
          symbol: 'AAPL',
          price: 101.1,
          previous_close: 100,
          change: 1.1,
          change_percent: expect.closeTo(1.1, 12),
          currency: 'USD',
          quoted_at: '2025-06-20T14:59:30.000Z',
          age_seconds: 30,
          provider: 'stored',
          is_stale: false,
        },
      ],
      missing: [],
    });
    expect(await refreshes()).toEqual([]);
  });

  it('over a minute old is fetched again while the exchange is open, and the answer waits for it', async () => {
    await store('AAPL', '2025-06-20T14:58:00Z', 61);
    prices.set('AAPL', { price: 103.5 }).set('BRK.B', { price: 480 });
    const { quotes } = await withWorker({ context: worker }, () => get('BRK/B,AAPL'));
    expect(quotes).toMatchObject([
      { symbol: 'BRK.B', price: 480, previous_close: null, change: null, change_percent: null },
      { symbol: 'AAPL', price: 103.5, age_seconds: 0, provider: 'scripted' },
    ]);
    expect(asked).toEqual([['AAPL', 'BRK.B']]);
  });

  it('is old when no worker runs, and the answer says so after two seconds', async () => {
    await store('AAPL', '2025-06-20T14:30:00Z', 1_800);
    const startedMs = performance.now();
    expect(await get('AAPL')).toMatchObject({ quotes: [{ price: 101.1, age_seconds: 1_800, is_stale: true }] });
    expect(performance.now() - startedMs).toBeGreaterThan(1_900);
    expect(await refreshes()).toEqual(['["AAPL"]']);
  });

  it('asked for by many at once is fetched by one job', async () => {
    prices.set('AAPL', { price: 103.5 });
    const answers = await withWorker({ context: worker }, () => Promise.all(Array.from({ length: 20 }, () => get('AAPL'))));
    expect(answers.every(({ quotes }) => quotes[0]?.['price'] === 103.5)).toBe(true);
    expect(asked).toEqual([['AAPL']]);
  });

  it.each([
    ['of the last close is good all weekend', '2025-06-20T20:00:00Z', []],
    ['of hours before the close is fetched again on the weekend', '2025-06-20T15:00:00Z', ['["AAPL"]']],
  ])('%s', async (_, quotedAt, fetched) => {
    now = new Date('2025-06-22T15:00:00Z');
    await store('AAPL', quotedAt, 3_600);
    await get('AAPL');
    expect(await refreshes()).toEqual(fetched);
  });
});

describe('a symbol', () => {
  it('of a symbol that somebody watches is fetched though nobody holds it', async () => {
    await app.context.db.pool.query(`INSERT INTO watchlist (user_id, symbol) SELECT id, 'PYPL' FROM users LIMIT 1`);
    prices.set('PYPL', { price: 71.25 });
    const { quotes } = await withWorker({ context: worker }, () => get('PYPL'));
    expect(quotes).toMatchObject([{ symbol: 'PYPL', price: 71.25 }]);
  });

  it('that nobody holds is asked of no provider, nor is a private name or cash', async () => {
    const { quotes, missing } = await get('ZZZZ,MYFUND,CASH_USD');
    expect(quotes).toEqual([]);
    expect(missing.map(({ symbol }) => symbol)).toEqual(['ZZZZ', 'MYFUND', 'CASH_USD']);
    for (const { reason } of missing) expect(reason).toContain('no provider is asked');
    expect(await refreshes()).toEqual([]);
  });

  it('that no provider has is missing with what each said, and is not asked for again at once', async () => {
    const missing = await withWorker({ context: worker }, async () => {
      await get('AAPL');
      return (await get('AAPL')).missing;
    });
    expect(missing).toEqual([
      { symbol: 'AAPL', reason: expect.stringMatching(/scripted: has no quote of it; asked .*after an hour/) },
    ]);
    expect(asked).toEqual([['AAPL']]);
  });

  it('has no quote where the providers in use have none, and the answer says so', async () => {
    const { quotes: _, ...without } = provider;
    const context = { ...worker, providers: [without] };
    const { missing } = await withWorker({ context }, () => get('AAPL'));
    expect(missing).toEqual([{ symbol: 'AAPL', reason: expect.stringContaining('no provider in use has quotes') }]);
  });
});

it.each([
  ['none', ''],
  ['51 of them', Array.from({ length: 51 }, (_, i) => `S${i}`).join(',')],
  ['one with blanks inside', 'AA PL'],
  ['one too long', 'A'.repeat(31)],
])('symbols are refused: %s', async (_, symbols) => {
  expectError(await user.get(`/data/prices/quotes?symbols=${encodeURIComponent(symbols)}`), 422, 'ERR_REQ_001');
});

it('quotes are for users only', async () => {
  expect((await createCaller(app.url, '', {}).get('/data/prices/quotes?symbols=AAPL')).status).toBe(401);
});
