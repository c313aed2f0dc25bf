import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertClose, insertLot, insertLotValue, insertPortfolio, insertSnapshot } from './records.js';

const DATE = '2025-03-12';

let api: DomainApi;
let user: Caller;
let portfolioId: string;

beforeAll(async () => {
  api = await startDomainApi('2025-03-12T22:00:00Z');
  user = await api.user();
});
afterAll(() => api.close());
beforeEach(async () => {
  portfolioId = await insertPortfolio(api.db, { userId: user.userId, accountName: randomUUID(), equity: 95_000 });
});

const overview = async () => (await user.get(`/analytics/portfolio/${portfolioId}/overview`)).json;

it('is not available before the first complete session', async () => {
  await insertSnapshot(api.db, { portfolioId, date: DATE, complete: false });
  expect(await overview()).toMatchObject({ available: false, reason: 'no_snapshots', portfolio_id: portfolioId });
});

it('shows the newest complete session: 10,000 and a call of 3,000 long, 5,000 and a put of 2,000 short', async () => {
  await insertSnapshot(api.db, {
    portfolioId,
    date: DATE,
    equity: 100_000,
    long: 13_000,
    short: -7_000,
    delta: [12_000, -6_500],
    counts: [4, 2, 2, 2],
  });
  const reply = await overview();
  expect(reply).toMatchObject({
    available: true,
    portfolio_id: portfolioId,
    equity_balance: 95_000,
    net_asset_value: 100_000,
    total_value: 100_000,
    cash_balance: 94_000,
    leverage: 0.2,
    exposures: {
      long_exposure: 13_000,
      short_exposure: -7_000,
      gross_exposure: 20_000,
      net_exposure: 6_000,
      long_percentage: 0.13,
      short_percentage: -0.07,
      gross_percentage: 0.2,
      net_percentage: 0.06,
    },
    position_count: { total_positions: 4, long_count: 2, short_count: 2, option_count: 2 },
    delta_adjusted: { long: 12_000, short: -6_500, gross: 18_500, net: 5_500 },
    coverage: 1,
    valuation: 'full',
    price_source: null,
    snapshot_date: DATE,
  });
});

it('adds daily P&L up over the month and the year of the session, and not beyond', async () => {
  const daily: Record<string, number> = {
    '2024-12-31': 1_000,
    '2025-01-02': 100,
    '2025-02-28': 10,
    '2025-03-03': 1,
    '2025-03-11': 0.1,
  };
  for (const [date, pnl] of Object.entries(daily)) await insertSnapshot(api.db, { portfolioId, date, pnl });
  await insertSnapshot(api.db, { portfolioId, date: '2025-03-12', pnl: 0.2 });
  await insertSnapshot(api.db, { portfolioId, date: '2025-03-13', pnl: 5_000, complete: false });
  expect(await overview()).toMatchObject({ pnl: { daily_pnl: 0.2, mtd_pnl: 1.3, ytd_pnl: 111.3 } });
});

it('shows unrealized P&L of that session beside what was realized, and their sum', async () => {
  const positionId = await insertLot(api.db, { portfolioId, symbol: 'AAPL' });
  await insertLotValue(api.db, { portfolioId, positionId, date: DATE, unrealised: 200.1 });
  await insertLotValue(api.db, { portfolioId, positionId, date: '2025-03-11', unrealised: 9_999 });
  await insertSnapshot(api.db, { portfolioId, date: DATE, realised: 400.2, counts: [1, 1, 0, 0] });
  expect(await overview()).toMatchObject({ pnl: { unrealized_pnl: 200.1, realized_pnl: 400.2, total_pnl: 600.3 } });
});

it('does not pass lots off as worth nothing when they were not valued', async () => {
  await insertSnapshot(api.db, { portfolioId, date: DATE, realised: 400, counts: [1, 1, 0, 0] });
  expect(await overview()).toMatchObject({ pnl: { unrealized_pnl: null, realized_pnl: 400, total_pnl: null } });
});

it('of a portfolio without lots has nothing unrealized', async () => {
  await insertSnapshot(api.db, { portfolioId, date: DATE, realised: 400 });
  expect(await overview()).toMatchObject({ pnl: { unrealized_pnl: 0, total_pnl: 400 } });
});

it('has no shares of an equity that is not above 0', async () => {
  await insertSnapshot(api.db, { portfolioId, date: DATE, equity: -1, long: 50 });
  expect(await overview()).toMatchObject({
    cash_balance: -51,
    leverage: null,
    delta_adjusted: null,
    exposures: { long_exposure: 50, long_percentage: null, short_percentage: null, gross_percentage: null, net_percentage: null },
  });
});

it('says so when prices are simulated', async () => {
  const positionId = await insertLot(api.db, { portfolioId, symbol: 'MADE.UP' });
  await insertClose(api.db, { symbol: 'MADE.UP', date: DATE, close: 100, provider: 'simulated' });
  await insertLotValue(api.db, { portfolioId, positionId, date: DATE, unrealised: 0 });
  await insertSnapshot(api.db, { portfolioId, date: DATE, counts: [1, 1, 0, 0] });
  expect(await overview()).toMatchObject({ price_source: 'simulated' });
});
