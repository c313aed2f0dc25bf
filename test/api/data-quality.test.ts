// What a superuser sees of providers and their data: what is stored, nothing invented.
import { recordFetchAttempts } from '@closebell/prisma/fetch-attempts';
import { blockProvider, takeFromBudget } from '@closebell/prisma/provider-budgets';
import { FAILURES_MAX, noteAnswer, noteFailure } from '@closebell/prisma/provider-circuits';
import { FACTOR_SYMBOLS } from '@closebell/shared/calc/factors';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makePortfolio } from '../support/ledger.js';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';

// Saturday: the last complete session is Friday's.
const NOW = '2025-03-15T15:00:00Z';
const SESSION = '2025-03-14';

let api: DomainApi;
let admin: Caller;
beforeAll(async () => {
  api = await startDomainApi(NOW);
  admin = await api.superuser();
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.db.pool.query(
    `TRUNCATE portfolios, price_bars, quarantined_bars, securities, provider_budgets, provider_circuits, fetch_attempts CASCADE`,
  );
  await insertCloses(FACTOR_SYMBOLS, [SESSION]);
});

type Circuit = Readonly<{
  capability: string;
  state: string;
  failures: number;
  last_error: string | null;
  retry_at: string | null;
}>;
type Shown = Readonly<{
  session_date: string;
  providers: readonly Readonly<{ name: string; position: number | null; capabilities: readonly Circuit[] }>[];
  symbols_count: number;
  without_data: Readonly<{ count: number; symbols: readonly unknown[] }>;
  stale: Readonly<{ count: number; symbols: readonly unknown[] }>;
  gaps: unknown;
  by_provider: unknown;
  quarantined: unknown;
  revised: unknown;
}>;

const read = async (query = '') => fieldsOf<Shown>(await admin.get(`/admin/data-quality${query}`), 200);
const insertCloses = (symbols: readonly string[], sessions: readonly string[]) =>
  api.db.pool.query(
    `INSERT INTO price_bars (symbol, session_date, close, provider)
     SELECT symbol, date, 100, 'files' FROM unnest($1::text[]) AS symbol, unnest($2::date[]) AS date`,
    [symbols, sessions],
  );
const hold = (...symbols: readonly string[]) =>
  makePortfolio(api.db, {
    asOf: SESSION,
    lots: symbols.map((symbol) => ({ symbol, quantity: '1', entryPrice: '100', entryDate: '2025-03-03' })),
  });

it('is for superusers only', async () => {
  expectError(await (await api.user()).get('/admin/data-quality'), 403, 'ERR_ADMIN_001');
  expectError(await api.nobody.get('/admin/data-quality'), 401, 'ERR_AUTH_001');
});

it('says of an installation where nothing was fetched that nothing is known', async () => {
  await api.db.pool.query(`TRUNCATE price_bars`);
  const shown = await read();
  expect(shown.session_date).toBe(SESSION);
  expect(shown.providers).toEqual([
    {
      name: 'simulated',
      position: 1,
      plan: null,
      requests_left: null,
      blocked_until: null,
      blocked_reason: null,
      capabilities: [],
    },
  ]);
  expect(shown.without_data.count).toBe(FACTOR_SYMBOLS.length);
  expect(shown).toMatchObject({
    stale: { count: 0, symbols: [] },
    gaps: { sessions: 0, symbols: 0, by_symbol: [] },
    by_provider: [],
    quarantined: { count: 0, bars: [] },
    revised: { count: 0, bars: [] },
  });
});

