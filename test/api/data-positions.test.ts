// Lots with all that is known of them: worked-out values, what closing brought in, and nothing of anybody else's.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { makePortfolio, type LotRecord } from '../support/ledger.js';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertClose } from './records.js';

const SESSION = '2025-03-12';

let api: DomainApi;
let user: Caller;
let other: Caller;
beforeAll(async () => {
  api = await startDomainApi('2025-03-12T22:00:00Z');
  user = await api.user();
  other = await api.user();
});
afterAll(() => api.close());
beforeEach(() => api.db.pool.query(`TRUNCATE portfolios, price_bars, corporate_actions, securities, tags CASCADE`));

type Shown = Readonly<{ id: string; symbol: string; state: string; realized_pnl: number | null; flags: readonly string[] }>;
type Answer = Readonly<{ positions: readonly Shown[]; summary: Readonly<Record<string, unknown>>; truncated: boolean }>;
const read = async (query: string) => fieldsOf<Answer>(await user.get(`/data/positions/details?${query}`), 200);
const hold = (owner: Caller, ...lots: readonly LotRecord[]) =>
  makePortfolio(api.db, { userId: owner.userId, asOf: SESSION, lots });
const idsOf = async (portfolioId: string): Promise<readonly string[]> => {
  const { rows } = await api.db.pool.query<{ id: string }>(`SELECT id FROM positions WHERE portfolio_id = $1 ORDER BY symbol`, [
    portfolioId,
  ]);
  return rows.map(({ id }) => id);
};
/** At a close of the session, as the calculation stores it. */
const value = (symbol: string, price: number, multiplier = 1, source = 'close') =>
  api.db.pool.query(
    `INSERT INTO position_values (portfolio_id, session_date, position_id, quantity, price, price_source, price_date, age_sessions, market_value,
       cost_basis, unrealised_pnl, delta_adjusted_value, weight_gross)
     SELECT portfolio_id, $2, id, quantity, $3, $5, $2, 0, quantity * $3 * $4, quantity * entry_price * $4, quantity * ($3 - entry_price) * $4, NULL, 0.5
     FROM positions WHERE symbol = $1`,
    [symbol, SESSION, price, multiplier, source],
  );
const storeClose = (symbol: string, date: string, close: number) => insertClose(api.db, { symbol, date, close });

const ENTERED = { entryDate: '2025-03-03' } as const;
const CALL = {
  ...ENTERED,
  investmentClass: 'OPTIONS',
  underlyingSymbol: 'UNDR',
  strikePrice: '100',
  optionType: 'CALL',
} as const;

it('values a short that fell as a gain, an option by its contract, and sums what is open', async () => {
  const portfolioId = await hold(
    user,
    { ...ENTERED, symbol: 'DOWN', quantity: '-10', entryPrice: '50' },
    { ...CALL, symbol: 'CALLS', quantity: '5', entryPrice: '2.5', expirationDate: '2025-06-20' },
    { ...ENTERED, symbol: 'NEWER', quantity: '1', entryPrice: '7' },
  );
  await value('DOWN', 48);
  await value('CALLS', 3.75, 100, 'model');
  const { positions, summary, truncated } = await read(`portfolio_id=${portfolioId}`);
  expect(positions).toMatchObject([
    {
      symbol: 'CALLS',
      portfolio_id: portfolioId,
      position_type: 'LC',
      multiplier: 100,
      market_value: 1_875,
      cost_basis: 1_250,
      unrealized_pnl: 625,
      unrealized_pnl_percent: 50,
      session_date: SESSION,
      price_source: 'model',
      flags: ['model'],
      state: 'open',
      realized_pnl: null,
    },
    {
      symbol: 'DOWN',
      position_type: 'SHORT',
      quantity: -10,
      entry_price: 50,
      current_price: 48,
      market_value: -480,
      cost_basis: -500,
      unrealized_pnl: 20,
      unrealized_pnl_percent: 4,
      flags: [],
    },
    { symbol: 'NEWER', current_price: null, price_source: null, market_value: null, weight: null, flags: ['not_valued'] },
  ]);
  expect(truncated).toBe(false);
  expect(summary).toEqual({
    total_positions: 3,
    open_count: 3,
    closed_count: 0,
    valued_count: 2,
    long_value: 1_875,
    short_value: -480,
    gross_value: 2_355,
    net_value: 1_395,
    cost_basis: 750,
    unrealized_pnl: 645,
    realized_pnl: 0,
    flagged: { model: 1, not_valued: 1 },
  });
});

