// Target prices over HTTP: kept, compared with what is held, imported and exported.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { makePortfolio } from '../support/ledger.js';
import { expectError, fieldsOf, type Caller, type Reply } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertClose, insertSnapshot } from './records.js';

const CALL = 'SPY250919C00460000';
const lot = (symbol: string, quantity: string, entryDate = '2025-03-03') => ({ symbol, quantity, entryPrice: '100', entryDate });

let api: DomainApi;
let owner: Caller;
let other: Caller;
let portfolioId: string;
let path: string;

beforeAll(async () => {
  // A Wednesday, while the exchange is open.
  api = await startDomainApi('2025-03-12T15:00:00Z');
  for (const [symbol, close] of Object.entries({ TEN: 150, DOWN: 80, TWICE: 20 })) {
    await insertClose(api.db, { symbol, date: '2025-03-11', close });
  }
  await api.db.pool.query(
    `INSERT INTO quotes (symbol, price, previous_close, currency, quoted_at, provider)
     VALUES ('TEN', 160, 150, 'USD', '2025-03-12T14:59:00Z', 'stored'), ('DOWN', 79, 80, 'GBP', '2025-03-12T14:59:00Z', 'stored')`,
  );
  await api.db.pool.query(
    `INSERT INTO corporate_actions (symbol, ex_date, action_type, numerator, denominator, provider) VALUES ('TWICE', '2025-03-05', 'split', 2, 1, 'files')`,
  );
});
afterAll(() => api.close());
beforeEach(async () => {
  [owner, other] = [await api.user(), await api.user()];
  portfolioId = await makePortfolio(api.db, {
    userId: owner.userId,
    asOf: '2025-03-11',
    lots: [
      lot('TEN', '6'),
      lot('TEN', '4'),
      { ...lot('TEN', '100'), exitDate: '2025-03-10', exitPrice: '120' },
      lot('TEN', '100', '2025-03-13'),
      lot('DOWN', '-5'),
      lot('TWICE', '5'),
      lot('UNPRICED', '3'),
      { ...lot('HOUSE', '1'), investmentClass: 'PRIVATE' },
      { ...lot('CASH_USD', '5000'), entryPrice: '1', investmentSubtype: 'CASH' },
      {
        ...lot(CALL, '2'),
        investmentClass: 'OPTIONS',
        underlyingSymbol: 'SPY',
        strikePrice: '460',
        expirationDate: '2025-09-19',
        optionType: 'CALL',
      },
    ],
  });
  path = `/portfolios/${portfolioId}/target-prices`;
  await insertSnapshot(api.db, { portfolioId, date: '2025-03-11' });
  await standAt('HOUSE', 1_000, 'manual');
  await standAt(CALL, 4, 'model');
});

/** As the newest calculation valued a lot. */
const standAt = (symbol: string, price: number, source: string) =>
  api.db.pool.query(
    `INSERT INTO position_values (portfolio_id, session_date, position_id, quantity, price, price_source, price_date, age_sessions, market_value,
       cost_basis, unrealised_pnl)
     SELECT portfolio_id, '2025-03-11', id, quantity, $3, $4, '2025-03-11', 0, 0, 0, 0 FROM positions WHERE portfolio_id = $1 AND symbol = $2`,
    [portfolioId, symbol, price, source],
  );

type Target = Readonly<{ id: string; symbol: string }> & Readonly<Record<string, unknown>>;
type Targets = Readonly<{ target_prices: readonly Target[]; summary: Readonly<Record<string, unknown>> }>;
const set = async (symbol: string, target: number, more: object = {}) =>
  fieldsOf<Target>(await owner.post(path, { symbol, target_price: target, ...more }), 201);
const list = async () => fieldsOf<Targets>(await owner.get(path), 200);
const upload = (text: string, caller = owner, name = 'targets.csv') => {
  const form = new FormData();
  form.set('csv_file', new File([text], name));
  return caller.post(`${path}/import`, form);
};
const rowErrors = (reply: Reply) =>
  (reply.json as { error: { details: { errors: { row: number; code: string; field: string }[]; total_errors: number } } }).error
    .details;
const statuses = (replies: readonly Reply[]) => replies.map(({ status }) => status).toSorted((a, b) => a - b);

