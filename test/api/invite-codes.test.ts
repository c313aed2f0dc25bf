// Invite codes of the database: who gets in with one, how often, and that a use is counted with the account or not at all.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, TEST_INVITE_CODE, TEST_PASSWORD, type TestApp } from '../support/app.js';
import { createCaller, expectError, fieldsOf, logIn, type Caller, type Reply } from './caller.js';

let app: TestApp;
let admin: Caller;
let nobody: Caller;
beforeAll(async () => {
  app = await startTestApp();
  admin = await logIn(app, { superuser: true });
  nobody = createCaller(app.url, '', {});
});
afterAll(() => app.close());

type Invite = Readonly<{
  id: string;
  code: string;
  cohort: string | null;
  uses: number;
  uses_max: number | null;
  uses_left: number | null;
  state: string;
  expires_at: string | null;
}>;
type Page = Readonly<{ invite_codes: readonly Invite[]; next_cursor: string | null }>;

const TOMORROW = new Date(Date.now() + 86_400_000).toISOString();
const YESTERDAY = new Date(Date.now() - 86_400_000).toISOString();

const create = async (body: unknown = {}) => fieldsOf<Invite>(await admin.post('/admin/invite-codes', body), 201);
const change = (id: string, body: unknown) => admin.put(`/admin/invite-codes/${id}`, body);
const revoke = (id: string) => admin.delete(`/admin/invite-codes/${id}`);
const register = (inviteCode: string, fields: Readonly<Record<string, string>> = {}): Promise<Reply> =>
  nobody.post('/onboarding/register', {
    email: `${randomUUID()}@example.com`,
    password: TEST_PASSWORD,
    full_name: 'Ada Test',
    invite_code: inviteCode,
    ...fields,
  });
const current = async (id: string): Promise<Invite> => {
  const { invite_codes: codes } = fieldsOf<Page>(await admin.get('/admin/invite-codes?limit=200'), 200);
  return codes.find((code) => code.id === id)!;
};
const accountsOf = async (id: string) =>
  (await app.context.db.pool.query(`SELECT 1 FROM users WHERE invite_code_id = $1`, [id])).rowCount;

describe('a code', () => {
  it('that is made for you has 16 characters that are hard to mistake, another one every time', async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => create()));
    for (const { code, state, uses_left: left } of made) {
      expect(code).toMatch(/^([A-HJKMNP-Z2-9]{4}-){3}[A-HJKMNP-Z2-9]{4}$/);
      expect([state, left]).toEqual(['active', null]);
    }
    expect(new Set(made.map(({ code }) => code)).size).toBe(made.length);
  });

  it('lets people in whatever its case and the blanks around it, and knows whom', async () => {
    const { id, code } = await create({ code: 'Spring-Beta_1', cohort: 'spring', uses_max: 5, expires_at: TOMORROW });
    expect((await register(`  ${code.toLowerCase()} `)).status).toBe(201);
    expect((await register(code.toUpperCase())).status).toBe(201);
    expect(await current(id)).toMatchObject({ cohort: 'spring', uses: 2, uses_max: 5, uses_left: 3, state: 'active' });
    expect(await accountsOf(id)).toBe(2);
  });

  it('exists once, whatever its case, also when it was revoked or is the one of the configuration', async () => {
    const { id } = await create({ code: 'ONLY-ONCE' });
    await revoke(id);
    expectError(await admin.post('/admin/invite-codes', { code: ' only-once ' }), 409, 'ERR_INVITE_003');
    expectError(await admin.post('/admin/invite-codes', { code: TEST_INVITE_CODE.toLowerCase() }), 409, 'ERR_INVITE_003');
  });

  it.each([
    { code: 'short' },
    { code: 'with blank' },
    { code: 'a'.repeat(65) },
    { code: 'ümlaut-code' },
    { uses_max: 0 },
    { uses_max: 1.5 },
    { uses_max: 1e9 },
    { cohort: '' },
    { cohort: 'a'.repeat(101) },
    { expires_at: 'tomorrow' },
    { expires_at: '2026-01-01' },
  ])('is not made of %o', async (body) => {
    expectError(await admin.post('/admin/invite-codes', body), 422, 'ERR_REQ_001');
  });

  it('is made once per Idempotency-Key', async () => {
    const headers = { 'Idempotency-Key': randomUUID() };
    const first = await admin.post('/admin/invite-codes', { cohort: 'once' }, headers);
    const again = await admin.post('/admin/invite-codes', { cohort: 'once' }, headers);
    expect([first.status, again.text]).toEqual([201, first.text]);
    const { invite_codes: codes } = fieldsOf<Page>(await admin.get('/admin/invite-codes?limit=200'), 200);
    expect(codes.filter(({ cohort }) => cohort === 'once')).toHaveLength(1);
  });
});

describe('uses', () => {
  it('of 50 registrations at once on a code for 10 make 10 accounts', async () => {
    const { id, code } = await create({ uses_max: 10 });
    const replies = await Promise.all(Array.from({ length: 50 }, () => register(code)));
    expect(replies.filter(({ status }) => status === 201)).toHaveLength(10);
    for (const reply of replies) if (reply.status !== 201) expectError(reply, 401, 'ERR_INVITE_001');
    expect(await accountsOf(id)).toBe(10);
    expect(await current(id)).toMatchObject({ uses: 10, uses_left: 0, state: 'used_up' });
  });

  it('are not counted for a registration that fails', async () => {
    const { id, code } = await create({ uses_max: 1 });
    const taken = await app.register();
    expectError(await register(code, { email: taken.toUpperCase() }), 409, 'ERR_USER_001');
    expectError(await register(code, { password: 'weak' }), 422, 'ERR_USER_003');
    expect(await current(id)).toMatchObject({ uses: 0, state: 'active' });
    expect((await register(code)).status).toBe(201);
  });

  it('of the code of the configuration are not counted anywhere', async () => {
    const email = await app.register();
    const { rows } = await app.context.db.pool.query(`SELECT invite_code_id FROM users WHERE email = $1`, [email]);
    expect(rows).toEqual([{ invite_code_id: null }]);
  });
});

