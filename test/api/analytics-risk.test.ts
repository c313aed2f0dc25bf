// Realised and holdings' risk as they are read. Reference figures come from the kernels, applied to what was inserted.
import { univariateBetas } from '@closebell/shared/calc/betas';
import { maxDrawdown } from '@closebell/shared/calc/drawdown';
import { sharpeRatio } from '@closebell/shared/calc/performance';
import { annualizedVolatility } from '@closebell/shared/calc/statistics';
import { historicalTailLoss } from '@closebell/shared/calc/value-at-risk';
import { volatilityFigures } from '@closebell/shared/calc/volatility';
import { METRICS_LOOKBACK, realisedMetrics } from '@closebell/shared/risk/realised-metrics';
import type { TailLosses } from '@closebell/shared/risk/risk-figures';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { insertPortfolio } from './records.js';
import {
  insertCloses,
  insertModel,
  insertReturns,
  insertRisk,
  insertStatistics,
  insertValuedLot,
  sessionsUpTo,
  statisticsOf,
} from './risk-records.js';

const DATE = '2025-03-12';
const EQUITY = 100_000;

let api: DomainApi;
let user: Caller;
let portfolioId: string;

/** Reproducible and without a pattern that statistics would see. */
const wave = (k: number, length: number): number[] => Array.from({ length }, (_, t) => 0.01 * Math.sin(k * (t + 1) ** 2));
const RETURNS = wave(1, 300);
const SPY = wave(1, 300).map((value, t) => 0.5 * value + 0.3 * wave(3, 300)[t]!);

beforeAll(async () => {
  api = await startDomainApi('2025-03-12T22:00:00Z');
  user = await api.user();
  await insertCloses(api.db, 'SPY', DATE, SPY);
  await insertModel(api.db, DATE);
});
afterAll(() => api.close());
beforeEach(async () => {
  portfolioId = await insertPortfolio(api.db, { userId: user.userId, accountName: randomUUID() });
});

const at = (path: string) => user.get(`/analytics/portfolio/${portfolioId}/${path}`);
const read = async <T = Record<string, unknown>>(path: string) => fieldsOf<T>(await at(path), 200);
const realise = (returns: readonly (number | null)[]) => insertReturns(api.db, { portfolioId, lastSession: DATE, returns });
const calculated = (known: Partial<Parameters<typeof insertRisk>[1]> = {}) =>
  insertRisk(api.db, { portfolioId, date: DATE, equity: EQUITY, ...known });

describe('risk-metrics', () => {
  type Metrics = Readonly<{
    risk_metrics: Record<string, number | null>;
    metadata: Readonly<{ reasons: Record<string, string> }>;
  }>;

  it('of another lookback is worked out from the daily returns, to the digit of the kernels', async () => {
    await realise(RETURNS);
    await calculated({ exposures: Float64Array.of(80_000, 0) });
    const { risk_metrics: metrics, metadata } = await read<Metrics>('risk-metrics?lookback_days=120');
    const returns = Float64Array.from(RETURNS.slice(-120));
    const drawdown = maxDrawdown(returns)!;
    const sessions = sessionsUpTo(DATE, 120);
    expect(metrics).toMatchObject({
      annualized_volatility: annualizedVolatility(returns),
      max_drawdown: drawdown.depth,
      value_at_risk_95: historicalTailLoss(returns, 0.95)!.valueAtRisk,
      expected_shortfall_95: historicalTailLoss(returns, 0.95)!.expectedShortfall,
      value_at_risk_99: historicalTailLoss(returns, 0.99)!.valueAtRisk,
      sharpe_ratio: sharpeRatio(returns),
      bottom_up_beta: 0.8,
    });
    const { beta } = univariateBetas([returns], Float64Array.from(SPY.slice(-120)));
    expect(metrics['portfolio_beta']).toBeCloseTo(beta[0]!, 4);
    expect(metadata).toMatchObject({
      calculation_date: DATE,
      lookback_days: 120,
      date_range: { start: sessions[0], end: DATE },
      observations: 120,
      benchmark: 'SPY',
      beta_observations: 120,
      drawdown_trough: sessions[drawdown.troughIndex!],
      reasons: {},
    });
  });

  it('of the stored lookback is what is stored, and the same as worked out', async () => {
    await realise(RETURNS);
    const sessions = sessionsUpTo(DATE, METRICS_LOOKBACK + 1);
    const realised = {
      sessions: sessions.slice(1),
      previousSession: sessions[0]!,
      returns: Float64Array.from(RETURNS.slice(-METRICS_LOOKBACK)),
    };
    const spy = Float64Array.from(SPY.slice(-METRICS_LOOKBACK));
    const metrics = realisedMetrics(realised, { returns: new Map([['SPY', spy]]), benchmark: 'SPY' });
    const worked = await read<Metrics>('risk-metrics');
    await calculated({ metrics: { ...metrics, sharpe_ratio: 1.25 } });
    const stored = await read<Metrics>('risk-metrics');
    expect(stored.risk_metrics['sharpe_ratio']).toBe(1.25);
    expect(stored.risk_metrics).toEqual({
      ...worked.risk_metrics,
      sharpe_ratio: 1.25,
      portfolio_beta: metrics.portfolio_beta,
    });
    expect(stored.metadata).toEqual(worked.metadata);
  });

  it('99 % losses of fewer than 100 returns are null and say so, as is what needs a factor model', async () => {
    await realise(RETURNS);
    const { risk_metrics: metrics, metadata } = await read<Metrics>('risk-metrics?lookback_days=99');
    expect(metrics).toMatchObject({ value_at_risk_99: null, expected_shortfall_99: null, bottom_up_beta: null });
    expect(Object.keys(metadata.reasons).toSorted()).toEqual(['bottom_up_beta', 'expected_shortfall_99', 'value_at_risk_99']);
  });

  it('is not available below 20 returns', async () => {
    await realise([null, ...RETURNS.slice(-19)]);
    expect(await read('risk-metrics')).toMatchObject({ available: false, reason: 'no_results' });
    await api.db.pool.query(`DELETE FROM portfolio_snapshots WHERE portfolio_id = $1`, [portfolioId]);
    await realise([null, ...RETURNS.slice(-20)]);
    expect(await read('risk-metrics')).toMatchObject({ available: true, metadata: { observations: 20 } });
  });

  it('looks back on 30 to 252 sessions', async () => {
    for (const days of [29, 253, 1.5]) expectError(await at(`risk-metrics?lookback_days=${days}`), 422, 'ERR_REQ_001');
  });
});

