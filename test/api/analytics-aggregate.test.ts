// Several portfolios as one: sums of dollars of one session, and whose they are.
import { portfolioVolatility } from '@closebell/shared/calc/portfolio-volatility';
import { sampleCovariance } from '@closebell/shared/calc/covariance';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertPortfolio, insertSnapshot } from './records.js';
import { insertCloses, insertModel, insertRisk, insertValuedLot } from './risk-records.js';

const DATE = '2025-03-12';

let api: DomainApi;
let user: Caller;
let first: string;
let second: string;
let private_: string;

const wave = (k: number): number[] => Array.from({ length: 252 }, (_, t) => 0.01 * Math.sin(k * (t + 1) ** 2));

beforeAll(async () => {
  api = await startDomainApi('2025-03-12T22:00:00Z');
  await insertModel(api.db, DATE);
  await insertCloses(api.db, 'AAA', DATE, wave(1));
  await insertCloses(api.db, 'BBB', DATE, wave(3));
});
afterAll(() => api.close());
beforeEach(async () => {
  user = await api.user();
  first = await calculated({ equity: 50_000, long: 60_000, short: 0, pnl: 100.1 }, 60_000, [60_000, 10_000], -6_000);
  second = await calculated({ equity: 30_000, long: 20_000, short: -10_000, pnl: -300.3 }, 24_000, [24_000, -4_000], -2_400);
  private_ = await calculated({ equity: 20_000, long: 20_000, short: 0, pnl: 0 }, null, null, null);
});

const portfolio = () => insertPortfolio(api.db, { userId: user.userId, accountName: randomUUID() });
type Figures = Readonly<{ equity: number; long: number; short: number; pnl: number }>;

/** A portfolio with what a calculation leaves; where nothing is covered, the row says so. */
async function calculated(
  figures: Figures,
  aaa: number | null,
  exposures: readonly number[] | null,
  loss: number | null,
): Promise<string> {
  const portfolioId = await portfolio();
  await insertSnapshot(api.db, { portfolioId, date: DATE, ...figures });
  if (aaa !== null) await insertValuedLot(api.db, { portfolioId, date: DATE, symbol: 'AAA', value: aaa });
  const lines = loss === null ? null : { total: loss, byFactor: Float64Array.of(loss, 0), optionRest: 0, priceFloor: 0 };
  await insertRisk(api.db, {
    portfolioId,
    date: DATE,
    equity: figures.equity,
    coverage: exposures && 1,
    exposures: exposures && Float64Array.from(exposures),
    stress: lines && [{ scenarioId: 'market_down_10', direct: lines, correlated: along(lines, exposures?.[1] ?? 0) }],
    volatility: {
      lookback: 252,
      volatility: aaa && 0.2,
      coverage: aaa && 1,
      excluded: [],
      contributions: {},
      reason: aaa === null ? 'nothing_covered' : null,
    },
  });
  return portfolioId;
}

/** Value moves along by half of what the market does: lines that are not of the session's model are not summed. */
const along = <L extends Readonly<{ total: number; byFactor: Float64Array }>>(lines: L, value: number): L => ({
  ...lines,
  total: 2 * lines.total,
  byFactor: Float64Array.of(lines.byFactor[0]!, -0.05 * value),
});

const at = (name: string, ...ids: readonly string[]) =>
  user.get(`/analytics/aggregate/${name}${ids.length === 0 ? '' : `?portfolio_ids=${ids.join(',')}`}`);
const read = async (name: string, ...ids: readonly string[]) => fieldsOf<Record<string, unknown>>(await at(name, ...ids), 200);

it('overview: sums of dollars, as fractions of the equity of all', async () => {
  expect(await read('overview')).toMatchObject({
    available: true,
    portfolio_ids: [first, second, private_],
    left_out: [],
    calculation_date: DATE,
    equity: 100_000,
    coverage: 1,
    net_asset_value: 100_000,
    leverage: 1.1,
    exposures: {
      long_exposure: 100_000,
      short_exposure: -10_000,
      gross_exposure: 110_000,
      net_exposure: 90_000,
      net_percentage: 0.9,
    },
    pnl: { daily_pnl: -200.2, mtd_pnl: -200.2, ytd_pnl: -200.2, unrealized_pnl: 0 },
  });
});

it('beta: dollars by equity, never an average; without one it is over the covered part, and says so', async () => {
  // .5 · 1.2 + .3 · .8 of 80 % of the equity.
  expect(await read('beta')).toMatchObject({
    portfolio_ids: [first, second],
    left_out: [{ portfolio_id: private_, reason: 'no_results' }],
    equity: 80_000,
    coverage: 0.8,
    exposure_dollar: 84_000,
    beta: 84_000 / 80_000,
    portfolios: [
      { portfolio_id: first, beta: 1.2, exposure_dollar: 60_000 },
      { portfolio_id: second, beta: 0.8, exposure_dollar: 24_000 },
    ],
  });
});

