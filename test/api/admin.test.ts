import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { endJob, insertPortfolio } from './records.js';

// Saturday: the last complete session is Friday's.
const NOW = '2025-03-15T15:00:00Z';
const SESSION = '2025-03-14';
const ERROR = { code: 'ERR_SYS_001', message: 'Something went wrong.', fingerprint: 'run-batch ERR_SYS_001 Error: broken' };

let api: DomainApi;
let admin: Caller;
let user: Caller;

beforeAll(async () => {
  api = await startDomainApi(NOW);
  admin = await api.superuser();
  user = await api.user();
});
afterAll(() => api.close());
beforeEach(() => api.db.pool.query(`TRUNCATE jobs, portfolios, audit_log CASCADE`));

type Started = Readonly<{ status: string; batch_run_id: string; poll_url: string }>;

const runBatch = async (query = '') => fieldsOf<Started>(await admin.post(`/admin/batch/run${query}`), 202);
const audit = async () =>
  (await api.db.pool.query(`SELECT actor_id, action, subject FROM audit_log ORDER BY id`)).rows as unknown;
const fail = (jobId: string) => endJob(api.db, jobId, { status: 'failed', error: ERROR });

describe('every admin route', () => {
  it.each([
    ['get', '/admin/batch/runs'],
    ['get', '/admin/batch/history'],
    ['get', `/admin/batch/runs/${randomUUID()}`],
    ['get', '/admin/jobs'],
    ['get', '/admin/jobs/failures'],
    ['post', '/admin/batch/run'],
    ['post', '/admin/batch/cleanup-incomplete'],
    ['post', '/admin/jobs/retry'],
    ['post', `/admin/jobs/${randomUUID()}/retry`],
    ['post', `/admin/jobs/${randomUUID()}/cancel`],
  ] as const)('%s %s is for superusers only', async (method, path) => {
    expectError(await user[method](path), 403, 'ERR_ADMIN_001');
    expectError(await api.nobody[method](path), 401, 'ERR_AUTH_001');
    expect((await api.db.pool.query('SELECT 1 FROM jobs')).rowCount).toBe(0);
  });
});

describe('a batch', () => {
  it('is for the last complete session, runs once, and leaves an audit entry for each wish', async () => {
    const first = await runBatch();
    expect(first).toMatchObject({
      status: 'started',
      calculation_date: SESSION,
      poll_url: `/api/v1/admin/batch/runs/${first.batch_run_id}`,
    });
    expect(await runBatch()).toMatchObject({ status: 'already_running', batch_run_id: first.batch_run_id });
    expect((await admin.get(first.poll_url)).json).toMatchObject({ kind: 'run-batch', status: 'queued', triggered_by: 'admin' });
    const entry = { actor_id: admin.userId, action: 'batch.run', subject: first.batch_run_id };
    expect(await audit()).toEqual([entry, entry]);
  });

  it('for a date is for the session on or before it', async () => {
    expect(await runBatch('?calculation_date=2025-03-09')).toMatchObject({ calculation_date: '2025-03-07' });
    expect(await runBatch('?calculation_date=2025-06-01')).toMatchObject({ calculation_date: SESSION });
  });

  it('with force voids the history of every portfolio that is not deleted', async () => {
    await insertPortfolio(api.db, { userId: user.userId, accountName: 'a' });
    await insertPortfolio(api.db, { userId: user.userId, accountName: 'b', deleted: true });
    await runBatch('?force=true');
    const { rows } = await api.db.pool.query(`SELECT account_name, dirty_from, generation FROM portfolios ORDER BY account_name`);
    expect(rows).toEqual([
      { account_name: 'a', dirty_from: '1990-01-02', generation: 1 },
      { account_name: 'b', dirty_from: null, generation: 0 },
    ]);
  });

  it('of one portfolio is the calculation of that portfolio', async () => {
    const portfolioId = await insertPortfolio(api.db, { userId: user.userId });
    const { batch_run_id: id, poll_url: pollUrl } = await runBatch(`?portfolio_id=${portfolioId}`);
    const { rows } = await api.db.pool.query(`SELECT kind, payload, trigger FROM jobs WHERE id = $1`, [id]);
    expect(rows).toEqual([
      { kind: 'calculate-portfolio', payload: { portfolioId, sessionDate: SESSION, onboarding: false }, trigger: 'admin' },
    ]);
    expect((await admin.get(pollUrl)).json).toMatchObject({ kind: 'calculate-portfolio', portfolio_id: portfolioId });
    expectError(await admin.post(`/admin/batch/run?portfolio_id=${randomUUID()}`), 404, 'ERR_PORT_404');
  });

  it('shows its parts by status, and its totals', async () => {
    const { batch_run_id: runId, poll_url: pollUrl } = await runBatch();
    for (const status of ['completed', 'completed', 'failed', 'queued']) {
      await api.db.pool.query(
        `INSERT INTO jobs (kind, queue, payload, dedupe_key, attempts_max, parent_id, run_id, trigger, status)
         VALUES ('calculate-chunk', 'calculations', '{}', $2, 5, $1, $1, 'admin', $3)`,
        [runId, randomUUID(), status],
      );
    }
    await api.db.pool.query(`UPDATE jobs SET status = 'running', started_at = now(), result = '{"processed": 3}' WHERE id = $1`, [
      runId,
    ]);
    const shown = {
      status: 'running',
      jobs: { completed: 2, failed: 1, queued: 1, running: 0 },
      progress: { percent: 85 },
      result: { processed: 3 },
    };
    expect((await admin.get(pollUrl)).json).toMatchObject(shown);
    expect((await admin.get('/admin/batch/runs')).json).toMatchObject({ runs: [{ batch_run_id: runId, ...shown }] });
    expectError(await admin.get(`/admin/batch/runs/${randomUUID()}`), 404, 'ERR_BATCH_003');
  });
});

