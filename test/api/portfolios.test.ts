import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertPortfolio, insertSnapshot } from './records.js';

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
  it('shows its newest value, and says whether that still holds', async () => {
    const user = await api.user();
    const id = await insertPortfolio(api.db, { userId: user.userId });
    expect((await user.get(`/portfolios/${id}`)).json).toMatchObject({
      id,
      total_value: null,
      cash_balance: null,
      figures_current: false,
    });
    await insertSnapshot(api.db, { portfolioId: id, date: '2025-03-12', equity: 110_000, long: 90_000 });
    expect((await user.get(`/portfolios/${id}`)).json).toMatchObject({
      total_value: 110_000,
      cash_balance: 20_000,
      figures_current: true,
    });
    await api.db.pool.query(`UPDATE portfolios SET dirty_from = '2025-03-10' WHERE id = $1`, [id]);
    expect((await user.get(`/portfolios/${id}`)).json).toMatchObject({ total_value: 110_000, figures_current: false });
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