describe('a target price', () => {
  it('of shares: what their price and the open lots would gain, by the quote of the moment', async () => {
    const target = await set(' ten ', 192, { downside_price: 144, target_date: '2026-01-15', notes: ' by then ' });
    expect(target).toMatchObject({
      symbol: 'TEN',
      target_price: 192,
      target_date: '2026-01-15',
      downside_price: 144,
      notes: 'by then',
      is_held: true,
      quantity: 10,
      market_value: 1_600,
      current_price: 160,
      price_source: 'quote',
      price_date: '2025-03-12',
      upside: 0.2,
      upside_dollars: 320,
      downside: -0.1,
      downside_dollars: -160,
      note: null,
    });
    expect((await owner.get(`/target-prices/${target.id}`)).json).toEqual(target);
  });

  it('of an option is of its premium, and counts 100 shares a contract', async () => {
    expect(await set('spy   250919C00460000', 5)).toMatchObject({
      symbol: CALL,
      quantity: 2,
      market_value: 800,
      current_price: 4,
      price_source: 'calculated',
      price_date: '2025-03-11',
      upside: 0.25,
      upside_dollars: 200,
    });
  });

  it('of a short is a gain when it is below the price; a quote in another currency is left out', async () => {
    expect(await set('DOWN', 60, { downside_price: 100 })).toMatchObject({
      quantity: -5,
      market_value: -400,
      current_price: 80,
      price_source: 'close',
      upside: -0.25,
      upside_dollars: 100,
      downside: 0.25,
      downside_dollars: -100,
    });
  });

  it('counts shares after splits', async () => {
    expect(await set('TWICE', 21)).toMatchObject({ quantity: 10, market_value: 200, upside: 0.05, upside_dollars: 10 });
  });

  it('of a symbol that is not held is kept, and says so', async () => {
    expect(await set('ZZZ', 10)).toMatchObject({
      is_held: false,
      quantity: 0,
      market_value: 0,
      current_price: null,
      upside: null,
      upside_dollars: 0,
      note: expect.stringMatching(/No open position.*ZZZ.*No price of it is known/) as string,
    });
  });

  it('of a lot without a price has no upside, and not that of its entry price', async () => {
    expect(await set('UNPRICED', 200)).toMatchObject({
      is_held: true,
      current_price: null,
      market_value: null,
      upside: null,
      upside_dollars: null,
    });
  });

  it('far beyond any price is still answered', async () => {
    expect(await set('TEN', 9_999_999.999999)).toMatchObject({ upside_dollars: 99_998_400 });
  });

  it('is changed field by field and deleted', async () => {
    const { id, ...target } = await set('TEN', 192, { downside_price: 144, target_date: '2026-01-15', notes: 'x' });
    const one = `/target-prices/${id}`;
    const changed = fieldsOf<Target>(await owner.put(one, { target_price: 200.123456, target_date: null }), 200);
    expect(changed).toMatchObject({
      symbol: 'TEN',
      target_price: 200.123456,
      target_date: null,
      downside_price: 144,
      notes: 'x',
    });
    expect(Date.parse(changed['updated_at'] as string)).toBeGreaterThan(Date.parse(target['updated_at'] as string));
    expect((await owner.put(one, { downside_price: null, notes: '', target_date: '2027-01-01' })).json).toMatchObject({
      target_price: 200.123456,
      target_date: '2027-01-01',
      downside_price: null,
      downside: null,
      downside_dollars: null,
      notes: null,
    });
    expectError(await owner.put(one, {}), 422, 'ERR_REQ_001');
    expect((await owner.delete(one)).status).toBe(204);
    expectError(await owner.delete(one), 404, 'ERR_TARGET_002');
    expectError(await owner.get(one), 404, 'ERR_TARGET_002');
    expect((await list()).target_prices).toEqual([]);
  });

  it('is one of each symbol, also when two are set at once', async () => {
    const body = { symbol: 'TEN', target_price: 1 };
    const replies = await Promise.all([owner.post(path, body), owner.post(path, { ...body, symbol: 'ten' })]);
    expect(statuses(replies)).toEqual([201, 409]);
    expectError(await owner.post(path, body), 409, 'ERR_TARGET_001');
  });

  it('set again with its Idempotency-Key gets the first answer', async () => {
    const send = () => owner.post(path, { symbol: 'TEN', target_price: 1 }, { 'Idempotency-Key': 'target-1' });
    const [first, second] = [await send(), await send()];
    expect([first.status, second.status, second.text]).toEqual([201, 201, first.text]);
  });

  it.each([
    [{}],
    [{ symbol: 'TEN' }],
    [{ symbol: 'T N', target_price: 1 }],
    [{ symbol: 'TEN', target_price: 0 }],
    [{ symbol: 'TEN', target_price: -1 }],
    [{ symbol: 'TEN', target_price: 1e7 }],
    [{ symbol: 'TEN', target_price: 1e-7 }],
    [{ symbol: 'TEN', target_price: 1.1234567 }],
    [{ symbol: 'TEN', target_price: '5' }],
    [{ symbol: 'TEN', target_price: 1, downside_price: -1 }],
    [{ symbol: 'TEN', target_price: 1, target_date: '2026-02-30' }],
    [{ symbol: 'TEN', target_price: 1, target_date: '0000-01-01' }],
    [{ symbol: 'TEN', target_price: 1, notes: 'n'.repeat(501) }],
  ])('is refused as %j', async (body) => {
    expectError(await owner.post(path, body), 422, 'ERR_REQ_001');
  });
});

