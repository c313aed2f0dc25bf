// Stress tests as they are read, and every reason why factor figures are not there.
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
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
import { insertMark, insertModel, insertRisk, insertStatistics, insertValuedLot, statisticsOf } from './risk-records.js';

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

type Message = Readonly<{ message: string }>;
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
    const [rates] = (answer['data'] as { unavailable_scenarios: readonly [Message] }).unavailable_scenarios;
    expect(rates).toMatchObject({ id: 'rates_up_25bp', available: false, reason: 'no_factor' });
    expect(rates.message).toMatch(/^TLT has fewer than 60 closes .*provider/);
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

describe('stress-test with other settings than the row was made with', () => {
  /** TLT's return by its duration and convexity, when yields rise by a point. */
  const UP_100 = (duration: number) => {
    const dollars = 50_000 * (-duration * 0.01 + 0.5 * 380 * 0.0001);
    return { scenarioId: 'rates_up_100bp', direct: lines(dollars, 0, dollars), correlated: null };
  };
  const insertOfDuration = async (duration: number) => {
    await api.db.pool.query(`TRUNCATE factor_models`);
    await insertModel(api.db, DATE, { factors: ['MKT', 'RAT'], covariance: null });
    await insertBoth(api);
    await insertRisk(api.db, {
      portfolioId: book.portfolioId,
      date: DATE,
      equity: EQUITY,
      exposures: Float64Array.of(20_000, 50_000),
      stress: [UP_100(duration), { ...DOWN_10, correlated: null }],
    });
  };

  it('shows results of the duration configured, and leaves out those of another until they are made anew', async () => {
    await insertOfDuration(16.5);
    expect(await book.read('stress-test?scenarios=rates_up_100bp')).toMatchObject({
      data: { scenarios: [{ impact: { direct_dollar_impact: expect.closeTo(-7_300, 6) as number } }], unavailable_scenarios: [] },
    });
    await insertOfDuration(10);
    const answer = await book.read('stress-test?scenarios=rates_up_100bp,market_down_10');
    expect(answer).toMatchObject({
      data: {
        scenarios: [{ id: 'market_down_10' }],
        unavailable_scenarios: [{ id: 'rates_up_100bp', available: false, reason: 'settings_changed' }],
      },
    });
    const together = fieldsOf<{ scenarios: readonly Readonly<{ id: string }>[] }>(
      await user.get('/analytics/aggregate/stress-test'),
      200,
    );
    expect(together.scenarios.map(({ id }) => id)).toEqual(['market_down_10']);
  });
});

