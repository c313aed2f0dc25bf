import { createMetricStore } from '@closebell/prisma/metric-values';
import { LIVE_GAUGES, METRICS } from '@closebell/shared/metrics';
import { createProviders } from '@closebell/worker/market-data/providers';
import { startWorker } from '@closebell/worker/worker';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namesIn, readOps } from '../support/ops.js';
import { startTestApp, type TestApp, type TestLogin } from '../support/app.js';
import { until } from '../support/until.js';
import { ended, workerContextBeside } from '../support/worker.js';

const TOKEN = 'a-token-of-the-scraper';

let app: TestApp;
let superuser: TestLogin;
beforeAll(async () => {
  app = await startTestApp({ metricsToken: TOKEN });
  superuser = await app.login({ superuser: true });
});
afterAll(() => app.close());

const get = (headers: Record<string, string> = {}) => fetch(`${app.url}/metrics`, { headers });
const scrape = async (): Promise<string> => (await get({ Authorization: `Bearer ${TOKEN}` })).text();

/** The value of one series, its labels in any order; NaN when it is not there. */
function valueOf(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = text.split('\n').find((each) => {
    const [series = ''] = each.split(' ');
    const has = /\{(.*)\}$/.exec(each.slice(0, each.lastIndexOf(' ')))?.[1]?.split(/,(?=\w+=")/) ?? [];
    return series.split('{')[0] === name && has.length === wanted.length && wanted.every((label) => has.includes(label));
  });
  return Number(line?.slice(line.lastIndexOf(' ')) ?? NaN);
}

/** Counts reach the database every five seconds, and a scrape is remembered for one. */
async function untilScraped(what: string, holds: (text: string) => boolean): Promise<string> {
  let text = '';
  await until(what, async () => holds((text = await scrape())), 15_000);
  return text;
}

async function expectRefusal(response: Response, status: number, code: string): Promise<void> {
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { code, request_id: response.headers.get('x-request-id') } });
}

describe('who may read them', () => {
  it('nobody without credentials, nor with a wrong token', async () => {
    await expectRefusal(await get(), 401, 'ERR_AUTH_001');
    for (const given of [`${TOKEN}x`, TOKEN.slice(1), 'null', TOKEN.toUpperCase()])
      await expectRefusal(await get({ Authorization: `Bearer ${given}` }), 401, 'ERR_AUTH_001');
  });

  it('no ordinary user', async () => {
    await expectRefusal(await get((await app.login()).headers), 403, 'ERR_ADMIN_001');
  });

  it('a superuser, and the bearer of METRICS_TOKEN, in the text format of Prometheus', async () => {
    for (const headers of [superuser.headers, { Authorization: `Bearer ${TOKEN}` }]) {
      const response = await get(headers);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
      expect(response.headers.get('cache-control')).toBe('no-store');
    }
  });

  it('the token opens nothing else', async () => {
    await expectRefusal(
      await fetch(`${app.url}/api/v1/admin/jobs`, { headers: { Authorization: `Bearer ${TOKEN}` } }),
      401,
      'ERR_AUTH_001',
    );
  });

  it('only superusers where METRICS_TOKEN is not set', async () => {
    const closed = await startTestApp();
    for (const given of ['null', 'undefined', TOKEN]) {
      const response = await fetch(`${closed.url}/metrics`, { headers: { Authorization: `Bearer ${given}` } });
      await expectRefusal(response, 401, 'ERR_AUTH_001');
    }
    await closed.close();
  });
});

