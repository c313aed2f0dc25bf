// What the owner of a portfolio sees of the prices behind it: what is stored and was heard, nothing invented.
import { recordFetchAttempts } from '@closebell/prisma/fetch-attempts';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makePortfolio, type LotRecord } from '../support/ledger.js';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertSnapshot } from './records.js';

// Saturday: the last complete session is Friday's.
const SESSION = '2025-03-14';
const calendar = xnysCalendar();
const WINDOW = calendar.sessionsBetween(calendar.addSessions(SESSION, -251), SESSION);

let api: DomainApi;
let owner: Caller;
beforeAll(async () => {
  api = await startDomainApi('2025-03-15T15:00:00Z');
  owner = await api.user();
});
afterAll(() => api.close());
beforeEach(() =>
  api.db.pool.query(`TRUNCATE portfolios, price_bars, missing_bars, quarantined_bars, securities, fetch_attempts CASCADE`),
);

type Shown = Readonly<{
  coverage: unknown;
  symbols: readonly Readonly<{ symbol: string; message: string | null; gaps: { count: number }; retry_at: string | null }>[];
  stale_lots: readonly unknown[];
  lots_without_price: readonly unknown[];
}>;

const STOCK = { quantity: '1', entryPrice: '100', entryDate: '2025-03-03' } as const;
const OPTION = {
  ...STOCK,
  investmentClass: 'OPTIONS',
  strikePrice: '100',
  expirationDate: '2025-06-20',
  optionType: 'CALL',
} as const;
const hold = (...lots: readonly (string | LotRecord)[]) =>
  makePortfolio(api.db, {
    userId: owner.userId,
    asOf: SESSION,
    lots: lots.map((lot) => (typeof lot === 'string' ? { ...STOCK, symbol: lot } : lot)),
  });
const read = async (portfolioId: string) => fieldsOf<Shown>(await owner.get(`/data/portfolio/${portfolioId}/data-quality`), 200);
const readOne = async (portfolioId: string) => (await read(portfolioId)).symbols[0]!;
const insertCloses = (symbol: string, sessions: readonly string[], provider = 'yahoo') =>
  api.db.pool.query(
    `INSERT INTO price_bars (symbol, session_date, close, provider) SELECT $1, date, 100, $3 FROM unnest($2::date[]) AS date`,
    [symbol, sessions, provider],
  );
const rest = (symbol: string, sessions: readonly string[], retryAt: string) =>
  api.db.pool.query(
    `INSERT INTO missing_bars (symbol, session_date, reason, retry_at) SELECT $1, date, 'none', $3 FROM unnest($2::date[]) AS date`,
    [symbol, sessions, retryAt],
  );
/** The rests of the database's clock end long after any test. */
const LATER = '2099-01-02T03:04:00.000Z';

describe('whose it is', () => {
  it.each(['portfolio', 'portfolios'])('is asked first, at /data/%s', async (place) => {
    const portfolioId = await hold('NOVA');
    const path = `/data/${place}/${portfolioId}/data-quality`;
    expect((await owner.get(path)).json).toMatchObject({ available: true, portfolio_id: portfolioId });
    expectError(await (await api.user()).get(path), 404, 'ERR_PORT_404');
    expectError(await (await api.superuser()).get(path), 404, 'ERR_PORT_404');
    expectError(await api.nobody.get(path), 401, 'ERR_AUTH_001');
    expectError(await owner.get(`/data/${place}/${randomUUID()}/data-quality`), 404, 'ERR_PORT_404');
  });
});

it('without an open lot there is nothing to tell', async () => {
  const sold = { ...STOCK, symbol: 'SOLD', exitDate: '2025-03-05', exitPrice: '2' };
  for (const portfolioId of [await hold(), await hold(sold)])
    expect(await read(portfolioId)).toEqual({ available: false, reason: 'insufficient_symbols', portfolio_id: portfolioId });
});

