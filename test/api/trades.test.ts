// Trades over HTTP: cash and lots by the ledger, exact and under concurrency; the figures that a calculation makes of them agree.
import type { WorkerContext } from '@closebell/worker/context';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.js';
import { makePortfolio, type LotRecord } from '../support/ledger.js';
import { quotingProvider } from '../support/quoting-provider.js';
import { ended, withWorker, workerContextBeside } from '../support/worker.js';
import { expectError, fieldsOf, logIn, type Caller } from './caller.js';

/** A Friday in the session; 2025-06-19 was a holiday, so Wednesday is the last complete session. */
const NOW = '2025-06-20T15:00:00.000Z';
const TODAY = '2025-06-20';
const ANCHOR = '2025-06-12';

let app: TestApp;
let user: Caller;
let worker: WorkerContext;
let now: Date;
const provider = quotingProvider('scripted', () => now);

beforeAll(async () => {
  // The clock of the routes and of the worker, which the test moves.
  app = await startTestApp({}, () => now);
  worker = workerContextBeside(app.context, [provider]);
  user = await logIn(app);
});
afterAll(() => app.close());

beforeEach(async () => {
  now = new Date(NOW);
  provider.prices.clear();
  await app.context.db.pool.query(`TRUNCATE quotes, fetch_attempts`);
});

type Trade = Readonly<{
  trade_id: string;
  total: number;
  price: number;
  price_source: string;
  realized_pnl: number | null;
  cash_balance: number;
  cash_is_estimated: boolean;
  holding: Readonly<{ quantity: number; average_cost: number | null }>;
  opened_position_id: string | null;
  closed_positions: readonly Readonly<{ position_id: string; quantity: number; realized_pnl: number }>[];
  figures_from: string;
  moves: string;
  batch_run_id: string;
}>;

const makeBook = (equity: number, lots: readonly LotRecord[] = [], asOf = ANCHOR) =>
  makePortfolio(app.context.db, { userId: user.userId, equity: String(equity), asOf, openedOn: '2025-06-18', lots });
const post = (id: string, order: object, headers = {}) => user.post(`/portfolios/${id}/trades`, order, headers);
const trade = async (id: string, order: object) => fieldsOf<Trade>(await post(id, order), 200);
const buy = (id: string, quantity: number, price: number, terms = {}) =>
  trade(id, { symbol: 'AAPL', side: 'buy', quantity, price, ...terms });
const sell = (id: string, quantity: number, price: number, terms = {}) =>
  trade(id, { symbol: 'AAPL', side: 'sell', quantity, price, ...terms });
const refusalOf = async (id: string, order: object) =>
  ((await post(id, order)).json as { error: { code: string; details: unknown } }).error;
const rows = async <T>(statement: string, ...values: readonly unknown[]): Promise<readonly T[]> =>
  (await app.context.db.pool.query(statement, [...values])).rows as T[];
const snapshotsOf = (id: string) =>
  rows<{ date: string; equity: number; cash: number; net: number }>(
    `SELECT snapshot_date AS date, equity::float8, cash::float8, net_value::float8 AS net FROM portfolio_snapshots
     WHERE portfolio_id = $1 ORDER BY snapshot_date`,
    id,
  );
const lotsOf = (id: string) =>
  rows<{ id: string; quantity: number; exit: string | null; opener: string | null; closer: string | null }>(
    `SELECT id, quantity::float8, exit_date AS exit, opened_by_trade AS opener, closed_by_trade AS closer FROM positions
     WHERE portfolio_id = $1 AND deleted_at IS NULL ORDER BY entry_date, created_at, exit_date`,
    id,
  );
/** Lets the worker end every job there is. */
const work = (...jobIds: readonly string[]) =>
  withWorker({ context: worker }, async () => {
    for (const jobId of jobIds) expect((await ended(app.context.db, jobId)).status).toMatch(/completed|partial/);
  });

