import { dnsUuid5 } from '@closebell/shared/infra/name-uuid';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp } from '../support/app.js';
import { overtaken } from '../support/overtaken.js';
import { expectError, fieldsOf, logIn, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertClose, insertPortfolio, insertSnapshot } from './records.js';

let api: DomainApi;

beforeAll(async () => {
  api = await startDomainApi('2025-03-12T22:00:00Z');
});
afterAll(() => api.close());

describe('the list of portfolios', () => {
  it('of a new user is empty, and worth is null, not 0', async () => {
    expect((await (await api.user()).get('/portfolios')).json).toEqual({
      portfolios: [],
      total_count: 0,
      active_count: 0,
      net_asset_value: null,
      without_net_asset_value: 0,
    });
  });

  it('adds up the newest complete sessions, and counts who has none', async () => {
    const user = await api.user();
    for (const [index, equity] of [520_000, 310_000, 190_000].entries()) {
      const portfolioId = await insertPortfolio(api.db, { userId: user.userId, accountName: `${index}` });
      await insertSnapshot(api.db, { portfolioId, date: '2025-03-11', equity: 1 });
      await insertSnapshot(api.db, { portfolioId, date: '2025-03-12', equity });
      await insertSnapshot(api.db, { portfolioId, date: '2025-03-13', complete: false, equity: 7 });
    }
    await insertPortfolio(api.db, { userId: user.userId, accountName: 'new' });
    await insertPortfolio(api.db, { userId: user.userId, accountName: 'gone', deleted: true });
    const reply = await user.get('/portfolios');
    expect(reply.json).toMatchObject({ total_count: 4, active_count: 4, net_asset_value: 1_020_000, without_net_asset_value: 1 });
    expect(reply.json).toMatchObject({
      portfolios: [
        {
          account_name: '0',
          equity_balance: 100_000,
          equity_as_of: '2025-03-12',
          net_asset_value: 520_000,
          snapshot_date: '2025-03-12',
        },
        { account_name: '1' },
        { account_name: '2' },
        { account_name: 'new', net_asset_value: null, snapshot_date: null },
      ],
    });
  });

  it('sums cents without digits that no portfolio has', async () => {
    const user = await api.user();
    for (const equity of [0.1, 0.2]) {
      const portfolioId = await insertPortfolio(api.db, { userId: user.userId, accountName: `${equity}` });
      await insertSnapshot(api.db, { portfolioId, date: '2025-03-12', equity });
    }
    expect((await user.get('/portfolios')).json).toMatchObject({ net_asset_value: 0.3 });
  });
});

describe('one portfolio', () => {
  it('is worth what was stated until it is calculated, and says that nothing was', async () => {
    const user = await api.user();
    const id = await insertPortfolio(api.db, { userId: user.userId });
    const expected = {
      id,
      net_asset_value: null,
      total_value: 100_000,
      cash_balance: 100_000,
      positions: [],
      figures_current: false,
    };
    expect((await user.get(`/portfolios/${id}`)).json).toMatchObject(expected);
  });

  it('shows its cash and its positions, which together are its value', async () => {
    const user = await api.user();
    const id = await insertPortfolio(api.db, { userId: user.userId, equity: 7_400 });
    for (const [symbol, quantity, close] of [
      ['ACME', 10, 150],
      ['BETA', 5, 180],
    ] as const) {
      await insertClose(api.db, { symbol, date: '2025-03-12', close });
      await api.db.pool.query(
        `INSERT INTO positions (portfolio_id, symbol, investment_class, quantity, entry_price, entry_date) VALUES ($1, $2, 'PUBLIC', $3, 100, '2025-03-03')`,
        [id, symbol, quantity],
      );
    }
    expect((await user.get(`/portfolios/${id}`)).json).toMatchObject({
      cash_balance: 5_000,
      positions_value: 2_400,
      total_value: 7_400,
      position_count: 2,
      positions: [
        { symbol: 'ACME', quantity: 10, price: 150, price_source: 'close', price_date: '2025-03-12', market_value: 1_500 },
        { symbol: 'BETA', quantity: 5, price: 180, market_value: 900 },
      ],
    });
  });

  it('says whether its figures still hold', async () => {
    const user = await api.user();
    const id = await insertPortfolio(api.db, { userId: user.userId });
    await insertSnapshot(api.db, { portfolioId: id, date: '2025-03-12', equity: 110_000 });
    expect((await user.get(`/portfolios/${id}`)).json).toMatchObject({
      net_asset_value: 110_000,
      total_value: 110_000,
      figures_current: true,
    });
    await api.db.pool.query(`UPDATE portfolios SET dirty_from = '2025-03-10' WHERE id = $1`, [id]);
    expect((await user.get(`/portfolios/${id}`)).json).toMatchObject({ net_asset_value: 110_000, figures_current: false });
  });
});

const TERMS = {
  portfolio_name: 'Growth',
  account_name: 'Broker 1',
  account_type: 'Taxable',
  equity_balance: 250_000.5,
  description: 'Long term',
};
type Made = Readonly<{ id: string }>;
const make = async (user: Caller, terms: object = TERMS) => fieldsOf<Made>(await user.post('/portfolios', terms), 201).id;

