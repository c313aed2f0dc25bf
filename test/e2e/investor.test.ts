// An investor's day over HTTP, against the built API and worker in processes of their own, on a Saturday: the figures are Friday's.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDb, closeDb, type Db } from '@closebell/prisma/client';
import { createTestDatabase } from '../support/database.js';
import { brokenChains, figuresOf } from '../support/ledger.js';
import { freePort } from '@closebell/shared/infra/free-port';
import { ROOT, spawnProgram, type Program } from '../support/programs.js';
import { until } from '../support/until.js';
import { spawnWorker } from '../support/worker.js';

const SHARED_PRICES = path.join(process.env['CLOSEBELL_SHARED_DATA'] ?? path.join(ROOT, '..', 'shared', 'data'), 'prices');
const hasPrices = existsSync(SHARED_PRICES);
if (!hasPrices)
  console.warn(`SKIPPED: no real prices at ${SHARED_PRICES}; set CLOSEBELL_SHARED_DATA to run the files provider's day`);

const SATURDAY = '2022-12-24T15:00:00Z';
const HEADER = 'Symbol,Quantity,Entry Price Per Share,Entry Date';
const REAL_ROWS = ['AAPL,100,120.5,2021-12-01', 'XOM,-200,60,2022-02-01', 'IVV,30,400,2022-06-01', 'SPAXX,5000,1,2022-06-01'];

type Json = Readonly<Record<string, unknown>>;
type Session = Readonly<{
  get: (path: string) => Promise<Json>;
  post: (path: string, body?: Json) => Promise<Readonly<{ status: number; json: Json }>>;
  upload: (accountName: string, csv: string) => Promise<Readonly<{ status: number; json: Json; ms: number }>>;
  calculate: (portfolioId: string) => Promise<Readonly<{ run: Json; ms: number }>>;
}>;

describe.each([
  { provider: 'simulated', env: {}, rows: ['AAPL,100,120.5,2021-12-01', 'IVV,30,400,2022-06-01', 'KO,-50,60,2022-06-01'] },
  { provider: 'files', env: { MARKET_DATA_DIR: SHARED_PRICES }, rows: REAL_ROWS },
] as const)('with prices of the $provider provider', ({ provider, env, rows }) => {
  const isMissing = provider === 'files' && !hasPrices;
  let programs: Program[] = [];
  let workerEnv: Readonly<Record<string, string>> = {};
  let db: Db;
  let session: Session;

  beforeAll(async () => {
    if (isMissing) return;
    const { url } = await createTestDatabase();
    const port = String(await freePort());
    workerEnv = { DATABASE_URL: url, MARKET_DATA_PROVIDERS: provider, CLOSEBELL_NOW: SATURDAY, ...env };
    const api = spawnProgram(['node', 'api/dist/main.js'], { env: { ...workerEnv, ENVIRONMENT: 'test', PORT: port } });
    programs = [api, spawnWorker(workerEnv)];
    db = createDb({ databaseUrl: url });
    const base = `http://127.0.0.1:${port}/api/v1`;
    await until('the API is ready', async () => (await fetch(`${base}/health/ready`).catch(() => null))?.status === 200);
    await programs[1]!.ready;
    session = await registered(base);
  });
  afterAll(async () => {
    for (const program of programs) await program.kill('SIGTERM');
    if (!isMissing) await closeDb(db);
  });

  test('the seven steps: register, log in, template, upload, calculate, poll, overview', { timeout: 60_000 }, async (ctx) => {
    if (isMissing) ctx.skip();
    const template = await session.get('/onboarding/csv-template');
    expect((await session.upload('template', String(template['text']))).status).toBe(201);
    const { status, json } = await session.upload('mine', [HEADER, ...rows].join('\n'));
    expect(status).toBe(201);
    const { run } = await session.calculate(String(json['portfolio_id']));
    expect(run).toMatchObject({ status: 'completed', calculation_date: '2022-12-23' });
    expect((run['phases'] as Json[]).map((phase) => [phase['number'], phase['status']])).toEqual([
      [0, 'completed'],
      [1, 'completed'],
      [3, 'completed'],
      [4, 'completed'],
      [6, 'completed'],
    ]);
    const overview = await session.get(`/analytics/portfolio/${String(json['portfolio_id'])}/overview`);
    expect(overview).toMatchObject({
      available: true,
      snapshot_date: '2022-12-23',
      equity_balance: 100_000,
      net_asset_value: 100_000,
    });
    const { long_exposure: long, short_exposure: short, net_exposure: net } = overview['exposures'] as Record<string, number>;
    expect(long! + short!).toBeCloseTo(net!, 4);
    expect(Number(overview['cash_balance'])).toBeCloseTo(100_000 - net!, 4);
    expect(await brokenChains(db)).toBe(0);
  });

  test('a factor whose proxy has no prices is named: real prices have no TLT, and SPY only up to 2021', async (ctx) => {
    if (isMissing) ctx.skip();
    const { json } = await session.upload('factors', [HEADER, ...rows].join('\n'));
    const { run } = await session.calculate(String(json['portfolio_id']));
    const { warnings } = run['preprocessing'] as Readonly<{ warnings: readonly string[] }>;
    const said = (text: string) => warnings.some((warning) => warning.includes(text));
    const expected = provider === 'files';
    expect([said('IVV stands for SPY'), said('Interest Rate is absent')]).toEqual([expected, expected]);
  });

  test(
    '25 positions are imported within a second, and computed within three once their prices are there',
    { timeout: 60_000 },
    async (ctx) => {
      if (isMissing) ctx.skip();
      const symbols = 'AAPL,AMD,BAC,BBY,CVX,GE,HD,JNJ,JPM,KO,LLY,MRK,MSFT,PEP,PFE,PG,RRC,UNH,WMT,XOM,IVV,QQQ,IWM,VTV,VUG'.split(
        ',',
      );
      const csv = [HEADER, ...symbols.map((symbol, i) => `${symbol},${10 + i},50.25,2021-0${1 + (i % 9)}-04`)].join('\n');
      const uploaded = await session.upload('large', csv);
      expect(uploaded).toMatchObject({ status: 201, json: { positions_imported: 25 } });
      expect(uploaded.ms).toBeLessThan(1_000);
      const portfolioId = String(uploaded.json['portfolio_id']);
      expect((await session.calculate(portfolioId)).ms).toBeLessThan(10_000);
      const figures = await figuresOf(db, portfolioId);
      const again = await session.post(`/portfolio/${portfolioId}/calculate?force=true`);
      expect(again.status).toBe(202);
      const { run, ms } = await session.calculate(portfolioId);
      expect(run['status']).toBe('completed');
      expect(ms).toBeLessThan(3_000);
      expect(await figuresOf(db, portfolioId)).toBe(figures);
    },
  );

  test('without a worker a calculation waits as queued, and one started later finishes it', { timeout: 60_000 }, async (ctx) => {
    if (isMissing) ctx.skip();
    const { json } = await session.upload('patient', [HEADER, ...rows].join('\n'));
    await programs[1]!.kill('SIGTERM');
    const { status, json: started } = await session.post(`/portfolio/${String(json['portfolio_id'])}/calculate`);
    expect(status).toBe(202);
    expect(await session.get(String(started['poll_url']))).toMatchObject({ status: 'queued' });
    programs[1] = spawnWorker(workerEnv);
    await until('the run ends', async () => (await session.get(String(started['poll_url'])))['status'] === 'completed');
  });

  test('eight uploads at once under one name make one portfolio', async (ctx) => {
    if (isMissing) ctx.skip();
    const uploads = await Promise.all(Array.from({ length: 8 }, () => session.upload('contested', [HEADER, ...rows].join('\n'))));
    expect(uploads.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, ...Array<number>(7).fill(409)]);
    const refused = uploads.filter(({ status }) => status === 409).map(({ json }) => (json['error'] as Json)['code']);
    expect(new Set(refused)).toEqual(new Set(['ERR_PORT_001']));
  });
});

