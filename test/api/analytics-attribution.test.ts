// P&L by position, sector and tag, against hand-made sessions: sums are the portfolio's to the last digit.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { makePortfolio } from '../support/ledger.js';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertClose, insertSnapshot } from './records.js';
import { insertReturns } from './risk-records.js';

let api: DomainApi;
let user: Caller;
let portfolioId: string;

beforeAll(async () => {
  api = await startDomainApi('2025-03-12T22:00:00Z');
  user = await api.user();
});
afterAll(() => api.close());

const closes = {
  TEN: { '2025-03-07': 100, '2025-03-10': 102, '2025-03-11': 101, '2025-03-12': 105 },
  OLD: { '2025-03-07': 20 },
  DOWN: { '2025-03-07': 50, '2025-03-10': 50.125, '2025-03-11': 49, '2025-03-12': 48 },
};
const lots = [
  { symbol: 'TEN', quantity: '10', entryPrice: '100', entryDate: '2025-03-10' },
  { symbol: 'DOWN', quantity: '-7', entryPrice: '50', entryDate: '2025-03-03', exitPrice: '48.5', exitDate: '2025-03-12' },
  { symbol: 'OLD', quantity: '5', entryPrice: '20', entryDate: '2025-03-03', exitPrice: '20', exitDate: '2025-03-10' },
  { symbol: 'HOUSE', quantity: '1', entryPrice: '900', entryDate: '2025-03-03', investmentClass: 'PRIVATE' },
] as const;
/** TEN: 10 × 2, −1, 4. DOWN: −7 × .125, −1.125, −.5 at its exit. */
const pnl = { '2025-03-10': 20 - 0.875, '2025-03-11': -10 + 7.875, '2025-03-12': 40 + 3.5 };

beforeEach(async () => {
  await api.db.pool.query(`TRUNCATE portfolios, price_bars, securities CASCADE`);
  for (const [symbol, bySession] of Object.entries(closes)) {
    for (const [date, close] of Object.entries(bySession)) {
      await insertClose(api.db, { symbol, date, close });
    }
  }
  await api.db.pool.query(
    `INSERT INTO securities (symbol, sector, profile_by, profile_at) VALUES ('TEN', 'Energy', 'files', now()), ('DOWN', 'Utilities', 'files', now())`,
  );
  portfolioId = await makePortfolio(api.db, { userId: user.userId, equity: '10000', asOf: '2025-03-07', lots });
  let equity = 10_000;
  for (const [date, own] of Object.entries(pnl))
    await insertSnapshot(api.db, { portfolioId, date, pnl: own, equity: (equity += own) });
});

type Line = Readonly<{ symbol?: string; sector: string | null; pnl: number; contribution: number }>;
type Answer = Readonly<{
  total: Line;
  by_position: readonly Line[];
  by_sector: readonly Line[];
  by_tag: readonly Readonly<Record<string, unknown>>[];
}>;
const at = (query: string) => user.get(`/analytics/portfolio/${portfolioId}/attribution${query}`);
const read = async (query = '') => fieldsOf<Answer>(await at(query), 200);

it('by default of the month so far: every lot, opened, closed or held', async () => {
  const { by_position: positions, by_sector: sectors, ...answer } = await read();
  expect(answer).toMatchObject({
    available: true,
    from_date: '2025-03-10',
    to_date: '2025-03-12',
    sessions: 3,
    total: { pnl: 60.5, contribution: 0.00605, equity_before: 10_000 },
  });
  expect(positions).toMatchObject([
    { symbol: 'TEN', sector: 'Energy', pnl: 50, contribution: 0.005 },
    { symbol: 'DOWN', sector: 'Utilities', pnl: 10.5, contribution: 0.00105 },
    { symbol: 'HOUSE', sector: null, pnl: 0 },
    { symbol: 'OLD', sector: null, pnl: 0 },
  ]);
  expect(sectors).toMatchObject([
    { sector: 'Energy', pnl: 50, positions: 1 },
    { sector: 'Utilities', pnl: 10.5 },
    { sector: null, pnl: 0, positions: 2 },
  ]);
});

it('by tag counts a lot in each of its tags, and those without one apart', async () => {
  const tagIds = ['Core', 'Energy'].map(() => randomUUID());
  await api.db.pool.query(
    `INSERT INTO tags (id, user_id, name, color) SELECT * FROM unnest($1::uuid[], $2::uuid[], '{Core,Energy}'::citext[], '{#111111,#222222}'::text[])`,
    [tagIds, tagIds.map(() => user.userId)],
  );
  await api.db.pool.query(
    `INSERT INTO position_tags (position_id, tag_id) SELECT positions.id, tags.id FROM positions, tags
     WHERE portfolio_id = $1 AND tags.user_id = $2 AND (symbol = 'TEN' OR symbol = 'DOWN' AND name = 'Core')`,
    [portfolioId, user.userId],
  );
  const { by_tag: byTag } = await read();
  expect(byTag).toEqual([
    { tag_id: tagIds[0], name: 'Core', color: '#111111', positions: 2, pnl: 60.5, contribution: 0.00605 },
    { tag_id: tagIds[1], name: 'Energy', color: '#222222', positions: 1, pnl: 50, contribution: 0.005 },
    { tag_id: null, name: null, color: null, positions: 2, pnl: 0, contribution: 0 },
  ]);
});

it('of any run of sessions, summing to the cent; a lot closed before is not in it', async () => {
  const { total, by_position: positions } = await read('?from=2025-03-11&to=2025-03-11');
  expect(total).toMatchObject({ pnl: -2.125, equity_before: 10_019.125 });
  expect(positions.map(({ symbol, pnl: own }) => [symbol, own])).toEqual([
    ['DOWN', 7.875],
    ['HOUSE', 0],
    ['TEN', -10],
  ]);
  // A weekend belongs to no session.
  expect(await read('?from=2025-03-08&to=2025-03-10')).toMatchObject({ from_date: '2025-03-10', sessions: 1 });
});

it('is not available where lots or prices no longer make the stored P&L', async () => {
  await api.db.pool.query(
    `INSERT INTO price_bars (symbol, session_date, revision, close, provider) VALUES ('TEN', '2025-03-12', 1, 105.01, 'files')`,
  );
  expect(await read()).toMatchObject({ available: false, reason: 'no_calculation_available' });
  expect(await read('?to=2025-03-11')).toMatchObject({ available: true });
});

it('is not available of sessions that were not calculated', async () => {
  expect(await read('?from=2025-02-01&to=2025-02-28')).toMatchObject({ available: false, reason: 'no_snapshots' });
});

it('refuses a range that ends before it begins, and one of more than two years', async () => {
  expectError(await at('?from=2025-03-11&to=2025-03-10'), 422, 'ERR_REQ_001');
  await insertReturns(api.db, { portfolioId, lastSession: '2025-03-07', returns: Array.from({ length: 502 }, () => 0) });
  expectError(await at('?from=2020-01-01'), 422, 'ERR_REQ_001');
});