it('with all its closes a symbol lacks nothing, and is told with whose they are', async () => {
  const portfolioId = await hold('NOVA');
  await insertCloses('NOVA', WINDOW.slice(0, -2));
  await insertCloses('NOVA', WINDOW.slice(-2), 'fmp');
  await insertCloses('NOVA', ['2020-01-02']);
  const shown = await read(portfolioId);
  expect(shown).toMatchObject({
    session_date: SESSION,
    window: { from: WINDOW[0], to: SESSION, sessions: 252 },
    coverage: { closes: 252, expected: 252, share: 1 },
    without_data: [],
    stale_lots: [],
    lots_without_price: [],
    newest_snapshot: null,
    last_refresh: { asked_at: null, stored_at: expect.any(String) as unknown },
  });
  expect(shown.symbols).toEqual([
    {
      symbol: 'NOVA',
      message: null,
      listed_from: null,
      delisted_on: null,
      first_close_date: '2020-01-02',
      last_close_date: SESSION,
      closes: 252,
      expected: 252,
      gaps: { count: 0, dates: [] },
      stale_sessions: 0,
      closes_by_provider: { yahoo: 250, fmp: 2 },
      quarantined: [],
      revised: [],
      retry_at: null,
      attempts: [],
    },
  ]);
});

describe('a symbol', () => {
  it('is expected to have closes from its listing to its delisting only', async () => {
    const portfolioId = await hold('SHORT');
    const [listed, delisted] = [WINDOW[200]!, WINDOW[209]!];
    await insertCloses('SHORT', WINDOW.slice(200, 208));
    await api.db.pool.query(`INSERT INTO securities (symbol, listed_from, delisted_on) VALUES ('SHORT', $1, $2)`, [
      listed,
      delisted,
    ]);
    const shown = await read(portfolioId);
    expect(shown.coverage).toEqual({ closes: 8, expected: 10, share: 0.8 });
    expect(shown.symbols[0]).toMatchObject({
      listed_from: listed,
      delisted_on: delisted,
      gaps: { count: 2, dates: [delisted, WINDOW[208]] },
    });
    expect(shown.symbols[0]!.message).toContain(`it has not traded since ${delisted}`);
  });

  it('names the last twenty of the sessions it lacks, and how many they are', async () => {
    const portfolioId = await hold('HOLEY');
    await insertCloses('HOLEY', WINDOW.slice(30));
    const { gaps, message } = await readOne(portfolioId);
    expect(gaps).toEqual({ count: 30, dates: WINDOW.slice(10, 30).toReversed() });
    expect(message).toBe(
      `HOLEY: 30 of 252 sessions have no close, the last of them ${WINDOW[29]}; there its lots stand at the close before. It is asked for in the next run.`,
    );
  });

  it('behind the last session says since when, why, what its lots stand at, and when it is asked for again', async () => {
    const portfolioId = await hold('LATE');
    await insertCloses('LATE', WINDOW.slice(0, -2));
    const at = new Date('2025-03-14T22:00:00Z');
    const said = { symbol: 'LATE', capability: 'dailyBars', provider: 'yahoo', at } as const;
    await recordFetchAttempts(api.db.pool, [{ ...said, outcome: 'unavailable', reason: 'Yahoo answered 503' }]);
    const last = WINDOW.at(-3)!;
    const text = `LATE: no close since ${last}, for 2 sessions, and its lots stand at that one. yahoo on 2025-03-14: Yahoo answered 503.`;
    expect(await readOne(portfolioId)).toMatchObject({
      stale_sessions: 2,
      gaps: { count: 2, dates: [SESSION, WINDOW.at(-2)] },
      retry_at: null,
      message: `${text} It is asked for again in the next run.`,
    });
    await rest('LATE', [SESSION], LATER);
    expect((await readOne(portfolioId)).retry_at, 'one of the two does not rest').toBeNull();
    await rest('LATE', [WINDOW.at(-2)!], '2099-02-02T00:00:00Z');
    expect(await readOne(portfolioId)).toMatchObject({
      retry_at: LATER,
      message: `${text} It is asked for again in the first run after 2099-01-02 03:04 UTC.`,
    });
    expect(await read(portfolioId)).toMatchObject({
      stale_lots: [{ symbol: 'LATE', priced_by: 'LATE', last_close_date: last, age_sessions: 2 }],
      last_refresh: { asked_at: at.toISOString() },
    });
  });

  it('nobody knows has no figures but what was heard of it', async () => {
    const portfolioId = await hold('GONE');
    await api.db.pool.query(`INSERT INTO securities (symbol, no_data_until) VALUES ('GONE', $1)`, [LATER]);
    const at = new Date('2025-03-14T22:00:00Z');
    const said = { symbol: 'GONE', capability: 'dailyBars', provider: 'yahoo', at } as const;
    await recordFetchAttempts(api.db.pool, [{ ...said, outcome: 'unknown_symbol', reason: 'never heard of it' }]);
    const shown = await read(portfolioId);
    expect(shown).toMatchObject({
      coverage: { closes: 0, expected: 252, share: 0 },
      without_data: ['GONE'],
      stale_lots: [],
      lots_without_price: [{ symbol: 'GONE', priced_by: 'GONE' }],
      last_refresh: { stored_at: null },
      symbols: [
        {
          first_close_date: null,
          last_close_date: null,
          stale_sessions: null,
          closes_by_provider: {},
          retry_at: LATER,
          attempts: [{ provider: 'yahoo', outcome: 'unknown_symbol', reason: 'never heard of it', at: at.toISOString() }],
          message:
            'GONE: there is no price, so its lots stand at their entry price. yahoo on 2025-03-14: never heard of it. ' +
            'It is asked for again in the first run after 2099-01-02 03:04 UTC.',
        },
      ],
    });
  });

  it('shows what was corrected, with both closes, and what is held back, with the reason', async () => {
    const portfolioId = await hold('NOVA');
    await insertCloses('NOVA', WINDOW.slice(0, -1));
    const corrected = WINDOW.at(-5)!;
    await api.db.pool.query(
      `INSERT INTO price_bars (symbol, session_date, revision, close, provider) VALUES ('NOVA', $1, 1, 101.25, 'fmp')`,
      [corrected],
    );
    await api.db.pool.query(
      `INSERT INTO quarantined_bars (symbol, session_date, provider, close, reason, accepted_at) VALUES
         ('NOVA', $1, 'yahoo', -1, 'close -1 is no price', NULL), ('NOVA', '2020-01-02', 'yahoo', 0, 'long ago', NULL),
         ('NOVA', $2, 'yahoo', 300, 'a jump', now()), ('OTHER', $1, 'yahoo', 0, 'of another', NULL)`,
      [SESSION, corrected],
    );
    const shown = await readOne(portfolioId);
    expect(shown).toMatchObject({
      closes: 251,
      closes_by_provider: { yahoo: 250, fmp: 1 },
      quarantined: [{ session_date: SESSION, provider: 'yahoo', reason: 'close -1 is no price' }],
      revised: [{ session_date: corrected, from: 100, to: 101.25, provider: 'fmp', revised_at: expect.any(String) as unknown }],
    });
    expect(shown.message).toContain('1 bar that cannot be right is not used.');
  });
});

