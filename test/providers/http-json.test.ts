import { createJsonClient, type JsonSource } from '@closebell/worker/market-data/http-json';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startStandIn, type StandIn } from './stand-in.js';

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn(({ pathname }) => ({ body: { path: pathname } }));
});
afterEach(() => standIn.failWith(null));
afterAll(() => standIn.close());

const anything = { safeParse: (value: unknown) => ({ success: true as const, data: value }) };

test('paths are added to the base address, with or without a slash at its end', async () => {
  for (const baseUrl of [standIn.url, `${standIn.url}/`])
    expect(await ask({ baseUrl })).toEqual({ status: 'ok', value: { path: '/v1/things' } });
});

test('a body beyond the limit is not read to its end', async () => {
  standIn.failWith((response) => response.end(JSON.stringify('x'.repeat(2_000))));
  expect(await ask({ bodyBytesMax: 1_000 })).toEqual({ status: 'garbage', reason: 'Acme sent more than 1000 bytes' });
});

test('a redirect is not followed: the key is for one address', async () => {
  const elsewhere = await startStandIn(() => ({ body: {} }));
  standIn.failWith((response) => response.writeHead(302, { location: elsewhere.url }).end());
  expect(await ask({})).toEqual({ status: 'unavailable', reason: 'Acme answered 302' });
  expect(elsewhere.asked).toEqual([]);
  await elsewhere.close();
});

test('a date in Retry-After is waited for', async () => {
  const inTenMinutes = new Date(Date.now() + 600_000).toUTCString();
  standIn.failWith((response) => response.writeHead(429, { 'retry-after': inTenMinutes }).end());
  const answer = await ask({});
  const wait = answer.status === 'rate_limited' ? (answer.retryAfterMs ?? 0) : 0;
  expect(wait).toBeGreaterThan(500_000);
  expect(wait).toBeLessThanOrEqual(600_000);
});

test('a reason names the provider, what happened, and what the provider says of it, shortened', async () => {
  standIn.failWith((response) => response.writeHead(403).end(JSON.stringify({ message: `Upgrade!  ${'x'.repeat(500)}` })));
  expect(await ask({})).toEqual({ status: 'unauthorized', reason: `Acme answered 403: Upgrade! ${'x'.repeat(191)}` });
});

test('of an answer of another shape the first fault is named', async () => {
  const shape = {
    safeParse: () => ({ success: false as const, error: { issues: [{ path: ['rows', 3, 'close'], message: 'is text' }] } }),
  };
  const client = createJsonClient(source({}));
  expect(await client({ path: '/v1/things', shape }, new AbortController().signal)).toEqual({
    status: 'garbage',
    reason: 'Acme sent something else than expected: rows.3.close: is text',
  });
});

test('a server that is not there is unavailable, and no address stands in the reason', async () => {
  const gone = await startStandIn(() => ({ body: {} }));
  await gone.close();
  expect(await ask({ baseUrl: gone.url })).toEqual({ status: 'unavailable', reason: 'Acme could not be reached: ECONNREFUSED' });
});

function ask(change: Partial<JsonSource>) {
  return createJsonClient(source(change))({ path: '/v1/things', shape: anything }, new AbortController().signal);
}

function source(change: Partial<JsonSource>): JsonSource {
  return { provider: 'Acme', baseUrl: standIn.url, apiKey: 'secret', query: { key: 'secret' }, refusalOf: () => null, ...change };
}
