// Stress tests as they are read, and every reason why factor figures are not there.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import {
  COVERAGE,
  DATE,
  DOWN_10,
  EQUITY,
  insertBoth,
  insertRow,
  lines,
  makeFactorBook,
  ofAAA,
  ofBBB,
  type FactorBook,
} from './factor-book.js';
import { insertModel, insertRisk, insertStatistics, insertValuedLot, statisticsOf } from './risk-records.js';

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

type Scenario = Readonly<{
  id: string;
  impact: Readonly<{
    dollar_impact: number;
    by_position: readonly Readonly<{ position_id: string; dollar_impact: number | null }>[];
  }>;
  plausibility: Readonly<{ standard_deviations: number }>;
}>;

describe('stress-test', () => {
  beforeEach(async () => {
    await insertBoth(api);
    await insertRow(api, book.portfolioId);
  });

  it('shows what is stored, by factor and by position, each summing to the total', async () => {
    const answer = await book.read('stress-test?scenarios=market_down_10');
    expect(answer).toMatchObject({
      available: true,
      data: {
        portfolio_value: EQUITY,
        calculation_date: DATE,
        scenarios: [
          {
            id: 'market_down_10',
            category: 'market_risk',
            severity: 'moderate',
            impact_type: 'correlated',
            impact: {
              dollar_impact: -4_500,
              direct_dollar_impact: -2_000,
              correlation_effect: -2_500,
              percentage_impact: -4.5,
              new_portfolio_value: 95_500,
              by_factor: [
                { factor: 'MKT', dollar_impact: -2_000, direct_dollar_impact: -2_000 },
                { factor: 'VMG', dollar_impact: -2_500, direct_dollar_impact: 0 },
                { factor: 'option_rest', dollar_impact: 0 },
                { factor: 'price_floor', dollar_impact: 0 },
              ],
              other_positions: null,
            },
          },
        ],
      },
      metadata: { scenarios_requested: ['market_down_10'], without_result: [], coverage: COVERAGE },
    });
    const [scenario] = (answer['data'] as { scenarios: readonly [Scenario] }).scenarios;
    const byPosition = new Map(scenario.impact.by_position.map((each) => [each.position_id, each.dollar_impact]));
    expect(byPosition.get(book.lots.AAA)).toBeCloseTo(-7_500, 9);
    expect(byPosition.get(book.lots.BBB)).toBeCloseTo(3_000, 9);
    expect(byPosition.get(book.lots.CASH_USD)).toBeCloseTo(0, 12);
    expect(byPosition.get(book.lots.HOUSE)).toBeNull();
    expect(scenario.plausibility.standard_deviations).toBeCloseTo(0.1 / Math.sqrt(21 * 1e-4), 12);
  });

  it('sorts by category and name, and names scenarios that the session has no factor for', async () => {
    const answer = await book.read('stress-test?scenarios=market_up_10,rates_up_25bp,market_down_10');
    expect(answer).toMatchObject({
      data: { scenarios: [{ id: 'market_down_10' }, { id: 'market_up_10' }] },
      metadata: { scenarios_requested: ['market_up_10', 'rates_up_25bp', 'market_down_10'], without_result: ['rates_up_25bp'] },
    });
  });

  it('an unknown scenario is refused with the list of those there are', async () => {
    const reply = await user.get(`/analytics/portfolio/${book.portfolioId}/stress-test?scenarios=market_down_10,meteor`);
    expectError(reply, 422, 'ERR_REQ_001');
    expect(reply.text).toMatch(/covid_crash_2020/);
  });

  it('takes an option lot from its stored revaluation', async () => {
    const option = { underlying: 'AAA', strike: 100, expires: '2025-06-20', type: 'PUT' as const };
    const put = await insertValuedLot(api.db, {
      portfolioId: book.portfolioId,
      date: DATE,
      symbol: 'AAA250620P00100000',
      value: 500,
      delta: -4_000,
      option,
    });
    await insertRisk(api.db, {
      portfolioId: book.portfolioId,
      date: DATE,
      equity: EQUITY,
      exposures: Float64Array.of(16_000, 48_000),
      stress: [{ ...DOWN_10, direct: { ...lines(-1_500, -1_600, 0), optionRest: 100 }, correlated: null }],
      optionImpacts: { [put]: { direct: [500], correlated: [null] } },
    });
    const answer = await book.read('stress-test?scenarios=market_down_10');
    const [scenario] = (answer['data'] as { scenarios: readonly [Scenario] }).scenarios;
    expect(scenario.impact).toMatchObject({ dollar_impact: null, direct_dollar_impact: -1_500, percentage_impact: null });
    expect(scenario.impact.by_position).toContainEqual(
      expect.objectContaining({ position_id: put, dollar_impact: null, direct_dollar_impact: 500 }),
    );
  });
});

