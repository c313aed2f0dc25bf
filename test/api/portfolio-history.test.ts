// The history within sessions; test/api/portfolios.test.ts has the one of closes.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertPortfolio, insertSnapshot } from './records.js';

/** The evening of the first is past midnight in London. */
const RECORDED = [
  '2025-03-11T14:00:00.000Z',
  '2025-03-12T00:30:00.000Z',
  '2025-03-12T14:00:00.000Z',
  '2025-03-12T14:00:30.000Z',
  '2025-03-12T14:01:00.000Z',
];

let api: DomainApi;
let user: Caller;
let portfolioId: string;
let path: string;
beforeAll(async () => {
  api = await startDomainApi('2025-03-12T15:00:00Z');
  user = await api.user();
  portfolioId = await insertPortfolio(api.db, { userId: user.userId });
  path = `/portfolios/${portfolioId}/history?granularity=intraday`;
  for (const [index, instant] of RECORDED.toReversed().entries()) {
    await api.db.pool.query(
      `INSERT INTO intraday_values (portfolio_id, recorded_at, total_value, coverage, oldest_quote_at) VALUES ($1, $2, $3, $4, $5)`,
      [portfolioId, instant, 100_000.25 + index, index === 0 ? 0.5 : 1, index === 0 ? null : instant],
    );
  }
});
afterAll(() => api.close());

type History = Readonly<{ snapshots: readonly Readonly<{ recorded_at: string }>[]; next_cursor: string | null }>;
const get = async (query = '') => fieldsOf<History>(await user.get(path + query), 200);
const instantsOf = ({ snapshots }: History) => snapshots.map(({ recorded_at: at }) => at);

it('is oldest first, each value with what it rests on', async () => {
  const history = await get();
  expect(instantsOf(history)).toEqual(RECORDED);
  expect(history.next_cursor).toBeNull();
  expect(history.snapshots[0]).toEqual({
    recorded_at: RECORDED[0],
    equity: 100_004.25,
    total_value: 100_004.25,
    status: 'full',
    coverage: 1,
    oldest_quote_at: RECORDED[0],
  });
  expect(history.snapshots.at(-1)).toMatchObject({ status: 'partial', coverage: 0.5, oldest_quote_at: null });
});

it('read page by page gives each value once', async () => {
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: History = await get(`&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
    seen.push(...instantsOf(page));
    cursor = page.next_cursor;
  }
  expect(seen).toEqual(RECORDED);
});

it('has whole days of New York, both ends included', async () => {
  expect(instantsOf(await get('&from=2025-03-12&to=2025-03-12'))).toEqual(RECORDED.slice(2));
  expect(instantsOf(await get('&to=2025-03-11'))).toEqual(RECORDED.slice(0, 2));
  expect(instantsOf(await get('&from=0001-01-01&to=9999-12-31'))).toEqual(RECORDED);
});

it.each(['cursor=2025-03-12', 'cursor=x', 'from=2025-03-12&to=2025-03-11'])('refuses %s', async (query) => {
  expectError(await user.get(`${path}&${query}`), 422, 'ERR_REQ_001');
});

it('of sessions is another one, and refuses the cursor of this one', async () => {
  await insertSnapshot(api.db, { portfolioId, date: '2025-03-11' });
  const sessions = await user.get(`/portfolios/${portfolioId}/history`);
  expect(sessions.json).toMatchObject({ snapshots: [{ snapshot_date: '2025-03-11' }] });
  expectError(await user.get(`/portfolios/${portfolioId}/history?cursor=${RECORDED[0]}`), 422, 'ERR_REQ_001');
});

it("answers in the singular as well, 304 to who has it, and 404 to who doesn't own it", async () => {
  const singular = path.replace('portfolios', 'portfolio');
  const reply = await user.get(singular);
  expect(instantsOf(fieldsOf<History>(reply, 200))).toEqual(RECORDED);
  expect((await user.get(singular, { 'If-None-Match': reply.headers.get('etag')! })).status).toBe(304);
  const stranger = await api.user();
  for (const each of [path, singular]) expectError(await stranger.get(each), 404, 'ERR_PORT_404');
});
