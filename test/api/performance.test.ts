// What a portfolio has made, read from its stored sessions.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertPortfolio, insertSnapshot } from './records.js';

type Performance = Readonly<{
  points: readonly Readonly<{ date: string }>[];
  start_date: string;
  twr: Readonly<{ value: number }>;
  mwr: Readonly<{ rate: number }>;
}>;
type Session = Readonly<{ date: string; equity: number; daily?: number | null; flow?: number }>;

let api: DomainApi;
let owner: Caller;
let portfolioId: string;

beforeAll(async () => {
  api = await startDomainApi('2025-03-12T22:00:00Z');
  owner = await api.user();
});
afterAll(() => api.close());
beforeEach(async () => {
  portfolioId = await insertPortfolio(api.db, { userId: owner.userId, accountName: randomUUID() });
});

async function store(sessions: readonly Session[]): Promise<void> {
  for (const { date, equity, daily = null, flow = 0 } of sessions) {
    await insertSnapshot(api.db, { portfolioId, date, equity });
    await api.db.pool.query(
      `UPDATE portfolio_snapshots SET daily_return = $3, capital_flow = $4 WHERE portfolio_id = $1 AND snapshot_date = $2`,
      [portfolioId, date, daily, flow],
    );
  }
}
const get = async (query = '?range=ALL') =>
  fieldsOf<Performance>(await owner.get(`/portfolios/${portfolioId}/performance${query}`), 200);

describe('the performance of a portfolio', () => {
  it('from 10,000 to 11,000 is a gain of 1,000, of 10 %', async () => {
    await store([
      { date: '2024-03-12', equity: 10_000 },
      { date: '2025-03-12', equity: 11_000, daily: 0.1 },
    ]);
    expect(await get()).toMatchObject({
      available: true,
      start_date: '2024-03-12',
      end_date: '2025-03-12',
      gain: 1_000,
      gain_percent: 10,
      net_contributions: 0,
      high: 11_000,
      high_date: '2025-03-12',
      low: 10_000,
      low_date: '2024-03-12',
      twr: { value: expect.closeTo(0.1, 10), annualized: expect.closeTo(0.1, 3), observations: 1, gaps: 0 },
      mwr: { available: true, rate: expect.closeTo(0.1, 10), multiple_roots: false },
      figures_current: true,
    });
  });

  it('of fewer than two sessions is null, with the reason', async () => {
    const nothing = { available: false, gain: null, gain_percent: null, high: null, low: null, twr: null, mwr: null };
    expect(await get()).toMatchObject({ ...nothing, reason: 'no_snapshots', points: [] });
    await store([{ date: '2025-03-12', equity: 10_000 }]);
    expect(await get()).toMatchObject({ ...nothing, reason: 'too_few_points', start_date: '2025-03-12' });
  });

  it('is weighted by money where flows come in, and by time alone where they do not count', async () => {
    const sessions = [
      { date: '2024-03-12', equity: 10_000 },
      { date: '2024-09-12', equity: 9_000, daily: -0.1 },
    ];
    await store([...sessions, { date: '2025-03-12', equity: 9_900, daily: 0.1 }]);
    const alone = await get();
    portfolioId = await insertPortfolio(api.db, { userId: owner.userId, accountName: randomUUID() });
    const joined = { date: '2024-09-13', equity: 109_000, daily: 0, flow: 100_000 };
    await store([...sessions, joined, { date: '2025-03-12', equity: 119_900, daily: 0.1 }]);
    const added = await get();
    expect(added).toMatchObject({ gain: 9_900, net_contributions: 100_000, gain_percent: 9 });
    expect(added.twr.value).toBeCloseTo(alone.twr.value, 12);
    expect(alone.mwr.rate).toBeLessThan(0);
    expect(added.mwr.rate).toBeGreaterThan(0.1);
  });

  it('says why it has no money-weighted return', async () => {
    await store([
      { date: '2025-03-11', equity: 10_000 },
      { date: '2025-03-12', equity: -2_000, daily: -1.2 },
    ]);
    expect(await get()).toMatchObject({
      gain: -12_000,
      twr: { value: expect.closeTo(-1.2, 12) },
      mwr: { available: false, reason: 'one_sign' },
    });
  });

  it.each([
    ['1W', '2025-03-05', 6],
    ['1M', '2025-02-12', 20],
    ['3M', '2024-12-12', 60],
    ['1Y', '2025-01-02', 0],
    ['ALL', '2025-01-02', 0],
  ])('over %s begins at the close on or before its first day, or at the first there is', async (range, start, count) => {
    const { rows } = await api.db.pool.query<{ day: string }>(
      `SELECT day::date::text AS day FROM generate_series($1::date, '2025-03-12', interval '1 day') AS day WHERE extract(isodow FROM day) < 6`,
      [range === '3M' ? '2024-12-02' : '2025-01-02'],
    );
    const holidays = new Set(['2024-12-25', '2025-01-01', '2025-01-09', '2025-01-20', '2025-02-17']);
    const sessions = rows.map(({ day }) => day).filter((day) => !holidays.has(day));
    await store(sessions.map((date, i) => ({ date, equity: 10_000 + i, daily: 1e-4 })));
    const { start_date: from, points } = await get(`?range=${range}`);
    expect(from).toBe(start);
    expect(points).toHaveLength(count === 0 ? sessions.length : count);
  });

  it("is refused for a range that does not exist, and is nobody else's", async () => {
    expectError(await owner.get(`/portfolios/${portfolioId}/performance?range=2W`), 422, 'ERR_REQ_001');
    const other = await api.user();
    expectError(await other.get(`/portfolios/${portfolioId}/performance`), 404, 'ERR_PORT_404');
    expectError(await other.get(`/portfolio/${portfolioId}/performance`), 404, 'ERR_PORT_404');
  });
});
