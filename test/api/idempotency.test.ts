import { claimKey, inTransactionOnce, pruneKeys, type KeyHold } from '@closebell/prisma/idempotency-keys';
import { createOpenApiDocument } from '@closebell/api/openapi';
import { ENDPOINTS } from '@closebell/shared/contracts/endpoints';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.js';
import { spawnProgram } from '../support/programs.js';
import { until } from '../support/until.js';
import { spawnWorker } from '../support/worker.js';
import { createCaller, expectError, fieldsOf, type Caller, type Reply } from './caller.js';
import { endJob, insertPortfolio } from './records.js';

const CSV = 'Symbol,Quantity,Entry Price Per Share,Entry Date\r\nAAPL,10,150.00,2024-01-16\r\n';

let app: TestApp;
let user: Caller;
let authorization: string;

beforeAll(async () => {
  app = await startTestApp();
  const login = await app.login();
  authorization = login.headers['Authorization']!;
  user = createCaller(app.url, login.userId, { Authorization: authorization });
});
afterAll(() => app.close());

const withKey = (key: string = randomUUID()) => ({ 'Idempotency-Key': key });

function form({ account = String(randomUUID()), name = 'Growth', csv = CSV } = {}): FormData {
  const data = new FormData();
  const fields = { portfolio_name: name, account_name: account, account_type: 'taxable', equity_balance: '250000.00' };
  for (const [field, value] of Object.entries(fields)) data.append(field, value);
  data.append('csv_file', new Blob([csv]), 'positions.csv');
  return data;
}

const upload = (headers: Readonly<Record<string, string>>, { prefer = 'respond-async', caller = user, ...file } = {} as Upload) =>
  caller.post('/onboarding/create-portfolio', form(file), { Prefer: prefer, ...headers });

type Upload = Readonly<{ prefer?: string; caller?: Caller; account?: string; name?: string; csv?: string }>;

const newPortfolio = (userId = user.userId) => insertPortfolio(app.context.db, { userId, accountName: randomUUID() });

async function count(statement: string, ...values: readonly unknown[]): Promise<number> {
  const { rows } = await app.context.db.pool.query<{ n: number }>(`SELECT count(*) AS n FROM ${statement}`, [...values]);
  return rows[0]!.n;
}

const importsOf = (account: string) => count(`imports WHERE request->>'account_name' = $1`, account);
const runsOf = (portfolioId: string) =>
  count(`jobs WHERE kind = 'calculate-portfolio' AND payload->>'portfolioId' = $1`, portfolioId);

/** The job of an account's import, once it is stored. */
async function importJob(account: string): Promise<Readonly<{ id: string; job: string }>> {
  await until('the upload is stored', async () => (await importsOf(account)) > 0);
  const { rows } = await app.context.db.pool.query<{ id: string; job: string }>(
    `SELECT i.id, j.id AS job FROM imports i JOIN jobs j ON j.payload->>'importId' = i.id::text
     WHERE request->>'account_name' = $1 ORDER BY i.created_at DESC`,
    [account],
  );
  return rows[0]!;
}

function expectReplay(repeat: Reply, first: Reply): void {
  expect(repeat.text).toBe(first.text);
  expect(repeat.status).toBe(first.status);
  for (const name of ['location', 'retry-after', 'content-type', 'etag'])
    expect(repeat.headers.get(name)).toBe(first.headers.get(name));
  expect(first.headers.get('idempotency-replayed')).toBeNull();
  expect(repeat.headers.get('idempotency-replayed')).toBe('true');
}

