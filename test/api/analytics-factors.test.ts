// Factor exposures as they are read.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { COVERAGE, DATE, EQUITY, insertBoth, insertRow, makeFactorBook, type FactorBook } from './factor-book.js';

let api: DomainApi;
let user: Caller;
let book: FactorBook;

beforeAll(async () => {
  api = await startDomainApi('2025-03-12T22:00:00Z');
  user = await api.user();
});
afterAll(() => api.close());
beforeEach(async () => {
  book = await makeFactorBook(api, user);
});

type Factor = Readonly<{ name: string; beta: number; standard_error: number; t_stat: number; message: string | null }>;
type Position = Readonly<{ position_id: string; symbol: string; exposure_dollars: Record<string, number> | null }>;

describe('factor-exposures', () => {
  beforeEach(async () => {
    await insertBoth(api);
    await insertRow(api, book.portfolioId);
  });

  it('shows dollars by equity, growth as the other end of value, and an absent factor as absent', async () => {
    const answer = await book.read('factor-exposures');
    expect(answer).toMatchObject({
      available: true,
      calculation_date: DATE,
      metadata: { factor_model: ['MKT', 'VMG'], coverage: COVERAGE, observations: 120, equity: EQUITY },
    });
    const factors = new Map((answer['factors'] as readonly Factor[]).map((factor) => [factor.name, factor]));
    expect([...factors.keys()]).toEqual([
      'Market Beta',
      'Value',
      'Growth',
      'Momentum',
      'Quality',
      'Size',
      'Low Volatility',
      'Interest Rate',
    ]);
    expect(factors.get('Market Beta')).toMatchObject({ beta: 0.2, exposure_dollar: 20_000, proxy: 'SPY', message: null });
    expect(factors.get('Value')).toMatchObject({ beta: 0.5, exposure_dollar: 50_000, proxy: 'VTV' });
    expect(factors.get('Growth')).toMatchObject({ beta: -0.5, exposure_dollar: -50_000, proxy: 'VUG' });
    expect(factors.get('Interest Rate')).toMatchObject({ beta: null, exposure_dollar: null, standard_error: null, proxy: null });
    expect(factors.get('Interest Rate')?.message).toMatch(/absent: TLT has fewer .* provider/);
  });

  it('says how sure it is: √Σ(w·se)² and the share of variance explained', async () => {
    const answer = await book.read('factor-exposures');
    const [market] = answer['factors'] as readonly [Factor];
    expect(market.standard_error).toBeCloseTo(Math.sqrt((0.6 * 0.1) ** 2 + (0.2 * 0.3) ** 2), 12);
    expect(market.t_stat).toBeCloseTo(0.2 / Math.sqrt(0.0072), 12);
    // 252·(.2²·1e-4 + 2·.2·.5·5e-5 + .5²·1e-4) = .009828; .12² + .06² = .018.
    expect((answer['metadata'] as { r_squared: number }).r_squared).toBeCloseTo(0.009828 / 0.027828, 12);
  });

  it('the positions of a portfolio sum to it, and each says why it has none', async () => {
    const answer = await book.read('positions/factor-exposures');
    const positions = answer['positions'] as readonly Position[];
    expect(positions.map(({ symbol }) => symbol)).toEqual(['AAA', 'BBB', 'HOUSE', 'CASH_USD']);
    const sum = (name: string) => positions.reduce((total, { exposure_dollars: dollars }) => total + (dollars?.[name] ?? 0), 0);
    expect([sum('Market Beta'), sum('Value'), sum('Growth')]).toEqual([20_000, 50_000, -50_000]);
    expect(positions[0]).toMatchObject({
      exposures: { 'Market Beta': 1, Value: 0.5, Growth: -0.5 },
      r_squared: 0.6,
      message: null,
    });
    expect(positions[1]).toMatchObject({ exposures: { 'Market Beta': 2 }, observations: 120 });
    expect(positions[1]).toMatchObject({ sensitivity_alone: { spy_90: { beta: 1.1 }, tlt_90: { beta: -0.1 } } });
    expect(positions[2]).toMatchObject({
      exposures: null,
      exposure_dollars: null,
      message: expect.stringMatching(/private/) as string,
    });
    expect(positions[3]).toMatchObject({ exposures: { 'Market Beta': 0 }, priced_by: null });
  });

  it('pages, and picks symbols however they are written', async () => {
    expect(await book.read('positions/factor-exposures?limit=1&offset=1')).toMatchObject({
      total: 4,
      limit: 1,
      offset: 1,
      positions: [{ position_id: book.lots.BBB }],
    });
    expect(await book.read('positions/factor-exposures?symbols=aaa,%20bbb,ZZZ')).toMatchObject({ total: 2 });
    for (const query of ['limit=0', 'limit=201', 'offset=-1', 'symbols=']) {
      expectError(
        await user.get(`/analytics/portfolio/${book.portfolioId}/positions/factor-exposures?${query}`),
        422,
        'ERR_REQ_001',
      );
    }
  });
});

it('eight factors, in seven columns', async () => {
  const { factors } = fieldsOf<{ factors: readonly { model_factor: string }[] }>(
    await user.get('/analytics/factors/definitions'),
    200,
  );
  expect(factors).toHaveLength(8);
  expect(new Set(factors.map((factor) => factor.model_factor)).size).toBe(7);
  expectError(await api.nobody.get('/analytics/factors/definitions'), 401, 'ERR_AUTH_001');
});
