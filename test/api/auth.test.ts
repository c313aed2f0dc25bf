import { pruneRefreshTokens } from '@closebell/prisma/refresh-tokens';
import { signAccessToken, signBoardToken } from '@closebell/api/auth/tokens';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, TEST_INVITE_CODE, TEST_PASSWORD, type TestApp } from '../support/app.js';

type ErrorBody = { error: { code: string; message: string } };
type LoginBody = {
  access_token: string;
  refresh_token: string;
  token_type: string;
  expires_in: number;
  user: Record<string, unknown>;
};

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${app.url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
const me = (headers: Record<string, string>) => fetch(`${app.url}/api/v1/auth/me`, { headers });
const codeOf = async (response: Response) => ((await response.json()) as ErrorBody).error.code;
const cookiesOf = (response: Response) => response.headers.getSetCookie();
const cookieHeader = (response: Response) =>
  cookiesOf(response)
    .map((cookie) => cookie.split(';')[0])
    .join('; ');
const csrfOf = (response: Response) => /csrf_token=([^;]+)/.exec(cookieHeader(response))![1]!;

const account = (fields: Record<string, string> = {}) => ({
  email: `${randomUUID()}@example.com`,
  password: TEST_PASSWORD,
  full_name: 'Ada Test',
  invite_code: TEST_INVITE_CODE,
  ...fields,
});

describe('registration', () => {
  it('answers with the account and what to do next, and the account can log in', async () => {
    const body = account({ email: ' Ada.New@Example.com ' });
    const response = await post('/onboarding/register', body);
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      user_id: expect.any(String),
      email: 'ada.new@example.com',
      full_name: 'Ada Test',
      message: expect.any(String),
      next_step: expect.any(String),
    });
    expect((await post('/auth/login', { email: 'ADA.NEW@example.com', password: TEST_PASSWORD })).status).toBe(200);
  });

  it('takes the invite code whatever its case and the blanks around it', async () => {
    expect((await post('/onboarding/register', account({ invite_code: `  ${TEST_INVITE_CODE.toLowerCase()} ` }))).status).toBe(
      201,
    );
  });

  it.each([
    ['a wrong invite code', { invite_code: 'NOPE' }, 401, 'ERR_INVITE_001'],
    ['an empty invite code', { invite_code: '' }, 401, 'ERR_INVITE_001'],
    ['a malformed address', { email: 'ada@' }, 422, 'ERR_USER_002'],
    ['an address of 300 characters', { email: `${'a'.repeat(290)}@example.com` }, 422, 'ERR_USER_002'],
    ['a password without a digit', { password: 'Password' }, 422, 'ERR_USER_003'],
    ['a password without upper case', { password: 'password1' }, 422, 'ERR_USER_003'],
    ['a password of 7 characters', { password: 'Passwo1' }, 422, 'ERR_USER_003'],
    ['a blank name', { full_name: '   ' }, 422, 'ERR_USER_004'],
  ])('refuses %s', async (_what, fields, status, code) => {
    const response = await post('/onboarding/register', account(fields));
    expect([response.status, await codeOf(response)]).toEqual([status, code]);
  });

  it('refuses an address that is taken, whatever its case', async () => {
    const email = await app.register();
    const response = await post('/onboarding/register', account({ email: email.toUpperCase() }));
    expect([response.status, await codeOf(response)]).toEqual([409, 'ERR_USER_001']);
  });

  it('of twenty at once with one address makes one account', async () => {
    const body = account();
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await post('/onboarding/register', body)).status));
    expect(statuses.toSorted((a, b) => a - b)).toEqual([201, ...Array<number>(19).fill(409)]);
  });

  it('tells nothing about addresses to who has no invite code', async () => {
    const email = await app.register();
    expect(await codeOf(await post('/onboarding/register', account({ email, invite_code: 'NOPE' })))).toBe('ERR_INVITE_001');
  });

  it('has no second way in', async () => {
    expect((await post('/auth/register', account())).status).toBe(404);
  });

  it('with DETERMINISTIC_UUIDS gives the id that follows from the address', async () => {
    const foretold = await startTestApp({ deterministicUuids: true });
    try {
      const { userId } = await foretold.login({ email: await foretold.register('Demo@Example.com') });
      // uuid5(NAMESPACE_DNS, 'demo@example.com')
      expect(userId).toBe('a8e8f1c8-2828-50f1-8150-44981359fee5');
    } finally {
      await foretold.close();
    }
  });
});