describe('the contracts', () => {
  it('heed the key on every POST that creates something, but for those who have no account yet', () => {
    const without = ENDPOINTS.filter(
      ({ method, responses, idempotent }) => method === 'post' && !idempotent && (201 in responses || 202 in responses),
    );
    expect(without.map(({ path }) => path)).toEqual(['/onboarding/register']);
  });

  it('heed it on nothing but POSTs of known users', () => {
    const keyed = ENDPOINTS.filter(({ idempotent }) => idempotent);
    expect(keyed.length).toBeGreaterThan(8);
    expect(keyed.filter(({ method, auth }) => method !== 'post' || auth === 'public')).toEqual([]);
  });

  it('are documented with the header, its refusals and the mark of a repeat', () => {
    const { paths } = createOpenApiDocument(ENDPOINTS) as { paths: Record<string, Record<string, Record<string, unknown>>> };
    const operation = paths['/portfolio/{id}/calculate']!['post']!;
    expect(operation['parameters']).toContainEqual(
      expect.objectContaining({ name: 'Idempotency-Key', in: 'header', required: false }),
    );
    expect(operation['responses']).toMatchObject({
      202: { headers: { 'Idempotency-Replayed': {} } },
      409: { description: expect.stringContaining('ERR_IDEM_002') as unknown },
      422: { description: expect.stringContaining('ERR_IDEM_001') as unknown },
    });
    expect(JSON.stringify(paths['/onboarding/register'])).not.toContain('Idempotency');
  });
});

describe('a repeat with the same key', () => {
  it('gets the first answer to the byte, and nothing is made twice', async () => {
    const [key, account] = [withKey(), randomUUID()];
    const first = await upload(key, { account });
    fieldsOf(first, 202);
    expectReplay(await upload(key, { account }), first);
    expect(await importsOf(account)).toBe(1);
  });

  it('gets it although the run has ended since and another would start', async () => {
    const [key, portfolioId] = [withKey(), await newPortfolio()];
    const first = await user.post(`/portfolio/${portfolioId}/calculate`, undefined, key);
    await endJob(app.context.db, fieldsOf<{ batch_run_id: string }>(first, 202).batch_run_id, { status: 'completed' });
    expectReplay(await user.post(`/portfolio/${portfolioId}/calculate`, undefined, key), first);
    expect(await runsOf(portfolioId)).toBe(1);
  });

  it('gets it although what it was about is gone', async () => {
    const [key, portfolioId] = [withKey(), await newPortfolio()];
    const first = await user.post(`/portfolio/${portfolioId}/calculate`, undefined, key);
    await app.context.db.pool.query('UPDATE portfolios SET deleted_at = now() WHERE id = $1', [portfolioId]);
    expectReplay(await user.post(`/portfolio/${portfolioId}/calculate`, undefined, key), first);
  });

  it('is the same request however it is spelt', async () => {
    const [key, portfolioId] = [withKey(), await newPortfolio()];
    const first = await user.post(`/portfolio/${portfolioId}/calculate`, undefined, key);
    expectReplay(await user.post(`/portfolio/${portfolioId}/calculate?force=false&unknown=1`, {}, key), first);
  });

  it('gets a refusal again, in the name of the request that asks now', async () => {
    const key = withKey();
    const calculate = () => user.post(`/portfolio/${unknown}/calculate`, undefined, key);
    const unknown = randomUUID();
    expectError(await calculate(), 404, 'ERR_PORT_404');
    await insertPortfolio(app.context.db, { userId: user.userId, accountName: unknown });
    await app.context.db.pool.query('UPDATE portfolios SET id = $1::uuid WHERE account_name = $2', [unknown, unknown]);
    const repeat = await calculate();
    expectError(repeat, 404, 'ERR_PORT_404');
    expect(repeat.headers.get('idempotency-replayed')).toBe('true');
    expect(repeat.json).toMatchObject({ error: { request_id: repeat.headers.get('x-request-id') } });
  });

  it('does it again when the first failed through no fault of the request', async () => {
    const [key, account] = [withKey(), randomUUID()];
    const first = upload(key, { account, prefer: 'wait=20' });
    const { job } = await importJob(account);
    await endJob(app.context.db, job, { status: 'failed', error: { code: 'ERR_JOB_001', message: 'lost', fingerprint: 'x' } });
    expectError(await first, 500, 'ERR_SYS_001');
    expect(fieldsOf<{ status: string }>(await upload(key, { account }), 202).status).toBe('queued');
    expect(await importsOf(account)).toBe(2);
  });

  it('works for the endpoints of superusers too', async () => {
    const { userId, headers } = await app.login({ superuser: true });
    const admin = createCaller(app.url, userId, { Authorization: headers['Authorization']! });
    for (const path of ['/admin/batch/run', '/admin/batch/cleanup-incomplete']) {
      const key = withKey();
      const first = await admin.post(path, undefined, key);
      expect(first.json).toMatchObject({ status: 'started' });
      expectReplay(await admin.post(path, undefined, key), first);
    }
    const retry = withKey();
    const first = await admin.post('/admin/jobs/retry', { fingerprint: 'none' }, retry);
    expectReplay(await admin.post('/admin/jobs/retry', { fingerprint: 'none' }, retry), first);
  });

  it('is told from another request by path, query, fields and the bytes of the file', async () => {
    const [key, portfolioId] = [withKey(), await newPortfolio()];
    await user.post(`/portfolio/${portfolioId}/calculate`, undefined, key);
    for (const path of [`/portfolio/${portfolioId}/calculate?force=true`, `/portfolio/${await newPortfolio()}/calculate`]) {
      expectError(await user.post(path, undefined, key), 422, 'ERR_IDEM_001');
    }
    const [fileKey, account] = [withKey(), randomUUID()];
    fieldsOf(await upload(fileKey, { account }), 202);
    for (const other of [{ account, name: 'Income' }, { account, csv: CSV.replace('10', '11') }, { account: randomUUID() }]) {
      expectError(await upload(fileKey, other), 422, 'ERR_IDEM_001');
    }
    expect(await runsOf(portfolioId)).toBe(1);
    expect(await importsOf(account)).toBe(1);
  });

  it('waits while the first is being answered', async () => {
    const [key, account] = [withKey(), randomUUID()];
    const first = upload(key, { account, prefer: 'wait=8' });
    const { id, job } = await importJob(account);
    const repeat = await upload(key, { account });
    expectError(repeat, 409, 'ERR_IDEM_002');
    expect(repeat.headers.get('retry-after')).toBe('1');
    await app.context.db.pool.query(
      `UPDATE imports SET status = 'completed', portfolio_id = $2, rows_total = 1, rows_valid = 1, finished_at = now() WHERE id = $1`,
      [id, await newPortfolio()],
    );
    await endJob(app.context.db, job, { status: 'completed', result: {} });
    fieldsOf(await first, 201);
    expectReplay(await upload(key, { account }), await first);
  });

  it('makes one thing of fifty at once', async () => {
    const [key, account, portfolioId] = [randomUUID(), randomUUID(), await newPortfolio()];
    const fifty = Array.from({ length: 50 });
    const calculate = () => user.post(`/portfolio/${portfolioId}/calculate?force=true`, undefined, withKey(`run-${key}`));
    const replies = await Promise.all([...fifty.map(() => upload(withKey(key), { account })), ...fifty.map(calculate)]);
    for (const reply of replies) expect([202, 409], reply.text).toContain(reply.status);
    const made = [await upload(withKey(key), { account }), await calculate()];
    const answers = new Set(replies.filter(({ status }) => status === 202).map(({ text }) => text));
    expect(answers).toEqual(new Set(made.map(({ text }) => text)));
    expect(await importsOf(account)).toBe(1);
    expect(await runsOf(portfolioId)).toBe(1);
    expect(await count('portfolios WHERE id = $1 AND generation = 1', portfolioId)).toBe(1);
  });
});

