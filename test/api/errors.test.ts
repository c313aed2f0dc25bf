import { createRateLimiter } from '@closebell/api/rate-limiter';
import { createApp } from '@closebell/api/app';
import { listen } from '@closebell/api/server';
import { ERRORS } from '@closebell/shared/errors';
import { createLogger } from '@closebell/shared/infra/logger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, TEST_INVITE_CODE, TEST_PASSWORD, apiTestConfig, type TestApp } from '../support/app.js';
import { hasRedis, startRedis } from '../support/services.js';
import { until } from '../support/until.js';

const withRedis = await hasRedis();
const withOwnRedis = await hasRedis({ ours: true });

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ corsOrigins: ['https://app.example.com'] });
});
afterAll(() => app.close());

type ErrorBody = { error: { code: string; message: string; details?: unknown; documentation_url: string; request_id: string } };

async function errorOf(response: Response): Promise<ErrorBody['error']> {
  const body = (await response.json()) as ErrorBody;
  expect(Object.keys(body)).toEqual(['error']);
  expect(body.error).toMatchObject({
    code: expect.any(String),
    message: expect.any(String),
    request_id: response.headers.get('x-request-id'),
  });
  expect(body.error.documentation_url).toBe(`/docs/errors#${body.error.code}`);
  expect(response.status).toBe(ERRORS[body.error.code as keyof typeof ERRORS].status);
  return body.error;
}

const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(app.url + path, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body });

describe('errors have one shape', () => {
  it.each(['/nowhere', '/api/v1/nowhere', '/api/v1/portfolio/x/nothing', '/api/v2/portfolios', '/%E0%A4%A'])(
    'at %s',
    async (path) => {
      const { code } = await errorOf(await fetch(app.url + path));
      expect(['ERR_REQ_404', 'ERR_REQ_002']).toContain(code);
    },
  );

  it('for a known address with another method', async () => {
    expect((await errorOf(await post('/api/v1/auth/me', '{}'))).code).toBe('ERR_REQ_404');
  });

  it('for a body that is no JSON', async () => {
    const error = await errorOf(await post('/api/v1/auth/login', '{"email": '));
    expect(error.code).toBe('ERR_REQ_002');
    expect(error.message).not.toMatch(/position|token/);
  });

  it('for a body over 1 MB', async () => {
    const body = JSON.stringify({ email: 'a'.repeat(1_100_000), password: 'x' });
    expect((await errorOf(await post('/api/v1/auth/login', body))).code).toBe('ERR_REQ_003');
  });

  it('for a request that does not fit its schema, naming every field', async () => {
    const error = await errorOf(await post('/api/v1/auth/login', JSON.stringify({ email: 7 })));
    expect(error).toMatchObject({
      code: 'ERR_REQ_001',
      details: {
        issues: [
          { path: 'email', message: expect.any(String) },
          { path: 'password', message: expect.any(String) },
        ],
      },
    });
  });

  it.each([['[]'], ['null'], ['"text"'], ['7']])('for the JSON body %s where an object is due', async (body) => {
    expect(['ERR_REQ_001', 'ERR_REQ_002']).toContain((await errorOf(await post('/api/v1/auth/login', body))).code);
  });

  it('for a text that the database cannot store', async () => {
    const error = await errorOf(await post('/api/v1/auth/login', JSON.stringify({ email: 'a\0b', password: 'x' })));
    expect(error.details).toEqual({ issues: [{ path: 'email', message: expect.any(String) }] });
  });

  it('for a path parameter that is no id', async () => {
    const { headers } = await app.login();
    const error = await errorOf(await fetch(`${app.url}/api/v1/imports/abc`, { headers }));
    expect(error).toMatchObject({ code: 'ERR_REQ_001', details: { issues: [{ path: 'id' }] } });
  });

  it('for what nobody expected, telling nothing of it', async () => {
    const broken = createApp({
      ...app.context,
      sessions: () => Promise.reject(new Error('relation "users" column secret')),
    });
    const server = await listen(broken, { host: '127.0.0.1', port: 0 });
    try {
      const { headers } = await app.login();
      const response = await fetch(`${server.url}/api/v1/auth/me`, { headers });
      const text = await response.clone().text();
      expect((await errorOf(response)).code).toBe('ERR_SYS_001');
      expect(text).not.toMatch(/users|secret|\.ts|stack/);
    } finally {
      await server.close(0);
    }
  });

  it('for a database that is out of reach: 503, try again', async () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
    const broken = createApp({ ...app.context, sessions: () => Promise.reject(refused) });
    const server = await listen(broken, { host: '127.0.0.1', port: 0 });
    try {
      const { headers } = await app.login();
      expect((await errorOf(await fetch(`${server.url}/api/v1/auth/me`, { headers }))).code).toBe('ERR_SYS_002');
    } finally {
      await server.close(0);
    }
  });
});

