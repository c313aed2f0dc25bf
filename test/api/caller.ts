// One user's view of the API: requests with the user's credentials, replies with their JSON read.
import { expect } from 'vitest';

export type Reply = Readonly<{ status: number; headers: Headers; text: string; json: unknown }>;

export type Caller = Readonly<{
  userId: string;
  get: (path: string, headers?: Readonly<Record<string, string>>) => Promise<Reply>;
  post: (path: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<Reply>;
}>;

/** `path` below /api/v1, or the whole path as a poll_url gives it. */
export function createCaller(url: string, userId: string, credentials: Readonly<Record<string, string>>): Caller {
  const send = async (method: string, path: string, headers: Readonly<Record<string, string>>, body?: unknown): Promise<Reply> => {
    const whole = path.startsWith('/api/v1') ? path : `/api/v1${path}`;
    const isForm = body instanceof FormData;
    const response = await fetch(url + whole, {
      method,
      headers: { ...credentials, ...(body === undefined || isForm ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: readJson(text) };
  };
  return {
    userId,
    get: (path, headers = {}) => send('GET', path, headers),
    post: (path, body, headers = {}) => send('POST', path, headers, body),
  };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
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
