// The API as a client meets it: over HTTP, on a database of its own.
import { createApp } from '@closebell/api/app';
import { openContext, type ApiContext } from '@closebell/api/context';
import { listen } from '@closebell/api/server';
import type { Config } from '@closebell/shared/config';
import { createLogger } from '@closebell/shared/infra/logger';
import { randomBytes } from 'node:crypto';
import { createTestDatabase } from './database.js';
import { testConfig } from './worker.js';

export const TEST_INVITE_CODE = 'TEST-INVITE';
export const TEST_PASSWORD = 'Correct-horse-7';

export type TestLogin = Readonly<{
  userId: string;
  email: string;
  accessToken: string;
  refreshToken: string;
  /** Ready to be sent: Authorization and Content-Type. */
  headers: Readonly<Record<string, string>>;
}>;

export type TestApp = Readonly<{
  url: string;
  context: ApiContext;
  /** A new account with TEST_PASSWORD; its e-mail address. */
  register: (email?: string) => Promise<string>;
  /** Logs in, as a new account unless an address is given. */
  login: (options?: Readonly<{ email?: string; superuser?: boolean }>) => Promise<TestLogin>;
  close: () => Promise<void>;
}>;

/** The configuration of an API under test: silent, without rate limits, nothing from the environment. */
export function apiTestConfig(overrides: Partial<Config> = {}): Config {
  return { ...testConfig({ RATE_LIMITS: 'false', BETA_INVITE_CODE: TEST_INVITE_CODE }), ...overrides };
}

/** `clock`: the market's, for a test that holds or moves it. */
export async function startTestApp(overrides: Partial<Config> = {}, clock?: () => Date): Promise<TestApp> {
  const config = apiTestConfig(overrides);
  const database = await createTestDatabase();
  const { context: opened, close } = await openContext(
    config,
    database.url,
    createLogger({ name: 'api', level: config.logLevel }),
  );
  const context = clock === undefined ? opened : { ...opened, clock };
  const server = await listen(createApp(context), { host: '127.0.0.1', port: 0 });
  const { url } = server;
  const register = async (email = `user-${randomBytes(4).toString('hex')}@example.com`): Promise<string> => {
    await post(`${url}/api/v1/onboarding/register`, {
      email,
      password: TEST_PASSWORD,
      full_name: 'Ada Test',
      invite_code: TEST_INVITE_CODE,
    });
    return email;
  };
  return {
    url,
    context,
    register,
    login: async ({ email: known, superuser = false } = {}) => {
      const email = known ?? (await register());
      if (superuser) await context.db.prisma.user.update({ where: { email }, data: { isSuperuser: true } });
      const reply = await post(`${url}/api/v1/auth/login`, { email, password: TEST_PASSWORD });
      const { access_token: accessToken, refresh_token: refreshToken, user } = reply as LoginReply;
      const headers = { Authorization: `Bearer ${accessToken}`, 'Content-Type': 'application/json' };
      return { userId: user.id, email, accessToken, refreshToken, headers };
    },
    close: async () => {
      await server.close(0);
      await close();
      await database.drop();
    },
  };
}

type LoginReply = Readonly<{ access_token: string; refresh_token: string; user: Readonly<{ id: string }> }>;

async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${url}: ${response.status} ${text}`);
  return JSON.parse(text);
}