describe('login', () => {
  it('answers with tokens and sets cookies that scripts cannot read, but for the CSRF one', async () => {
    const email = await app.register();
    const response = await post('/auth/login', { email, password: TEST_PASSWORD });
    expect(await response.json()).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 3600,
      user: { id: expect.any(String), email, full_name: 'Ada Test', is_superuser: false },
    });
    const cookies = cookiesOf(response);
    expect(cookies.find((cookie) => cookie.startsWith('auth_token='))).toMatch(/HttpOnly.*SameSite=Lax/);
    expect(cookies.find((cookie) => cookie.startsWith('refresh_token='))).toMatch(/Path=\/api\/v1\/auth;.*HttpOnly/);
    expect(cookies.find((cookie) => cookie.startsWith('csrf_token='))).not.toMatch(/HttpOnly/);
  });

  it('in production sets cookies that travel over TLS only, to the sites of the configuration', async () => {
    const served = await startTestApp({ environment: 'production', cookieSameSite: 'none', cookieDomain: 'example.com' });
    try {
      const email = await served.register();
      const response = await fetch(`${served.url}/api/v1/auth/login`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ email, password: TEST_PASSWORD }),
      });
      const cookies = cookiesOf(response);
      expect(cookies).toHaveLength(3);
      for (const cookie of cookies) expect(cookie).toMatch(/Domain=example\.com;.*Secure; SameSite=None/);
    } finally {
      await served.close();
    }
  });

  it('gives the same answer for an unknown address, a wrong password and an inactive account', async () => {
    const [known, inactive] = [await app.register(), await app.register()];
    await app.context.db.prisma.user.update({ where: { email: inactive }, data: { isActive: false } });
    const attempts = [
      { email: 'nobody@example.com', password: TEST_PASSWORD },
      { email: known, password: 'Wrong-horse-7' },
      { email: inactive, password: TEST_PASSWORD },
    ];
    const answers = await Promise.all(
      attempts.map(async (attempt) => {
        const response = await post('/auth/login', attempt);
        const { error } = (await response.json()) as { error: Record<string, unknown> };
        return { status: response.status, ...error, request_id: null };
      }),
    );
    expect(answers[0]).toMatchObject({ status: 401, code: 'ERR_AUTH_001' });
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  it('hashes for an unknown address as long as for a known one', async () => {
    const email = await app.register();
    const took = async (attempt: unknown): Promise<number> => {
      const begun = performance.now();
      await post('/auth/login', attempt);
      return performance.now() - begun;
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let round = 0; round < 9; round++) {
      known.push(await took({ email, password: 'Wrong-horse-7' }));
      unknown.push(await took({ email: 'nobody@example.com', password: 'Wrong-horse-7' }));
    }
    const median = (times: number[]): number => times.toSorted((a, b) => a - b)[4]!;
    // Without the hash an unknown address is answered in a tenth of the time.
    expect(median(unknown)).toBeGreaterThan(median(known) * 0.5);
  });

  it('stores no password and no refresh token as it is', async () => {
    const { email, refreshToken } = await app.login();
    const user = await app.context.db.prisma.user.findUniqueOrThrow({ where: { email }, include: { refreshTokens: true } });
    expect(user.passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(Buffer.from(user.refreshTokens[0]!.tokenHash).toString('utf8')).not.toContain(refreshToken);
  });
});

describe('credentials', () => {
  it('say who asks', async () => {
    const { headers, email, userId } = await app.login();
    expect(await (await me(headers)).json()).toEqual({
      id: userId,
      email,
      full_name: 'Ada Test',
      is_active: true,
      is_superuser: false,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it.each([
    ['none', {}],
    ['garbage', { Authorization: 'Bearer abc' }],
    ['another scheme', { Authorization: 'Basic YTpi' }],
    ['a token without signature', { Authorization: `Bearer ${unsigned()}` }],
  ])('that are %s are refused', async (_what, headers) => {
    const response = await me(headers as Record<string, string>);
    expect([response.status, await codeOf(response)]).toEqual([401, 'ERR_AUTH_001']);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
  });

  it('signed with another secret or for another audience are refused', async () => {
    const { userId } = await app.login();
    const claims = { userId, sessionId: randomUUID(), actorId: null, isSuperuser: true, lifetimeSeconds: 60 };
    const token = await signAccessToken(claims, { jwtSecret: 'another-secret-of-at-least-32-characters' });
    expect(await codeOf(await me({ Authorization: `Bearer ${token}` }))).toBe('ERR_AUTH_001');
    const forBoard = await signBoardToken(userId, 60, app.context.config);
    expect(await codeOf(await me({ Authorization: `Bearer ${forBoard}` }))).toBe('ERR_AUTH_001');
  });

  it('that have expired are told apart', async () => {
    const { userId } = await app.login();
    const claims = { userId, sessionId: randomUUID(), actorId: null, isSuperuser: false, lifetimeSeconds: -1 };
    const token = await signAccessToken(claims, app.context.config);
    expect(await codeOf(await me({ Authorization: `Bearer ${token}` }))).toBe('ERR_AUTH_002');
  });

  it('of an account that was deactivated stop working', async () => {
    const { headers, email } = await app.login();
    await app.context.db.prisma.user.update({ where: { email }, data: { isActive: false } });
    expect((await me(headers)).status).toBe(401);
  });

  it('that claim to be a superuser’s are not believed', async () => {
    const { userId } = await app.login();
    const claims = { userId, sessionId: randomUUID(), actorId: null, isSuperuser: true, lifetimeSeconds: 60 };
    const headers = { Authorization: `Bearer ${await signAccessToken(claims, app.context.config)}` };
    const response = await fetch(`${app.url}/api/v1/admin/jobs`, { headers });
    expect([response.status, await codeOf(response)]).toEqual([403, 'ERR_ADMIN_001']);
    expect(await (await me(headers)).json()).toMatchObject({ is_superuser: false });
  });

  it('as bearer win over the cookie', async () => {
    const [ada, bob] = [await app.login(), await app.login()];
    const response = await me({ ...ada.headers, Cookie: `auth_token=${bob.accessToken}` });
    expect(await response.json()).toMatchObject({ id: ada.userId });
    expect((await me({ Authorization: 'Bearer abc', Cookie: `auth_token=${bob.accessToken}` })).status).toBe(401);
  });

  it('that name an actor but not his login are refused', async () => {
    const [admin, target] = [await app.login({ superuser: true }), await app.login()];
    const claims = {
      userId: target.userId,
      sessionId: randomUUID(),
      actorId: admin.userId,
      isSuperuser: false,
      lifetimeSeconds: 60,
    };
    const headers = { Authorization: `Bearer ${await signAccessToken(claims, app.context.config)}` };
    expect(await codeOf(await me(headers))).toBe('ERR_AUTH_001');
  });
});

describe('writes by cookie', () => {
  it('need the CSRF token in a header; reads do not', async () => {
    const login = await post('/auth/login', { email: await app.register(), password: TEST_PASSWORD });
    const Cookie = cookieHeader(login);
    expect((await me({ Cookie })).status).toBe(200);
    const path = '/portfolio/00000000-0000-4000-8000-000000000000/calculate';
    for (const headers of [{ Cookie }, { Cookie, 'X-CSRF-Token': 'guess' }] as Record<string, string>[]) {
      const response = await post(path, {}, headers);
      expect([response.status, await codeOf(response)]).toEqual([403, 'ERR_AUTH_004']);
    }
    expect((await post(path, {}, { Cookie, 'X-CSRF-Token': csrfOf(login) })).status).toBe(404);
  });
});

describe('refresh', () => {
  it('gives new tokens, and the new ones work', async () => {
    const { refreshToken } = await app.login();
    const response = await post('/auth/refresh', { refresh_token: refreshToken });
    const body = (await response.json()) as LoginBody;
    expect(response.status).toBe(200);
    expect(body.refresh_token).not.toBe(refreshToken);
    expect((await me({ Authorization: `Bearer ${body.access_token}` })).status).toBe(200);
    expect((await post('/auth/refresh', { refresh_token: body.refresh_token })).status).toBe(200);
  });

  it('with a token used before ends the login: its newest tokens stop working too', async () => {
    const { refreshToken } = await app.login();
    const newest = (await (await post('/auth/refresh', { refresh_token: refreshToken })).json()) as LoginBody;
    expect(await codeOf(await post('/auth/refresh', { refresh_token: refreshToken }))).toBe('ERR_AUTH_003');
    expect(await codeOf(await post('/auth/refresh', { refresh_token: newest.refresh_token }))).toBe('ERR_AUTH_003');
    expect(await codeOf(await me({ Authorization: `Bearer ${newest.access_token}` }))).toBe('ERR_AUTH_003');
  });

  it('of ten at once with one token succeeds once at most', async () => {
    const { refreshToken } = await app.login();
    const statuses = await Promise.all(
      Array.from({ length: 10 }, async () => (await post('/auth/refresh', { refresh_token: refreshToken })).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
  });

  it('cannot outrun the end of the login: a token added while it was being revoked is worth nothing', async () => {
    const { userId, refreshToken } = await app.login();
    const { refresh_token: newest } = (await (await post('/auth/refresh', { refresh_token: refreshToken })).json()) as LoginBody;
    // As two requests at once leave it: the older row revoked, the newer one added by a transaction that the revocation did not see.
    await app.context.db.pool.query(
      `UPDATE refresh_tokens SET revoked_at = clock_timestamp() WHERE user_id = $1 AND replaced_at IS NOT NULL`,
      [userId],
    );
    expect(await codeOf(await post('/auth/refresh', { refresh_token: newest }))).toBe('ERR_AUTH_003');
  });

  it('leaves other logins of the same user alone', async () => {
    const first = await app.login();
    const second = await app.login({ email: first.email });
    await post('/auth/refresh', { refresh_token: first.refreshToken });
    await post('/auth/refresh', { refresh_token: first.refreshToken });
    expect((await me(second.headers)).status).toBe(200);
  });

  it('works by cookie, with the CSRF token', async () => {
    const login = await post('/auth/login', { email: await app.register(), password: TEST_PASSWORD });
    const Cookie = cookieHeader(login);
    expect(await codeOf(await post('/auth/refresh', {}, { Cookie }))).toBe('ERR_AUTH_004');
    expect((await post('/auth/refresh', {}, { Cookie, 'X-CSRF-Token': csrfOf(login) })).status).toBe(200);
  });

  it('refuses tokens that are unknown, expired, or of an inactive account', async () => {
    expect(await codeOf(await post('/auth/refresh', { refresh_token: 'unknown' }))).toBe('ERR_AUTH_001');
    expect(await codeOf(await post('/auth/refresh', {}))).toBe('ERR_AUTH_001');
    const old = await app.login();
    await app.context.db.prisma.refreshToken.updateMany({ where: { userId: old.userId }, data: { expiresAt: new Date(0) } });
    expect(await codeOf(await post('/auth/refresh', { refresh_token: old.refreshToken }))).toBe('ERR_AUTH_002');
    const inactive = await app.login();
    await app.context.db.prisma.user.update({ where: { id: inactive.userId }, data: { isActive: false } });
    expect(await codeOf(await post('/auth/refresh', { refresh_token: inactive.refreshToken }))).toBe('ERR_AUTH_001');
  });
});

describe('logout', () => {
  it('ends access and refresh tokens at once and clears the cookies', async () => {
    const { headers, refreshToken } = await app.login();
    const response = await post('/auth/logout', {}, headers);
    expect(response.status).toBe(200);
    expect(cookiesOf(response).filter((cookie) => /Expires=Thu, 01 Jan 1970/.test(cookie))).toHaveLength(3);
    expect(await codeOf(await me(headers))).toBe('ERR_AUTH_003');
    expect(await codeOf(await post('/auth/refresh', { refresh_token: refreshToken }))).toBe('ERR_AUTH_003');
  });

  it('works with the refresh token alone, when the access token has expired', async () => {
    const { headers, refreshToken } = await app.login();
    expect((await post('/auth/logout', { refresh_token: refreshToken })).status).toBe(200);
    expect(await codeOf(await me(headers))).toBe('ERR_AUTH_003');
  });

  it('by cookie needs the CSRF token: another site cannot log a user out', async () => {
    const login = await post('/auth/login', { email: await app.register(), password: TEST_PASSWORD });
    const Cookie = cookieHeader(login);
    expect((await post('/auth/logout', {}, { Cookie })).status).toBe(403);
    expect((await me({ Cookie })).status).toBe(200);
  });

  it('that is refused has ended nothing, whatever token is in its body', async () => {
    const login = await post('/auth/login', { email: await app.register(), password: TEST_PASSWORD });
    const { refresh_token } = (await login.json()) as { refresh_token: string };
    expect((await post('/auth/logout', { refresh_token }, { Cookie: cookieHeader(login) })).status).toBe(403);
    expect((await post('/auth/refresh', { refresh_token })).status).toBe(200);
  });
});

describe('a login of which no token can be used any more', () => {
  it('is forgotten two days later, others stay', async () => {
    const [ended, recent] = [await app.login(), await app.login()];
    const expired = (userId: string, hours: number) =>
      app.context.db.pool.query(`UPDATE refresh_tokens SET expires_at = now() - make_interval(hours => $2) WHERE user_id = $1`, [
        userId,
        hours,
      ]);
    await expired(ended.userId, 49);
    await expired(recent.userId, 47);
    await pruneRefreshTokens(app.context.db.pool);
    expect(await codeOf(await post('/auth/refresh', { refresh_token: ended.refreshToken }))).toBe('ERR_AUTH_001');
    expect(await codeOf(await post('/auth/refresh', { refresh_token: recent.refreshToken }))).toBe('ERR_AUTH_002');
  });
});

function unsigned(): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { sub: randomUUID(), sid: randomUUID(), jti: 'x', iss: 'closebell', aud: 'closebell-api', exp: 4_102_444_800 };
  return `${part({ alg: 'none' })}.${part(claims)}.`;
}
