// Snapshots on demand: the batch that a superuser starts, what it says it has done, and single portfolios.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makePortfolio } from '../support/ledger.js';
import { until } from '../support/until.js';
import { createWorld, withWorker, type TestWorld } from '../support/worker.js';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';

// Friday evening, an hour and a half after the close.
const NOW = '2025-06-20T21:30:00Z';
const SESSION = '2025-06-20';

let api: DomainApi;
let world: TestWorld;
let admin: Caller;
let user: Caller;
beforeAll(async () => {
  api = await startDomainApi(NOW);
  world = await createWorld({ now: NOW });
  admin = await api.superuser();
  user = await api.user();
});
afterAll(async () => {
  await api.close();
  await world.close();
});
beforeEach(() => api.db.pool.query(`TRUNCATE jobs, portfolios, audit_log, idempotency_keys CASCADE`));

type Started = Readonly<{
  status: string;
  batch_run_id: string;
  calculation_date: string;
  poll_url: string;
  portfolio_id?: string;
}>;

const lots = [{ symbol: 'AAPL', quantity: '10', entryPrice: '190', entryDate: '2025-06-11' }];
const hold = (asOf = SESSION) => makePortfolio(api.db, { userId: user.userId, asOf, openedOn: asOf, lots });
const daily = async (headers = {}) => fieldsOf<Started>(await admin.post('/admin/snapshots/daily', undefined, headers), 202);
const take = async (portfolioId: string, query = '') =>
  fieldsOf<Started>(await admin.post(`/admin/portfolios/${portfolioId}/snapshots${query}`), 202);
/** What a poll of the run shows once a worker has ended it. */
const ended = async (pollUrl: string): Promise<Readonly<{ status: string; totals: unknown }>> =>
  withWorker({ context: { ...world.context, db: api.db } }, async () => {
    const poll = async () => fieldsOf<{ status: string; totals: unknown }>(await admin.get(pollUrl), 200);
    await until('the run ends', async () => !['queued', 'running'].includes((await poll()).status));
    return poll();
  });
const snapshotsOf = async (portfolioId: string) => {
  const { rows } = await api.db.pool.query<{ snapshot_date: string }>(
    `SELECT snapshot_date FROM portfolio_snapshots WHERE portfolio_id = $1 AND is_complete ORDER BY snapshot_date`,
    [portfolioId],
  );
  return rows.map(({ snapshot_date: date }) => date);
};

describe('POST /admin/snapshots/daily', () => {
  it('of three portfolios has processed 3, succeeded 3, failed 0', async () => {
    const ids = [await hold(), await hold(), await hold()];
    const started = await daily();
    expect(started).toMatchObject({ status: 'started', calculation_date: SESSION });
    const run = await ended(started.poll_url);
    expect(run).toMatchObject({ status: 'completed', totals: { processed: 3, succeeded: 3, failed: 0 } });
    for (const id of ids) expect((await snapshotsOf(id)).at(-1)).toBe(SESSION);
  });

  it('without portfolios has processed 0, succeeded 0, failed 0', async () => {
    const run = await ended((await daily()).poll_url);
    expect(run).toMatchObject({ status: 'completed', totals: { processed: 0, succeeded: 0, failed: 0 } });
  });

  it('joins the batch that runs, and leaves an audit entry for each wish', async () => {
    const first = await daily();
    expect(await daily()).toMatchObject({ status: 'already_running', batch_run_id: first.batch_run_id });
    const { rows } = await api.db.pool.query(`SELECT actor_id, action, subject FROM audit_log`);
    const entry = { actor_id: admin.userId, action: 'snapshots.take', subject: first.batch_run_id };
    expect(rows).toEqual([entry, entry]);
  });

  it('is started once per Idempotency-Key', async () => {
    const headers = { 'Idempotency-Key': randomUUID() };
    const first = await daily(headers);
    await api.db.pool.query(`UPDATE jobs SET status = 'completed', finished_at = clock_timestamp()`);
    expect(await daily(headers)).toEqual(first);
  });

  it('is for superusers', async () => {
    expectError(await user.post('/admin/snapshots/daily'), 403, 'ERR_ADMIN_001');
    expectError(await user.post(`/admin/portfolios/${await hold()}/snapshots`), 403, 'ERR_ADMIN_001');
    expect((await api.db.pool.query('SELECT 1 FROM jobs')).rowCount).toBe(0);
  });
});

describe('POST /admin/portfolios/{id}/snapshots', () => {
  it("makes every session up to a date, of anybody's portfolio", async () => {
    const portfolioId = await hold('2025-06-11');
    // A Sunday: the session before it is Friday's.
    const started = await take(portfolioId, '?date=2025-06-15');
    expect(started).toMatchObject({ portfolio_id: portfolioId, calculation_date: '2025-06-13' });
    expect((await ended(started.poll_url)).status).toMatch(/completed|partial/);
    expect(await snapshotsOf(portfolioId)).toEqual(['2025-06-11', '2025-06-12', '2025-06-13']);
  });

  it('without a date, or for one to come, is for the last complete session', async () => {
    const portfolioId = await hold();
    expect(await take(portfolioId)).toMatchObject({ calculation_date: SESSION });
    expect(await take(portfolioId, '?date=2026-01-02')).toMatchObject({ calculation_date: SESSION, status: 'already_running' });
  });

  it('of a portfolio that is not there is 404, and of no date at all 422', async () => {
    expectError(await admin.post(`/admin/portfolios/${randomUUID()}/snapshots`), 404, 'ERR_PORT_404');
    const portfolioId = await hold();
    for (const date of ['2025-02-30', 'today', '1990-01-01', '2029-01-01'])
      expectError(await admin.post(`/admin/portfolios/${portfolioId}/snapshots?date=${date}`), 422, 'ERR_REQ_001');
  });
});
