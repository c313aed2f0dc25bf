import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { endJob, insertPortfolio, insertSnapshot } from './records.js';

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
/** A chunk of two portfolios as it stands in the table. */
const insertChunk = async (runId: string, status: string, result: unknown = null, portfolioIds?: readonly string[]) => {
  const { rows } = await api.db.pool.query<{ id: string }>(
    `INSERT INTO jobs (kind, queue, payload, dedupe_key, attempts_max, parent_id, run_id, trigger, status, result, error, finished_at)
     VALUES ('calculate-chunk', 'calculations', $2, $3, 5, $1, $1, 'admin', $4, $5, $6, clock_timestamp()) RETURNING id`,
    [
      runId,
      { sessionDate: SESSION, portfolioIds: portfolioIds ?? [randomUUID(), randomUUID()] },
      randomUUID(),
      status,
      result,
      status === 'failed' ? { ...ERROR, fingerprint: 'calculate-chunk worker lost' } : null,
    ],
  );
  return rows[0]!.id;
};
const fail = (jobId: string) => endJob(api.db, jobId, { status: 'failed', error: ERROR });

describe('every admin route', () => {
  it.each([
    ['get', '/admin/batch/runs'],
    ['get', '/admin/batch/history'],
    ['get', `/admin/batch/runs/${randomUUID()}`],
    ['get', '/admin/jobs'],
    ['get', '/admin/data-quality'],
    ['get', '/admin/jobs/failures'],
    ['get', `/admin/jobs/${randomUUID()}`],
    ['get', '/admin/audit'],
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
    const done = { processed: 2, succeeded: 1, partial: 0, failed: 0, skipped: { up_to_date: 1 }, sessions: 3, failures: [] };
    await insertChunk(runId, 'completed', done);
    await insertChunk(runId, 'completed', done);
    await insertChunk(runId, 'failed');
    await insertChunk(runId, 'queued');
    await api.db.pool.query(`UPDATE jobs SET status = 'running', started_at = now(), result = '{"processed": 3}' WHERE id = $1`, [
      runId,
    ]);
    const shown = {
      status: 'running',
      jobs: { completed: 2, failed: 1, queued: 1, running: 0 },
      totals: {
        portfolios: 8,
        processed: 6,
        succeeded: 2,
        partial: 0,
        failed: 2,
        cancelled: 0,
        skipped: { up_to_date: 2, duplicate_run: 0, deleted: 0 },
        sessions: 6,
        chunks: 4,
      },
      progress: { percent: 85 },
      result: { processed: 3 },
    };
    expect((await admin.get(pollUrl)).json).toMatchObject(shown);
    expect((await admin.get('/admin/batch/history')).json).toMatchObject({
      runs: [{ batch_run_id: runId, totals: shown.totals }],
    });
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
        expect.objectContaining({ kind: 'run-batch', stale_portfolios: { count: 1, portfolio_ids: [portfolioId] } }),
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
      dry_run: false,
      job_ids: expect.arrayContaining(ids),
      run_ids: expect.arrayContaining(ids),
      refused: [],
      remaining: false,
    });
    const { rows } = await api.db.pool.query(`SELECT id FROM jobs WHERE status = 'queued'`);
    expect(new Set(rows.map(({ id }: { id: string }) => id))).toEqual(new Set(ids));
    expect((await admin.post('/admin/jobs/retry', { fingerprint })).json).toMatchObject({ job_ids: [], run_ids: [] });
    expectError(await admin.post('/admin/jobs/retry', {}), 422, 'ERR_REQ_001');
  });
});

describe('failed parts of a run', () => {
  const fingerprint = 'calculate-chunk worker lost';

  it('are listed once it has ended, and no more when it was retried; they are retried as the one run they are', async () => {
    const portfolioId = await insertPortfolio(api.db, { userId: user.userId });
    const { batch_run_id: runId } = await runBatch();
    const chunks = [
      await insertChunk(runId, 'failed', null, [portfolioId, randomUUID()]),
      await insertChunk(runId, 'failed', null, []),
    ];
    const listed = async () =>
      fieldsOf<{ failures: { fingerprint: string }[] }>(await admin.get('/admin/jobs/failures'), 200).failures;
    expect(await listed(), 'the run goes on').toEqual([]);
    await endJob(api.db, runId, { status: 'partial' });
    const stale = { count: 1, portfolio_ids: [portfolioId] };
    expect(await listed()).toMatchObject([{ fingerprint, count: 2, stale_portfolios: stale }]);
    const reply = await admin.post('/admin/jobs/retry', { fingerprint });
    expect(reply.json).toMatchObject({
      job_ids: expect.arrayContaining(chunks),
      run_ids: [runId],
      portfolios: stale,
      refused: [],
    });
    expect(await listed()).toEqual([]);
    const { rows } = await api.db.pool.query(`SELECT id, status FROM jobs`);
    expect(rows, 'nothing of the failed try is left to count').toEqual([{ id: runId, status: 'queued' }]);
  });
});

