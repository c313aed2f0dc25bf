// Whose it is comes first: a read of someone else's tells nothing, a write is refused, and neither leaves a trace.
import { ENDPOINTS } from '@closebell/shared/contracts/endpoints';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertPortfolio, insertSnapshot } from './records.js';

let api: DomainApi;
let owner: Caller;
let other: Caller;
let portfolioId: string;
let runId: string;

beforeAll(async () => {
  api = await startDomainApi('2025-03-12T22:00:00Z');
  owner = await api.user();
  other = await api.user();
  portfolioId = await insertPortfolio(api.db, { userId: owner.userId });
  await insertSnapshot(api.db, { portfolioId, date: '2025-03-12' });
  ({ batch_run_id: runId } = fieldsOf<{ batch_run_id: string }>(await owner.post(`/portfolio/${portfolioId}/calculate`), 202));
});
afterAll(() => api.close());

const READS = [
  '/portfolios/:id',
  '/portfolios/:id/history',
  ...ENDPOINTS.filter(({ path }) => path.startsWith('/analytics/portfolio')).map(({ path }) => path),
  ...ENDPOINTS.filter(({ path }) => path.startsWith('/analytics/aggregate')).map(({ path }) => `${path}?portfolio_ids=:id`),
  '/portfolio/:id/readiness',
  '/data/portfolio/:id/data-quality',
  '/portfolio/:id/batch-status/:run',
];
const WRITES = ['/portfolio/:id/calculate?force=true', '/portfolios/:id/calculate', '/portfolio/:id/batch-status/:run/cancel'];
const at = (path: string, id = portfolioId) => path.replace(':id', id).replace(':run', runId);

describe.each(READS)('GET %s', (path) => {
  it("is 200 for the owner and 404 for anyone else, as if it weren't there", async () => {
    expect((await owner.get(at(path))).status).toBe(200);
    expectError(await other.get(at(path)), 404, 'ERR_PORT_404');
    expectError(await owner.get(at(path, randomUUID())), 404, 'ERR_PORT_404');
    expectError(await api.nobody.get(at(path)), 401, 'ERR_AUTH_001');
  });
});

describe.each(WRITES)('POST %s', (path) => {
  it('is 403 for anyone else, 404 where there is nothing, and changes nothing', async () => {
    const before = await everything();
    expectError(await other.post(at(path)), 403, 'ERR_OWNER_001');
    expectError(await other.post(at(path, randomUUID())), 404, 'ERR_PORT_404');
    expectError(await api.nobody.post(at(path)), 401, 'ERR_AUTH_001');
    expect(await everything()).toEqual(before);
  });
});

it('a deleted portfolio is gone for its owner too', async () => {
  const deleted = await insertPortfolio(api.db, { userId: owner.userId, accountName: 'deleted', deleted: true });
  expectError(await owner.get(`/portfolios/${deleted}`), 404, 'ERR_PORT_404');
  expectError(await owner.post(`/portfolio/${deleted}/calculate`), 404, 'ERR_PORT_404');
});

it('a list shows nothing of others', async () => {
  expect((await other.get('/portfolios')).json).toMatchObject({ portfolios: [], total_count: 0 });
});

async function everything(): Promise<unknown> {
  const jobs = await api.db.pool.query(`SELECT * FROM jobs ORDER BY id`);
  const portfolios = await api.db.pool.query(`SELECT * FROM portfolios ORDER BY id`);
  return [jobs.rows, portfolios.rows];
}
