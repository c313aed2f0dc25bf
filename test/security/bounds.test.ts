// How much one request may ask of the server: bytes, depth and time. Whatever is over is refused in the one shape of an error.
import { createApp } from '@closebell/api/app';
import { listen, type ListeningServer } from '@closebell/api/server';
import { ERRORS, type ErrorCode } from '@closebell/shared/errors';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp, type TestLogin } from '../support/app.js';
import { until } from '../support/until.js';
import { answerIn, rawClient } from './raw-socket.js';

let app: TestApp;
let user: TestLogin;
beforeAll(async () => {
  app = await startTestApp();
  user = await app.login();
});
afterAll(() => app.close());

function expectRefusal({ status, json }: Readonly<{ status: number; json: unknown }>, code: ErrorCode): void {
  expect(json).toMatchObject({
    error: { code, message: expect.any(String) as string, documentation_url: `/docs/errors#${code}` },
  });
  expect((json as { error: { request_id: string } }).error.request_id).toMatch(/^[\w.:/+=-]+$/);
  expect(status).toBe(ERRORS[code].status);
}

async function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; json: unknown }> {
  const all = { ...user.headers, ...headers };
  const response = await fetch(`${app.url}/api/v1/analytics/greeks/calculate`, { method: 'POST', headers: all, body });
  return { status: response.status, json: await response.json() };
}

describe('a JSON body', () => {
  const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

  it.each([33, 10_000, 100_000])('of %i levels is refused, not answered with a failure', async (depth) => {
    expectRefusal(await post(nested(depth)), 'ERR_REQ_002');
    expectRefusal(await post(`{"positions":${nested(depth)}}`), 'ERR_REQ_002');
  });

  it('may have as many brackets within its texts as it likes', async () => {
    const positions = [{ type: `\\"${'[{'.repeat(500)}` }];
    expectRefusal(await post(JSON.stringify({ positions })), 'ERR_REQ_001');
  });

  it('is UTF-8: another encoding, in which brackets look otherwise, is refused', async () => {
    for (const charset of ['utf-16', 'utf-16le', 'utf-32', 'utf-7', 'latin1']) {
      const bytes = new Uint8Array(Buffer.from(nested(50_000), 'utf16le'));
      expectRefusal(await post(bytes, { 'Content-Type': `application/json; charset=${charset}` }), 'ERR_REQ_002');
    }
  });

  it('of 1 KB that unpacks to 100 MB is refused when 1 MB of it is there', async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(100 * 1024 * 1024, 0x20), { level: 9 }));
    const startedAt = performance.now();
    expectRefusal(await post(bomb, { 'Content-Encoding': 'gzip' }), 'ERR_REQ_003');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('of an encoding that is not known, or that is not what it says, is refused', async () => {
    expectRefusal(await post('{}', { 'Content-Encoding': 'zstd' }), 'ERR_REQ_002');
    expectRefusal(await post('{}', { 'Content-Encoding': 'gzip' }), 'ERR_REQ_002');
  });
});