describe('a dry run of a retry', () => {
  const tables = async () =>
    (await api.db.pool.query(`SELECT to_jsonb(jobs) FROM jobs UNION ALL SELECT to_jsonb(audit_log) FROM audit_log ORDER BY 1`))
      .rows;

  it('tells what it would touch and changes nothing', async () => {
    const portfolioId = await insertPortfolio(api.db, { userId: user.userId });
    const { batch_run_id: id } = await runBatch(`?portfolio_id=${portfolioId}`);
    await fail(id);
    const { batch_run_id: taken } = await runBatch();
    await fail(taken);
    const { batch_run_id: live } = await runBatch();
    const before = await tables();
    const touched = { count: 1, portfolio_ids: [portfolioId] };
    const one = await admin.post(`/admin/jobs/${id}/retry?dry_run=true`);
    expect(one.status).toBe(200);
    expect(one.json).toEqual({
      dry_run: true,
      job_ids: [id],
      run_ids: [id],
      portfolios: touched,
      stale_portfolios: touched,
      refused: [],
    });
    const refused = [{ job_id: taken, code: 'ERR_JOB_004', live_job_id: live }];
    expect((await admin.post(`/admin/jobs/${taken}/retry?dry_run=true`)).json).toMatchObject({ job_ids: [], refused });
    const all = await admin.post('/admin/jobs/retry', { fingerprint: ERROR.fingerprint, dry_run: true });
    expect(all.status).toBe(200);
    expect(all.json).toMatchObject({
      dry_run: true,
      job_ids: [id],
      run_ids: [id],
      portfolios: touched,
      refused,
      remaining: false,
    });
    expect(await tables()).toEqual(before);
    const done = await admin.post('/admin/jobs/retry', { fingerprint: ERROR.fingerprint });
    expect(done.json).toMatchObject({ ...(all.json as object), dry_run: false });
    expectError(await admin.post(`/admin/jobs/${randomUUID()}/retry?dry_run=true`), 404, 'ERR_BATCH_003');
  });
});

describe('a job', () => {
  it('is shown with the jobs of its run and the portfolios the run is about', async () => {
    const [stale, current] = [
      await insertPortfolio(api.db, { userId: user.userId, accountName: 'a' }),
      await insertPortfolio(api.db, { userId: user.userId, accountName: 'b' }),
    ];
    await insertSnapshot(api.db, { portfolioId: current, date: SESSION });
    const { batch_run_id: runId } = await runBatch();
    const chunk = await insertChunk(runId, 'completed', { processed: 2 }, [stale, current]);
    const shown = fieldsOf<{ run: { portfolios: { portfolio_ids: string[] } } }>(await admin.get(`/admin/jobs/${chunk}`), 200);
    expect(shown).toMatchObject({
      id: chunk,
      run_id: runId,
      result: { processed: 2 },
      run: {
        jobs: { queued: 1, completed: 1, failed: 0 },
        portfolios: { count: 2 },
        stale_portfolios: { count: 1, portfolio_ids: [stale] },
      },
    });
    expect(new Set(shown.run.portfolios.portfolio_ids)).toEqual(new Set([stale, current]));
    expectError(await admin.get(`/admin/jobs/${randomUUID()}`), 404, 'ERR_BATCH_003');
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
    expectError(reply, 409, 'ERR_JOB_004');
    expect(reply.json).toMatchObject({ error: { details: { live_job_id: live } } });
  });

  it('of a job that has not failed is refused, and of none is 404', async () => {
    const { batch_run_id: id } = await runBatch();
    expectError(await admin.post(`/admin/jobs/${id}/retry`), 409, 'ERR_JOB_005');
    expectError(await admin.post(`/admin/jobs/${randomUUID()}/retry`), 404, 'ERR_BATCH_003');
  });
});

it('a cancel ends the run that the job belongs to, and is audited', async () => {
  const { batch_run_id: id, poll_url: pollUrl } = await runBatch();
  expect((await admin.post(`/admin/jobs/${id}/cancel`)).json).toEqual({
    run_id: id,
    status: 'cancelled',
    ended: 1,
    asked_to_stop: 0,
    poll_url: pollUrl,
  });
  expect((await admin.post(`/admin/jobs/${id}/cancel`)).json, 'once more').toMatchObject({ status: 'cancelled', ended: 0 });
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

it('the audit lists every admin action, newest first, by action and page by page', async () => {
  const { batch_run_id: id } = await runBatch();
  await admin.post(`/admin/jobs/${id}/cancel`);
  await admin.post(`/admin/jobs/${id}/retry`);
  await fail(id);
  await admin.post('/admin/jobs/retry', { fingerprint: ERROR.fingerprint });
  await admin.post('/admin/batch/cleanup-incomplete');
  type Page = Readonly<{ entries: { action: string; actor_id: string }[]; next_cursor: number | null }>;
  const read = async (query: string) => fieldsOf<Page>(await admin.get(`/admin/audit${query}`), 200);
  const actions = ['batch.cleanup-incomplete', 'job.retry-failures', 'job.retry', 'job.cancel', 'batch.run'];
  const all = await read('');
  expect(all.entries.map(({ action }) => action)).toEqual(actions);
  expect(new Set(all.entries.map(({ actor_id: actorId }) => actorId))).toEqual(new Set([admin.userId]));
  const first = await read('?limit=3');
  const rest = await read(`?limit=3&cursor=${first.next_cursor}`);
  expect([...first.entries, ...rest.entries]).toEqual(all.entries);
  expect(rest.next_cursor).toBeNull();
  expect((await read('?action=job.retry')).entries).toMatchObject([{ action: 'job.retry', subject: id }]);
  expectError(await admin.get('/admin/audit?cursor=nonsense'), 422, 'ERR_REQ_001');
});
