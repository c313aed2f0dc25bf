// A superuser acting as a user: what the token opens, what ends it, and that all it does is on record under both ids.
import { verifyAccessToken } from '@closebell/api/auth/tokens';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp, type TestLogin } from '../support/app.js';
import { createCaller, expectError, fieldsOf, type Caller } from './caller.js';
import { insertPortfolio } from './records.js';

let app: TestApp;
beforeAll(async () => {
  // Access tokens that outlive 8 hours: an impersonation must not.
  app = await startTestApp({ accessTokenMinutes: 1_440 });
});
afterAll(() => app.close());

type Started = Readonly<{
  access_token: string;
  expires_in: number;
  expires_at: string;
  user: Readonly<Record<string, unknown>>;
}>;
type Scene = Readonly<{ admin: Caller; login: TestLogin; user: Caller; target: TestLogin; acting: Caller; started: Started }>;

const bearer = (userId: string, token: string): Caller => createCaller(app.url, userId, { Authorization: `Bearer ${token}` });
const callerOf = ({ userId, accessToken }: TestLogin): Caller => bearer(userId, accessToken);
const start = (by: Caller, targetId: string, reason?: string) =>
  by.post('/admin/impersonate', { target_user_id: targetId, ...(reason === undefined ? {} : { reason }) });

/** A superuser and a user, each with a login, and the one acting as the other. */
async function impersonate(): Promise<Scene> {
  const [login, target] = [await app.login({ superuser: true }), await app.login()];
  const admin = callerOf(login);
  const started = fieldsOf<Started>(await start(admin, target.userId, 'ticket 7'), 200);
  return { admin, login, user: callerOf(target), target, acting: bearer(target.userId, started.access_token), started };
}

const me = (caller: Caller) => caller.get('/auth/me');
const auditOf = async (targetId: string) => {
  const { rows } = await app.context.db.pool.query<Record<string, unknown>>(
    `SELECT actor_id, acting_as_id, action, subject, details FROM audit_log WHERE acting_as_id = $1 ORDER BY id`,
    [targetId],
  );
  return rows;
};

describe('an impersonation', () => {
  it('shows who is behind it, and carries the superuser in the act claim', async () => {
    const { admin, login, acting, target, started } = await impersonate();
    expect(started).toMatchObject({
      token_type: 'bearer',
      user: { id: target.userId, email: target.email, is_superuser: false },
    });
    expect(started).not.toHaveProperty('refresh_token');
    expect((await me(acting)).json).toMatchObject({
      id: target.userId,
      is_superuser: false,
      impersonator: { id: admin.userId, email: login.email },
    });
    expect(await verifyAccessToken(started.access_token, app.context.config)).toMatchObject({
      userId: target.userId,
      actorId: admin.userId,
    });
  });

  it('lasts 8 hours, however long access tokens do', async () => {
    const { started } = await impersonate();
    expect(started.expires_in).toBe(8 * 3_600);
    const seconds = (Date.parse(started.expires_at) - Date.now()) / 1_000;
    expect(seconds).toBeGreaterThan(8 * 3_600 - 60);
    expect(seconds).toBeLessThanOrEqual(8 * 3_600);
    const { exp } = JSON.parse(Buffer.from(started.access_token.split('.')[1]!, 'base64url').toString()) as { exp: number };
    expect(new Date(exp * 1_000).toISOString()).toBe(started.expires_at);
  });

  it('sets no cookies: the login of the superuser stays what it was', async () => {
    const { admin, target } = await impersonate();
    expect((await start(admin, target.userId)).headers.getSetCookie()).toEqual([]);
    expect((await me(admin)).json).toMatchObject({ id: admin.userId });
  });

  it('opens no admin route and no board, and cannot impersonate again', async () => {
    const { acting, started } = await impersonate();
    const other = await app.login();
    expectError(await start(acting, other.userId), 403, 'ERR_ADMIN_001');
    for (const path of ['/admin/users', '/admin/jobs', '/admin/audit', '/admin/invite-codes'])
      expectError(await acting.get(path), 403, 'ERR_ADMIN_001');
    expectError(await acting.put(`/admin/users/${acting.userId}`, { is_superuser: true }), 403, 'ERR_ADMIN_001');
    const headers = { Authorization: `Bearer ${started.access_token}`, Cookie: `board_session=${started.access_token}` };
    for (const path of ['/admin/queues', '/metrics']) {
      const { status } = await fetch(app.url + path, { headers, redirect: 'manual' });
      expect([303, 401, 403], path).toContain(status);
    }
  });

  it('is refused of oneself, of a superuser, of a deactivated account and of nobody', async () => {
    const { admin, target } = await impersonate();
    const second = await app.login({ superuser: true });
    expectError(await start(admin, admin.userId), 400, 'ERR_ADMIN_003');
    expectError(await start(admin, second.userId), 403, 'ERR_ADMIN_006');
    expectError(await start(admin, randomUUID()), 404, 'ERR_ADMIN_002');
    expectError(await start(admin, 'somebody'), 422, 'ERR_REQ_001');
    await admin.put(`/admin/users/${target.userId}`, { is_active: false });
    expectError(await start(admin, target.userId), 403, 'ERR_ADMIN_006');
    expectError(await start(callerOf(await app.login()), second.userId), 403, 'ERR_ADMIN_001');
  });
});