describe('the lists', () => {
  it('of runs has those that wait or run, several of them, or those of a status', async () => {
    const ended = await runBatch('?calculation_date=2025-03-10');
    await fail(ended.batch_run_id);
    const live = [await runBatch('?calculation_date=2025-03-11'), await runBatch('?calculation_date=2025-03-12')];
    const ids = (reply: { json: unknown }) => (reply.json as { runs: Started[] }).runs.map(({ batch_run_id: id }) => id);
    expect(ids(await admin.get('/admin/batch/runs'))).toEqual(live.map(({ batch_run_id: id }) => id).toReversed());
    expect(ids(await admin.get('/admin/batch/runs?status=failed'))).toEqual([ended.batch_run_id]);
  });

  it('of batches and of jobs are newest first and complete page by page', async () => {
    const made: string[] = [];
    for (const day of ['10', '11', '12', '13', '14'])
      made.unshift((await runBatch(`?calculation_date=2025-03-${day}`)).batch_run_id);
    expect(await pages('/admin/batch/history', 'runs', 'batch_run_id')).toEqual(made);
    expect(await pages('/admin/jobs', 'jobs', 'id')).toEqual(made);
  });

  it('of jobs can be narrowed by status and kind', async () => {
    const { batch_run_id: id } = await runBatch();
    await admin.post('/admin/batch/cleanup-incomplete');
    const kinds = async (query: string) =>
      fieldsOf<{ jobs: { kind: string }[] }>(await admin.get(`/admin/jobs?${query}`), 200).jobs.map(({ kind }) => kind);
    expect(await kinds('kind=cleanup-incomplete')).toEqual(['cleanup-incomplete']);
    await fail(id);
    expect(await kinds('status=failed')).toEqual(['run-batch']);
    expectError(await admin.get('/admin/jobs?kind=nonsense'), 422, 'ERR_REQ_001');
  });

  async function pages(path: string, list: string, key: string): Promise<readonly unknown[]> {
    const seen: unknown[] = [];
    let query = '?limit=2';
    for (;;) {
      const page = fieldsOf<Record<string, unknown>>(await admin.get(path + query), 200);
      seen.push(...(page[list] as Record<string, unknown>[]).map((item) => item[key]));
      if (page['next_cursor'] === null) return seen;
      query = `?limit=2&cursor=${page['next_cursor'] as string}`;
    }
  }
});