describe('a provider', () => {
  it('shows what is left of its plan, and until when it said to wait', async () => {
    const plan = { perMinute: 5, perDay: 250 };
    expect(await takeFromBudget(api.db, 'massive', plan, 3)).toBe(0);
    expect(await takeFromBudget(api.db, 'massive', plan, 3)).toBeGreaterThan(0);
    const shown = { name: 'massive', position: null, plan: { per_minute: 5, per_day: 250 } };
    expect((await read()).providers[1]).toMatchObject({
      ...shown,
      requests_left: { per_minute: 2, per_day: 247 },
      blocked_until: null,
    });
    await blockProvider(api.db.pool, 'massive', 60_000, 'Massive answered 429');
    expect((await read()).providers[1]).toMatchObject({
      blocked_until: expect.any(String),
      blocked_reason: 'Massive answered 429',
    });
  });

  it('shows a circuit for each kind of data, with what it answered last', async () => {
    await noteAnswer(api.db.pool, 'yahoo', 'profile');
    const failure = { status: 'unavailable', reason: 'Yahoo answered 503' } as const;
    for (let i = 0; i < FAILURES_MAX; i++) await noteFailure(api.db.pool, 'yahoo', 'dailyBars', failure);
    const [dailyBars, profile] = (await read()).providers[1]!.capabilities;
    expect(dailyBars).toMatchObject({
      capability: 'dailyBars',
      state: 'open',
      failures: FAILURES_MAX,
      retry_at: expect.any(String),
      last_ok_at: null,
      last_error_status: 'unavailable',
      last_error: 'Yahoo answered 503',
    });
    expect(profile).toMatchObject({
      capability: 'profile',
      state: 'closed',
      failures: 0,
      last_ok_at: expect.any(String),
      last_error: null,
    });
    await api.db.pool.query(
      `UPDATE provider_circuits SET retry_at = clock_timestamp() - interval '1 second' WHERE capability = 'dailyBars'`,
    );
    expect((await read()).providers[1]!.capabilities[0]).toMatchObject({ state: 'half_open' });
  });
});

describe('a symbol in use', () => {
  it('without a close is listed with what each provider said, and when it is asked for again', async () => {
    await hold('NOVA', 'GONE', 'CASH_USD');
    await api.db.pool.query(
      `INSERT INTO securities (symbol, no_data_until) VALUES ('GONE', clock_timestamp() + interval '7 days'), ('NOVA', clock_timestamp())`,
    );
    const at = new Date('2025-03-15T14:00:00Z');
    const said = { symbol: 'GONE', capability: 'dailyBars', outcome: 'unknown_symbol', reason: 'never heard of it', at } as const;
    await recordFetchAttempts(api.db.pool, [{ ...said, provider: 'yahoo' }]);
    const { symbols_count: count, without_data: without } = await read();
    expect(count).toBe(FACTOR_SYMBOLS.length + 2);
    expect(without).toEqual({
      count: 2,
      symbols: [
        {
          symbol: 'GONE',
          retry_at: expect.any(String),
          delisted_on: null,
          attempts: [{ provider: 'yahoo', outcome: 'unknown_symbol', reason: 'never heard of it', at: at.toISOString() }],
        },
        { symbol: 'NOVA', retry_at: null, delisted_on: null, attempts: [] },
      ],
    });
  });

  it('that lacks the last session is stale, the furthest behind first; sessions missing in between are gaps', async () => {
    await hold('LATE', 'OLD', 'GOOD');
    const sessions = xnysCalendar().sessionsBetween('2025-03-03', SESSION);
    await insertCloses(['GOOD'], sessions);
    await insertCloses(['LATE'], sessions.slice(0, -1));
    await insertCloses(['OLD'], [sessions[0]!, sessions[3]!]);
    const shown = await read('?limit=1');
    expect(shown.stale).toMatchObject({
      count: 2,
      symbols: [{ symbol: 'OLD', last_close_date: sessions[3], sessions_behind: 6 }],
    });
    const missing = { symbol: 'OLD', count: 2, dates: [sessions[2], sessions[1]] };
    expect(shown.gaps).toEqual({ sessions: 2, symbols: 1, by_symbol: [missing] });
    expect((await read()).stale.symbols).toHaveLength(2);
  });

  it('is one of a lot that is open in a portfolio that is not deleted', async () => {
    const portfolioId = await hold('ZEBRA');
    await api.db.pool.query(`UPDATE portfolios SET deleted_at = now() WHERE id = $1`, [portfolioId]);
    await makePortfolio(api.db, {
      asOf: SESSION,
      lots: [{ symbol: 'SOLD', quantity: '1', entryPrice: '1', entryDate: '2025-03-03', exitDate: '2025-03-05', exitPrice: '2' }],
    });
    expect((await read()).symbols_count).toBe(FACTOR_SYMBOLS.length);
  });
});

