// One user's view of the API: requests with the user's credentials, replies with their JSON read.
import { ENDPOINTS } from '@closebell/shared/contracts/endpoints';
import { expect } from 'vitest';
import type { TestApp } from '../support/app.js';

export type Reply = Readonly<{ status: number; headers: Headers; text: string; json: unknown }>;

export type Caller = Readonly<{
  userId: string;
  get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<Reply>;
  post: (path: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<Reply>;
  put: (path: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<Reply>;
  delete: (path: string, headers?: Readonly<Record<string, string>>) => Promise<Reply>;
}>;

/** Logged in over HTTP, as a new account unless an address is given. */
export async function logIn(
  { url, login }: Pick<TestApp, 'url' | 'login'>,
  options: Parameters<TestApp['login']>[0] = {},
): Promise<Caller> {
  const { userId, accessToken } = await login(options);
  return createCaller(url, userId, { Authorization: `Bearer ${accessToken}` });
}

/** `path` below /api/v1, or the whole path as a poll_url gives it. */
export function createCaller(url: string, userId: string, credentials: Readonly<Record<string, string>>): Caller {
  const send = async (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: unknown,
  ): Promise<Reply> => {
    const whole = path.startsWith('/api/v1') ? path : `/api/v1${path}`;
    const isForm = body instanceof FormData;
    const response = await fetch(url + whole, {
      method,
      headers: { ...credentials, ...(body === undefined || isForm ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const reply = { status: response.status, headers: response.headers, text, json: readJson(text) };
    expectContract(method, whole, reply);
    return reply;
  };
  return {
    userId,
    get: (path, headers = {}) => send('GET', path, headers),
    post: (path, body, headers = {}) => send('POST', path, headers, body),
    put: (path, body, headers = {}) => send('PUT', path, headers, body),
    delete: (path, headers = {}) => send('DELETE', path, headers),
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Every answer that is no error must be what the endpoint's contract says, whatever the test looks at. */
function expectContract(method: string, path: string, { status, json, text }: Reply): void {
  const below = path.slice('/api/v1'.length).split('?')[0] ?? '';
  const definition = ENDPOINTS.find((each) => each.method === method.toLowerCase() && patternOf(each.path).test(below));
  const isError = status >= 400 && (json as { error?: unknown } | null)?.error !== undefined;
  if (definition === undefined || status === 304 || isError) return;
  const response = definition.responses[status];
  expect(response, `${method} ${below} answered ${status}, which its contract lacks: ${text}`).toBeDefined();
  if (response?.schema === undefined || json === null) return;
  expect(response.schema.safeParse(json).error?.issues, `${method} ${below}: ${text}`).toBeUndefined();
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(/:\w+/g, '[^/]+')}$`);
}

/** Reads fields of a reply that a test goes on with; fails the test when the reply has another status. */
export function fieldsOf<T>(reply: Reply, status: number): T {
  expect(reply.status, reply.text).toBe(status);
  return reply.json as T;
}

export function expectError(reply: Reply, status: number, code: string): void {
  expect(reply.json, reply.text).toMatchObject({ error: { code } });
  expect(reply.status).toBe(status);
}