describe('stress-test?source=measured', () => {
  /** SPY goes from 100 to 70 with a split of two for one on the way, VTV from 100 to 65, VUG from 100 to 75. */
  const FUNDS = { SPY: 70, VTV: 65, VUG: 75 };
  const WINDOW = xnysCalendar().sessionsBetween('2020-02-19', '2020-03-23');
  const SPLIT_AT = 10;
  const insertWindow = async (symbols: readonly (keyof typeof FUNDS)[]) => {
    await api.db.pool.query(`TRUNCATE price_bars, corporate_actions`);
    for (const symbol of symbols) {
      const step = (FUNDS[symbol] - 100) / (WINDOW.length - 1);
      const closes = WINDOW.map((_, t) => (100 + step * t) / (symbol === 'SPY' && t >= SPLIT_AT ? 2 : 1));
      await api.db.pool.query(
        `INSERT INTO price_bars (symbol, session_date, close, provider) SELECT $1, date, close, 'files' FROM unnest($2::date[], $3::numeric[]) AS given (date, close)`,
        [symbol, WINDOW, closes.map((close) => close.toFixed(6))],
      );
    }
    await api.db.pool.query(
      `INSERT INTO corporate_actions (symbol, ex_date, action_type, numerator, denominator, provider) VALUES ('SPY', $1, 'split', 2, 1, 'files')`,
      [WINDOW[SPLIT_AT]],
    );
  };

  beforeEach(async () => {
    await insertBoth(api);
    await insertRow(api, book.portfolioId);
  });

  it('takes the funds from the first close of the window to its last: −30 % of market, −10 % of value against growth', async () => {
    await insertWindow(['SPY', 'VTV', 'VUG']);
    const answer = await book.read('stress-test?source=measured&scenarios=covid_crash_2020');
    // AAA 60,000 × (−0.30 − 0.5 × 0.10), BBB −20,000 × (2 × −0.30 + 0.10).
    const both = {
      dollar_impact: expect.closeTo(-11_000, 2) as number,
      direct_dollar_impact: expect.closeTo(-11_000, 2) as number,
    };
    expect(answer).toMatchObject({
      data: {
        scenarios: [
          {
            id: 'covid_crash_2020',
            source: 'measured',
            window: { from: '2020-02-19', to: '2020-03-23' },
            factor_moves: { MKT: expect.closeTo(-0.3, 6) as number, VMG: expect.closeTo(-0.1, 6) as number },
            impact: {
              ...both,
              by_factor: [
                { factor: 'MKT', dollar_impact: expect.closeTo(-6_000, 2) as number },
                { factor: 'VMG', dollar_impact: expect.closeTo(-5_000, 2) as number },
                { factor: 'option_rest', dollar_impact: 0 },
                { factor: 'price_floor', dollar_impact: 0 },
              ],
            },
          },
        ],
        unavailable_scenarios: [],
      },
      metadata: { source: 'measured', method: 'measured_factor_returns' },
    });
    const [scenario] = (answer['data'] as { scenarios: readonly [Scenario] }).scenarios;
    const byPosition = new Map(scenario.impact.by_position.map((each) => [each.position_id, each.dollar_impact]));
    expect(byPosition.get(book.lots.AAA)).toBeCloseTo(-21_000, 2);
    expect(byPosition.get(book.lots.BBB)).toBeCloseTo(10_000, 2);
  });

  it('revalues options in full: a put that the fall brings into the money is worth what it is in it by', async () => {
    await insertWindow(['SPY', 'VTV', 'VUG']);
    const option = { underlying: 'AAA', strike: 90, expires: '2025-03-14', type: 'PUT' as const };
    const lot = { portfolioId: book.portfolioId, date: DATE, symbol: 'AAA250314P00090000', value: 1, delta: 0, option };
    const put = await insertValuedLot(api.db, { ...lot, quantity: 1, priceSource: 'model' });
    await insertMark(api.db, { positionId: put, date: DATE, underlyingClose: 100 });
    const answer = await book.read('stress-test?source=measured&scenarios=covid_crash_2020');
    // 35 % down from 100, two days before it expires at 90: 25 dollars a share.
    const [scenario] = (answer['data'] as { scenarios: readonly [Scenario] }).scenarios;
    expect(scenario.impact.by_position).toContainEqual(
      expect.objectContaining({ position_id: put, dollar_impact: expect.closeTo(2_500, 1) as number }),
    );
    expect(scenario.impact.dollar_impact).toBeCloseTo(-8_500, 1);
  });

  it('says of each replay outside the stored history which funds lack it', async () => {
    await insertWindow(['SPY', 'VTV']);
    const answer = await book.read('stress-test?source=measured');
    const ids = ['covid_crash_2020', 'dotcom_crash_2000', 'financial_crisis_2008'];
    expect(answer).toMatchObject({
      available: true,
      data: { scenarios: [], unavailable_scenarios: ids.map((id) => ({ id, available: false, reason: 'no_history' })) },
      metadata: { scenarios_requested: ids, without_result: ids },
    });
    const [covid, dotcom] = (answer['data'] as { unavailable_scenarios: readonly [Message, Message] }).unavailable_scenarios;
    expect(covid.message).toMatch(/close of VUG\./);
    expect(dotcom.message).toMatch(/close of SPY, VTV, VUG\./);
  });

  it('a scenario that is no replay has no window', async () => {
    expect(await book.read('stress-test?source=measured&scenarios=market_down_10')).toMatchObject({
      data: { scenarios: [], unavailable_scenarios: [{ id: 'market_down_10', reason: 'no_window' }] },
    });
    expectError(await user.get(`/analytics/portfolio/${book.portfolioId}/stress-test?source=guessed`), 422, 'ERR_REQ_001');
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