describe('the expected return of a portfolio', () => {
  it('weighs each position by its value, and says how much of the portfolio it covers', async () => {
    await set('TEN', 192, { downside_price: 144 });
    await set('DOWN', 60);
    await set(CALL, 5);
    await set('TWICE', 21);
    await set('ZZZ', 1_000);
    await set('UNPRICED', 1_000);
    const { target_prices: targets, summary } = await list();
    expect(targets.map(({ symbol }) => symbol)).toEqual(['DOWN', CALL, 'TEN', 'TWICE', 'UNPRICED', 'ZZZ']);
    // 1,600 TEN, 400 DOWN, 800 of the call, 200 TWICE; beside them 1,000 HOUSE and 5,000 cash.
    expect(summary).toEqual({
      targets: 6,
      held: 5,
      upside: { gain: 630, expected_return: 0.21, gross_value: 3_000, coverage: 3_000 / 9_000 },
      downside: { gain: -160, expected_return: -0.1, gross_value: 1_600, coverage: 1_600 / 9_000 },
      gross_value: 9_000,
      positions_without_price: 1,
    });
  });

  it('is null where nothing has a target', async () => {
    expect((await list()).summary).toMatchObject({ targets: 0, upside: { gain: 0, expected_return: null, coverage: 0 } });
  });
});