describe('every response', () => {
  it('names its request, by the caller’s name if that is short and plain', async () => {
    const named = await fetch(`${app.url}/health`, { headers: { 'X-Request-Id': 'abc-123' } });
    expect(named.headers.get('x-request-id')).toBe('abc-123');
    for (const headers of [{}, { 'X-Request-Id': 'a b<script>' }, { 'X-Request-Id': 'x'.repeat(101) }] as Record<
      string,
      string
    >[]) {
      const made = await fetch(`${app.url}/health`, { headers });
      expect(made.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('carries the security headers and does not name the software', async () => {
    const { headers } = await fetch(`${app.url}/health`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toMatch(/default-src 'self'/);
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('lets only listed origins read it', async () => {
    const allowed = await fetch(`${app.url}/health`, { headers: { Origin: 'https://app.example.com' } });
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(allowed.headers.get('access-control-allow-credentials')).toBe('true');
    const other = await fetch(`${app.url}/health`, { headers: { Origin: 'https://evil.example.com' } });
    expect(other.headers.get('access-control-allow-origin')).not.toBe('https://evil.example.com');
  });

  it('is compressed when it is large', async () => {
    const response = await fetch(`${app.url}/api/v1/openapi.json`, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(response.headers.get('content-encoding')).toBe('gzip');
  });

  it('has an ETag, and asked again with it is 304 without a body', async () => {
    const { headers } = await app.login();
    const first = await fetch(`${app.url}/api/v1/auth/me`, { headers });
    const again = await fetch(`${app.url}/api/v1/auth/me`, {
      headers: { ...headers, 'If-None-Match': first.headers.get('etag')! },
    });
    expect([again.status, await again.text()]).toEqual([304, '']);
  });
});

describe('rate limits', () => {
  it('turn the 101st registration of an hour away, whatever came of the first hundred, and count per address', async () => {
    const limited = await startTestApp({ rateLimits: true, trustProxy: 1 });
    try {
      const attempt = (address: string) =>
        fetch(`${limited.url}/api/v1/onboarding/register`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': address },
          body: JSON.stringify({ invite_code: 'NOPE' }),
        });
      const statuses: number[] = [];
      for (let i = 0; i < 100; i++) statuses.push((await attempt('192.0.2.1')).status);
      expect(new Set(statuses)).toEqual(new Set([401]));
      const refused = await attempt('192.0.2.1');
      expect((await errorOf(refused)).code).toBe('ERR_RATE_001');
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000);
      expect(refused.headers.get('ratelimit-remaining')).toBe('0');
      expect((await attempt('192.0.2.2')).status).toBe(401);
    } finally {
      await limited.close();
    }
  });

  it('let 50 accounts a day be made from an address; taken addresses do not count', async () => {
    const limited = await startTestApp({ rateLimits: true });
    try {
      const join = (email: string) =>
        fetch(`${limited.url}/api/v1/onboarding/register`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ email, password: TEST_PASSWORD, full_name: 'Ada', invite_code: TEST_INVITE_CODE }),
        });
      for (let i = 0; i < 50; i++) {
        expect((await join(`user-${i}@example.com`)).status).toBe(201);
        if (i % 10 === 0) expect((await join(`user-${i}@example.com`)).status).toBe(409);
      }
      expect((await join('one-more@example.com')).status).toBe(429);
    } finally {
      await limited.close();
    }
  });

  it('stop guesses at a password after 20, and do not lock out other accounts', async () => {
    const limited = await startTestApp({ rateLimits: true });
    try {
      const [ada, bob] = [await limited.register(), await limited.register()];
      const tryOut = (email: string, password: string) =>
        fetch(`${limited.url}/api/v1/auth/login`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ email, password }),
        });
      const statuses = await Promise.all(Array.from({ length: 25 }, async () => (await tryOut(ada, 'Wrong-1')).status));
      expect(statuses.filter((status) => status === 401)).toHaveLength(20);
      expect((await tryOut(ada, TEST_PASSWORD)).status).toBe(429);
      for (let i = 0; i < 25; i++) expect((await tryOut(bob, TEST_PASSWORD)).status).toBe(200);
    } finally {
      await limited.close();
    }
  });

  it('are shown on every response, kept per user across processes, and do not bind superusers', async () => {
    const limited = await startTestApp({ rateLimits: true });
    const second = await createRateLimiter(
      apiTestConfig({ rateLimits: true }),
      limited.context.db,
      createLogger({ name: 'test', level: 'silent' }),
    );
    try {
      const user = await limited.login();
      const me = (headers: Readonly<Record<string, string>>) => fetch(`${limited.url}/api/v1/auth/me`, { headers });
      expect((await me(user.headers)).headers.get('ratelimit-limit')).toBe('1000');
      expect((await me(user.headers)).headers.get('ratelimit-remaining')).toBe('998');
      expect(await second.spend('minute', user.userId)).toMatchObject({ remaining: 997 });
      await Promise.all(Array.from({ length: 997 }, () => second.spend('minute', user.userId)));
      const refused = await me(user.headers);
      expect(refused.status).toBe(429);
      expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
      const admin = await limited.login({ superuser: true });
      await Promise.all(Array.from({ length: 1_001 }, () => second.spend('minute', admin.userId)));
      expect((await me(admin.headers)).status).toBe(200);
    } finally {
      second.close();
      await limited.close();
    }
  });

  it.skipIf(!withRedis)('count in Redis when there is one', async () => {
    const redis = await startRedis();
    const config = apiTestConfig({ rateLimits: true, redisUrl: redis.url });
    const limiters = await Promise.all(
      [1, 2].map(() => createRateLimiter(config, app.context.db, createLogger({ name: 'test', level: 'silent' }))),
    );
    try {
      const [first, second] = limiters;
      const key = `user ${Math.random()}`;
      // Counting begins when the connection stands.
      await until(
        'the counters answer',
        async () => (await first!.spend('hour', key)) !== null && (await second!.spend('hour', key)) !== null,
      );
      await Promise.all(limiters.map((limiter) => limiter.spend('upload', key)));
      expect(await first!.spend('upload', key)).toEqual({
        allowed: true,
        limit: 50,
        remaining: 47,
        resetSeconds: expect.any(Number),
      });
      await first!.refund('upload', key);
      await Promise.all(Array.from({ length: 48 }, () => second!.spend('upload', key)));
      expect(await first!.spend('upload', key)).toMatchObject({ allowed: false, remaining: 0 });
    } finally {
      for (const limiter of limiters) limiter.close();
      await redis.stop();
    }
  });

  it.skipIf(!withOwnRedis)(
    'count in the process while Redis is frozen, without waiting for it, and in Redis again after',
    async () => {
      const redis = await startRedis({ ours: true });
      const config = apiTestConfig({ rateLimits: true, redisUrl: redis.url });
      const limiter = await createRateLimiter(config, app.context.db, createLogger({ name: 'test', level: 'silent' }));
      try {
        expect(await limiter.spend('upload', 'somebody')).toMatchObject({ remaining: 49 });
        await redis.pause();
        expect(await limiter.spend('upload', 'somebody')).toMatchObject({ remaining: 49 });
        const startedAt = performance.now();
        for (let i = 0; i < 49; i++) await limiter.spend('upload', 'somebody');
        expect(performance.now() - startedAt).toBeLessThan(1_000);
        expect(await limiter.spend('upload', 'somebody')).toMatchObject({ allowed: false });
        await redis.resume();
        await until('Redis counts again', async () => (await limiter.spend('upload', 'somebody'))?.allowed === true, 5_000);
      } finally {
        limiter.close();
        await redis.stop();
      }
    },
  );

  it('count in the process while Redis is out of reach', async () => {
    const config = apiTestConfig({ rateLimits: true, redisUrl: 'redis://127.0.0.1:1' });
    const limiter = await createRateLimiter(config, app.context.db, createLogger({ name: 'test', level: 'silent' }));
    for (let i = 0; i < 50; i++)
      expect(await limiter.spend('upload', 'somebody')).toMatchObject({ allowed: true, remaining: 49 - i });
    expect(await limiter.spend('upload', 'somebody')).toMatchObject({ allowed: false });
    expect(await limiter.spend('upload', 'somebody else')).toMatchObject({ allowed: true });
    limiter.close();
  });
});