/** Left out of stored figures. */
const GONE = { symbol: 'GONE', reason: 'returns_ended' } as const;
const LOSSES: TailLosses = {
  value_at_risk_95: 2_000,
  expected_shortfall_95: 2_500,
  value_at_risk_99: 3_000,
  expected_shortfall_99: 3_500,
  parametric_value_at_risk_95: 1_900,
  parametric_expected_shortfall_95: 2_400,
  parametric_value_at_risk_99: 2_800,
  parametric_expected_shortfall_99: 3_300,
};

describe('value-at-risk', () => {
  const found = {
    lookback: 504,
    observations: 400,
    start_date: '2023-08-01',
    coverage: 0.9,
    dollars: LOSSES,
    fractions: null,
    excluded: [GONE],
    reason: null,
  };
  const insertForecasts = async (pnl: readonly number[]) =>
    api.db.pool.query(
      `INSERT INTO var_backtests (portfolio_id, session_date, var_95, var_99, pnl)
       SELECT $1, date, 0.02, NULL, pnl FROM unnest($2::date[], $3::float8[]) AS given (date, pnl)`,
      [portfolioId, sessionsUpTo(DATE, pnl.length), pnl],
    );

  it('shows the stored losses, and how forecasts have held: five in a hundred are right', async () => {
    await realise([0]);
    await calculated({ valueAtRisk: found });
    // Exceptions 20 sessions apart: none follows another.
    await insertForecasts(Array.from({ length: 100 }, (_, t) => (t % 20 === 10 ? -0.021 : -0.019)));
    const answer = await read('value-at-risk');
    expect(answer).toMatchObject({
      available: true,
      calculation_date: DATE,
      horizon_sessions: 1,
      dollars: LOSSES,
      fractions: null,
      back_test: {
        value_at_risk_95: { observations: 100, exceptions: 5, exceptions_expected: 5, kupiec: { statistic: 0, p_value: 1 } },
        value_at_risk_99: null,
      },
      metadata: {
        lookback_days: 504,
        observations: 400,
        start_date: '2023-08-01',
        coverage: 0.9,
        excluded: [{ symbol: 'GONE', reason: 'returns_ended' }],
      },
    });
    const { christoffersen } = (answer['back_test'] as { value_at_risk_95: { christoffersen: { p_value: number } } })
      .value_at_risk_95;
    // 89 of 94 quiet sessions are followed by another, all five loud ones too: 2·ln of the likelihoods.
    const expected = 2 * (89 * Math.log(89 / 94) + 5 * Math.log(5 / 94) - (94 * Math.log(94 / 99) + 5 * Math.log(5 / 99)));
    expect(christoffersen).toMatchObject({ statistic: expect.closeTo(expected, 9) as number });
  });

  it('a session without a forecast is no neighbour, and ten times too many exceptions are evidence', async () => {
    await realise([0]);
    await calculated({ valueAtRisk: found });
    await insertForecasts(Array.from({ length: 100 }, (_, t) => (t % 2 === 0 ? -0.03 : 0)));
    await api.db.pool.query(`DELETE FROM var_backtests WHERE portfolio_id = $1 AND session_date = $2`, [
      portfolioId,
      sessionsUpTo(DATE, 10)[0],
    ]);
    const answer = await read<{
      back_test: { value_at_risk_95: { observations: number; exceptions: number; kupiec: { p_value: number } } };
    }>('value-at-risk');
    expect(answer.back_test.value_at_risk_95).toMatchObject({ observations: 99, exceptions: 50 - 1 });
    expect(answer.back_test.value_at_risk_95.kupiec.p_value).toBeLessThan(1e-9);
  });

  it('is not available where none could be told, and says why', async () => {
    await realise([0]);
    await calculated({ valueAtRisk: { ...found, dollars: null, reason: 'nothing_covered' } });
    expect(await read('value-at-risk')).toMatchObject({
      available: false,
      reason: 'no_results',
      message: expect.stringMatching(/private/) as string,
    });
  });
});