describe('what is stored', () => {
  it('is counted by provider, in all and in the last session', async () => {
    await insertCloses(['GOOD'], ['2025-03-13', SESSION]);
    await api.db.pool.query(
      `INSERT INTO price_bars (symbol, session_date, close, provider) VALUES ('GOOD', '2025-03-12', 100, 'massive'), ('OTHER', $1, 5, 'massive')`,
      [SESSION],
    );
    expect((await read()).by_provider).toEqual([
      { provider: 'files', bars: FACTOR_SYMBOLS.length + 2, session_bars: FACTOR_SYMBOLS.length + 1 },
      { provider: 'massive', bars: 2, session_bars: 1 },
    ]);
  });

  it('and was corrected within 30 days is listed with both closes, and still is one session', async () => {
    await hold('GOOD');
    await insertCloses(['GOOD'], ['2025-03-11', '2025-03-12', '2025-03-13', SESSION]);
    await api.db.pool.query(
      `INSERT INTO price_bars (symbol, session_date, revision, close, provider, fetched_at) VALUES
         ('GOOD', '2025-03-12', 1, 101.5, 'massive', now()), ('GOOD', '2025-03-11', 1, 7, 'massive', now() - interval '31 days'),
         ('GOOD', '2025-03-12', 2, 102, 'files', now() + interval '1 second')`,
    );
    const shown = await read();
    const bar = { symbol: 'GOOD', session_date: '2025-03-12', revised_at: expect.any(String) as unknown };
    expect(shown.revised).toEqual({
      count: 2,
      bars: [
        { ...bar, from: 101.5, to: 102, provider: 'files' },
        { ...bar, from: 100, to: 101.5, provider: 'massive' },
      ],
    });
    expect(shown.gaps).toMatchObject({ sessions: 0, symbols: 0 });
    expect((await read('?limit=1')).revised).toMatchObject({ count: 2, bars: [{ to: 102 }] });
  });

  it('shows bars that cannot be apart, with their reason, and never as closes', async () => {
    await hold('ODD');
    await quarantine('ODD', 'high 1 is below low 2');
    const shown = await read();
    expect(shown.quarantined).toMatchObject({
      count: 1,
      bars: [
        {
          symbol: 'ODD',
          session_date: SESSION,
          provider: 'yahoo',
          close: null,
          reason: 'high 1 is below low 2',
          has_close: false,
        },
      ],
    });
    expect(shown.without_data).toMatchObject({ count: 1, symbols: [{ symbol: 'ODD' }] });
  });

  it('says of a symbol that is behind when it was delisted', async () => {
    await hold('LEFT');
    await insertCloses(['LEFT'], ['2025-03-03']);
    await api.db.pool.query(`INSERT INTO securities (symbol, delisted_on) VALUES ('LEFT', '2025-03-03')`);
    expect((await read()).stale).toMatchObject({ count: 1, symbols: [{ symbol: 'LEFT', delisted_on: '2025-03-03' }] });
  });
});

describe('the page for people', () => {
  const WORDS = `<script>alert("it's out")</script> & more`;

  it('is what a browser gets at the same address, with every word of a provider escaped', async () => {
    await hold('ODD');
    await quarantine('ODD', WORDS);
    await noteFailure(api.db.pool, 'yahoo', 'dailyBars', { status: 'garbage', reason: WORDS });
    const reply = await admin.get('/admin/data-quality', { Accept: 'text/html,*/*;q=0.8' });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(reply.headers.get('vary')).toMatch(/Accept(,|$)/);
    expect(reply.text).not.toContain('<script');
    expect(reply.text.match(/&#60;script&#62;alert\(&#34;it&#39;s out&#34;\)&#60;\/script&#62; &#38; more/g)).toHaveLength(2);
    expect(reply.text).toMatch(/<h2>Quarantined bars: 1<\/h2>/);
    expect(reply.text).toContain(`Last complete session: ${SESSION}`);
    expectError(await (await api.user()).get('/admin/data-quality', { Accept: 'text/html' }), 403, 'ERR_ADMIN_001');
  });

  it('is JSON for whoever does not prefer a page', async () => {
    for (const Accept of ['*/*', 'application/json', 'application/json, text/html']) {
      expect((await admin.get('/admin/data-quality', { Accept })).json).toMatchObject({ session_date: SESSION });
    }
  });
});

const quarantine = (symbol: string, reason: string) =>
  api.db.pool.query(
    `INSERT INTO quarantined_bars (symbol, session_date, provider, high, low, close, reason) VALUES ($1, $2, 'yahoo', 1, 2, 'NaN', $3)`,
    [symbol, SESSION, reason],
  );