describe('an import', () => {
  it('sets new ones, changes those that are there and leaves the others', async () => {
    await set('TEN', 192, { notes: 'old' });
    await set('DOWN', 60);
    const reply = await upload(
      'symbol,target_price,target_date,downside_price,notes,rating\nten,200,2026-01-15,,new,A\nzzz,5,,4,,B\n',
    );
    expect(fieldsOf(reply, 200)).toMatchObject({
      portfolio_id: portfolioId,
      imported: 2,
      created: 1,
      updated: 1,
      not_held: ['ZZZ'],
      warnings: [expect.stringContaining('rating')],
    });
    expect((await list()).target_prices).toMatchObject([
      { symbol: 'DOWN', target_price: 60 },
      { symbol: 'TEN', target_price: 200, target_date: '2026-01-15', downside_price: null, notes: 'new' },
      { symbol: 'ZZZ', target_price: 5, downside_price: 4, notes: null },
    ]);
  });

  it('with a wrong row does nothing, and names all that is wrong', async () => {
    const reply = await upload('symbol,target_price,target_date\nTEN,200,\nDOWN,abc,15.01.2026\nten,1,\n');
    expectError(reply, 400, 'ERR_PORT_008');
    const { errors, total_errors: total } = rowErrors(reply);
    expect(errors.map(({ row, code, field }) => [row, code, field])).toEqual([
      [3, 'ERR_TARGET_004', 'target_price'],
      [3, 'ERR_TARGET_005', 'target_date'],
      [4, 'ERR_POS_023', 'symbol'],
    ]);
    expect(total).toBe(3);
    expect((await list()).target_prices).toEqual([]);
  });

  it('of a file of no use is refused with the code of its fault', async () => {
    expectError(await upload('symbol\nTEN\n'), 400, 'ERR_CSV_004');
    expectError(await upload(''), 400, 'ERR_CSV_003');
    expectError(await upload('symbol,target_price\nTEN,1\n', owner, 'targets.txt'), 415, 'ERR_CSV_002');
    expectError(await upload(' '.repeat(2 * 1024 * 1024 + 1)), 413, 'ERR_CSV_001');
    expectError(await owner.post(`${path}/import`, new FormData()), 422, 'ERR_PORT_007');
  });

  it('of its own export changes nothing, and no spreadsheet runs what is in it', async () => {
    const notes = ['=HYPERLINK("x")', "'=1+1", '-5, or "less"', 'two\r\nlines', '+1'];
    const symbols = ['TEN', 'DOWN', CALL, '-ABC', 'ZZZ'];
    for (const [place, symbol] of symbols.entries())
      await set(symbol, 100.5 + place / 1e6, { notes: notes[place], downside_price: place, target_date: '2026-01-15' });
    const before = (await list()).target_prices;
    const exported = await owner.get(`${path}/export?format=csv`);
    expect(exported.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(exported.headers.get('content-disposition')).toContain('attachment');
    expect(exported.text.startsWith('symbol,target_price,target_date,downside_price,notes\r\n')).toBe(true);
    for (const cell of [`"'=HYPERLINK(""x"")"`, `''=1+1`, `"'-5, or`, `'-ABC`, `'+1`]) expect(exported.text).toContain(cell);
    expect(exported.text).not.toMatch(/(^|[,"])[=+\-@]/m);
    expect(fieldsOf(await upload(exported.text), 200)).toMatchObject({ created: 0, updated: 5 });
    const fixed = (targets: readonly Target[]) => targets.map((target) => ({ ...target, updated_at: null }));
    expect(fixed((await list()).target_prices)).toEqual(fixed(before));
    for (const { id } of before) await owner.delete(`/target-prices/${id}`);
    expect(fieldsOf(await upload(exported.text), 200)).toMatchObject({ created: 5, updated: 0 });
    expect((await list()).target_prices.map((target) => target['notes'])).toEqual(before.map((target) => target['notes']));
  });

  it('and single ones together never make more than a thousand', async () => {
    const rows = (from: number, count: number) => Array.from({ length: count }, (_, i) => `S${from + i},1\n`).join('');
    fieldsOf(await upload(`symbol,target_price\n${rows(0, 999)}`), 200);
    const replies = await Promise.all([
      owner.post(path, { symbol: 'TEN', target_price: 1 }),
      owner.post(path, { symbol: 'DOWN', target_price: 1 }),
    ]);
    expect(statuses(replies)).toEqual([201, 409]);
    expectError(await upload(`symbol,target_price\n${rows(998, 2)}`), 409, 'ERR_TARGET_003');
    fieldsOf(await upload(`symbol,target_price\n${rows(0, 999)}`), 200);
    expect((await list()).summary).toMatchObject({ targets: 1_000 });
  });
});

describe('what belongs to another user', () => {
  it('cannot be read: 404, as if it were not there', async () => {
    const { id } = await set('TEN', 192);
    for (const each of [path, `${path}/export`, path.replace('portfolios', 'portfolio')])
      expectError(await other.get(each), 404, 'ERR_PORT_404');
    for (const each of [id, randomUUID()]) expectError(await other.get(`/target-prices/${each}`), 404, 'ERR_TARGET_002');
  });

  it('cannot be changed: 403, and nothing is', async () => {
    const { id } = await set('TEN', 192);
    const before = await list();
    const refused = [
      await other.post(path, { symbol: 'ZZZ', target_price: 1 }),
      await upload('symbol,target_price\nTEN,1\n', other),
      await other.put(`/target-prices/${id}`, { target_price: 1 }),
      await other.delete(`/target-prices/${id}`),
    ];
    for (const reply of refused) expectError(reply, 403, 'ERR_OWNER_001');
    expect(await list()).toEqual(before);
    expectError(await other.put(`/target-prices/${randomUUID()}`, { target_price: 1 }), 404, 'ERR_TARGET_002');
    expectError(
      await other.post(`/portfolios/${randomUUID()}/target-prices`, { symbol: 'A', target_price: 1 }),
      404,
      'ERR_PORT_404',
    );
  });

  it('answers the owner in the singular too, and nobody without credentials', async () => {
    const { id } = await set('TEN', 192);
    expect((await owner.get(path.replace('portfolios', 'portfolio'))).json).toMatchObject({ target_prices: [{ id }] });
    expectError(await api.nobody.get(path), 401, 'ERR_AUTH_001');
  });

  it('goes with its portfolio', async () => {
    const { id } = await set('TEN', 192);
    await api.db.pool.query(`UPDATE portfolios SET deleted_at = now() WHERE id = $1`, [portfolioId]);
    expectError(await owner.get(`/target-prices/${id}`), 404, 'ERR_TARGET_002');
    expectError(await owner.put(`/target-prices/${id}`, { target_price: 1 }), 404, 'ERR_TARGET_002');
  });
});
