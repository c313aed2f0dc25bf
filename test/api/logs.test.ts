// The lines of the programs as operators run them, at the level that says most.
import { findJob } from '@closebell/prisma/jobs';
import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { freePort } from '@closebell/shared/infra/free-port';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../support/database.js';
import { spawnProgram, type Program } from '../support/programs.js';
import { until } from '../support/until.js';
import { ended } from '../support/worker.js';

type Line = Readonly<Record<string, unknown>>;

const PASSWORD = 'Canary-password-1';
const CANARIES = [
  PASSWORD,
  'canary-name',
  'canary-account',
  'canary-portfolio',
  'canary-file',
  'CNRY',
  'canary-description',
  '987654.3',
];

let db: Db;
let api: Program;
let worker: Program;
let url: string;

beforeAll(async () => {
  const database = await createTestDatabase();
  db = createDb({ databaseUrl: database.url });
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const env = { ENVIRONMENT: 'test', DATABASE_URL: database.url, LOG_LEVEL: 'trace', BETA_INVITE_CODE: 'CANARY-invite' };
  api = spawnProgram(['node', 'api/dist/main.js'], { env: { ...env, PORT: String(port) }, readyWhen: 'api ready' });
  worker = spawnProgram(['node', 'worker/dist/main.js'], { env, readyWhen: 'worker ready' });
  await Promise.all([api.ready, worker.ready]);
});
afterAll(async () => {
  await Promise.all([api.kill('SIGTERM'), worker.kill('SIGTERM')]);
  await closeDb(db);
});

const linesOf = (program: Program): readonly Line[] =>
  program
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line);

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: { ...(body instanceof FormData ? {} : { 'Content-Type': 'application/json' }), ...headers },
    body: body instanceof FormData ? body : JSON.stringify(body),
  });

function portfolioForm(csv: string): FormData {
  const form = new FormData();
  form.append('portfolio_name', 'canary-portfolio');
  form.append('account_name', 'canary-account');
  form.append('account_type', 'taxable');
  form.append('equity_balance', '987654.3');
  form.append('description', 'canary-description');
  form.append('csv_file', new Blob([csv]), 'canary-file.csv');
  return form;
}

const HEADER = 'Symbol,Quantity,Entry Price Per Share,Entry Date';

describe('logs', () => {
  const secrets: string[] = [];

  it('follow one request from the API through every job that it caused', async () => {
    const account = {
      email: 'canary-name@example.com',
      password: PASSWORD,
      full_name: 'canary-name',
      invite_code: 'CANARY-invite',
    };
    expect((await post('/onboarding/register', account)).status).toBe(201);
    const login = await post('/auth/login', account);
    const tokens = (await login.json()) as { access_token: string; refresh_token: string };
    secrets.push(tokens.access_token, tokens.refresh_token);
    const headers = { Authorization: `Bearer ${tokens.access_token}` };
    const uploaded = await post('/onboarding/create-portfolio', portfolioForm(`${HEADER}\nCNRY,10,100,2024-01-02`), headers);
    expect(uploaded.status).toBe(201);
    const { portfolio_id: portfolioId } = (await uploaded.json()) as { portfolio_id: string };
    const asked = await post(`/portfolio/${portfolioId}/calculate`, {}, { ...headers, 'X-Request-Id': 'asked-by-a-test' });
    expect(asked.status).toBe(202);
    const { batch_run_id: runId } = (await asked.json()) as { batch_run_id: string };
    await ended(db, runId);

    await until('the request is logged', () => linesOf(api).some(({ requestId }) => requestId === 'asked-by-a-test'));
    const isOfRun = (line: Line): boolean => line['runId'] === runId;
    await until('the run is logged', () => linesOf(worker).some((line) => isOfRun(line) && line['msg'] === 'job done'));
    const lines = linesOf(worker).filter(isOfRun);
    expect(new Set(lines.map(({ requestId }) => requestId))).toEqual(new Set(['asked-by-a-test']));
    expect(new Set(lines.map(({ kind }) => kind))).toEqual(new Set(['calculate-portfolio', 'prepare-portfolio']));
  });

  it('name a request and a job in one spelling, on every line that is about one', async () => {
    const lines = [...linesOf(api), ...linesOf(worker)];
    expect(lines.filter((line) => 'request_id' in line || 'reqId' in line || 'job_id' in line || 'run_id' in line)).toEqual([]);
    const requests = linesOf(api).filter((line) => 'req' in line);
    expect(requests.length).toBeGreaterThanOrEqual(4);
    for (const line of requests) expect(line['requestId'], JSON.stringify(line)).toMatch(/^[\w-]+$/);
    const jobLines = linesOf(worker).filter(
      (line) => 'jobId' in line || /\bjob (?:started|done|failed|snoozes)/.test(String(line['msg'])),
    );
    expect(jobLines.length).toBeGreaterThanOrEqual(6);
    for (const { jobId, kind, runId, requestId } of jobLines) {
      const job = await findJob(db.pool, String(jobId));
      expect({ kind, runId, requestId }).toEqual({
        kind: job?.kind,
        runId: job?.run_id,
        requestId: job?.request_id ?? undefined,
      });
    }
  });

  it('tell nothing of passwords, tokens, names, file names, cells or amounts, whatever goes wrong', async () => {
    const headers = { Authorization: `Bearer ${secrets[0]}` };
    const bearer = { Authorization: 'Bearer canary-token', Cookie: 'auth_token=canary-cookie', 'X-CSRF-Token': 'canary-csrf' };
    await post('/auth/login', { email: 'canary-name@example.com', password: `${PASSWORD}-wrong` });
    await post('/auth/refresh', { refresh_token: 'canary-refresh' });
    await post('/onboarding/register', {
      email: 'canary-name@example.com',
      password: PASSWORD,
      full_name: 'canary-name',
      invite_code: 'CANARY',
    });
    await fetch(`${url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: '{"password":"canary-json',
    });
    await fetch(`${url}/api/v1/portfolios?token=canary-query`, { headers: bearer });
    await fetch(`${url}/metrics`, { headers: bearer });
    const faulty = await post('/onboarding/create-portfolio', portfolioForm(`${HEADER}\nCNRY,canary-cell,x,2024-01-02`), headers);
    expect(faulty.status).toBeGreaterThanOrEqual(400);
    const again = portfolioForm(`${HEADER}\nCNRY,canary-cell,x,2024-01-02`);
    again.set('account_name', 'canary-account-2');
    expect((await post('/onboarding/create-portfolio', again, headers)).status).toBe(400);
    await fetch(`${url}/api/v1/nowhere`, { headers: { 'X-Request-Id': 'the-last-one' } });
    await until('the last request is logged', () => linesOf(api).some(({ requestId }) => requestId === 'the-last-one'));
    const said = api.output() + worker.output();
    const telling = [...secrets, ...CANARIES, 'canary', 'CANARY'].filter((secret) => said.includes(secret));
    expect(telling).toEqual([]);
  });
});