it('factor-exposures: dollars add up, and growth is the other end of value', async () => {
  const { factors } = (await read('factor-exposures', first, second)) as { factors: readonly { name: string }[] };
  const byName = new Map(factors.map((factor) => [factor.name, factor]));
  expect(byName.get('Market Beta')).toMatchObject({ exposure_dollar: 84_000, beta: 1.05 });
  expect(byName.get('Value')).toMatchObject({ exposure_dollar: 6_000, beta: 0.075 });
  expect(byName.get('Growth')).toMatchObject({ exposure_dollar: -6_000 });
  expect(byName.get('Momentum')).toMatchObject({ exposure_dollar: null, beta: null });
});

it('stress-test: each scenario is the sum of the portfolios, by factor too', async () => {
  expect(await read('stress-test', first, second)).toMatchObject({
    scenarios: [
      {
        id: 'market_down_10',
        impact: {
          dollar_impact: -16_800,
          direct_dollar_impact: -8_400,
          correlation_effect: -8_400,
          percentage_impact: -21,
          new_portfolio_value: 63_200,
          by_factor: [
            { factor: 'MKT', dollar_impact: -8_400 },
            { factor: 'VMG' },
            { factor: 'option_rest' },
            { factor: 'price_floor' },
          ],
        },
        portfolios: [
          { portfolio_id: first, dollar_impact: -12_000 },
          { portfolio_id: second, dollar_impact: -4_800 },
        ],
      },
    ],
  });
  expectError(await user.get('/analytics/aggregate/stress-test?scenarios=meteor'), 422, 'ERR_REQ_001');
});

it('volatility: of all holdings together, so that a hedge across portfolios counts', async () => {
  await insertValuedLot(api.db, { portfolioId: second, date: DATE, symbol: 'BBB', value: -40_000 });
  const answer = await read('volatility', first, second);
  const { matrix } = sampleCovariance([Float64Array.from(wave(1)), Float64Array.from(wave(3))])!;
  const expected = portfolioVolatility({ weights: [84 / 80, -40 / 80], rows: [0, 1] }, matrix, 2)!;
  expect(answer).toMatchObject({
    volatility: expect.closeTo(expected.volatility, 5) as number,
    lookback_days: 252,
    holdings_coverage: 1,
    message: null,
    portfolios: [
      { portfolio_id: first, equity: 50_000, volatility: 0.2 },
      { portfolio_id: second, equity: 30_000, volatility: 0.2 },
    ],
  });
  const contributions = answer['contributions'] as readonly { symbol: string; contribution: number }[];
  expect(contributions.map(({ symbol }) => symbol).toSorted()).toEqual(['AAA', 'BBB']);
  expect(contributions.reduce((sum, { contribution }) => sum + contribution, 0)).toBeCloseTo(answer['volatility'] as number, 12);
});

describe.each(['overview', 'beta', 'volatility', 'factor-exposures', 'stress-test'])('%s', (name) => {
  it('checks every id: a stranger’s among one’s own is 404', async () => {
    const stranger = await api.user();
    const theirs = await insertPortfolio(api.db, { userId: stranger.userId });
    expectError(await at(name, first, theirs), 404, 'ERR_PORT_404');
    expectError(await at(name, first, randomUUID()), 404, 'ERR_PORT_404');
    expectError(await at(name, 'nonsense'), 422, 'ERR_REQ_001');
    expectError(await at(name, ...Array.from({ length: 51 }, () => randomUUID())), 422, 'ERR_REQ_001');
    expectError(await api.nobody.get(`/analytics/aggregate/${name}?portfolio_ids=${first}`), 401, 'ERR_AUTH_001');
  });

  it('never mixes sessions: what is older is left out and named, and an id given twice counts once', async () => {
    const old = await portfolio();
    await insertSnapshot(api.db, { portfolioId: old, date: '2025-03-11', equity: 20_000 });
    const never = await portfolio();
    expect(await read(name, first, old, never, first.toUpperCase())).toMatchObject({
      portfolio_ids: [first],
      left_out: [
        { portfolio_id: old, reason: 'no_calculation_available', message: expect.stringMatching(/2025-03-11/) as string },
        { portfolio_id: never, reason: 'no_snapshots' },
      ],
      calculation_date: DATE,
      equity: 50_000,
      coverage: 5 / 7,
    });
  });

  it('is not available where none was calculated', async () => {
    const never = await portfolio();
    expect(await read(name, never)).toMatchObject({ available: false, reason: 'no_snapshots', portfolio_ids: [never] });
  });

  it('of one portfolio is that portfolio’s', async () => {
    expect(await read(name, first)).toMatchObject({ available: true, portfolio_ids: [first], equity: 50_000, coverage: 1 });
  });
});

it('is not available where none has the figures', async () => {
  expect(await read('beta', private_)).toMatchObject({ available: false, reason: 'no_results', portfolio_ids: [private_] });
});
