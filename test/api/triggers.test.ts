// Single phases that a superuser starts: which jobs come of it, that a repeat makes none, and that it is on record.
import { FACTOR_SYMBOLS } from '@closebell/shared/calc/factors';
import { REFRESH_SYMBOLS_MAX } from '@closebell/shared/jobs';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makePortfolio } from '../support/ledger.js';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';

// Saturday: the last complete session is Friday's.
const SESSION = '2025-03-14';
const PRICES = '/admin/batch/trigger/market-data';
const PROFILES = '/admin/batch/trigger/profiles';

let api: DomainApi;
let admin: Caller;
beforeAll(async () => {
  api = await startDomainApi('2025-03-15T15:00:00Z');
  admin = await api.superuser();
});
afterAll(() => api.close());
beforeEach(() => api.db.pool.query(`TRUNCATE jobs, portfolios, audit_log, idempotency_keys CASCADE`));

type Started = Readonly<{
  calculation_date: string;
  symbols_count: number;
  jobs: readonly Readonly<{ status: string; job_id: string; symbols_count: number; poll_url: string }>[];
}>;

const trigger = async (body?: unknown, headers = {}) => fieldsOf<Started>(await admin.post(PRICES, body, headers), 202);
const hold = (...symbols: readonly string[]) =>
  makePortfolio(api.db, {
    asOf: SESSION,
    lots: symbols.map((symbol) => ({ symbol, quantity: '1', entryPrice: '100', entryDate: '2025-03-03' })),
  });
const storedJobs = async () => {
  const { rows } = await api.db.pool.query<{ kind: string; payload: { symbols: string[]; sessionDate: string; force: boolean } }>(
    `SELECT kind, payload FROM jobs ORDER BY created_at, id`,
  );
  return rows;
};

it.each([PRICES, PROFILES])('POST %s is for superusers only', async (path) => {
  expectError(await (await api.user()).post(path), 403, 'ERR_ADMIN_001');
  expectError(await api.nobody.post(path), 401, 'ERR_AUTH_001');
  expect(await storedJobs()).toEqual([]);
});

it('a phase that cannot run alone is refused with those that can', async () => {
  const reply = await admin.post('/admin/batch/trigger/snapshots');
  expectError(reply, 422, 'ERR_REQ_001');
  expect(reply.text).toContain('market-data');
  expect(reply.text).toContain('profiles');
});