describe('a portfolio without a file', () => {
  it('is made of the terms of the upload form, as of the last complete session', async () => {
    const user = await api.user();
    const reply = await user.post('/portfolios', TERMS);
    const { id } = fieldsOf<Made>(reply, 201);
    expect(reply.headers.get('Location')).toBe(`/api/v1/portfolios/${id}`);
    const shown = { ...TERMS, account_type: 'taxable', equity_as_of: '2025-03-12' };
    expect(reply.json).toMatchObject({ ...shown, net_asset_value: null });
    expect((await user.get(`/portfolios/${id}`)).json).toMatchObject({ ...shown, cash_balance: 250_000.5 });
  });

  it.each([
    ['portfolio_name', undefined, 'ERR_PORT_002'],
    ['portfolio_name', 'x'.repeat(256), 'ERR_PORT_003'],
    ['equity_balance', undefined, 'ERR_PORT_004'],
    ['equity_balance', 0, 'ERR_PORT_005'],
    ['equity_balance', -1, 'ERR_PORT_005'],
    ['equity_balance', 1e-7, 'ERR_PORT_005'],
    ['equity_balance', '1e5', 'ERR_PORT_005'],
    ['equity_balance', 1e9, 'ERR_PORT_006'],
    ['account_type', 'piggy bank', 'ERR_PORT_009'],
    ['account_name', 'x'.repeat(101), 'ERR_PORT_010'],
    ['account_name', ' ', 'ERR_PORT_011'],
    ['equity_as_of', '2025-03-13', 'ERR_REQ_001'],
    ['description', 'x'.repeat(2_001), 'ERR_REQ_001'],
    ['portfolio_name', 7, 'ERR_REQ_001'],
  ])('is refused with %s %s as %s', async (field, value, code) => {
    const user = await api.user();
    expectError(await user.post('/portfolios', { ...TERMS, [field]: value }), 422, code);
    expect((await user.get('/portfolios')).json).toMatchObject({ total_count: 0 });
  });

  it('is made once for one Idempotency-Key, and of many at once one gets the account name', async () => {
    const user = await api.user();
    const key = { 'Idempotency-Key': randomUUID() };
    const first = await user.post('/portfolios', TERMS, key);
    expect((await user.post('/portfolios', TERMS, key)).json).toEqual(first.json);
    const replies = await Promise.all(
      Array.from({ length: 6 }, () => user.post('/portfolios', { ...TERMS, account_name: 'Broker 2' })),
    );
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409, 409, 409, 409]);
    expectError(await user.post('/portfolios', TERMS), 409, 'ERR_PORT_001');
    expect(await make(await api.user())).not.toBe(fieldsOf<Made>(first, 201).id);
  });
});

it('a portfolio has the id that its owner and account name foretell, where ids are to be foretold', async () => {
  const app = await startTestApp({ deterministicUuids: true });
  const user = await logIn(app);
  const id = await make(user);
  expect(id).toBe(dnsUuid5(`${user.userId}:Broker 1`));
  await user.delete(`/portfolios/${id}`);
  expect(await make(user)).not.toBe(id);
  await app.close();
});

describe('a change of a portfolio', () => {
  it('is partial, and starts no run when the balance stays', async () => {
    const user = await api.user();
    const id = await make(user);
    const body = { portfolio_name: 'Income', description: null, equity_balance: 250_000.5 };
    const reply = await user.put(`/portfolios/${id}`, body);
    expect(reply.json).toMatchObject({ ...TERMS, account_type: 'taxable', portfolio_name: 'Income', description: null });
    expect(reply.json).not.toHaveProperty('batch_run_id');
    expectError(await user.put(`/portfolios/${id}`, { account_name: '' }), 422, 'ERR_PORT_011');
  });

  it('of the balance or its day has every session computed again', async () => {
    const user = await api.user();
    const id = await make(user);
    const reply = await user.put(`/portfolios/${id}`, { equity_balance: '300000', equity_as_of: '2025-03-09' });
    expect(reply.json).toMatchObject({
      equity_balance: 300_000,
      equity_as_of: '2025-03-07',
      moves: 'every session',
      figures_from: '2025-03-07',
    });
    expect((await user.get((reply.json as { poll_url: string }).poll_url)).status).toBe(200);
    expect((await user.get(`/portfolios/${id}`)).json).toMatchObject({ cash_balance: 300_000, figures_current: false });
  });

  it('keeps what another one at the same time has changed, and cannot take a name that is taken', async () => {
    const user = await api.user();
    const id = await make(user);
    await make(user, { ...TERMS, account_name: 'Broker 2' });
    await Promise.all(
      [{ portfolio_name: 'A' }, { account_type: 'ira' }, { equity_balance: 5 }].map((body) =>
        user.put(`/portfolios/${id}`, body),
      ),
    );
    expect((await user.get(`/portfolios/${id}`)).json).toMatchObject({
      portfolio_name: 'A',
      account_type: 'ira',
      equity_balance: 5,
    });
    expectError(await user.put(`/portfolios/${id}`, { account_name: 'Broker 2' }), 409, 'ERR_PORT_001');
  });

  it('that repeats the balance it has seen does not undo a new one that comes in between', async () => {
    const user = await api.user();
    const id = await make(user);
    const reply = await overtaken(api.db, id, {
      request: () => user.put(`/portfolios/${id}`, { portfolio_name: 'Income', equity_balance: 250_000.5 }),
      statement: `UPDATE portfolios SET equity_balance = 300000 WHERE id = $1`,
      id,
    });
    expect(fieldsOf(reply, 200)).toMatchObject({ portfolio_name: 'Income', equity_balance: 300_000 });
  });

  it("is its owner's alone", async () => {
    const [user, other] = [await api.user(), await api.user()];
    const id = await make(user);
    expectError(await other.put(`/portfolios/${id}`, { portfolio_name: 'Mine' }), 403, 'ERR_OWNER_001');
    expectError(await other.delete(`/portfolios/${id}`), 403, 'ERR_OWNER_001');
    expectError(await other.put(`/portfolios/${randomUUID()}`, {}), 404, 'ERR_PORT_404');
    expect((await user.get(`/portfolios/${id}`)).json).toMatchObject({ portfolio_name: 'Growth' });
  });
});