/** A new investor, logged in. */
async function registered(base: string): Promise<Session> {
  const account = { email: 'investor@example.com', password: 'Correct-horse-7' };
  const send = (to: string, init: RequestInit = {}) => fetch(to.startsWith('/api/v1') ? new URL(to, base) : base + to, init);
  const json = (body: Json): RequestInit => ({
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const made = await send(
    '/onboarding/register',
    json({ ...account, full_name: 'Ida Investor', invite_code: ' closebell-dev ' }),
  );
  expect(made.status).toBe(201);
  const { access_token: token } = (await (await send('/auth/login', json(account))).json()) as Json;
  const headers = { Authorization: `Bearer ${String(token)}` };
  const get = async (to: string): Promise<Json> => {
    const text = await (await send(to, { headers })).text();
    return text.startsWith('{') ? (JSON.parse(text) as Json) : { text };
  };
  const post: Session['post'] = async (to, body = {}) => {
    const { headers: type, ...init } = json(body);
    const response = await send(to, { ...init, headers: { ...headers, ...(type as Record<string, string>) } });
    return { status: response.status, json: (await response.json()) as Json };
  };
  return {
    get,
    post,
    upload: async (accountName, csv) => {
      const form = new FormData();
      const fields = { portfolio_name: 'Mine', account_name: accountName, account_type: 'taxable', equity_balance: '100000' };
      for (const [name, value] of Object.entries(fields)) form.set(name, value);
      form.set('csv_file', new Blob([csv]), 'positions.csv');
      const before = performance.now();
      const response = await send('/onboarding/create-portfolio', { method: 'POST', headers, body: form });
      return { status: response.status, json: (await response.json()) as Json, ms: performance.now() - before };
    },
    calculate: async (portfolioId) => {
      const before = performance.now();
      const { json: started } = await post(`/portfolio/${portfolioId}/calculate`);
      let run: Json = {};
      await until('the run ends', async () => {
        run = await get(String(started['poll_url']));
        return run['status'] !== 'queued' && run['status'] !== 'running';
      });
      return { run, ms: performance.now() - before };
    },
  };
}