describe('cash', () => {
  it('of 10,000 is 8,500 after 10 are bought at 150, and 9,250 after 5 of them are sold at 150', async () => {
    const id = await makeBook(10_000);
    expect(await buy(id, 10, 150)).toMatchObject({
      total: 1_500,
      cash_balance: 8_500,
      realized_pnl: null,
      price_source: 'given',
    });
    expect(await sell(id, 5, 150)).toMatchObject({ total: 750, cash_balance: 9_250, realized_pnl: 0 });
  });

  it('must cover a purchase: 100 at 150 need 15,000 where there are 10,000, and nothing is kept', async () => {
    const id = await makeBook(10_000);
    const order = { symbol: 'AAPL', side: 'buy', quantity: 100, price: 150 };
    expect(await refusalOf(id, order)).toMatchObject({ code: 'ERR_TRADE_001', details: { need: 15_000, have: 10_000 } });
    expectError(await post(id, order), 400, 'ERR_TRADE_001');
    expect(await rows(`SELECT 1 FROM trades WHERE portfolio_id = $1`, id)).toEqual([]);
    expect(await rows(`SELECT 1 FROM portfolios WHERE id = $1 AND dirty_from IS NOT NULL`, id)).toEqual([]);
    expect((await buy(id, 66.6666, 150)).cash_balance).toBeCloseTo(0.01, 4);
  });

  it('is left of the stated balance when the lots held then are taken off, at entry prices until there are closes', async () => {
    const id = await makeBook(10_000, [{ symbol: 'ZZTOP', quantity: '10', entryPrice: '100', entryDate: '2025-06-02' }]);
    expect(await buy(id, 10, 150)).toMatchObject({ cash_balance: 7_500, cash_is_estimated: true });
  });

  it('counts contributions of today, and not those inside the stated balance', async () => {
    const id = await makeBook(1_000);
    const flow = { change_type: 'CONTRIBUTION', amount: 500 };
    await user.post(`/portfolios/${id}/equity-changes`, { ...flow, change_date: TODAY });
    await user.post(`/portfolios/${id}/equity-changes`, { ...flow, change_date: '2025-06-11' });
    expect((await buy(id, 10, 150)).cash_balance).toBe(0);
  });
});

describe('lots', () => {
  it('of 10 at 150 and 10 at 200 are 20 at 175; selling 5, first in first out, leaves 15 at 183.33', async () => {
    const id = await makeBook(10_000);
    await buy(id, 10, 150);
    expect((await buy(id, 10, 200)).holding).toEqual({ quantity: 20, average_cost: 175 });
    const sold = await sell(id, 5, 190);
    expect(sold.realized_pnl).toBe((190 - 150) * 5);
    expect(sold.holding.quantity).toBe(15);
    expect(sold.holding.average_cost).toBeCloseTo(183.33, 2);
    const opened = await rows<{ id: string }>(`SELECT id FROM trades WHERE portfolio_id = $1 ORDER BY created_at`, id);
    const [first, second, third] = opened.map((row) => row.id);
    expect((await lotsOf(id)).map(({ quantity, exit, opener, closer }) => [quantity, exit, opener, closer])).toEqual([
      [5, TODAY, first, third],
      [5, null, first, null],
      [10, null, second, null],
    ]);
  });

  it('of what is not owned, or not so much of it, cannot be sold', async () => {
    const id = await makeBook(10_000);
    const order = { symbol: 'AAPL', side: 'sell', quantity: 1, price: 150 };
    expect(await refusalOf(id, order)).toMatchObject({ code: 'ERR_TRADE_002', details: { need: 1, have: 0 } });
    await buy(id, 10, 150);
    expect(await refusalOf(id, { ...order, quantity: 10.5 })).toMatchObject({ details: { need: 10.5, have: 10 } });
    // Those bought today were not held a week ago.
    expect(await refusalOf(id, { ...order, trade_date: '2025-06-17' })).toMatchObject({
      code: 'ERR_TRADE_002',
      details: { have: 0 },
    });
  });

  it('are found by every spelling of their symbol', async () => {
    const id = await makeBook(10_000);
    for (const symbol of ['brk/b', ' BRK-B ', 'BRK.B']) await buy(id, 1, 400, { symbol });
    expect((await sell(id, 3, 400, { symbol: '\tbrk.b' })).holding.quantity).toBe(0);
  });

  it('that are cut keep their id for the rest, and the part that is sold has their tags', async () => {
    const id = await makeBook(10_000, [{ symbol: 'AAPL', quantity: '10', entryPrice: '150', entryDate: '2025-06-02' }]);
    const [before] = await lotsOf(id);
    const [tag] = await rows<{ id: string }>(
      `INSERT INTO tags (user_id, name, color) VALUES ($1, $2, '#112233') RETURNING id`,
      user.userId,
      randomUUID(),
    );
    await rows(`INSERT INTO position_tags (tag_id, position_id) VALUES ($1, $2)`, tag!.id, before!.id);
    const { closed_positions: closed } = await sell(id, 4, 160);
    expect(closed).toEqual([{ position_id: expect.any(String), quantity: 4, realized_pnl: 40 }]);
    const tagged = await rows(`SELECT position_id FROM position_tags WHERE tag_id = $1`, tag!.id);
    expect(tagged).toEqual(expect.arrayContaining([{ position_id: before!.id }, { position_id: closed[0]!.position_id }]));
    expect((await lotsOf(id)).find((lot) => lot.exit === null)).toMatchObject({ id: before!.id, quantity: 6 });
  });

  it('entered before a split are sold in the shares after it', async () => {
    const id = await makeBook(10_000, [{ symbol: 'SPLT', quantity: '5', entryPrice: '100', entryDate: '2025-06-02' }]);
    await rows(`INSERT INTO corporate_actions (symbol, ex_date, action_type, numerator, denominator, provider)
      VALUES ('SPLT', '2025-06-17', 'split', 2, 1, 'test')`);
    expect(await sell(id, 10, 60, { symbol: 'SPLT' })).toMatchObject({ realized_pnl: 100, holding: { quantity: 0 } });
  });

  it('sold short are covered by a purchase before it opens a lot', async () => {
    const id = await makeBook(50_000, [{ symbol: 'AAPL', quantity: '-100', entryPrice: '200', entryDate: '2025-06-02' }]);
    const made = await buy(id, 120, 180);
    expect(made).toMatchObject({ realized_pnl: 2_000, holding: { quantity: 20, average_cost: 180 } });
    expect(made.opened_position_id).not.toBeNull();
  });
});