describe('market-data', () => {
  it('fetches for all symbols in use, never for private or cash lots, up to the last complete session', async () => {
    await hold('NOVA', 'CASH_USD');
    await makePortfolio(api.db, {
      asOf: SESSION,
      lots: [
        { symbol: 'SECRET_FUND', quantity: '1', entryPrice: '1', entryDate: '2025-03-03', investmentClass: 'PRIVATE' },
        {
          symbol: 'UNDR250620C00100000',
          quantity: '1',
          entryPrice: '1',
          entryDate: '2025-03-03',
          investmentClass: 'OPTIONS',
          underlyingSymbol: 'UNDR',
          strikePrice: '100',
          expirationDate: '2025-06-20',
          optionType: 'CALL',
        },
      ],
    });
    const started = await trigger();
    const symbols = ['NOVA', 'UNDR', ...FACTOR_SYMBOLS].sort((a, b) => (a < b ? -1 : 1));
    expect(started).toMatchObject({ calculation_date: SESSION, symbols_count: symbols.length, jobs: [{ status: 'started' }] });
    expect(await storedJobs()).toMatchObject([
      { kind: 'refresh-prices', payload: { symbols, sessionDate: SESSION, force: false } },
    ]);
    expect((await admin.get(started.jobs[0]!.poll_url)).json).toMatchObject({
      kind: 'refresh-prices',
      status: 'queued',
      triggered_by: 'admin',
      calculation_date: SESSION,
    });
  });

  it('fetches for the symbols named, in whatever spelling and order, up to the session on or before a date', async () => {
    await hold('NOVA', 'BRK.B');
    const first = await trigger({ symbols: ['nova', 'BRK/B'], calculation_date: '2025-03-09', force: true });
    expect(first).toMatchObject({ calculation_date: '2025-03-07', symbols_count: 2 });
    expect(await storedJobs()).toMatchObject([
      { payload: { symbols: ['BRK.B', 'NOVA'], sessionDate: '2025-03-07', force: true } },
    ]);
    const again = await trigger({ symbols: ['BRK.B', 'NOVA'], calculation_date: '2025-03-07', force: true });
    expect(again.jobs).toEqual([{ ...first.jobs[0], status: 'already_running' }]);
  });

  it('does not join a job that leaves alone what this one is to ask for', async () => {
    await hold('NOVA');
    const [plain, forced] = [await trigger({ symbols: ['NOVA'] }), await trigger({ symbols: ['NOVA'], force: true })];
    expect(forced.jobs[0]).toMatchObject({ status: 'started' });
    expect(forced.jobs[0]!.job_id).not.toBe(plain.jobs[0]!.job_id);
  });

  it('sends no symbol to a provider that nobody holds: each such is named, and nothing is started', async () => {
    await hold('NOVA');
    const reply = await admin.post(PRICES, { symbols: ['NOVA', 'SECRET_FUND'] });
    expectError(reply, 422, 'ERR_REQ_001');
    expect(reply.json).toMatchObject({
      error: { details: { issues: [{ path: 'symbols.1', message: expect.stringContaining('SECRET_FUND') as unknown }] } },
    });
    expect(await storedJobs()).toEqual([]);
  });

  it('is cut into jobs of a thousand symbols each', async () => {
    await hold(...Array.from({ length: REFRESH_SYMBOLS_MAX + 1 }, (_, i) => `S${i}`));
    const { symbols_count: total, jobs } = await trigger();
    expect(total).toBe(REFRESH_SYMBOLS_MAX + 1 + FACTOR_SYMBOLS.length);
    expect(jobs.map(({ symbols_count: count }) => count)).toEqual([REFRESH_SYMBOLS_MAX, total - REFRESH_SYMBOLS_MAX]);
    const stored = (await storedJobs()).flatMap(({ payload }) => payload.symbols);
    expect(new Set(stored).size).toBe(total);
  });

  it('with an Idempotency-Key starts its jobs once, and every wish is on record', async () => {
    await hold('NOVA');
    const key = { 'Idempotency-Key': randomUUID() };
    const first = await trigger({ symbols: ['NOVA'] }, key);
    expect(await trigger({ symbols: ['NOVA'] }, key)).toEqual(first);
    await api.db.pool.query(`UPDATE jobs SET status = 'completed', finished_at = now()`);
    expect(await trigger({ symbols: ['NOVA'] }, key), 'also once it has ended').toEqual(first);
    expect(await storedJobs()).toHaveLength(1);
    const { rows } = await api.db.pool.query(`SELECT actor_id, action, subject, details FROM audit_log`);
    const id = first.jobs[0]!.job_id;
    expect(rows).toEqual([
      {
        actor_id: admin.userId,
        action: 'batch.trigger',
        subject: id,
        details: { phase: 'market-data', calculation_date: SESSION, symbols_count: 1, force: false, job_ids: [id] },
      },
    ]);
  });
});

describe('profiles', () => {
  it('renews the profiles once, however often it is asked', async () => {
    const first = fieldsOf<Started>(await admin.post(PROFILES), 202);
    expect(first).toMatchObject({ calculation_date: null, symbols_count: null, jobs: [{ status: 'started' }] });
    expect(await storedJobs()).toMatchObject([{ kind: 'refresh-profiles' }]);
    expect((await admin.get(first.jobs[0]!.poll_url)).json).toMatchObject({ kind: 'refresh-profiles', status: 'queued' });
    const again = fieldsOf<Started>(await admin.post(PROFILES), 202);
    expect(again.jobs).toEqual([{ ...first.jobs[0], status: 'already_running' }]);
  });

  it('takes no wishes that it would not heed', async () => {
    const reply = await admin.post(PROFILES, { symbols: ['NOVA'], force: true });
    expectError(reply, 422, 'ERR_REQ_001');
    expect(reply.json).toMatchObject({ error: { details: { issues: [{ path: 'symbols' }, { path: 'force' }] } } });
    expect(await storedJobs()).toEqual([]);
  });
});
