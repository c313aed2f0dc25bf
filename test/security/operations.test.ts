// The document against the API: every operation is asked once, its answer held against what the document itself says of it, and every
// time and date in it against the two forms that there are.
import { createOpenApiDocument } from '@closebell/api/openapi';
import type { Endpoint } from '@closebell/shared/contracts/endpoint';
import { ENDPOINTS } from '@closebell/shared/contracts/endpoints';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gapsOfTable, keyOf, requestOf } from './requests.js';
import { send, type Answer } from './send.js';
import { freshName, startSite, type Person } from './site.js';
import { timeFaultsOf } from './times.js';
import { workOff } from './work.js';

const document = JSON.parse(JSON.stringify(createOpenApiDocument(ENDPOINTS))) as Record<string, unknown>;
const { missing } = gapsOfTable();
const operations = ENDPOINTS.filter((each) => !missing.includes(keyOf(each)));

let site: Awaited<ReturnType<typeof startSite>>;
let owner: Person;
let superuser: Person;
const answers = new Map<string, Answer>();

beforeAll(async () => {
  site = await startSite();
  [owner, superuser] = [await site.person(), await site.person({ isSuperuser: true })];
  await workOff(site.app);
  // What changes or removes records comes last, so that the reads find them.
  const byEffect = operations.toSorted((a, b) => rankOf(a) - rankOf(b));
  for (const definition of byEffect) answers.set(keyOf(definition), await ask(definition));
}, 180_000);
afterAll(() => site.close());

function rankOf({ method, path }: Endpoint): number {
  if (path === '/auth/logout') return 3;
  return { get: 0, post: 1, put: 1, delete: 2 }[method];
}

async function ask(definition: Endpoint): Promise<Answer> {
  const who = await callerOf(definition);
  const { headers = {}, ...sent } = requestOf(definition, who.ids, { ...who, fresh: freshName() });
  return send(site.url, { ...sent, headers: { ...headers, ...who.headers } });
}

/** Records that one operation removes are not there for another. */
async function callerOf({ auth, method, path }: Endpoint): Promise<Person> {
  if (path === '/admin/stop-impersonation') return { ...owner, headers: await impersonation() };
  if (auth === 'superuser') return method === 'get' ? superuser : { ...(await site.person()), headers: superuser.headers };
  return method === 'get' ? owner : site.person();
}

async function impersonation(): Promise<Readonly<Record<string, string>>> {
  const body = { target_user_id: owner.userId };
  const { json } = await send(site.url, {
    method: 'post',
    path: '/api/v1/admin/impersonate',
    headers: superuser.headers,
    body,
  });
  return { Authorization: `Bearer ${(json as { access_token: string }).access_token}` };
}

describe('the OpenAPI document', () => {
  it('is a valid OpenAPI 3.1 document to a validator that is not ours', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it('has a good request in the table for every operation', () => {
    expect(missing).toEqual([]);
  });

  it.each(operations.map((definition) => [keyOf(definition), definition] as const))(
    'describes what %s answers',
    (key, definition) => {
      const { status, headers, text, json } = answers.get(key)!;
      expect(Object.keys(definition.responses), text.slice(0, 500)).toContain(String(status));
      const contentType = headers.get('content-type')?.split(';')[0];
      if (text === '' && contentType === undefined) return expect(status).toBe(204);
      const validate = schemaOf(definition, status, contentType ?? '');
      const value = contentType === 'application/json' ? json : text;
      expect(validate(value) ? [] : validate.errors, text.slice(0, 500)).toEqual([]);
    },
  );

  it('describes an answer that every refusal fits', async () => {
    const { json } = await send(site.url, { method: 'get', path: '/api/v1/portfolios' });
    expect(ajv.validate({ $ref: 'document#/components/schemas/Error' }, json), ajv.errorsText()).toBe(true);
  });
});

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(document, 'document');

/** The schema as the document has it, at its place in the document. */
function schemaOf({ method, path, responses }: Endpoint, status: number, contentType: string): ValidateFunction {
  const operation = ['paths', path.replaceAll(/:(\w+)/g, '{$1}'), method, 'responses', String(status), 'content'];
  const { contentType: described = 'application/json' } = responses[status] ?? {};
  const place = [...operation, described === '*/*' ? described : contentType, 'schema'];
  const pointer = place.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
  return ajv.compile({ $ref: `document#/${pointer}` });
}

describe('times and dates', () => {
  it('are YYYY-MM-DDTHH:MM:SS.sssZ in fields ending in _at and YYYY-MM-DD in fields ending in _date, in every answer', () => {
    const faults = [...answers].flatMap(([key, { json }]) => timeFaultsOf(json).map((fault) => `${key}: ${fault}`));
    expect(faults).toEqual([]);
  });

  it('are found when they are wrong', () => {
    const wrong = { made_at: '2025-03-12T10:00:00Z', entry_date: '12/03/2025', list: [{ text: 'Wed Mar 12 2025' }], n_at: 5 };
    expect(timeFaultsOf(wrong)).toHaveLength(4);
    expect(timeFaultsOf({ made_at: '2025-03-12T10:00:00.000Z', entry_date: null, day: '2025-03-12', symbol: 'BRK.B' })).toEqual(
      [],
    );
  });
});
