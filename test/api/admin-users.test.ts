// Accounts as superusers see and change them: a change of rights holds at once, and a superuser is always left.
import { createInvitedUser } from '@closebell/prisma/users';
import { insertInviteCode } from '@closebell/prisma/invite-codes';
import { seedDemoUser } from '@closebell/prisma/demo-user';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp, type TestLogin } from '../support/app.js';
import { createCaller, expectError, fieldsOf, logIn, type Caller } from './caller.js';
import { insertPortfolio } from './records.js';

let app: TestApp;
let admin: Caller;
beforeAll(async () => {
  app = await startTestApp();
  admin = await logIn(app, { superuser: true });
});
afterAll(() => app.close());

type User = Readonly<{ id: string; email: string; created_at: string } & Record<string, unknown>>;
type Page = Readonly<{ users: readonly User[]; total: number }>;

const callerOf = ({ userId, accessToken }: TestLogin): Caller =>
  createCaller(app.url, userId, { Authorization: `Bearer ${accessToken}` });
const list = async (query = '') => fieldsOf<Page>(await admin.get(`/admin/users${query}`), 200);
const change = (userId: string, body: unknown, by = admin) => by.put(`/admin/users/${userId}`, body);
const auditOf = async (userId: string) => {
  const { rows } = await app.context.db.pool.query<Record<string, unknown>>(
    `SELECT actor_id, action, details FROM audit_log WHERE subject = $1 ORDER BY id`,
    [userId],
  );
  return rows;
};

describe('the list of users', () => {
  it('shows what each is: with a portfolio, of the demo, invited with a code', async () => {
    const { db } = app.context;
    const code = await insertInviteCode(db.pool, {
      code: 'COHORT-ONE',
      createdBy: admin.userId,
      cohort: 'spring',
      usesMax: null,
      expiresAt: null,
    });
    const email = `invited_${randomUUID()}@example.com`;
    const account = { email, passwordHash: 'none', fullName: 'Ada' };
    expect(await createInvitedUser(db, account, code.code)).toMatchObject({ email });
    const [plain] = (await list(`?email=${encodeURIComponent(email)}`)).users;
    expect(plain).toEqual({
      id: expect.any(String),
      email,
      full_name: 'Ada',
      is_active: true,
      is_superuser: false,
      has_portfolio: false,
      is_demo: false,
      invite_cohort: 'spring',
      created_at: expect.stringMatching(/Z$/),
    });
    await insertPortfolio(db, { userId: plain!.id, deleted: true });
    expect((await list(`?email=${email}`)).users[0]).toMatchObject({ has_portfolio: false });
    await seedDemoUser(db, { email, sessionDate: '2025-03-12' });
    expect((await list(`?email=${email}`)).users[0]).toMatchObject({ has_portfolio: true, is_demo: true });
  });

  it('finds a part of an address whatever its case, every character for itself', async () => {
    await app.register('find_me@one.example');
    await app.register('findXme@one.example');
    expect((await list('?email=FIND_ME')).users.map(({ email }) => email)).toEqual(['find_me@one.example']);
    expect(await list('?email=%25')).toEqual({ users: [], total: 0 });
  });

  it('comes in pages, newest first, with the total of all that match', async () => {
    for (const name of ['a', 'b', 'c']) await app.register(`${name}@pages.example`);
    const first = await list('?email=@pages.example&limit=2');
    const second = await list('?email=@pages.example&limit=2&offset=2');
    expect([first.total, second.total]).toEqual([3, 3]);
    const shown = [...first.users, ...second.users].map(({ email }) => email);
    expect(shown).toEqual(['c@pages.example', 'b@pages.example', 'a@pages.example']);
    expect(await list('?email=@pages.example&offset=9')).toEqual({ users: [], total: 3 });
    for (const query of ['?limit=0', '?limit=201', '?limit=x', '?offset=-1', '?email='])
      expectError(await admin.get(`/admin/users${query}`), 422, 'ERR_REQ_001');
  });

  it('is for superusers', async () => {
    const user = await logIn(app);
    expectError(await user.get('/admin/users'), 403, 'ERR_ADMIN_001');
    expectError(await change(user.userId, { is_superuser: true }, user), 403, 'ERR_ADMIN_001');
  });
});

describe('a change of rights', () => {
  it('that deactivates ends every login at once, for good, and is on record', async () => {
    const login = await app.login();
    const second = await app.login({ email: login.email });
    const user = callerOf(login);
    const reply = await change(user.userId, { is_active: false });
    expect(fieldsOf<User>(reply, 200)).toMatchObject({ id: user.userId, is_active: false, is_superuser: false });
    expect((await user.get('/auth/me')).status).toBe(401);
    expect((await change(user.userId, { is_active: true })).status).toBe(200);
    // Active again, but the logins of before stay ended.
    for (const { refreshToken, ...old } of [login, second]) {
      expectError(await callerOf({ ...old, refreshToken }).get('/auth/me'), 401, 'ERR_AUTH_003');
      expectError(await user.post('/auth/refresh', { refresh_token: refreshToken }), 401, 'ERR_AUTH_003');
    }
    expect((await (await logIn(app, { email: login.email })).get('/auth/me')).status).toBe(200);
    expect(await auditOf(user.userId)).toEqual([
      { actor_id: admin.userId, action: 'user.change', details: { is_active: false } },
      { actor_id: admin.userId, action: 'user.change', details: { is_active: true } },
    ]);
  });

  it('that changes nothing leaves the logins alone', async () => {
    const user = await logIn(app);
    expect((await change(user.userId, { is_active: true, is_superuser: false })).status).toBe(200);
    expect((await user.get('/auth/me')).status).toBe(200);
  });

  it('that promotes or demotes holds from the next login on', async () => {
    const { email, userId } = await app.login();
    expect((await change(userId, { is_superuser: true })).status).toBe(200);
    const promoted = await logIn(app, { email });
    expect((await promoted.get('/admin/users')).status).toBe(200);
    expect((await change(userId, { is_superuser: false })).status).toBe(200);
    expectError(await promoted.get('/admin/users'), 401, 'ERR_AUTH_003');
    expectError(await (await logIn(app, { email })).get('/admin/users'), 403, 'ERR_ADMIN_001');
  });

  it.each([{ is_active: false }, { is_superuser: false }, { is_active: false, is_superuser: true }])(
    'of oneself to %o is refused, so that a superuser is left',
    async (body) => {
      expectError(await change(admin.userId, body), 409, 'ERR_ADMIN_005');
      expect((await admin.get('/admin/users')).status).toBe(200);
    },
  );

  it('of each other by two at once leaves one of them a superuser', async () => {
    for (let round = 0; round < 5; round++) {
      const [ada, bob] = [await logIn(app, { superuser: true }), await logIn(app, { superuser: true })];
      await Promise.all([change(bob.userId, { is_superuser: false }, ada), change(ada.userId, { is_active: false }, bob)]);
      const { rows } = await app.context.db.pool.query(`SELECT 1 FROM users WHERE id = ANY($1) AND is_active AND is_superuser`, [
        [ada.userId, bob.userId],
      ]);
      expect(rows).toHaveLength(1);
    }
  });

  it('needs something to change, and somebody', async () => {
    expectError(await change(admin.userId, {}), 422, 'ERR_REQ_001');
    expectError(await change(admin.userId, { is_active: 'false' }), 422, 'ERR_REQ_001');
    expectError(await change(randomUUID(), { is_active: false }), 404, 'ERR_ADMIN_002');
    expectError(await change('me', { is_active: false }), 422, 'ERR_REQ_001');
  });
});
