// One user's data carries a mark wherever it is text or an amount. Another user asks every route, with ids of his own and with the first
// one's: no byte of the mark may come back, in an answer or a header, nor be in the lines that the program writes.
import { closeDb, createDb } from '@closebell/prisma/client';
import { withPrisma } from '@closebell/prisma/prisma-client';
import type { Endpoint } from '@closebell/shared/contracts/endpoint';
import { ENDPOINTS } from '@closebell/shared/contracts/endpoints';
import { freePort } from '@closebell/shared/infra/free-port';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TEST_INVITE_CODE, TEST_PASSWORD } from '../support/app.js';
import { createTestDatabase } from '../support/database.js';
import { spawnProgram, type Program } from '../support/programs.js';
import { until } from '../support/until.js';
import { testConfig } from '../support/worker.js';
import type { Ids } from './records.js';
import { gapsOfTable, idsNamedBy, keyOf, requestOf } from './requests.js';
import { send, type Answer, type Sent } from './send.js';
import { freshName, NOW, siteOf, type Person, type Site } from './site.js';

const MARKS = { text: 'CNRYTEXT', amount: 73_173.73 };
const TRACES = /CNRYTEXT|73,?173/i;

const { missing } = gapsOfTable();
const endpoints = ENDPOINTS.filter((each) => !missing.includes(keyOf(each)));

let program: Program;
let site: Site;
let marked: Person;

beforeAll(async () => {
  const { url: databaseUrl } = await createTestDatabase();
  const port = await freePort();
  program = spawnProgram(['node', 'api/dist/main.js'], {
    env: {
      ENVIRONMENT: 'test',
      DATABASE_URL: databaseUrl,
      PORT: String(port),
      LOG_LEVEL: 'trace',
      RATE_LIMITS: 'false',
      BETA_INVITE_CODE: TEST_INVITE_CODE,
      CLOSEBELL_NOW: NOW,
    },
    readyWhen: 'api ready',
  });
  await program.ready;
  const db = withPrisma(createDb({ databaseUrl, poolMax: 4, applicationName: 'test' }));
  site = await siteOf({ url: `http://127.0.0.1:${port}`, db, config: testConfig(), close: () => closeDb(db) });
  marked = await site.person({ marks: MARKS });
});
afterAll(async () => {
  await program.kill('SIGTERM');
  await site.close();
});

const ask = (sent: Sent, { headers }: Person): Promise<Answer> =>
  send(site.url, { ...sent, headers: { ...sent.headers, ...headers } });

const requestWith = (definition: Endpoint, ids: Ids, person: Person, fresh = freshName()): Sent =>
  requestOf(definition, ids, { fresh, email: person.email, refreshToken: person.refreshToken, userId: person.userId });

it('is in the answers to the one whose data it is', async () => {
  const telling = [];
  for (const definition of endpoints.filter(({ method, auth }) => method === 'get' && auth === 'user')) {
    const { text } = await ask(requestWith(definition, marked.ids, marked), marked);
    if (TRACES.test(text)) telling.push(keyOf(definition));
  }
  expect(telling.length).toBeGreaterThan(15);
  expect(telling).toEqual(
    expect.arrayContaining(['get /portfolios', 'get /portfolios/:id', 'get /imports/:id', 'get /auth/me', 'get /tags']),
  );
});

it('is in no answer to anybody else, whatever ids he asks with', async () => {
  const faults: string[] = [];
  let count = 0;
  for (const definition of endpoints) {
    const other = await site.person();
    const fromThem = (name: keyof Ids): Ids => ({ ...other.ids, [name]: marked.ids[name] });
    const names = idsNamedBy(definition, marked.ids, { ...marked, fresh: '' });
    for (const ids of [marked.ids, ...names.map(fromThem), other.ids]) {
      const sent = requestWith(definition, ids, other);
      const { status, headers, text } = await ask(sent, other);
      if (TRACES.test(JSON.stringify([...headers]) + text))
        faults.push(`${sent.method} ${sent.path}: ${status} ${text.slice(0, 200)}`);
      count++;
    }
  }
  console.log(`canary: ${count} requests of another user over ${endpoints.length} routes`);
  expect(faults).toEqual([]);
}, 180_000);

it('is in no line of the log, nor is a password, a token, a cookie or an address, whoever asked what', async () => {
  const writes = endpoints
    .filter(({ method, path }) => method !== 'get' && path !== '/auth/logout')
    // What takes records away comes last.
    .toSorted((a, b) => Number(a.method === 'delete') - Number(b.method === 'delete'));
  const statuses: number[] = [];
  for (const definition of writes) {
    const sent = requestWith(definition, marked.ids, marked, `${MARKS.text}${freshName()}`);
    const Cookie = 'auth_token=cookie-of-the-canary; csrf_token=csrf-of-the-canary';
    statuses.push((await ask({ ...sent, headers: { ...sent.headers, Cookie } }, marked)).status);
  }
  expect(statuses.filter((status) => status < 300).length).toBeGreaterThan(20);
  const last = await send(site.url, { method: 'get', path: '/api/v1/auth/me', headers: { 'X-Request-Id': 'the-last-one' } });
  expect(last.status).toBe(401);
  await until('the last request is logged', () => program.output().includes('the-last-one'));
  const secrets = [
    TEST_PASSWORD,
    marked.accessToken,
    marked.refreshToken,
    'of-the-canary',
    '@example.com',
    'Bearer ',
    TEST_INVITE_CODE,
  ];
  expect(secrets.filter((secret) => program.output().includes(secret))).toEqual([]);
  expect(TRACES.exec(program.output())?.[0]).toBeUndefined();
}, 60_000);