describe('an address', () => {
  it.each([20_000, 100_000])('of %i characters is refused with 431 in the one shape', async (length) => {
    const client = await rawClient(app.url);
    await client.write(`GET /api/v1/data/company-profiles?symbols=${'A'.repeat(length)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await client.closed;
    expectRefusal(answerIn(client.received()), 'ERR_REQ_004');
  });

  it('with ten thousand parameters is answered like any other', async () => {
    const response = await fetch(`${app.url}/api/v1/portfolios?${'a&'.repeat(7_000)}`, { headers: user.headers });
    expect(response.status).toBe(200);
  });
});

it('what is no HTTP is refused in the one shape', async () => {
  for (const bytes of [
    'nonsense\r\n\r\n',
    'GET / HTTP/1.1\r\nbad header\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
  ]) {
    const client = await rawClient(app.url);
    await client.write(bytes);
    await client.closed;
    expectRefusal(answerIn(client.received()), 'ERR_REQ_002');
  }
});

describe('a slow client', () => {
  let impatient: ListeningServer;
  beforeAll(async () => {
    impatient = await listen(createApp(app.context), {
      host: '127.0.0.1',
      port: 0,
      timeouts: { headersMs: 300, requestMs: 900 },
    });
  });
  afterAll(() => impatient.close(0));

  it('that does not end its headers is hung up on', async () => {
    const client = await rawClient(impatient.url);
    await client.write('GET /health HTTP/1.1\r\nHost: x\r\n');
    await client.closed;
    expectRefusal(answerIn(client.received()), 'ERR_REQ_005');
  });

  it('that does not end its body is hung up on', async () => {
    const client = await rawClient(impatient.url);
    await client.write(
      'POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
    );
    await client.closed;
    expectRefusal(answerIn(client.received()), 'ERR_REQ_005');
  });

  it('does not slow others down, were it two hundred', async () => {
    const clients = await Promise.all(Array.from({ length: 200 }, () => rawClient(app.url)));
    await Promise.all(clients.map((client) => client.write('GET /health HTTP/1.1\r\nX-Slow: ')));
    const tookMs: number[] = [];
    for (let i = 0; i < 50; i++) {
      await Promise.all(clients.map((client) => client.write('a')));
      const startedAt = performance.now();
      expect((await fetch(`${app.url}/health`)).status).toBe(200);
      tookMs.push(performance.now() - startedAt);
    }
    for (const client of clients) client.destroy();
    expect(tookMs.toSorted((a, b) => a - b)[25]).toBeLessThan(50);
  });
});

describe('an upload', () => {
  const BOUNDARY = 'x-boundary-x';
  const head = (length: string, fileName = 'positions.csv'): string =>
    `POST /api/v1/onboarding/preview HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${user.accessToken}\r\n` +
    `Content-Type: multipart/form-data; boundary=${BOUNDARY}\r\n${length}\r\n\r\n` +
    (fileName === '' ? '' : `${part(fileName)}`);
  const part = (fileName: string): string =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="csv_file"; filename="${fileName}"\r\n\r\n`;
  const MEGABYTE = new Uint8Array(1024 * 1024).fill(0x41);

  it('of more than 10 MB is refused while it is sent', async () => {
    const client = await rawClient(app.url);
    await client.write(head(`Content-Length: ${10.4 * 1024 * 1024 + 1_000}`.replace(/\..*/, '')));
    for (let megabytes = 0; megabytes < 10; megabytes++) await client.write(MEGABYTE);
    expect(client.received()).toBe('');
    await client.write('one byte too much, and there is more to come');
    await until('the answer is there', () => client.received().includes('ERR_'));
    expectRefusal(answerIn(client.received()), 'ERR_CSV_001');
    client.destroy();
  });

  it('that says that it is larger is refused before any of it is sent', async () => {
    const client = await rawClient(app.url);
    await client.write(head(`Content-Length: ${1e12}`, ''));
    await until('the answer is there', () => client.received().includes('ERR_'));
    expectRefusal(answerIn(client.received()), 'ERR_CSV_001');
    client.destroy();
  });

  it('with the wrong name is refused at its name', async () => {
    const client = await rawClient(app.url);
    await client.write(`${head('Content-Length: 9000000', 'positions.xlsx')}PK`);
    await until('the answer is there', () => client.received().includes('ERR_'));
    expectRefusal(answerIn(client.received()), 'ERR_CSV_002');
    client.destroy();
  });

  it('without an end, of parts or of none, is refused and hung up on, whatever it sends', async () => {
    const client = await rawClient(app.url);
    await client.write(head('Transfer-Encoding: chunked', ''));
    const sendOn = async (): Promise<void> => {
      for (let megabytes = 0; megabytes < 12; megabytes++) {
        await client.write('100000\r\n');
        await client.write(MEGABYTE);
        await client.write('\r\n');
      }
    };
    await Promise.race([sendOn(), client.closed]);
    await until('the answer is there', () => client.received().includes('ERR_'));
    expectRefusal(answerIn(client.received()), 'ERR_CSV_001');
    await client.closed;
  });

  it('leaves the server as it was: the next one is read', async () => {
    const form = new FormData();
    form.append('csv_file', new Blob(['Symbol,Quantity,Entry Price Per Share,Entry Date\nAAPL,1,2,2024-01-16\n']), 'a.csv');
    const { Authorization } = user.headers as { Authorization: string };
    const response = await fetch(`${app.url}/api/v1/onboarding/preview`, {
      method: 'POST',
      headers: { Authorization },
      body: form,
    });
    expect(await response.json()).toMatchObject({ importable: true, rows_valid: 1 });
  });
});