describe('a code that lets nobody in', () => {
  it('is answered alike whether it was revoked, has expired, is used up or never was', async () => {
    const revoked = await create();
    await revoke(revoked.id);
    const expired = await create({ expires_at: YESTERDAY });
    const usedUp = await create({ uses_max: 1 });
    expect((await register(usedUp.code)).status).toBe(201);
    const replies = await Promise.all(
      [revoked.code, expired.code, usedUp.code, 'NEVER-WAS-ONE', ''].map((code) => register(code)),
    );
    for (const reply of replies) expectError(reply, 401, 'ERR_INVITE_001');
    const told = replies.map(({ json }) => ({ ...(json as { error: object }).error, request_id: null }));
    expect(new Set(told.map((error) => JSON.stringify(error))).size).toBe(1);
    const states = await Promise.all([revoked, expired, usedUp].map(async ({ id }) => (await current(id)).state));
    expect(states).toEqual(['revoked', 'expired', 'used_up']);
  });
});

describe('a change', () => {
  it('leaves what it does not name, and clears what it names null', async () => {
    const { id } = await create({ cohort: 'one', uses_max: 5, expires_at: TOMORROW });
    expect(fieldsOf<Invite>(await change(id, { uses_max: 7 }), 200)).toMatchObject({
      cohort: 'one',
      uses_max: 7,
      expires_at: TOMORROW,
    });
    expect(fieldsOf<Invite>(await change(id, { cohort: null, uses_max: null, expires_at: null }), 200)).toMatchObject({
      cohort: null,
      uses_max: null,
      uses_left: null,
      expires_at: null,
    });
  });

  it('lets a code expire or live again at once', async () => {
    const { id, code } = await create();
    await change(id, { expires_at: YESTERDAY });
    expectError(await register(code), 401, 'ERR_INVITE_001');
    await change(id, { expires_at: TOMORROW });
    expect((await register(code)).status).toBe(201);
  });

  it('cannot allow fewer accounts than were made', async () => {
    const { id, code } = await create({ uses_max: 3 });
    await register(code);
    await register(code);
    const reply = await change(id, { uses_max: 1 });
    expectError(reply, 409, 'ERR_INVITE_004');
    expect(reply.json).toMatchObject({ error: { details: { uses: 2 } } });
    expect(fieldsOf<Invite>(await change(id, { uses_max: 2 }), 200)).toMatchObject({ state: 'used_up' });
  });

  it('does not bring a revoked code back; revoking twice is revoking once', async () => {
    const { id, code } = await create();
    const first = await revoke(id);
    expect((await revoke(id)).text).toBe(first.text);
    expect(fieldsOf<Invite>(await change(id, { expires_at: TOMORROW }), 200)).toMatchObject({ state: 'revoked' });
    expectError(await register(code), 401, 'ERR_INVITE_001');
  });

  it('of a code that is not there is 404', async () => {
    expectError(await change(randomUUID(), { uses_max: 1 }), 404, 'ERR_INVITE_002');
    expectError(await revoke(randomUUID()), 404, 'ERR_INVITE_002');
    expectError(await revoke('code'), 422, 'ERR_REQ_001');
  });

  it('is on record with who made it, and without the code', async () => {
    const { id, code } = await create({ cohort: 'audited' });
    await change(id, { uses_max: 2 });
    await revoke(id);
    const { rows } = await app.context.db.pool.query<Record<string, unknown>>(
      `SELECT actor_id, action, details FROM audit_log WHERE subject = $1 ORDER BY id`,
      [id],
    );
    expect(rows.map(({ action }) => action)).toEqual(['invite-code.create', 'invite-code.change', 'invite-code.revoke']);
    expect(rows.every(({ actor_id: actorId }) => actorId === admin.userId)).toBe(true);
    expect(JSON.stringify(rows)).not.toContain(code);
  });
});

describe('the list', () => {
  it('comes newest first, in pages that lose and repeat nothing', async () => {
    const made = [await create(), await create(), await create()].map(({ id }) => id).toReversed();
    const shown: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page: Page = fieldsOf<Page>(await admin.get(`/admin/invite-codes?limit=2${query}`), 200);
      shown.push(...page.invite_codes.map(({ id }) => id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(shown.slice(0, 3)).toEqual(made);
    expect(new Set(shown).size).toBe(shown.length);
    const { rows } = await app.context.db.pool.query<{ id: string }>(`SELECT id FROM invite_codes`);
    expect(shown).toHaveLength(rows.length);
  });

  it('and all that changes it are for superusers', async () => {
    const user = await logIn(app);
    const { id } = await create();
    for (const reply of [
      await user.get('/admin/invite-codes'),
      await user.post('/admin/invite-codes', {}),
      await user.put(`/admin/invite-codes/${id}`, { uses_max: 1 }),
      await user.delete(`/admin/invite-codes/${id}`),
    ])
      expectError(reply, 403, 'ERR_ADMIN_001');
    expect(await current(id)).toMatchObject({ state: 'active', uses_max: null });
  });
});