describe('the lots', () => {
  it('are told by what prices them: an option by its underlying, private ones and cash by nothing that a provider sees', async () => {
    await insertCloses('UNDR', WINDOW.slice(0, -1));
    const portfolioId = await hold(
      { ...OPTION, symbol: 'UNDR250620C00100000', underlyingSymbol: 'UNDR' },
      { ...OPTION, symbol: 'ORPHAN' },
      { ...STOCK, symbol: 'SECRET_FUND', investmentClass: 'PRIVATE' },
      { ...STOCK, symbol: 'SPAXX' },
    );
    const shown = await read(portfolioId);
    const id = expect.any(String) as unknown;
    expect(shown.symbols.map(({ symbol }) => symbol)).toEqual(['UNDR']);
    expect(shown).toMatchObject({
      stale_lots: [{ position_id: id, symbol: 'UNDR250620C00100000', priced_by: 'UNDR', age_sessions: 1 }],
      lots_without_price: [{ position_id: id, symbol: 'ORPHAN', priced_by: null }],
      not_asked_for: {
        private: [{ position_id: id, symbol: 'SECRET_FUND' }],
        cash: [{ position_id: id, symbol: 'SPAXX' }],
      },
    });
  });

  it('of which none needs a price have no share of coverage', async () => {
    const shown = await read(await hold({ ...STOCK, symbol: 'SECRET_FUND', investmentClass: 'PRIVATE' }));
    expect(shown).toMatchObject({ available: true, symbols: [], coverage: { closes: 0, expected: 0, share: null } });
  });
});

it('shows how the newest figures are valued', async () => {
  const portfolioId = await hold('NOVA');
  await insertSnapshot(api.db, { portfolioId, date: '2025-03-13' });
  await insertSnapshot(api.db, { portfolioId, date: SESSION, complete: false });
  expect(await read(portfolioId)).toMatchObject({
    newest_snapshot: { snapshot_date: '2025-03-13', valuation: 'full', coverage: 1 },
  });
});
