// A superuser's word for a bar that was held back.
import { recordQuarantinedBars } from '@closebell/prisma/quarantined-bars';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';

const PATH = '/admin/data-quality/quarantine/accept';
const BAR = { symbol: 'BRK.B', session_date: '2025-03-12', provider: 'yahoo' };

let api: DomainApi;
let admin: Caller;
beforeAll(async () => {
  api = await startDomainApi('2025-03-14T22:00:00Z');
  admin = await api.superuser();
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.db.pool.query(`TRUNCATE quarantined_bars, missing_bars, price_bars, audit_log`);
  await holdBack(BAR);
});

const holdBack = async ({ symbol, session_date: sessionDate, provider }: typeof BAR, close = 50.25) => {
  const reason = 'close 50.25 is 0.500 times that of 2025-03-11 (100.5), and no split explains it';
  const bar = { symbol, sessionDate, provider, open: null, high: null, low: null, close, volume: null, reason };
  await recordQuarantinedBars(api.db.pool, [bar]);
};
const noteMissing = (session: string, reason: string, symbol = BAR.symbol) =>
  api.db.pool.query(`INSERT INTO missing_bars VALUES ($1, $2, $3, clock_timestamp() + interval '7 days')`, [
    symbol,
    session,
    reason,
  ]);
const resting = async () => {
  const { rows } = await api.db.pool.query<{ gap: string }>(
    `SELECT symbol || ' ' || session_date AS gap FROM missing_bars ORDER BY 1`,
  );
  return rows.map(({ gap }) => gap);
};
const acceptedAt = async () => {
  const { rows } = await api.db.pool.query<{ accepted_at: Date | null }>(`SELECT accepted_at FROM quarantined_bars`);
  return rows[0]!.accepted_at;
};
const audit = async () => (await api.db.pool.query(`SELECT actor_id, action, subject, details FROM audit_log`)).rows;

it('is for superusers only', async () => {
  expectError(await (await api.user()).post(PATH, BAR), 403, 'ERR_ADMIN_001');
  expectError(await api.nobody.post(PATH, BAR), 401, 'ERR_AUTH_001');
  expect(await acceptedAt()).toBeNull();
});

it('accepts a bar in any spelling of its symbol, and says who did', async () => {
  const answer = fieldsOf<{ accepted_at: string }>(await admin.post(PATH, { ...BAR, symbol: 'brk/b' }), 200);
  expect(answer).toEqual({ ...BAR, close: 50.25, accepted_at: (await acceptedAt())!.toISOString() });
  expect(await audit()).toEqual([
    { actor_id: admin.userId, action: 'quarantine.accept', subject: 'BRK.B', details: { ...BAR, close: 50.25 } },
  ]);
});

it('ends the rest of its session and of those held back after it, and of nothing else', async () => {
  await noteMissing('2025-03-10', 'quarantined: high 9 is below low 11 (yahoo)');
  await noteMissing('2025-03-12', 'quarantined: close 50.25 is 0.500 times that of 2025-03-11 (100.5) (yahoo)');
  await noteMissing('2025-03-13', 'quarantined: its close is where the jump of 2025-03-12 went (yahoo)');
  await noteMissing('2025-03-14', 'the provider has no bar');
  await noteMissing('2025-03-13', 'quarantined: close 0 is no price (yahoo)', 'OTHER');
  await admin.post(PATH, BAR);
  expect(await resting()).toEqual(['BRK.B 2025-03-10', 'BRK.B 2025-03-14', 'OTHER 2025-03-13']);
});

it('changes nothing when it is asked twice, and answers a repeated key as it did', async () => {
  const first = await admin.post(PATH, BAR, { 'Idempotency-Key': 'accept-1' });
  const again = await admin.post(PATH, BAR, { 'Idempotency-Key': 'accept-1' });
  expect(again.text).toBe(first.text);
  expect(again.headers.get('Idempotency-Replayed')).toBe('true');
  expect(await audit()).toHaveLength(1);
  expect((await admin.post(PATH, BAR)).text).toBe(first.text);
});

describe('refuses', () => {
  it('a bar that is not held back', async () => {
    expectError(await admin.post(PATH, { ...BAR, provider: 'fmp' }), 404, 'ERR_DATA_001');
    expectError(await admin.post(PATH, { ...BAR, session_date: '2025-03-13' }), 404, 'ERR_DATA_001');
    expectError(await admin.post(PATH, { ...BAR, symbol: 'ACME' }), 404, 'ERR_DATA_001');
    expect(await audit()).toEqual([]);
  });

  it('one whose session has a close by now', async () => {
    await api.db.pool.query(
      `INSERT INTO price_bars (symbol, session_date, close, provider) VALUES ('BRK.B', '2025-03-12', 101, 'fmp')`,
    );
    expectError(await admin.post(PATH, BAR), 409, 'ERR_DATA_002');
    expect(await acceptedAt()).toBeNull();
  });

  it.each([
    ['no price', '2025-03-12', 0],
    ['no number', '2025-03-12', Number.NaN],
    ['beyond every price', '2025-03-12', Infinity],
    ['of a Saturday', '2025-03-08', 100],
  ])('one that can never be used: %s', async (_, session, close) => {
    const bar = { ...BAR, session_date: session, provider: 'fmp' };
    await holdBack(bar, close);
    expectError(await admin.post(PATH, bar), 409, 'ERR_DATA_002');
  });

  it('a request without a date', async () => {
    expectError(await admin.post(PATH, { symbol: 'BRK.B', provider: 'yahoo' }), 422, 'ERR_REQ_001');
  });
});