describe('failures', () => {
  it('are grouped by cause, with the portfolios they leave stale', async () => {
    const portfolioId = await insertPortfolio(api.db, { userId: user.userId });
    const { batch_run_id: id } = await runBatch(`?portfolio_id=${portfolioId}`);
    await fail(id);
    await fail((await runBatch()).batch_run_id);
    expect((await admin.get('/admin/jobs/failures')).json).toMatchObject({
      failures: expect.arrayContaining([
        expect.objectContaining({
          kind: 'calculate-portfolio',
          fingerprint: ERROR.fingerprint,
          count: 1,
          job_ids: [id],
          stale_portfolios: { count: 1, portfolio_ids: [portfolioId] },
        }),
        expect.objectContaining({ kind: 'run-batch', stale_portfolios: { count: 0, portfolio_ids: [] } }),
      ]),
    });
  });

  it('are retried together', async () => {
    const ids = [await runBatch('?calculation_date=2025-03-10'), await runBatch('?calculation_date=2025-03-11')].map(
      ({ batch_run_id: id }) => id,
    );
    for (const id of ids) await fail(id);
    const { fingerprint } = ERROR;
    expect((await admin.post('/admin/jobs/retry', { fingerprint })).json).toMatchObject({
      retried: 2,
      already_live: 0,
      remaining: false,
    });
    const { rows } = await api.db.pool.query(`SELECT id FROM jobs WHERE status = 'queued'`);
    expect(new Set(rows.map(({ id }: { id: string }) => id))).toEqual(new Set(ids));
    expect((await admin.post('/admin/jobs/retry', { fingerprint })).json).toMatchObject({ retried: 0 });
    expectError(await admin.post('/admin/jobs/retry', {}), 422, 'ERR_REQ_001');
  });
});

describe('a retry', () => {
  it('puts the failed job back in the queue, and is audited', async () => {
    const { batch_run_id: id, poll_url: pollUrl } = await runBatch();
    await fail(id);
    const reply = await admin.post(`/admin/jobs/${id}/retry`);
    expect(reply.json).toEqual({ status: 'queued', job_id: id, poll_url: pollUrl });
    expect(reply.status).toBe(202);
    expect((await admin.get(pollUrl)).json).toMatchObject({ status: 'queued', error: null });
    expect(await audit()).toContainEqual({ actor_id: admin.userId, action: 'job.retry', subject: id });
  });

  it('is refused with the id of the job that took its place', async () => {
    const { batch_run_id: failed } = await runBatch();
    await fail(failed);
    const { batch_run_id: live } = await runBatch();
    const reply = await admin.post(`/admin/jobs/${failed}/retry`);
    expect(reply.status).toBe(409);
    expect(reply.text).toContain(live);
  });

  it('of a job that has not failed is refused, and of none is 404', async () => {
    const { batch_run_id: id } = await runBatch();
    expect((await admin.post(`/admin/jobs/${id}/retry`)).status).toBe(409);
    expectError(await admin.post(`/admin/jobs/${randomUUID()}/retry`), 404, 'ERR_BATCH_003');
  });
});

it('a cancel ends the run that the job belongs to, and is audited', async () => {
  const { batch_run_id: id, poll_url: pollUrl } = await runBatch();
  expect((await admin.post(`/admin/jobs/${id}/cancel`)).json).toEqual({
    run_id: id,
    ended: 1,
    asked_to_stop: 0,
    poll_url: pollUrl,
  });
  expect((await admin.get(pollUrl)).json).toMatchObject({ status: 'cancelled' });
  expect(await audit()).toContainEqual({ actor_id: admin.userId, action: 'job.cancel', subject: id });
  expectError(await admin.post(`/admin/jobs/${randomUUID()}/cancel`), 404, 'ERR_BATCH_003');
});

it('a clean-up is submitted with its age and portfolio, and is audited', async () => {
  const portfolioId = await insertPortfolio(api.db, { userId: user.userId });
  const reply = await admin.post(`/admin/batch/cleanup-incomplete?age_threshold_hours=0.5&portfolio_id=${portfolioId}`);
  const { job_id: id, poll_url: pollUrl } = fieldsOf<{ job_id: string; poll_url: string }>(reply, 202);
  const { rows } = await api.db.pool.query(`SELECT kind, payload FROM jobs WHERE id = $1`, [id]);
  expect(rows).toEqual([{ kind: 'cleanup-incomplete', payload: { ageHours: 0.5, portfolioId } }]);
  expect((await admin.get(pollUrl)).json).toMatchObject({ kind: 'cleanup-incomplete', status: 'queued' });
  expect(await audit()).toEqual([{ actor_id: admin.userId, action: 'batch.cleanup-incomplete', subject: id }]);
  expectError(await admin.post('/admin/batch/cleanup-incomplete?age_threshold_hours=-1'), 422, 'ERR_REQ_001');
});
