// Greeks against an answer from a textbook: S = K = 150, 30 days, 25 %, 5 %.
import { insertMarks, type LotMark } from '@closebell/prisma/figures';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertPortfolio, insertSnapshot } from './records.js';
import { insertValuedLot } from './risk-records.js';

const DATE = '2025-03-12';
/** 30 days later, to the hour. */
const EXPIRES = '2025-04-11';

let api: DomainApi;
let user: Caller;
let portfolioId: string;

beforeAll(async () => {
  api = await startDomainApi('2025-03-12T22:00:00Z');
  user = await api.user();
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.db.pool.query(`TRUNCATE portfolios, corporate_actions CASCADE`);
  portfolioId = await insertPortfolio(api.db, { userId: user.userId, accountName: randomUUID() });
  await insertSnapshot(api.db, { portfolioId, date: DATE });
});

const MARK: Omit<LotMark, 'positionId'> = {
  sessionDate: DATE,
  priceE6: 4_594_000,
  delta: 0.5371,
  underlyingCloseE6: 150_000_000,
  entryCloseE6: 150_000_000,
  volatility: 0.25,
  rate: 0.05,
  source: 'entry',
};

const holdOption = async (type: 'CALL' | 'PUT', quantity: number, mark: Partial<LotMark> | null = {}) => {
  const option = { underlying: 'XYZ', strike: 150, expires: EXPIRES, type };
  const symbol = `XYZ250411${type[0]}00150000`;
  const lot = { portfolioId, date: DATE, symbol, value: quantity * 400, quantity, option };
  const positionId = await insertValuedLot(
    api.db,
    mark === null ? { ...lot, delta: null, priceSource: 'no_price' } : { ...lot, priceSource: 'model' },
  );
  if (mark !== null) await insertMarks(api.db.pool, [{ ...MARK, ...mark, positionId }]);
  return positionId;
};
const read = async () => fieldsOf<Record<string, unknown>>(await user.get(`/analytics/portfolio/${portfolioId}/greeks`), 200);

const CALL = {
  price: 4.594,
  delta: 0.5371,
  gamma: 0.03695,
  theta_per_day: -0.0816,
  vega_per_vol_point: 0.1708,
  rho_per_pct: 0.0624,
};
const PUT = {
  price: 3.979,
  delta: -0.4629,
  gamma: 0.03695,
  theta_per_day: -0.0611,
  vega_per_vol_point: 0.1708,
  rho_per_pct: -0.0603,
};
/** Four significant digits, as the answer is given. */
const near = (figures: Readonly<Record<string, number>>, times = 1): object =>
  Object.fromEntries(Object.entries(figures).map(([name, figure]) => [name, closeTo(figure * times)]));
const closeTo = (figure: number): unknown => expect.closeTo(figure, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(figure)))));

describe('greeks of what is held', () => {
  it('are those of the stored mark, per share, per position, and in dollars together', async () => {
    const call = await holdOption('CALL', 3);
    const put = await holdOption('PUT', -2);
    const answer = await read();
    expect(answer).toMatchObject({
      available: true,
      calculation_date: DATE,
      positions: [
        {
          position_id: call,
          underlying_symbol: 'XYZ',
          quantity: 3,
          market_value: 1_200,
          underlying_price: 150,
          implied_volatility: 0.25,
          iv_source: 'entry',
          rate: 0.05,
          years_to_expiry: 30 / 365,
          greeks: near(CALL),
          position_greeks: near(CALL, 300),
        },
        { position_id: put, quantity: -2, greeks: near(PUT), position_greeks: near(PUT, -200) },
      ],
      totals: near({
        delta_adjusted_value: (300 * 0.5371 + 200 * 0.4629) * 150,
        gamma_dollars_per_pct: 100 * 0.03695 * 150 * 1.5,
        vega_per_vol_point: 100 * 0.1708,
      }),
      metadata: { options: 2, without_greeks: [] },
    });
  });

  it('a split since the entry is undone for the contract', async () => {
    await holdOption('CALL', 1, { underlyingCloseE6: 75_000_000 });
    await api.db.pool.query(
      `INSERT INTO corporate_actions (symbol, ex_date, action_type, numerator, denominator, provider) VALUES ('XYZ', '2025-02-03', 'split', 2, 1, 'files')`,
    );
    expect(await read()).toMatchObject({ positions: [{ underlying_price: 150, greeks: near(CALL) }] });
  });

  it('an option that could not be marked is named, and no 0 stands for it', async () => {
    const unmarked = await holdOption('CALL', 1, null);
    expect(await read()).toMatchObject({
      available: true,
      positions: [],
      metadata: {
        options: 1,
        without_greeks: [{ position_id: unmarked, message: expect.stringMatching(/could not be marked/) as string }],
      },
    });
  });

  it('marks of other sessions do not count', async () => {
    await holdOption('CALL', 1, { sessionDate: '2025-03-11' });
    expect(await read()).toMatchObject({ positions: [], metadata: { options: 1 } });
  });

  it('are not available before anything was calculated', async () => {
    await api.db.pool.query(`TRUNCATE portfolio_snapshots`);
    expect(await read()).toMatchObject({ available: false, reason: 'no_snapshots' });
  });
});

describe('POST greeks/calculate', () => {
  const ask = (positions: unknown) => user.post('/analytics/greeks/calculate', { positions });
  const asked = { type: 'call', spot: 150, strike: 150, years: 30 / 365, volatility: 0.25, rate: 0.05 };

  it('answers each position in its order, beside it the position figures where a quantity is given', async () => {
    const { results } = fieldsOf<{ results: readonly unknown[] }>(
      await ask([asked, { ...asked, type: 'put', quantity: -2 }, { ...asked, spot: -1 }]),
      200,
    );
    expect(results).toEqual([
      { available: true, ...near(CALL) },
      { available: true, ...near(PUT), position: near(PUT, -200) },
      { available: false, reason: 'impossible_terms' },
    ]);
  });

  it('takes 500 positions and no more, and none that is incomplete', async () => {
    expect((await ask(Array.from({ length: 500 }, () => asked))).status).toBe(200);
    expectError(await ask(Array.from({ length: 501 }, () => asked)), 422, 'ERR_REQ_001');
    expectError(await ask([]), 422, 'ERR_REQ_001');
    expectError(await ask([{ ...asked, type: 'straddle' }]), 422, 'ERR_REQ_001');
    expectError(await api.nobody.post('/analytics/greeks/calculate', { positions: [asked] }), 401, 'ERR_AUTH_001');
  });
});
