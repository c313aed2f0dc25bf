// Every route of the running router, asked by every kind of caller. Who is refused is refused before anything was written.
import { apiRouter } from '@closebell/api/app';
import type { Endpoint } from '@closebell/shared/contracts/endpoint';
import { ENDPOINTS } from '@closebell/shared/contracts/endpoints';
import { revokeFamily } from '@closebell/prisma/refresh-tokens';
import type { ErrorCode } from '@closebell/shared/errors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CALLERS, credentialsOf, expectedOf, NOT_FOUND, type Caller, type Cast, type Expected } from './callers.js';
import type { Ids } from './records.js';
import { gapsOfTable, idsNamedBy, keyOf, requestOf } from './requests.js';
import { send, type Answer } from './send.js';
import { freshName, startSite, type Person } from './site.js';

let site: Awaited<ReturnType<typeof startSite>>;
let cast: Cast;
let routes: readonly Endpoint[];

beforeAll(async () => {
  site = await startSite();
  cast = await newCast();
  const definitions = new Map(ENDPOINTS.map((each) => [keyOf(each), each]));
  const { missing } = gapsOfTable();
  routes = mountedRoutes().flatMap((key) => (missing.includes(key) ? [] : (definitions.get(key) ?? [])));
});
afterAll(() => site.close());

/** "get /portfolios/:id", as Express has them. */
function mountedRoutes(): readonly string[] {
  return apiRouter(site.app.context).stack.flatMap(({ route }) =>
    route ? route.stack.map(({ method }) => `${method} ${route.path}`) : [],
  );
}

async function newCast(): Promise<Cast> {
  const [owner, other, revoked] = [await site.person(), await site.person(), await site.person()];
  await revokeFamily(site.db.pool, revoked.sessionId);
  const superuser = await site.person({ isSuperuser: true });
  return { owner, other, revoked, superuser, impersonation: await impersonate(owner, superuser) };
}

async function impersonate({ userId }: Person, { headers }: Person): Promise<string> {
  const body = { target_user_id: userId };
  const { json } = await send(site.url, { method: 'post', path: '/api/v1/admin/impersonate', headers, body });
  return (json as { access_token: string }).access_token;
}

/** What one caller has changed must not be what the next one finds. A public route, as logging out, may end the caller's own login. */
async function castFor({ method, auth }: Endpoint, caller: Caller): Promise<Cast> {
  if (method === 'get') return cast;
  if (auth === 'public') return newCast();
  const owner = await site.person();
  const isImpersonated = caller === 'impersonating superuser';
  return { ...cast, owner, impersonation: isImpersonated ? await impersonate(owner, cast.superuser) : '' };
}

const askingOf = ({ email, refreshToken, userId }: Person) => ({ fresh: freshName(), email, refreshToken, userId });

it('holds every route that is mounted, and no other', () => {
  expect(gapsOfTable()).toEqual({ missing: [], stray: [] });
  expect(mountedRoutes().toSorted()).toEqual(ENDPOINTS.map(keyOf).toSorted());
});

type Cell = Readonly<{ definition: Endpoint; caller: Caller; expected: Expected }>;

function cells(): readonly Cell[] {
  return routes.flatMap((definition) => {
    const isOwned = idsNamedBy(definition, cast.owner.ids, askingOf(cast.owner)).length > 0;
    return CALLERS.map((caller) => ({ definition, caller, expected: expectedOf(definition, caller, isOwned) }));
  });
}

it('refuses whoever may not, and nothing is written', async () => {
  const refused = cells().filter(({ expected }) => expected !== 'good');
  const before = await everything();
  const faults: string[] = [];
  for (const { definition, caller, expected } of refused) {
    const answer = await ask(definition, caller, cast, cast.owner.ids);
    faults.push(...faultOf(definition, caller, answer, expected));
  }
  expect(faults).toEqual([]);
  expect(await everything()).toEqual(before);
});

it('finds each id alone, beside ids that are the caller’s own', async () => {
  const before = await everything();
  const faults: string[] = [];
  let count = 0;
  for (const definition of routes.filter(({ auth }) => auth === 'user')) {
    const { owner, other } = cast;
    const names = idsNamedBy(definition, owner.ids, askingOf(owner));
    for (const name of names.length > 1 ? names : []) {
      const answer = await ask(definition, 'another user', cast, { ...other.ids, [name]: owner.ids[name] });
      const codes: readonly ErrorCode[] = definition.method === 'get' ? NOT_FOUND : ['ERR_OWNER_001', ...NOT_FOUND];
      faults.push(...faultOf(definition, `another user with the owner's ${name}`, answer, codes));
      count++;
    }
  }
  expect(faults).toEqual([]);
  expect(await everything()).toEqual(before);
  console.log(`ownership: ${count} requests with one id of another user among the caller's own`);
});

it('lets in whoever may', async () => {
  const faults: string[] = [];
  for (const { definition, caller } of cells().filter(({ expected }) => expected === 'good')) {
    const own = await castFor(definition, caller);
    faults.push(...faultOf(definition, caller, await ask(definition, caller, own, own.owner.ids), 'good'));
  }
  expect(faults).toEqual([]);
  const { length } = cells();
  console.log(`ownership matrix: ${routes.length} routes × ${CALLERS.length} callers = ${length} cells`);
}, 120_000);

async function ask(definition: Endpoint, caller: Caller, own: Cast, ids: Ids): Promise<Answer> {
  const { headers = {}, ...sent } = requestOf(definition, ids, askingOf(own.owner));
  return send(site.url, { ...sent, headers: { ...headers, ...(await credentialsOf(site, own, caller, definition)) } });
}

function faultOf(definition: Endpoint, who: string, { status, json, text }: Answer, expected: Expected): readonly string[] {
  const code = (json as { error?: { code?: ErrorCode } } | null)?.error?.code;
  const isAsExpected =
    expected === 'good' ? status < 400 && status in definition.responses : code !== undefined && expected.includes(code);
  return isAsExpected ? [] : [`${keyOf(definition)} by ${who}: ${status} ${text.slice(0, 200)}, expected ${String(expected)}`];
}

/** The contents of every table, by digest; but for counters that the asking itself moves. */
async function everything(): Promise<Readonly<Record<string, unknown>>> {
  const { pool } = site.db;
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables
     WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name NOT IN ('metric_values', 'rate_counters') ORDER BY 1`,
  );
  const digest = async (name: string): Promise<unknown> =>
    (await pool.query(`SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM ${name} t`)).rows[0];
  return Object.fromEntries(await Promise.all(tables.map(async ({ name }) => [name, await digest(name)] as const)));
}