describe('at once', () => {
  const statuses = async (count: number, order: () => Promise<{ status: number }>) =>
    (await Promise.all(Array.from({ length: count }, order))).map(({ status }) => status);

  it('twenty purchases of 1,000 spend 10,000 and no more', async () => {
    const id = await makeBook(10_000);
    const all = await statuses(20, () => post(id, { symbol: 'AAPL', side: 'buy', quantity: 10, price: 100 }));
    expect(all.filter((status) => status === 200)).toHaveLength(10);
    expect(all.filter((status) => status === 400)).toHaveLength(10);
    expect(await refusalOf(id, { symbol: 'AAPL', side: 'buy', quantity: 1, price: 1 })).toMatchObject({ details: { have: 0 } });
  });

  it('twenty sales of one share sell the seven there are', async () => {
    const id = await makeBook(10_000, [{ symbol: 'AAPL', quantity: '7', entryPrice: '100', entryDate: '2025-06-02' }]);
    const all = await statuses(20, () => post(id, { symbol: 'AAPL', side: 'sell', quantity: 1, price: 100 }));
    expect(all.filter((status) => status === 200)).toHaveLength(7);
    const sold = (await lotsOf(id)).map(({ quantity, exit }) => [quantity, exit]);
    expect(sold).toEqual(Array.from({ length: 7 }, () => [1, TODAY]));
  });

  it('requests with one Idempotency-Key are one trade', async () => {
    const id = await makeBook(10_000);
    const order = { symbol: 'AAPL', side: 'buy', quantity: 10, price: 100 };
    const headers = { 'Idempotency-Key': randomUUID() };
    const first = await post(id, order, headers);
    expect((await post(id, order, headers)).text).toBe(first.text);
    expect(await rows(`SELECT 1 FROM trades WHERE portfolio_id = $1`, id)).toHaveLength(1);
  });
});