describe('what they show', () => {
  it('has every metric of the table, each declared once', async () => {
    const declared = [...(await scrape()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(declared).toEqual(expect.arrayContaining([...Object.keys(METRICS), ...Object.keys(LIVE_GAUGES)]));
    expect(new Set(declared).size).toBe(declared.length);
  });

  it('has every metric that the alerts and the dashboard name', async () => {
    const text = await scrape();
    const series = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    const named = namesIn(readOps().expressions).filter((name) => name !== 'up');
    expect(named.filter((name) => !series.has(name.replace(/_(bucket|sum|count)$/, '')) && !series.has(name))).toEqual([]);
  });

  it('adds up what several processes counted, and keeps a gauge of each', async () => {
    const stores = ['one', 'two'].map((name) => createMetricStore(app.context.db, name));
    for (const [index, store] of stores.entries()) {
      store.count('closebell_jobs_retried_total', { kind: 'ping', code: 'ERR_JOB_002' }, 2);
      store.gauge('closebell_resident_memory_bytes', { process: 'worker' }, 1_000 + index);
      for (const seconds of [0.01, 0.02, 700]) store.observe('closebell_job_seconds', { kind: 'ping' }, seconds);
      await store.flush();
      await store.flush();
    }
    const text = await untilScraped('both', (each) => valueOf(each, 'closebell_processes', { process: 'worker' }) === 2);
    expect(valueOf(text, 'closebell_jobs_retried_total', { kind: 'ping', code: 'ERR_JOB_002' })).toBe(4);
    expect(valueOf(text, 'closebell_resident_memory_bytes', { process: 'worker', reporter: 'two' })).toBe(1_001);
    const buckets = ['0.01', '0.03', '600', '+Inf'].map((le) =>
      valueOf(text, 'closebell_job_seconds_bucket', { kind: 'ping', le }),
    );
    expect(buckets).toEqual([2, 4, 4, 6]);
    expect(valueOf(text, 'closebell_job_seconds_sum', { kind: 'ping' })).toBeCloseTo(1_400.06, 6);
    expect(valueOf(text, 'closebell_job_seconds_count', { kind: 'ping' })).toBe(6);
    for (const store of stores) await store.close();
    await untilScraped(
      'a process that stopped is gone',
      (each) => valueOf(each, 'closebell_processes', { process: 'worker' }) === 0,
    );
  });

  it('counts requests by method and status, and shows no path, id, name or address', async () => {
    const secretId = randomUUID();
    for (const path of [`/api/v1/portfolio/${secretId}/batch-status/${secretId}`, `/api/v1/nowhere/${secretId}`])
      await fetch(app.url + path, { headers: superuser.headers });
    const count = (text: string, status: string) => valueOf(text, 'closebell_http_requests_total', { method: 'GET', status });
    const text = await untilScraped('the requests', (each) => count(each, '404') >= 2);
    expect(valueOf(text, 'closebell_http_request_seconds_count', { method: 'GET' })).toBeGreaterThanOrEqual(2);
    expect(text).not.toContain(secretId);
    expect(text).not.toMatch(/\/api\/v1|example\.com|Ada Test/);
  });

  it('shows what is live by kind and status, the oldest that is due, runs, leases and batches', async () => {
    const insert = (row: string) =>
      app.context.db.pool.query(
        `INSERT INTO jobs (id, kind, queue, payload, dedupe_key, attempts_max, run_id, trigger, status, run_after, started_at, lease_until, finished_at, parent_id)
         SELECT id, kind, 'calculations', '{}', id::text, 5, id, 'user', status, now() + run_after, now() + started, now() + lease, now() + finished, parent
         FROM (SELECT gen_random_uuid() AS id, ${row}) AS row`,
      );
    const row = (kind: string, status: string, times: Readonly<Record<string, string>> = {}, parent = 'NULL::uuid') =>
      `'${kind}' AS kind, '${status}' AS status, ${['run_after', 'started', 'lease', 'finished']
        .map((name) => `${times[name] === undefined ? 'NULL' : `'${times[name]}'`}::interval AS ${name}`)
        .join(', ')}, ${parent} AS parent`.replace('NULL::interval AS run_after', `interval '0' AS run_after`);
    await insert(row('calculate-portfolio', 'queued', { run_after: '-10 minutes' }));
    await insert(row('calculate-portfolio', 'queued', { run_after: '5 minutes' }));
    await insert(row('prepare-portfolio', 'queued', { run_after: '5 minutes' }, 'gen_random_uuid()'));
    await insert(row('run-batch', 'running', { started: '-3 minutes' }));
    await insert(row('calculate-chunk', 'running', { started: '-1 minute', lease: '-1 second' }, 'gen_random_uuid()'));
    await insert(row('sweep-snapshots', 'running', { started: '-1 minute', lease: '1 hour' }));
    await insert(row('run-batch', 'completed', { started: '-100 seconds', finished: '-58 seconds' }));
    const depthOf = (text: string, kind: string, status: string) => valueOf(text, 'closebell_queue_depth', { kind, status });
    const text = await untilScraped('the rows', (each) => depthOf(each, 'calculate-portfolio', 'queued') === 2);
    expect(depthOf(text, 'run-batch', 'running')).toBe(1);
    expect(depthOf(text, 'import-positions', 'queued')).toBe(0);
    const ageOf = (kind: string) => valueOf(text, 'closebell_queue_oldest_age_seconds', { kind });
    expect(ageOf('calculate-portfolio')).toBeGreaterThanOrEqual(600);
    expect(ageOf('calculate-portfolio')).toBeLessThan(660);
    expect([ageOf('prepare-portfolio'), ageOf('import-positions'), ageOf('calculate-chunk')]).toEqual([0, 0, 0]);
    expect(['queued', 'running'].map((status) => valueOf(text, 'closebell_runs', { status }))).toEqual([2, 2]);
    expect(['held', 'expired', 'waiting'].map((state) => valueOf(text, 'closebell_leases', { state }))).toEqual([1, 1, 1]);
    expect(valueOf(text, 'closebell_batch_running_seconds')).toBeGreaterThanOrEqual(180);
    expect(valueOf(text, 'closebell_batch_last_duration_seconds')).toBeCloseTo(42, 3);
    await app.context.db.pool.query('DELETE FROM jobs');
  });
});

describe('what users and workers do is counted', () => {
  it('accounts, uploads with their faults, portfolios, duplicates, providers and bars', async () => {
    const before = await scrape();
    const login = await app.login();
    const header = 'Symbol,Quantity,Entry Price Per Share,Entry Date';
    const workerContext = workerContextBeside(app.context, createProviders(app.context.config));
    const startOne = () => startWorker(workerContext, { schedules: false });
    const importer = await startOne();
    expect((await upload(login, 'faulty', `${header}\nAAPL,ten,100,2024-01-02\n,1,1,2024-01-02`)).status).toBe(400);
    expect((await upload(login, 'misnamed', header, 'positions.xlsx')).status).toBe(415);
    const made = await upload(login, 'sound', `${header}\nAAPL,10,100,2024-01-02`);
    expect(made.status, made.text).toBe(201);
    await importer.stop();
    // Nobody works, so the run stays live while it is asked for again.
    const { portfolio_id: portfolioId } = JSON.parse(made.text) as { portfolio_id: string };
    const ask = () => fetch(`${app.url}/api/v1/portfolio/${portfolioId}/calculate`, { method: 'POST', headers: login.headers });
    const asked = await Promise.all([ask(), ask(), ask()]);
    expect(asked.map(({ status }) => status)).toEqual([202, 202, 202]);
    const { batch_run_id: runId } = (await asked[0]!.json()) as { batch_run_id: string };
    const calculator = await startOne();
    expect((await ended(app.context.db, runId)).status).toBe('completed');
    await calculator.stop();
    const text = await untilScraped(
      'the last count',
      (each) => valueOf(each, 'closebell_jobs_ended_total', { kind: 'calculate-portfolio', status: 'completed' }) === 1,
    );
    const grown = (name: string, labels: Readonly<Record<string, string>> = {}) =>
      valueOf(text, name, labels) - (valueOf(before, name, labels) || 0);
    expect(grown('closebell_registrations_total')).toBeGreaterThanOrEqual(1);
    expect(grown('closebell_portfolios_created_total')).toBe(1);
    expect(grown('closebell_jobs_submitted_total', { kind: 'import-positions' })).toBe(2);
    expect(grown('closebell_jobs_submitted_total', { kind: 'calculate-portfolio' })).toBe(1);
    expect(grown('closebell_jobs_deduplicated_total', { kind: 'calculate-portfolio' })).toBe(2);
    expect(grown('closebell_provider_requests_total', { provider: 'simulated', outcome: 'ok' })).toBeGreaterThanOrEqual(2);
    expect(grown('closebell_bars_inserted_total')).toBeGreaterThan(500);
    expect(valueOf(text, 'closebell_phase_seconds_count', { phase: 'P&L and snapshots' })).toBe(1);
    expect(grown('closebell_csv_errors_total', { code: 'ERR_CSV_002' })).toBe(1);
    const rowFaults = text.split('\n').filter((line) => line.startsWith('closebell_csv_errors_total{code="ERR_POS_'));
    expect(rowFaults.length).toBeGreaterThanOrEqual(2);
  });
});

async function upload(login: TestLogin, name: string, csv: string, fileName = 'positions.csv') {
  const form = new FormData();
  const fields = { portfolio_name: name, account_name: name, account_type: 'taxable', equity_balance: '100000' };
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  form.append('csv_file', new Blob([csv], { type: 'text/csv' }), fileName);
  const { 'Content-Type': _, ...headers } = login.headers;
  const response = await fetch(`${app.url}/api/v1/onboarding/create-portfolio`, { method: 'POST', headers, body: form });
  return { status: response.status, text: await response.text() };
}
