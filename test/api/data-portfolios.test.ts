// Portfolios whole, for programs: figures as they are stored, holdings of their session, nothing made up.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makePortfolio } from '../support/ledger.js';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertClose, insertPortfolio, insertSnapshot } from './records.js';
import { insertReturns, insertValuedLot } from './risk-records.js';

const SESSION = '2025-03-12';

let api: DomainApi;
let user: Caller;
let other: Caller;
beforeAll(async () => {
  api = await startDomainApi('2025-03-12T22:00:00Z');
  user = await api.user();
  other = await api.user();
});
afterAll(() => api.close());
beforeEach(() => api.db.pool.query(`TRUNCATE portfolios, price_bars, corporate_actions, securities CASCADE`));

type Holding = Readonly<{ id: string; symbol: string; market_value: number; weight: number; flags: readonly string[] }>;
type Complete = Readonly<{
  available: true;
  snapshot_date: string;
  holdings: readonly Holding[] | null;
  holdings_source: string | null;
  timeseries: { points: readonly { snapshot_date: string; equity: number }[]; truncated: boolean } | null;
  quality: unknown;
}>;
const complete = async (portfolioId: string, query = '') =>
  fieldsOf<Complete>(await user.get(`/data/portfolio/${portfolioId}/complete${query}`), 200);

const storeClose = (symbol: string, date: string, close: number) => insertClose(api.db, { symbol, date, close });