describe('without a price', () => {
  const order = { symbol: 'MSFT', side: 'buy', quantity: 1 };
  const quote = (price: number, quotedAt = NOW, currency = 'USD') =>
    rows(
      `INSERT INTO quotes (symbol, price, previous_close, currency, quoted_at, provider, fetched_at)
       VALUES ('MSFT', $1, NULL, $2, $3, 'stored', clock_timestamp())`,
      price,
      currency,
      quotedAt,
    );
  const close = (date: string, price: number) =>
    rows(
      `INSERT INTO price_bars (symbol, session_date, close, provider) VALUES ('MSFT', $1, $2, 'test') ON CONFLICT DO NOTHING`,
      date,
      price,
    );

  it('there is none where neither a quote nor the last close is known', async () => {
    await close('2025-06-10', 90);
    expect(await refusalOf(await makeBook(10_000), order)).toMatchObject({ code: 'ERR_TRADE_003', details: { symbol: 'MSFT' } });
  });

  it('it is the latest quote, fetched for it where it is not stored', async () => {
    const id = await makeBook(10_000);
    await quote(101.25);
    expect(await trade(id, order)).toMatchObject({ price: 101.25, price_source: 'quote', cash_balance: 9_898.75 });
    provider.prices.set('NVDA', { price: 12.5 });
    const fetched = await withWorker({ context: worker }, () => trade(id, { ...order, symbol: 'NVDA' }));
    expect(fetched).toMatchObject({ price: 12.5, price_source: 'quote' });
  });

  it('it is the last close where the quote is old or in another currency, and of an earlier day its own close', async () => {
    const id = await makeBook(10_000);
    await close('2025-06-18', 100);
    await close('2025-06-17', 98);
    await quote(101.25, '2025-06-20T14:00:00Z');
    expect(await trade(id, order)).toMatchObject({ price: 100, price_source: 'close' });
    await rows(`TRUNCATE quotes`);
    await quote(10_125, NOW, 'GBX');
    expect(await trade(id, order)).toMatchObject({ price: 100, price_source: 'close' });
    expect(await trade(id, { ...order, trade_date: '2025-06-17' })).toMatchObject({ price: 98, price_source: 'close' });
  });
});

describe('figures', () => {
  const AAPL = { symbol: 'AAPL', quantity: '10.5', entryPrice: '150', entryDate: '2025-06-02' };

  it('follow: equity is unchanged but for the mark, and cash is what the answer said', async () => {
    const id = await makeBook(10_000);
    const { batch_run_id: run, figures_from: from } = await buy(id, 10, 150, { trade_date: '2025-06-17' });
    expect(from).toBe('2025-06-17');
    await work(run);
    const [last] = (await snapshotsOf(id)).slice(-1);
    expect(last).toMatchObject({ date: '2025-06-18', cash: 8_500 });
    expect(last!.equity).toBeCloseTo(8_500 + last!.net, 4);
  });

  it.each([
    ['a part', 3.3333],
    ['all', 10.5],
  ])(
    'of a back-dated sale of %s of a lot are rolled again from its session on, to the cash that the answer said',
    async (_, sold) => {
      const id = await makeBook(10_000, [AAPL]);
      const calculate = fieldsOf<{ batch_run_id: string }>(await user.post(`/portfolios/${id}/calculate`), 202);
      await work(calculate.batch_run_id);
      const before = await snapshotsOf(id);
      const { batch_run_id: run, cash_balance: cash, moves } = await sell(id, sold, 163.3333, { trade_date: '2025-06-16' });
      expect(moves).toBe('sessions from figures_from on');
      await work(run);
      const after = await snapshotsOf(id);
      expect(after.filter(({ date }) => date < '2025-06-16')).toEqual(before.filter(({ date }) => date < '2025-06-16'));
      expect(after.at(-1)!.cash).toBe(cash);
      expect(after.at(-1)!.cash).not.toBe(before.at(-1)!.cash);
      const proofs = after.map(({ date }) => user.get(`/portfolios/${id}/snapshots/${date}`));
      for (const proof of await Promise.all(proofs)) expect(proof.json).toMatchObject({ verified: true });
    },
  );

  it('of a trade inside the stated balance leave that balance alone', async () => {
    const id = await makeBook(10_000, [AAPL]);
    const { batch_run_id: run, moves } = await buy(id, 1, 150, { trade_date: '2025-06-11' });
    expect(moves).toBe('sessions before and after the stated balance');
    await work(run);
    expect((await snapshotsOf(id)).find(({ date }) => date === ANCHOR)!.equity).toBe(10_000);
  });

  it('within the session are recorded after each trade, also when it cuts a lot that was calculated', async () => {
    const id = await makeBook(10_000, [AAPL], '2025-06-18');
    provider.prices.set('AAPL', { price: 1 });
    await sell(id, 5, 163.5);
    const [job] = await rows<{ id: string }>(
      `SELECT id FROM jobs WHERE kind = 'record-values' AND payload->>'portfolioId' = $1`,
      id,
    );
    await work(job!.id);
    const [value] = await rows<{ value: number; slot: Date }>(
      `SELECT total_value::float8 AS value, recorded_at AS slot FROM intraday_values WHERE portfolio_id = $1`,
      id,
    );
    const [snapshot] = await rows<{ equity: number; value: number }>(
      `SELECT equity::float8, (net_value / 10.5)::float8 AS value FROM portfolio_snapshots WHERE portfolio_id = $1
       ORDER BY snapshot_date DESC LIMIT 1`,
      id,
    );
    // The five sold earned against their close; the others stay at it, since a quote of 1 dollar is not credible.
    expect(value!.value).toBeCloseTo(snapshot!.equity + 5 * (163.5 - snapshot!.value), 2);
    expect(value!.slot).toEqual(new Date(NOW));
  });
});

