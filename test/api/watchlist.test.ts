// The watchlist over HTTP: what is on it, at which price, and that it moves nothing else.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertClose, insertLot, insertPortfolio } from './records.js';

const TEN = ['AAPL', 'MSFT', 'GOOG', 'AMZN', 'NVDA', 'META', 'TSLA', 'BRK.B', 'JPM', 'V'];

let api: DomainApi;
let user: Caller;
beforeAll(async () => {
  // A Wednesday, while the exchange is open.
  api = await startDomainApi('2025-03-12T15:00:00Z');
});
afterAll(() => api.close());
beforeEach(async () => {
  user = await api.user();
  await api.db.pool.query(`TRUNCATE quotes, price_bars, corporate_actions, fetch_attempts`);
  await api.db.pool.query(`DELETE FROM jobs`);
});

type Watched = Readonly<{ symbol: string; price: number | null; reason: string | null }> & Readonly<Record<string, unknown>>;
type Watchlist = Readonly<{ watchlist: readonly Watched[]; total_count: number; refreshing: number }>;

const read = async (caller = user) => fieldsOf<Watchlist>(await caller.get('/watchlist'), 200);
const symbolsOf = async (caller = user) => (await read(caller)).watchlist.map(({ symbol }) => symbol);
const add = (symbol: string, caller = user) => caller.post('/watchlist', { symbol });
const addAll = async (symbols: readonly string[]) => {
  for (const symbol of symbols) fieldsOf(await add(symbol), 201);
};
const fill = (count: number) =>
  api.db.pool.query(`INSERT INTO watchlist (user_id, symbol) SELECT $1, 'S' || n FROM generate_series(1, $2) n`, [
    user.userId,
    count,
  ]);
const bar = (symbol: string, date: string, close: number) => insertClose(api.db, { symbol, date, close });
const quote = (symbol: string, price: number, quotedAt: string, previousClose: number | null = null) =>
  api.db.pool.query(
    `INSERT INTO quotes (symbol, price, previous_close, currency, quoted_at, provider) VALUES ($1, $2, $3, 'USD', $4, 'stored')`,
    [symbol, price, previousClose, quotedAt],
  );
const refreshed = async () => {
  const { rows } = await api.db.pool.query<{ symbols: string[] }>(
    `SELECT payload->'symbols' AS symbols FROM jobs WHERE kind = 'refresh-quotes'`,
  );
  return rows.flatMap(({ symbols }) => symbols).toSorted((a, b) => (a < b ? -1 : 1));
};

describe('a symbol', () => {
  it('written in lower case and padded is the eleventh of ten, and a second time it is refused', async () => {
    await addAll(TEN);
    expect(fieldsOf(await add(' pypl '), 201)).toMatchObject({ symbol: 'PYPL' });
    expect(await symbolsOf()).toEqual([...TEN, 'PYPL']);
    expectError(await add('PYPL'), 409, 'ERR_WATCH_001');
    expectError(await add('brk/b'), 409, 'ERR_WATCH_001');
    expect(await read()).toMatchObject({ total_count: 11 });
  });

  it('that is not there cannot be removed, and one that is there can, in any spelling', async () => {
    await addAll(['AAPL', 'BRK.B']);
    expectError(await user.delete('/watchlist/ZZZZ'), 404, 'ERR_WATCH_002');
    expect((await user.delete('/watchlist/brk%2Fb')).status).toBe(204);
    expectError(await user.delete('/watchlist/BRK.B'), 404, 'ERR_WATCH_002');
    expect(await symbolsOf()).toEqual(['AAPL']);
  });

  it.each([{ symbol: '' }, { symbol: 'AA PL' }, { symbol: '=A1' }, { symbol: 'A'.repeat(31) }, { symbol: 5 }, {}])(
    'is refused when it is none: %j',
    async (body) => {
      expectError(await user.post('/watchlist', body), 422, 'ERR_REQ_001');
    },
  );

  it('removed from the list keeps its price and its position', async () => {
    const portfolioId = await insertPortfolio(api.db, { userId: user.userId });
    await insertLot(api.db, { portfolioId, symbol: 'AAPL' });
    await bar('AAPL', '2025-03-11', 220);
    await quote('AAPL', 221, '2025-03-12T14:59:00Z');
    await addAll(['AAPL']);
    const before = await everything();
    expect((await user.delete('/watchlist/AAPL')).status).toBe(204);
    expect(await everything()).toEqual(before);
  });

  it('posted twice at once is added once', async () => {
    const replies = await Promise.all(Array.from({ length: 8 }, () => add('AAPL')));
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, ...Array.from({ length: 7 }, () => 409)]);
    expect(await symbolsOf()).toEqual(['AAPL']);
  });

  it('posted again with its Idempotency-Key gets the first answer', async () => {
    const headers = { 'Idempotency-Key': 'watch-1' };
    const first = await user.post('/watchlist', { symbol: 'AAPL' }, headers);
    const second = await user.post('/watchlist', { symbol: 'AAPL' }, headers);
    expect([first.status, second.status, second.text]).toEqual([201, 201, first.text]);
  });
});

