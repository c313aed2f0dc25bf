import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Transport } from '@closebell/shared/infra/queues';
import { QUEUES } from '@closebell/shared/jobs';
import { startTestApp, TEST_PASSWORD, type TestApp } from '../support/app.js';
import { until } from '../support/until.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const openSession = (email: string, password = TEST_PASSWORD, url = app.url) =>
  fetch(`${url}/admin/queues/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ email, password }),
    redirect: 'manual',
  });

async function boardCookie(target = app): Promise<string> {
  const { email } = await target.login({ superuser: true });
  return (await openSession(email, TEST_PASSWORD, target.url)).headers.getSetCookie()[0]!.split(';')[0]!;
}

describe('the board', () => {
  it('sends who is not logged in to its own form', async () => {
    const response = await fetch(`${app.url}/admin/queues`, { headers: { Accept: 'text/html' }, redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([303, '/admin/queues/login']);
    const form = await (await fetch(`${app.url}/admin/queues/login`)).text();
    expect(form).toMatch(/<form method="post" action="\/admin\/queues\/login">/);
  });

  it('opens for a superuser, with a cookie that is its own and lasts an hour', async () => {
    const { email } = await app.login({ superuser: true });
    const response = await openSession(email);
    expect([response.status, response.headers.get('location')]).toEqual([303, '/admin/queues']);
    const [cookie] = response.headers.getSetCookie();
    expect(cookie).toMatch(/^board_session=.*Max-Age=3600; Path=\/admin;.*HttpOnly; SameSite=Strict/);
    const page = await fetch(`${app.url}/admin/queues`, { headers: { Cookie: cookie!.split(';')[0]! } });
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('Closebell queues')]);
  });

  it('allows its own scripts and styles, which the server has', async () => {
    const headers = { Cookie: await boardCookie() };
    const page = await fetch(`${app.url}/admin/queues`, { headers });
    const policy = page.headers.get('content-security-policy')!.split(';');
    expect(policy).toEqual(
      expect.arrayContaining(["script-src 'self'", "style-src 'self' 'unsafe-inline'", "frame-ancestors 'none'"]),
    );
    const html = await page.text();
    const own = [...html.matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map(([, source]) => source!);
    expect(own.length).toBeGreaterThan(2);
    for (const source of own) expect((await fetch(`${app.url}/admin/queues/${source}`, { headers })).status, source).toBe(200);
  });

  it('shows the queues', async () => {
    const response = await fetch(`${app.url}/admin/queues/api/queues`, { headers: { Cookie: await boardCookie() } });
    const { queues } = (await response.json()) as { queues: { name: string; readOnlyMode: boolean; allowRetries: boolean }[] };
    expect(queues.map(({ name }) => name)).toEqual([...QUEUES]);
    for (const queue of queues) expect(queue).toMatchObject({ readOnlyMode: true, allowRetries: false });
  });

  it('stays closed to users, to wrong passwords and to the API’s own tokens', async () => {
    const user = await app.login();
    expect((await openSession(user.email)).status).toBe(403);
    const { email, accessToken } = await app.login({ superuser: true });
    expect((await openSession(email, 'Wrong-horse-7')).status).toBe(401);
    const foreign: Record<string, string>[] = [
      { Authorization: `Bearer ${accessToken}` },
      { Cookie: `board_session=${accessToken}` },
      { Cookie: `auth_token=${accessToken}` },
    ];
    for (const headers of foreign) {
      const response = await fetch(`${app.url}/admin/queues/api/queues`, { headers: { ...headers, Accept: 'application/json' } });
      expect(response.status).toBe(401);
      expect(await response.json()).toMatchObject({ error: { code: 'ERR_AUTH_001' } });
    }
  });

  it('closes at once for a superuser who is one no longer', async () => {
    const { email } = await app.login({ superuser: true });
    const Cookie = (await openSession(email)).headers.getSetCookie()[0]!.split(';')[0]!;
    await app.context.db.prisma.user.update({ where: { email }, data: { isSuperuser: false } });
    expect((await fetch(`${app.url}/admin/queues/api/queues`, { headers: { Cookie, Accept: 'application/json' } })).status).toBe(
      401,
    );
  });

  it('changes nothing while it is read-only', async () => {
    const response = await fetch(`${app.url}/admin/queues/api/queues/maintenance/pause`, {
      method: 'PUT',
      headers: { Cookie: await boardCookie() },
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await app.context.transport.queues.get('maintenance')!.isPaused()).toBe(false);
  });
});

describe('the page of the market data', () => {
  const read = (headers: Record<string, string>) =>
    fetch(`${app.url}/admin/data-quality`, { headers: { Accept: 'text/html', ...headers }, redirect: 'manual' });

  it('opens with the board’s login, and with nothing else', async () => {
    const page = await read({ Cookie: await boardCookie() });
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await page.text()).toContain('<h1>Closebell market data</h1>');
    const { accessToken } = await app.login({ superuser: true });
    for (const headers of [{}, { Authorization: `Bearer ${accessToken}` }, { Cookie: `auth_token=${accessToken}` }]) {
      const refused = await read(headers as Record<string, string>);
      expect([refused.status, refused.headers.get('location')]).toEqual([303, '/admin/queues/login']);
    }
  });

  it('is linked from the board', async () => {
    const board = await fetch(`${app.url}/admin/queues`, { headers: { Cookie: await boardCookie() } });
    expect(await board.text()).toContain('/admin/data-quality');
  });
});

describe('a board that may write', () => {
  let open: TestApp;
  beforeAll(async () => {
    open = await startTestApp({ boardReadOnly: false });
  });
  afterAll(() => open.close());

  it('pauses a queue and lets it go on', async () => {
    const headers = { Cookie: await boardCookie(open) };
    const queue = open.context.transport.queues.get('maintenance')!;
    expect((await fetch(`${open.url}/admin/queues/api/queues/maintenance/pause`, { method: 'PUT', headers })).status).toBe(200);
    expect(await queue.isPaused()).toBe(true);
    expect((await fetch(`${open.url}/admin/queues/api/queues/maintenance/resume`, { method: 'PUT', headers })).status).toBe(200);
    expect(await queue.isPaused()).toBe(false);
  });

  it.each([
    ['PUT', 'maintenance/some-job/retry'],
    ['PUT', 'maintenance/retry/failed'],
    ['POST', 'maintenance/add'],
    ['PATCH', 'maintenance/some-job/update-data'],
    ['PUT', 'maintenance/obliterate'],
  ])('still refuses %s %s: it would pass the jobs table by', async (method, path) => {
    const headers = { Cookie: await boardCookie(open), 'Content-Type': 'application/json' };
    const response = await fetch(`${open.url}/admin/queues/api/queues/${path}`, { method, headers, body: '{}' });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining('/api/v1/admin/jobs') } });
  });

  it('leaves a failed entry failed, however its retry is spelled', async () => {
    const { transport } = open.context;
    const queue = transport.queues.get('maintenance')!;
    const entry = { queue: 'maintenance', jobId: randomUUID(), fence: 1, kind: 'ping', priority: 1 } as const;
    await transport.enqueue([entry]);
    const broken = () => Promise.reject(new Error('broken'));
    const worker = transport.serve('maintenance', { concurrency: 1, onEntry: broken, onSchedule: broken });
    const [failed] = await untilFailed(queue);
    await worker.close();
    const headers = { Cookie: await boardCookie(open) };
    for (const path of [
      `${failed}/retry/failed`,
      `${failed}/RETRY/failed`,
      'retry/failed',
      'retry/promote',
      `${failed}/retry/failed/`,
    ]) {
      const url = `${open.url}/admin/queues/api/queues/maintenance/${path}`;
      const { status } = await fetch(url, { method: 'PUT', headers });
      expect(status, path).toBeGreaterThanOrEqual(400);
      expect(await queue.getJobState(failed!), path).toBe('failed');
    }
  });

  async function untilFailed(queue: NonNullable<ReturnType<Transport['queues']['get']>>): Promise<readonly string[]> {
    const ids = async () => (await queue.getFailed()).map(({ id }) => id ?? '');
    await until('the entry has failed', async () => (await ids()).length > 0);
    return ids();
  }
});