describe('a request', () => {
  const good = { symbol: 'AAPL', side: 'buy', quantity: 1, price: 100 };

  it.each([
    ['a quantity below 0', { quantity: -5 }],
    ['no quantity', { quantity: 0 }],
    ['a quantity without end', { quantity: Infinity }],
    ['a quantity beyond any', { quantity: 1e9 }],
    ['too many decimals', { quantity: 0.123456789 }],
    ['a text for a number', { quantity: '10' }],
    ['a side that is none', { side: 'short' }],
    ['a missing side', { side: undefined }],
    ['a missing symbol', { symbol: undefined }],
    ['an empty symbol', { symbol: ' ' }],
    ['a symbol with other characters', { symbol: 'AA PL' }],
    ['an option', { symbol: 'SPY250919C00460000' }],
    ['a padded option', { symbol: 'spy   250919C00460000' }],
    ['cash', { symbol: 'SPAXX' }],
    ['a price below 0', { price: -1 }],
    ['a value of nothing', { quantity: 0.00000001, price: 0.000001 }],
    ['a value beyond any', { quantity: 999_999_999, price: 9_999_999 }],
    ['a day to come', { trade_date: '2025-06-21' }],
    ['a day before all sessions', { trade_date: '1989-12-29' }],
    ['a day that is none', { trade_date: '2025-02-30' }],
  ])('with %s is 422', async (_, terms) => {
    expectError(await post(await makeBook(10_000), { ...good, ...terms }), 422, 'ERR_REQ_001');
  });

  it('for what the portfolio holds as something else is 422', async () => {
    const id = await makeBook(10_000, [
      { symbol: 'MYFUND', quantity: '1', entryPrice: '100', entryDate: '2025-06-02', investmentClass: 'PRIVATE' },
    ]);
    expectError(await post(id, { ...good, symbol: 'MYFUND' }), 422, 'ERR_REQ_001');
  });

  it('about the portfolio of someone else is 404 to read and 403 to write', async () => {
    const id = await makeBook(10_000);
    const other = await logIn(app);
    expectError(await other.get(`/portfolio/${id}/trades`), 404, 'ERR_PORT_404');
    expectError(await other.post(`/portfolio/${id}/trades`, good), 403, 'ERR_OWNER_001');
    expectError(await user.post(`/portfolio/${randomUUID()}/trades`, good), 404, 'ERR_PORT_404');
  });
});

it('the list has every trade once, newest first, page by page', async () => {
  const id = await makeBook(10_000);
  const made: string[] = [];
  for (const quantity of [1, 2, 3]) made.unshift((await buy(id, quantity, 10)).trade_id);
  await buy(id, 1, 10, { symbol: 'MSFT' });
  type Page = { trades: readonly { trade_id: string; quantity: number }[]; next_cursor: string | null };
  const page = async (query: string) =>
    fieldsOf<Page>(await user.get(`/portfolios/${id}/trades?symbol=aapl&limit=2${query}`), 200);
  const first = await page('');
  const second = await page(`&cursor=${first.next_cursor}`);
  expect([...first.trades, ...second.trades].map((each) => each.trade_id)).toEqual(made);
  expect(second.next_cursor).toBeNull();
});