describe('a key', () => {
  it('has 1 to 200 visible characters', async () => {
    const path = `/portfolio/${await newPortfolio()}/calculate`;
    for (const bad of ['', 'two words', 'é', 'x'.repeat(201)]) {
      const reply = await user.post(path, undefined, withKey(bad));
      expectError(reply, 422, 'ERR_REQ_001');
      expect(reply.text).toMatch(/"path":"Idempotency-Key","message":"Must be 1 to 200 visible/);
    }
    expect((await user.post(path, undefined, withKey('!'.repeat(200)))).status).toBe(202);
  });

  it('is one user’s: another who sends it gets an answer of their own', async () => {
    const [key, account, login] = [withKey(), randomUUID(), await app.login()];
    const other = createCaller(app.url, login.userId, { Authorization: login.headers['Authorization']! });
    const [mine, theirs] = [await upload(key, { account }), await upload(key, { account, caller: other })];
    expect(theirs.status).toBe(202);
    expect(theirs.headers.get('idempotency-replayed')).toBeNull();
    expect(theirs.text).not.toBe(mine.text);
    await app.context.db.pool.query('UPDATE users SET is_active = false WHERE id = $1', [login.userId]);
    expectError(await upload(key, { account, caller: other }), 401, 'ERR_AUTH_001');
  });

  it('leaves no trace of a request without one, nor of one that is refused before any work', async () => {
    const login = await app.login();
    const other = createCaller(app.url, login.userId, { Authorization: login.headers['Authorization']! });
    fieldsOf(await upload({}, { caller: other }), 202);
    expectError(await other.post('/portfolio/none/calculate', undefined, withKey()), 422, 'ERR_REQ_001');
    expect(await count('idempotency_keys WHERE user_id = $1', login.userId)).toBe(0);
  });

  it('is kept for 24 hours', async () => {
    const { pool } = app.context.db;
    const key = randomUUID();
    const claim = (name: string) => claimKey(pool, { userId: user.userId, key: name, requestHash: Buffer.from('x') });
    await Promise.all([claim(`old-${key}`), claim(`new-${key}`)]);
    await pool.query(`UPDATE idempotency_keys SET created_at = now() - interval '24 hours 1 minute' WHERE key = $1`, [
      `old-${key}`,
    ]);
    await pool.query(`UPDATE idempotency_keys SET created_at = now() - interval '23 hours' WHERE key = $1`, [`new-${key}`]);
    expect(await pruneKeys(pool, 24)).toBe(1);
    expect(await count('idempotency_keys WHERE key = $1', `new-${key}`)).toBe(1);
  });

  it('may be sent, and the mark of a repeat read, by front ends of other origins', async () => {
    const origin = 'https://front.example';
    const open = await startTestApp({ corsOrigins: [origin] });
    try {
      const headers = {
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'idempotency-key',
      };
      const preflight = await fetch(`${open.url}/api/v1/admin/batch/run`, { method: 'OPTIONS', headers });
      expect(preflight.headers.get('access-control-allow-headers')).toMatch(/idempotency-key/i);
      const reply = await fetch(`${open.url}/api/v1/health/live`, { headers: { Origin: origin } });
      expect(reply.headers.get('access-control-expose-headers')).toContain('Idempotency-Replayed');
    } finally {
      await open.close();
    }
  });
});

describe('a hold on a key', () => {
  const claim = async (key: string): Promise<KeyHold> => {
    const claimed = await claimKey(app.context.db.pool, { userId: user.userId, key, requestHash: Buffer.from('x') });
    if (claimed.state !== 'held') throw new Error(claimed.state);
    return claimed.hold;
  };
  const expire = (key: string) =>
    app.context.db.pool.query(
      `UPDATE idempotency_keys SET locked_until = clock_timestamp() - interval '1 second' WHERE key = $1`,
      [key],
    );

  it('that was taken over makes nothing more', async () => {
    const { db } = app.context;
    const [key, email] = [randomUUID(), randomUUID()];
    const insert = (hold: KeyHold, name: string) =>
      inTransactionOnce(db, hold, async (client) => {
        await client.query(`INSERT INTO users (email, password_hash, full_name) VALUES ($1, '', '')`, [email]);
        return { name };
      });
    const frozen = await claim(key);
    await expire(key);
    // As if the database had written the expired lock itself: the frozen hold is the one it names.
    const stale = { ...frozen, heldUntil: await lockOf(key) };
    const second = await claim(key);
    await expect(insert(stale, 'frozen')).rejects.toMatchObject({ code: 'ERR_IDEM_002' });
    expect(await insert(second, 'second')).toEqual({ name: 'second' });
    await expire(key);
    expect(await insert(await claim(key), 'third')).toEqual({ name: 'second' });
    expect(await count('users WHERE email = $1', email)).toBe(1);
  });

  async function lockOf(key: string): Promise<string> {
    const { rows } = await app.context.db.pool.query<{ at: string }>(
      'SELECT locked_until::text AS at FROM idempotency_keys WHERE key = $1',
      [key],
    );
    return rows[0]!.at;
  }
});

describe('an API killed between the commit and the answer', { timeout: 120_000, concurrent: true }, () => {
  const env = () => ({
    ENVIRONMENT: 'test',
    DATABASE_URL: app.context.db.url,
    RATE_LIMITS: 'false',
    LOG_LEVEL: 'silent',
    PORT: '0',
  });

  /** The same user's requests to another API process, which dies of them. */
  async function mortal(
    statement: string,
    who: Readonly<{ userId: string; authorization: string }> = { userId: user.userId, authorization },
  ): Promise<Readonly<{ caller: Caller; dead: Promise<number | null> }>> {
    const command = ['node', '--import', './test/api/kill-after-commit.mjs', 'api/dist/main.js'];
    const api = spawnProgram(command, { env: { ...env(), KILL_AFTER_COMMIT_OF: statement }, readyWhen: 'Closebell API on' });
    await api.ready;
    const url = /http:\/\/[\w.:]+/.exec(api.output())![0];
    return { caller: createCaller(url, who.userId, { Authorization: who.authorization }), dead: api.gone };
  }

  /** Repeats while the dead process's hold lasts. */
  async function repeated(ask: () => Promise<Reply>): Promise<Reply> {
    let reply: Reply | null = null;
    await until('the hold has run out', async () => (reply = await ask()).status !== 409);
    return reply!;
  }

  it('has made the portfolio that its repeat answers with', async () => {
    const [key, account] = [withKey(), randomUUID()];
    const { caller, dead } = await mortal('INSERT INTO imports');
    await expect(upload(key, { account, caller })).rejects.toThrow();
    expect(await dead).toBeNull();
    expectError(await upload(key, { account }), 409, 'ERR_IDEM_002');
    const { id, job } = await importJob(account);
    const worker = spawnWorker(env());
    try {
      await until('the import has ended', async () => (await count(`jobs WHERE id = $1 AND status = 'completed'`, job)) === 1);
    } finally {
      await worker.kill('SIGKILL');
    }

    const first = await repeated(() => upload(key, { account }));
    expect(fieldsOf<object>(first, 201)).toMatchObject({ import_id: id, account_name: account });
    expectReplay(await upload(key, { account }), first);
    expect(await importsOf(account)).toBe(1);
    expect(await count('portfolios WHERE account_name = $1', account)).toBe(1);
  });

  it('has started the run that its repeat says was started', async () => {
    const [key, portfolioId] = [withKey(), await newPortfolio()];
    const path = `/portfolio/${portfolioId}/calculate?force=true`;
    const { caller, dead } = await mortal('INSERT INTO jobs');
    await expect(caller.post(path, undefined, key)).rejects.toThrow();
    expect(await dead).toBeNull();
    expectError(await user.post(path, undefined, key), 409, 'ERR_IDEM_002');
    expect(await runsOf(portfolioId)).toBe(1);

    const first = await repeated(() => user.post(path, undefined, key));
    expect(fieldsOf<{ status: string }>(first, 202).status).toBe('started');
    expect(await count('jobs WHERE id = $1', (first.json as { batch_run_id: string }).batch_run_id)).toBe(1);
    expectReplay(await user.post(path, undefined, key), first);
    expect(await runsOf(portfolioId)).toBe(1);
    expect(await count('portfolios WHERE id = $1 AND generation = 1', portfolioId)).toBe(1);
  });

  it('has put back the job that its repeat says is queued, once and with an audit entry', async () => {
    const login = await app.login({ superuser: true });
    const who = { userId: login.userId, authorization: login.headers['Authorization']! };
    const admin = createCaller(app.url, who.userId, { Authorization: who.authorization });
    const key = withKey();
    const portfolioId = await newPortfolio();
    const { batch_run_id: id } = fieldsOf<{ batch_run_id: string }>(await user.post(`/portfolio/${portfolioId}/calculate`), 202);
    const error = { code: 'ERR_JOB_003', message: 'no', fingerprint: randomUUID() };
    await endJob(app.context.db, id, { status: 'failed', error });
    const path = `/admin/jobs/${id}/retry`;
    const { caller, dead } = await mortal('INSERT INTO audit_log', who);
    await expect(caller.post(path, undefined, key)).rejects.toThrow();
    expect(await dead).toBeNull();

    const first = await repeated(() => admin.post(path, undefined, key));
    expect(fieldsOf<{ status: string }>(first, 202)).toMatchObject({ status: 'queued', job_id: id });
    expectReplay(await admin.post(path, undefined, key), first);
    expect(await count(`jobs WHERE id = $1 AND status <> 'failed'`, id)).toBe(1);
    expect(await count(`audit_log WHERE action = 'job.retry' AND subject = $1`, id)).toBe(1);
  });
});