describe('volatility', () => {
  it('of the holdings with what each adds, of the realised returns, and of each symbol', async () => {
    await realise(RETURNS);
    await insertValuedLot(api.db, { portfolioId, date: DATE, symbol: 'BIG', value: 50_000 });
    await insertValuedLot(api.db, { portfolioId, date: DATE, symbol: 'HEDGE', value: -10_000 });
    const young = {
      volatility: { ...statisticsOf('HEDGE').volatility, forecast: null },
      reasons: { forecast: 'insufficient_observations' },
    } as const;
    await insertStatistics(api.db, DATE, statisticsOf('BIG'), statisticsOf('HEDGE', young));
    await calculated({
      volatility: {
        lookback: 252,
        volatility: 0.18,
        coverage: 0.95,
        excluded: [GONE],
        contributions: { HEDGE: -0.02, BIG: 0.2 },
        reason: null,
      },
    });
    const { realized21, realized63, ...rest } = volatilityFigures(Float64Array.from(RETURNS));
    expect(await read('volatility')).toEqual({
      available: true,
      portfolio_id: portfolioId,
      calculation_date: DATE,
      holdings: {
        volatility: 0.18,
        contributions: [
          { symbol: 'BIG', contribution: 0.2 },
          { symbol: 'HEDGE', contribution: -0.02 },
        ],
        lookback_days: 252,
        coverage: 0.95,
        excluded: [{ ...GONE, message: expect.stringMatching(/no longer traded/) as string }],
        message: null,
      },
      realised: { realized_21: realized21, realized_63: realized63, ...rest, observations: 300 },
      symbols: [
        { symbol: 'BIG', ...statisticsOf('BIG').volatility, message: null },
        { symbol: 'HEDGE', ...young.volatility, message: expect.stringMatching(/too few/) as string },
      ],
    });
  });

  it('without enough returns, or covariances, is null with a reason', async () => {
    await realise([null, 0.01]);
    await calculated({
      volatility: { lookback: 252, volatility: null, coverage: null, excluded: [], contributions: {}, reason: 'no_equity' },
    });
    expect(await read('volatility')).toMatchObject({
      available: true,
      holdings: { volatility: null, message: expect.stringMatching(/Equity/) as string },
      realised: { realized_21: null, percentile: null, observations: 1 },
      symbols: [],
    });
  });
});

describe('concentration and sectors', () => {
  const figures = {
    herfindahl_index: 0.38,
    effective_positions: 1 / 0.38,
    top3_share: 1,
    top10_share: 1,
    positions: 3,
    sectors: [
      { sector: 'Technology', weight: 0.7, net_weight: 0.3, gross_market_value: 70_000 },
      { sector: null, weight: 0.3, net_weight: 0.3, gross_market_value: 30_000 },
    ],
  };

  it('are the stored ones; an unknown sector is a row of its own, and lowers the coverage', async () => {
    await realise([0]);
    await calculated({ concentration: figures });
    const { sectors, ...shares } = figures;
    expect(await read('concentration')).toMatchObject({ available: true, calculation_date: DATE, ...shares });
    expect(await read('sector-exposure')).toMatchObject({ available: true, sectors, metadata: { coverage: 0.7 } });
  });

  it('are not available where nothing has a value', async () => {
    await realise([0]);
    await calculated();
    for (const name of ['concentration', 'sector-exposure']) {
      expect(await read(name)).toMatchObject({ available: false, reason: 'no_results' });
    }
  });
});

describe.each(['value-at-risk', 'volatility', 'concentration', 'sector-exposure'])('%s is not available', (name) => {
  it('without the risk row of the newest session', async () => {
    await realise([0]);
    await insertRisk(api.db, { portfolioId, date: '2025-03-11', equity: EQUITY });
    expect(await read(name)).toMatchObject({ available: false, reason: 'no_calculation_available' });
  });

  it('before anything was calculated', async () => {
    expect(await read(name)).toMatchObject({ available: false, reason: 'no_snapshots', portfolio_id: portfolioId });
  });
});