describe('a deleted portfolio', () => {
  it('is gone with its positions and its runs, and its account name is free', async () => {
    const user = await api.user();
    const id = await make(user);
    const lot = { symbol: 'ACME', quantity: 1, entry_price: 100, entry_date: '2025-03-03' };
    const { positions, batch_run_id: run } = fieldsOf<{ positions: readonly Made[]; batch_run_id: string }>(
      await user.post(`/portfolios/${id}/positions`, lot),
      201,
    );
    const replies = await Promise.all([user.delete(`/portfolios/${id}`), user.delete(`/portfolios/${id}`)]);
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 404]);
    expectError(await user.get(`/portfolios/${id}`), 404, 'ERR_PORT_404');
    expectError(await user.get(`/positions/${positions[0]!.id}`), 404, 'ERR_POSITION_404');
    expectError(await user.put(`/positions/${positions[0]!.id}`, { quantity: 2 }), 404, 'ERR_POSITION_404');
    const { rows } = await api.db.pool.query<{ status: string }>(`SELECT status FROM jobs WHERE id = $1`, [run]);
    expect(rows).toEqual([{ status: 'cancelled' }]);
    expect(await make(user)).not.toBe(id);
  });
});

describe('the history', () => {
  const DATES = ['2025-03-06', '2025-03-07', '2025-03-10', '2025-03-11', '2025-03-12'];
  type History = Readonly<{ snapshots: readonly { snapshot_date: string }[]; next_cursor: string | null }>;

  let user: Caller;
  let path: string;

  beforeAll(async () => {
    user = await api.user();
    const portfolioId = await insertPortfolio(api.db, { userId: user.userId });
    path = `/portfolios/${portfolioId}/history`;
    for (const date of DATES.toReversed())
      await insertSnapshot(api.db, { portfolioId, date, long: 60_000, short: -20_000, pnl: 12.5 });
    await insertSnapshot(api.db, { portfolioId, date: '2025-03-13', complete: false });
  });

  const datesOf = (history: History) => history.snapshots.map(({ snapshot_date: date }) => date);
  const get = async (query = '') => fieldsOf<History>(await user.get(path + query), 200);

  it('is oldest first and has complete sessions only', async () => {
    const history = await get();
    expect(datesOf(history)).toEqual(DATES);
    expect(history.next_cursor).toBeNull();
    expect(history.snapshots[0]).toEqual({
      snapshot_date: '2025-03-06',
      equity: 100_000,
      total_value: 100_000,
      cash: 60_000,
      long: 60_000,
      short: -20_000,
      gross: 80_000,
      net: 40_000,
      daily_pnl: 12.5,
      daily_return: null,
      capital_flow: 0,
      status: 'full',
      coverage: 1,
    });
  });

  it('read page by page gives each session once', async () => {
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: History = await get(`?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...datesOf(page));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(DATES);
  });

  it('includes both ends of the range', async () => {
    expect(datesOf(await get('?from=2025-03-07&to=2025-03-11'))).toEqual(['2025-03-07', '2025-03-10', '2025-03-11']);
  });

  it.each(['from=2025-03-12&to=2025-03-11', 'limit=0', 'limit=1001', 'from=yesterday', 'cursor=x'])(
    'refuses %s',
    async (query) => {
      expectError(await user.get(`${path}?${query}`), 422, 'ERR_REQ_001');
    },
  );

  it('refuses a granularity that does not exist', async () => {
    expectError(await user.get(`${path}?granularity=weekly`), 422, 'ERR_REQ_001');
  });

  it('of an unknown portfolio is 404', async () => {
    expectError(await user.get(`/portfolios/${randomUUID()}/history`), 404, 'ERR_PORT_404');
  });
});