describe('GET /data/portfolio/{id}/complete', () => {
  it('shows account, figures and the lots of the newest session as they are stored, shorts negative once', async () => {
    const portfolioId = await insertPortfolio(api.db, { userId: user.userId, equity: 20_000 });
    await insertSnapshot(api.db, { portfolioId, date: '2025-03-11', equity: 20_000 });
    const long = 12_000;
    await insertSnapshot(api.db, {
      portfolioId,
      date: SESSION,
      equity: 21_000,
      long,
      short: -5_000,
      pnl: 1_000,
      realised: 70,
      counts: [2, 1, 1, 0],
    });
    await insertValuedLot(api.db, { portfolioId, date: SESSION, symbol: 'DOWN', value: -5_000, quantity: -50 });
    await insertValuedLot(api.db, {
      portfolioId,
      date: SESSION,
      symbol: 'UPPP',
      value: long,
      quantity: 120,
      priceSource: 'stale',
    });
    await api.db.pool.query(
      `INSERT INTO securities (symbol, name, sector, profile_by, profile_at) VALUES ('UPPP', 'Up Corporation', 'Energy', 'files', now())`,
    );
    const shown = await complete(portfolioId);
    expect(shown).toMatchObject({
      portfolio_id: portfolioId,
      account_name: 'Broker 1',
      equity_balance: 20_000,
      snapshot_date: SESSION,
      net_asset_value: 21_000,
      total_value: 21_000,
      cash_balance: 21_000 - 12_000 + 5_000,
      exposures: { long: 12_000, short: -5_000, gross: 17_000, net: 7_000, delta_long: null },
      position_count: { total: 2, long: 1, short: 1, options: 0 },
      pnl: { daily_pnl: 1_000, realized_pnl: 70, capital_flow: 0 },
      quality: { figures_current: true, sessions_behind: 0, valuation: 'full', coverage: 1 },
      holdings_source: 'stored',
      timeseries: null,
    });
    expect(shown.holdings).toMatchObject([
      { symbol: 'UPPP', name: 'Up Corporation', sector: 'Energy', position_type: 'LONG', market_value: 12_000, flags: ['stale'] },
      { symbol: 'DOWN', name: null, position_type: 'SHORT', quantity: -50, market_value: -5_000, flags: [] },
    ]);
  });

  it('leaves holdings out where they are not asked for, and has every session up to the snapshot where the history is', async () => {
    const portfolioId = await insertPortfolio(api.db, { userId: user.userId });
    await insertReturns(api.db, { portfolioId, lastSession: SESSION, returns: [null, 0.01, 0.02] });
    await insertSnapshot(api.db, { portfolioId, date: '2025-03-07', complete: false });
    const shown = await complete(portfolioId, '?include_holdings=false&include_timeseries=true');
    expect(shown).toMatchObject({ holdings: null, holdings_source: null });
    expect(shown.timeseries).toMatchObject({
      truncated: false,
      points: [{ snapshot_date: '2025-03-10' }, { snapshot_date: '2025-03-11', daily_return: 0.01 }, { snapshot_date: SESSION }],
    });
    const earlier = await complete(portfolioId, '?include_timeseries=true&as_of_date=2025-03-11');
    expect(earlier.timeseries!.points.map((point) => point.snapshot_date)).toEqual(['2025-03-10', '2025-03-11']);
  });

  it('cuts a history after 1,000 sessions, and says so', async () => {
    const portfolioId = await insertPortfolio(api.db, { userId: user.userId });
    await insertReturns(api.db, { portfolioId, lastSession: SESSION, returns: Array.from({ length: 1_001 }, () => 0) });
    const { timeseries } = await complete(portfolioId, '?include_timeseries=true');
    expect(timeseries).toMatchObject({ truncated: true });
    expect(timeseries!.points).toHaveLength(1_000);
    expect(timeseries!.points.at(-1)!.snapshot_date).toBe(SESSION);
  });

  describe('as of an earlier day', () => {
    let portfolioId: string;
    beforeEach(async () => {
      portfolioId = await makePortfolio(api.db, {
        userId: user.userId,
        equity: '10000',
        asOf: '2025-03-07',
        lots: [
          { symbol: 'TEN', quantity: '10', entryPrice: '100', entryDate: '2025-03-03' },
          { symbol: 'SOLD', quantity: '-7', entryPrice: '50', entryDate: '2025-03-03', exitPrice: '48', exitDate: '2025-03-12' },
          { symbol: 'LATER', quantity: '5', entryPrice: '20', entryDate: SESSION },
        ],
      });
      await storeClose('TEN', '2025-03-10', 200);
      await storeClose('TEN', '2025-03-11', 102.5);
      await storeClose('SOLD', '2025-03-10', 45);
      await api.db.pool.query(
        `INSERT INTO corporate_actions (symbol, ex_date, action_type, numerator, denominator, provider) VALUES ('TEN', '2025-03-11', 'split', 2, 1, 'files')`,
      );
      for (const date of ['2025-03-10', '2025-03-11', SESSION]) {
        await insertSnapshot(api.db, { portfolioId, date, counts: [2, 1, 1, 0] });
      }
    });

    it('holds what was held then, at the closes of then: after splits, an older close flagged', async () => {
      const { holdings, ...shown } = await complete(portfolioId, '?as_of_date=2025-03-11');
      expect(shown).toMatchObject({
        snapshot_date: '2025-03-11',
        holdings_source: 'worked_out',
        quality: { sessions_behind: 1 },
      });
      expect(holdings).toMatchObject([
        {
          symbol: 'TEN',
          quantity: 20,
          quantity_entered: 10,
          cost_basis: 1_000,
          current_price: 102.5,
          market_value: 2_050,
          unrealized_pnl: 1_050,
          unrealized_pnl_percent: 105,
          flags: [],
        },
        {
          symbol: 'SOLD',
          quantity: -7,
          cost_basis: -350,
          current_price: 45,
          market_value: -315,
          unrealized_pnl: 35,
          unrealized_pnl_percent: 10,
          price_date: '2025-03-10',
          age_sessions: 1,
          flags: ['stale'],
        },
      ]);
      expect(holdings!.map(({ weight }) => weight)).toEqual([2_050 / 2_365, 315 / 2_365]);
    });

    it('shows the last session before a day without one, and none before the first', async () => {
      await api.db.pool.query(`DELETE FROM portfolio_snapshots WHERE snapshot_date = '2025-03-11'`);
      expect(await complete(portfolioId, '?as_of_date=2025-03-11')).toMatchObject({ snapshot_date: '2025-03-10' });
      expect(await complete(portfolioId, '?as_of_date=2030-01-01')).toMatchObject({ snapshot_date: SESSION });
      expect(await complete(portfolioId, '?as_of_date=2025-03-09')).toMatchObject({ available: false, reason: 'no_snapshots' });
    });

    it('says of each session whether a change waits to be calculated', async () => {
      await api.db.pool.query(`UPDATE portfolios SET dirty_from = '2025-03-11'`);
      expect((await complete(portfolioId, '?as_of_date=2025-03-10')).quality).toMatchObject({ figures_current: true });
      const dirty = await complete(portfolioId, '?as_of_date=2025-03-11');
      expect(dirty.quality).toMatchObject({ figures_current: false });
      expect(dirty.holdings![0]!.flags).toEqual(['not_current']);
    });
  });

  it('has no figures before the first calculation, and says so', async () => {
    const portfolioId = await insertPortfolio(api.db, { userId: user.userId });
    expect(await complete(portfolioId)).toEqual({
      available: false,
      reason: 'no_snapshots',
      message: expect.any(String) as unknown,
      portfolio_id: portfolioId,
    });
  });

  it('is for the owner alone, under both paths, and refuses what it does not understand', async () => {
    const portfolioId = await insertPortfolio(api.db, { userId: user.userId });
    for (const path of [`/data/portfolio/${portfolioId}/complete`, `/data/portfolios/${portfolioId}/complete`]) {
      expect((await user.get(path)).status).toBe(200);
      expectError(await other.get(path), 404, 'ERR_PORT_404');
      expectError(await api.nobody.get(path), 401, 'ERR_AUTH_001');
      for (const query of ['as_of_date=2025-02-30', 'as_of_date=yesterday', 'include_holdings=1', 'include_timeseries=yes']) {
        expectError(await user.get(`${path}?${query}`), 422, 'ERR_REQ_001');
      }
    }
    expectError(await user.get(`/data/portfolio/${randomUUID()}/complete`), 404, 'ERR_PORT_404');
  });
});