describe('an impersonation ends', () => {
  it('when it is stopped, while both own logins go on', async () => {
    const { admin, acting, user } = await impersonate();
    expect((await acting.post('/admin/stop-impersonation')).status).toBe(200);
    expectError(await me(acting), 401, 'ERR_AUTH_003');
    expectError(await acting.post('/admin/stop-impersonation'), 401, 'ERR_AUTH_003');
    expect([(await me(admin)).status, (await me(user)).status]).toEqual([200, 200]);
  });

  it('when its token is logged out', async () => {
    const { admin, acting, user, target } = await impersonate();
    for (let times = 0; times < 2; times++) expect((await acting.post('/auth/logout', {})).status).toBe(200);
    expectError(await me(acting), 401, 'ERR_AUTH_003');
    expect([(await me(admin)).status, (await me(user)).status]).toEqual([200, 200]);
    const entries = await auditOf(target.userId);
    expect(entries.map(({ action }) => action)).toEqual(['impersonation.start', 'impersonation.stop']);
    expect(entries.at(-1)).toMatchObject({ actor_id: admin.userId });
  });

  it('when the superuser logs out, but not when another login of his does', async () => {
    const { admin, acting, login } = await impersonate();
    await callerOf(await app.login({ email: login.email })).post('/auth/logout', {});
    expect((await me(acting)).status).toBe(200);
    await admin.post('/auth/logout', {});
    expectError(await me(acting), 401, 'ERR_AUTH_003');
  });

  it.each([{ is_superuser: false }, { is_active: false }])('when the superuser becomes %o, for good', async (body) => {
    const { admin, acting } = await impersonate();
    const second = callerOf(await app.login({ superuser: true }));
    await second.put(`/admin/users/${admin.userId}`, body);
    expectError(await me(acting), 401, 'ERR_AUTH_003');
    await second.put(`/admin/users/${admin.userId}`, { is_active: true, is_superuser: true });
    expectError(await me(acting), 401, 'ERR_AUTH_003');
  });

  it('when the user is deactivated, for good', async () => {
    const { admin, acting, target } = await impersonate();
    await admin.put(`/admin/users/${target.userId}`, { is_active: false });
    expect((await me(acting)).status).toBe(401);
    await admin.put(`/admin/users/${target.userId}`, { is_active: true });
    expectError(await me(acting), 401, 'ERR_AUTH_003');
  });

  it('when the user is made a superuser, however that happens', async () => {
    const { acting, target } = await impersonate();
    await app.context.db.prisma.user.update({ where: { id: target.userId }, data: { isSuperuser: true } });
    expectError(await me(acting), 401, 'ERR_AUTH_003');
  });

  it('and with any other token there is none to stop', async () => {
    const { admin, user } = await impersonate();
    for (const caller of [admin, user]) expectError(await caller.post('/admin/stop-impersonation'), 401, 'ERR_ADMIN_004');
  });
});

describe('what is done while impersonating', () => {
  it('is on record under both ids: the start, every write, also one that is refused, and the end', async () => {
    const { admin, acting, target } = await impersonate();
    const portfolioId = await insertPortfolio(app.context.db, { userId: target.userId });
    const strange = await insertPortfolio(app.context.db, { userId: admin.userId });
    expect((await acting.get('/portfolios')).status).toBe(200);
    expect((await acting.post(`/portfolio/${portfolioId}/calculate`)).status).toBe(202);
    expectError(await acting.post(`/portfolios/${strange}/calculate`), 403, 'ERR_OWNER_001');
    await acting.post('/admin/stop-impersonation');
    const both = { actor_id: admin.userId, acting_as_id: target.userId };
    const write = (route: string, id: string) => ({
      ...both,
      action: 'impersonation.request',
      subject: id,
      details: { method: 'POST', route, params: { id } },
    });
    expect(await auditOf(target.userId)).toEqual([
      { ...both, action: 'impersonation.start', subject: target.userId, details: { reason: 'ticket 7' } },
      write('/portfolio/:id/calculate', portfolioId),
      write('/portfolios/:id/calculate', strange),
      expect.objectContaining({ ...both, action: 'impersonation.request', subject: null }),
      { ...both, action: 'impersonation.stop', subject: target.userId, details: null },
    ]);
  });

  it('is not done when it cannot be put on record', async () => {
    const { acting, target } = await impersonate();
    const portfolioId = await insertPortfolio(app.context.db, { userId: target.userId });
    const { pool } = app.context.db;
    await pool.query('ALTER TABLE audit_log RENAME TO audit_log_away');
    try {
      expect((await acting.post(`/portfolio/${portfolioId}/calculate`)).status).toBe(500);
    } finally {
      await pool.query('ALTER TABLE audit_log_away RENAME TO audit_log');
    }
    expect((await pool.query(`SELECT 1 FROM jobs WHERE payload->>'portfolioId' = $1`, [portfolioId])).rowCount).toBe(0);
  });

  it('leaves jobs that name who asked and as whom', async () => {
    const { admin, acting, target } = await impersonate();
    const portfolioId = await insertPortfolio(app.context.db, { userId: target.userId });
    await acting.post(`/portfolio/${portfolioId}/calculate`);
    const { rows } = await app.context.db.pool.query(
      `SELECT requested_by, acting_as FROM jobs WHERE payload->>'portfolioId' = $1`,
      [portfolioId],
    );
    expect(rows).toEqual([{ requested_by: admin.userId, acting_as: target.userId }]);
  });

  it('of an ordinary user leaves no such entry', async () => {
    const { user, target } = await impersonate();
    const before = await auditOf(target.userId);
    const portfolioId = await insertPortfolio(app.context.db, { userId: target.userId });
    await user.post(`/portfolio/${portfolioId}/calculate`);
    expect(await auditOf(target.userId)).toEqual(before);
  });
});