it('shows closed lots where they are asked for: covered, sold after a split, expired at intrinsic value', async () => {
  const portfolioId = await hold(
    user,
    { ...ENTERED, symbol: 'COVERED', quantity: '-100', entryPrice: '200', exitPrice: '180', exitDate: '2025-03-10' },
    { ...ENTERED, symbol: 'HALVED', quantity: '10', entryPrice: '100', exitPrice: '60', exitDate: SESSION },
    { ...CALL, symbol: 'EXPIRED', quantity: '2', entryPrice: '1', expirationDate: '2025-03-07' },
    { ...ENTERED, symbol: 'STILL', quantity: '1', entryPrice: '1' },
  );
  await api.db.pool.query(
    `INSERT INTO corporate_actions (symbol, ex_date, action_type, numerator, denominator, provider) VALUES ('HALVED', '2025-03-06', 'split', 2, 1, 'files')`,
  );
  await storeClose('UNDR', '2025-03-07', 104);
  await value('HALVED', 999);
  expect((await read(`portfolio_id=${portfolioId}`)).positions.map(({ symbol }) => symbol)).toEqual(['STILL']);
  const { positions, summary } = await read(`portfolio_id=${portfolioId}&include_closed=true`);
  const closed = positions.toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1));
  expect(closed).toMatchObject([
    { symbol: 'COVERED', state: 'closed', exit_price: 180, exit_date: '2025-03-10', realized_pnl: 2_000, flags: [] },
    // 2 × 100 × (104 − 100), less the premium of 200.
    { symbol: 'EXPIRED', state: 'expired', exit_price: null, exit_date: null, realized_pnl: 600 },
    // 20 at 60, for 10 at 100; a value from before it was sold is none now.
    { symbol: 'HALVED', state: 'closed', market_value: null, realized_pnl: 200 },
    { symbol: 'STILL', state: 'open', realized_pnl: null },
  ]);
  expect(summary).toMatchObject({ open_count: 1, closed_count: 3, realized_pnl: 2_800, gross_value: 0 });
});

it('shows the lots named, of several portfolios, with their tags; not one when any is not yours', async () => {
  const [first] = await idsOf(await hold(user, { ...ENTERED, symbol: 'AAA', quantity: '1', entryPrice: '1' }));
  const [second] = await idsOf(await hold(user, { ...ENTERED, symbol: 'BBB', quantity: '1', entryPrice: '1' }));
  const [foreign] = await idsOf(await hold(other, { ...ENTERED, symbol: 'CANARY', quantity: '1', entryPrice: '1' }));
  await api.db.pool.query(
    `WITH made AS (INSERT INTO tags (user_id, name, color) VALUES ($1, 'Income', '#00ff00'), ($1, 'core', '#ff0000') RETURNING id)
     INSERT INTO position_tags (tag_id, position_id) SELECT id, $2 FROM made`,
    [user.userId, first],
  );
  const { positions } = await read(`position_ids=${first},${second!.toUpperCase()},${first}`);
  expect(positions).toMatchObject([
    {
      id: first,
      symbol: 'AAA',
      tags: [
        { name: 'core', color: '#ff0000' },
        { name: 'Income', color: '#00ff00' },
      ],
    },
    { id: second, symbol: 'BBB', tags: [] },
  ]);
  for (const id of [foreign, randomUUID()]) {
    const reply = await user.get(`/data/positions/details?position_ids=${first},${id}`);
    expectError(reply, 404, 'ERR_POSITION_404');
    expect(reply.text).not.toContain('AAA');
  }
  await api.db.pool.query(`UPDATE positions SET deleted_at = now() WHERE id = $1`, [second]);
  expectError(await user.get(`/data/positions/details?position_ids=${second}`), 404, 'ERR_POSITION_404');
});

it('flags the lots of a portfolio whose change waits to be calculated', async () => {
  const portfolioId = await hold(user, { ...ENTERED, symbol: 'AAA', quantity: '1', entryPrice: '1' });
  await value('AAA', 2, 1, 'stale');
  await api.db.pool.query(`UPDATE portfolios SET dirty_from = '2025-03-10'`);
  expect((await read(`portfolio_id=${portfolioId}`)).positions[0]!.flags).toEqual(['stale', 'not_current']);
});

it('asks for one portfolio, which is yours, or for positions by their ids', async () => {
  const foreign = await hold(other, { ...ENTERED, symbol: 'CANARY', quantity: '1', entryPrice: '1' });
  expectError(await user.get(`/data/positions/details?portfolio_id=${foreign}`), 404, 'ERR_PORT_404');
  const tooMany = Array.from({ length: 301 }, () => randomUUID()).join(',');
  for (const query of [
    '',
    'portfolio_id=12',
    'position_ids=',
    `position_ids=${randomUUID()},x`,
    `position_ids=${tooMany}`,
    `portfolio_id=${foreign}&position_ids=${randomUUID()}`,
    `portfolio_id=${foreign}&include_closed=maybe`,
  ]) {
    expectError(await user.get(`/data/positions/details?${query}`), 422, 'ERR_REQ_001');
  }
  expectError(await api.nobody.get(`/data/positions/details?portfolio_id=${foreign}`), 401, 'ERR_AUTH_001');
});