describe('GET /data/portfolios', () => {
  it('tells of each of your portfolios how many lots it has and how fresh its figures are', async () => {
    const fresh = await makePortfolio(api.db, {
      userId: user.userId,
      asOf: '2025-03-07',
      lots: [
        { symbol: 'OPEN', quantity: '1', entryPrice: '1', entryDate: '2025-03-03' },
        { symbol: 'SOLD', quantity: '1', entryPrice: '1', entryDate: '2025-03-03', exitPrice: '1', exitDate: SESSION },
      ],
    });
    await insertSnapshot(api.db, { portfolioId: fresh, date: '2025-03-07' });
    await insertSnapshot(api.db, { portfolioId: fresh, date: '2025-03-10', equity: 1234.5678, counts: [2, 1, 0, 1] });
    const empty = await insertPortfolio(api.db, { userId: user.userId });
    await insertPortfolio(api.db, { userId: user.userId, accountName: 'gone', deleted: true });
    await insertPortfolio(api.db, { userId: other.userId });
    const shown = fieldsOf<{ portfolios: unknown[] }>(await user.get('/data/portfolios'), 200);
    expect(shown).toMatchObject({ last_complete_session_date: SESSION, total_count: 2 });
    expect(shown.portfolios).toMatchObject([
      {
        id: fresh,
        lots_open: 1,
        lots_closed: 1,
        first_snapshot_date: '2025-03-07',
        newest: {
          snapshot_date: '2025-03-10',
          net_asset_value: 1234.5678,
          position_count: { total: 2, long: 1, short: 0, options: 1 },
          sessions_behind: 2,
          figures_current: true,
          coverage: 1,
        },
      },
      { id: empty, lots_open: 0, lots_closed: 0, first_snapshot_date: null, newest: null },
    ]);
    expectError(await api.nobody.get('/data/portfolios'), 401, 'ERR_AUTH_001');
  });
});