describe('the list', () => {
  it('takes 500 symbols, also from two requests that each see room for one more', async () => {
    await fill(499);
    const replies = await Promise.all([add('AAPL'), add('MSFT')]);
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409]);
    expectError(await add('V'), 409, 'ERR_WATCH_003');
    expect(await read()).toMatchObject({ total_count: 500 });
  });

  it('is of one user: another sees nothing of it and removes nothing from it', async () => {
    await addAll(['AAPL']);
    const other = await api.user();
    expect(await symbolsOf(other)).toEqual([]);
    expectError(await other.delete('/watchlist/AAPL'), 404, 'ERR_WATCH_002');
    expect(await symbolsOf()).toEqual(['AAPL']);
    expectError(await api.nobody.get('/watchlist'), 401, 'ERR_AUTH_001');
  });
});

describe('the price shown', () => {
  it('is the quote while its session has no close, with the change that it comes with', async () => {
    await addAll(['AAPL']);
    await bar('AAPL', '2025-03-11', 220);
    await quote('AAPL', 222.2, '2025-03-12T14:59:00Z', 220);
    expect((await read()).watchlist).toMatchObject([
      {
        symbol: 'AAPL',
        price: 222.2,
        price_source: 'quote',
        price_date: '2025-03-12',
        quoted_at: '2025-03-12T14:59:00.000Z',
        previous_close: 220,
        change: 2.2,
        change_percent: expect.closeTo(1, 12) as number,
        currency: 'USD',
        is_stale: false,
        reason: null,
      },
    ]);
  });

  it('is the newest close where the quote is older, or stands where an unknown split would set it', async () => {
    await addAll(['AAPL', 'MSFT']);
    for (const symbol of ['AAPL', 'MSFT']) {
      await bar(symbol, '2025-03-10', 100);
      await bar(symbol, '2025-03-11', 105);
    }
    await quote('AAPL', 104, '2025-03-11T19:00:00Z');
    await quote('MSFT', 52.6, '2025-03-12T14:59:00Z');
    const close = {
      price: 105,
      price_source: 'close',
      price_date: '2025-03-11',
      quoted_at: null,
      previous_close: 100,
      change: 5,
    };
    expect((await read()).watchlist).toMatchObject([
      { symbol: 'AAPL', ...close, change_percent: 5, is_stale: false },
      { symbol: 'MSFT', ...close },
    ]);
  });

  it('changes against the close before it in shares of the same size', async () => {
    await addAll(['AAPL']);
    await bar('AAPL', '2025-03-10', 100);
    await bar('AAPL', '2025-03-11', 51);
    await api.db.pool.query(
      `INSERT INTO corporate_actions (symbol, ex_date, action_type, numerator, denominator, provider) VALUES ('AAPL', '2025-03-11', 'split', 2, 1, 'files')`,
    );
    expect((await read()).watchlist).toMatchObject([{ price: 51, previous_close: 50, change: 1, change_percent: 2 }]);
  });

  it('says when it is old, and is never of a session yet to come', async () => {
    await addAll(['AAPL', 'MSFT']);
    await bar('AAPL', '2025-03-10', 100);
    await bar('AAPL', '2025-03-13', 999);
    await quote('MSFT', 400, '2025-03-12T14:00:00Z');
    expect((await read()).watchlist).toMatchObject([
      { price: 100, price_date: '2025-03-10', is_stale: true, change: null },
      { price: 400, is_stale: true },
    ]);
  });

  it('is missing with the reason', async () => {
    await addAll(['AAPL', 'CASH_USD']);
    const { watchlist } = await read();
    expect(watchlist).toMatchObject([
      { price: null, price_source: null, reason: expect.stringContaining('No quote has come yet') as string },
      { price: null, reason: expect.stringContaining('cash') as string },
    ]);
  });
});

describe('quotes', () => {
  it('that are old are fetched meanwhile, of symbols that nobody holds too, and the answer does not wait', async () => {
    await fill(120);
    await addAll(['AAPL', 'CASH_USD', 'SPAXX']);
    await quote('AAPL', 221, '2025-03-12T14:59:00Z');
    const startedMs = performance.now();
    expect(await read()).toMatchObject({ refreshing: 120, total_count: 123 });
    expect(performance.now() - startedMs).toBeLessThan(1_500);
    const asked = await refreshed();
    expect(asked).toHaveLength(120);
    expect(asked).not.toContain('AAPL');
    expect(asked).not.toContain('CASH_USD');
    await read();
    expect(await refreshed()).toHaveLength(120);
  });
});

async function everything(): Promise<unknown> {
  const rows = async (table: string) => (await api.db.pool.query(`SELECT * FROM ${table} ORDER BY 1`)).rows as unknown;
  return [await rows('positions'), await rows('quotes'), await rows('price_bars'), await rows('portfolios')];
}