describe.each(['factor-exposures', 'positions/factor-exposures', 'stress-test'])('%s is not available', (name) => {
  it('before the row of the newest session is there', async () => {
    await insertBoth(api);
    await insertRisk(api.db, {
      portfolioId: book.portfolioId,
      date: '2025-03-11',
      equity: EQUITY,
      exposures: Float64Array.of(1, 1),
      stress: [DOWN_10],
    });
    expect(await book.read(name)).toMatchObject({
      available: false,
      reason: 'no_calculation_available',
      portfolio_id: book.portfolioId,
    });
  });

  it('where the part failed', async () => {
    await insertBoth(api);
    const failedParts = { exposures: 'boom', stress: 'boom' };
    await insertRisk(api.db, {
      portfolioId: book.portfolioId,
      date: DATE,
      equity: EQUITY,
      exposures: Float64Array.of(1, 1),
      failedParts,
    });
    const answer = await book.read(name);
    expect(answer).toMatchObject({ available: false, reason: 'no_calculation_available' });
    expect(JSON.stringify(answer)).not.toMatch(/boom/);
  });

  it('where nothing is covered: no figure is 0', async () => {
    await insertBoth(api);
    await insertRisk(api.db, { portfolioId: book.portfolioId, date: DATE, equity: EQUITY });
    expect(await book.read(name)).toMatchObject({ available: false, reason: 'no_results' });
  });

  it('where nothing stands for the market', async () => {
    await api.db.pool.query(`TRUNCATE factor_models`);
    await insertModel(api.db, DATE, { factors: [], covariance: null, observations: 0 });
    await insertBoth(api);
    await insertRisk(api.db, { portfolioId: book.portfolioId, date: DATE, equity: EQUITY });
    expect(await book.read(name)).toMatchObject({ available: false, reason: 'no_benchmark_data' });
  });

  it('where statistics are gone, or made again of other prices than the row', async () => {
    await insertStatistics(api.db, DATE, statisticsOf('AAA', ofAAA));
    await insertRow(api, book.portfolioId);
    expect(await book.read(name)).toMatchObject({ available: false, reason: 'no_calculation_available' });
    await insertStatistics(api.db, DATE, statisticsOf('BBB', { ...ofBBB, betas: Float64Array.of(2.1, -1) }));
    expect(await book.read(name)).toMatchObject({ available: false, reason: 'no_calculation_available' });
  });

  it('before anything was calculated', async () => {
    await api.db.pool.query(`TRUNCATE portfolio_snapshots`);
    expect(await book.read(name)).toMatchObject({ available: false, reason: 'no_snapshots' });
  });
});

it('twenty-two scenarios, by category and name', async () => {
  type Listed = readonly Readonly<{ category: string; name: string; yield_change: number | null }>[];
  const { scenarios } = fieldsOf<{ scenarios: Listed }>(await user.get('/analytics/stress/scenarios'), 200);
  expect(scenarios).toHaveLength(22);
  const keys = scenarios.map(({ category, name }) => `${category} ${name}`);
  expect(keys).toEqual(keys.toSorted());
  expect(scenarios).toContainEqual(expect.objectContaining({ id: 'rates_up_100bp', yield_change: 0.01, shocks: {} }));
});
