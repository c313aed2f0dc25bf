import { describe, expect, test } from 'vitest';
import { standardDeviation } from '../calc/statistics.js';
import { scenarioMoves } from '../stress/scenario-moves.js';
import { STRESS_SCENARIOS } from '../stress/scenarios.js';
import { lotImpacts } from '../stress/lot-impacts.js';
import { stressTest } from '../stress/stress-test.js';
import { portfolioRisk } from './portfolio-risk.js';
import { returnCovariances } from './return-covariances.js';
import type { RiskLot } from './risk-lots.js';
import type { RealisedReturns, RiskMarket } from './risk-market.js';

const SESSIONS = Array.from({ length: 504 }, (_, i) => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10));

/** Deterministic returns that look like noise. */
const noise = (seed: number): Float64Array =>
  Float64Array.from(SESSIONS, (_, t) => 0.02 * Math.sin((t + 1) * (seed + 1.37) * 12.9898));

const gapsBefore = (values: Float64Array, first: number): Float64Array =>
  values.map((value, t) => (t < first ? Number.NaN : value));

const marketOf = (returns: ReadonlyMap<string, Float64Array>, betas: RiskMarket['betas']): RiskMarket => {
  const model = { factors: ['MKT', 'RAT'] as const, covariance: Float64Array.of(1e-4, 2e-5, 2e-5, 4e-5) };
  return {
    sessionDate: SESSIONS.at(-1)!,
    factors: model.factors,
    scenarios: STRESS_SCENARIOS.flatMap((scenario) => scenarioMoves(scenario, model) ?? []),
    betas,
    sessions: SESSIONS,
    returns,
    covariances: returnCovariances(returns),
    benchmark: 'SPY',
  };
};

const RETURNS = new Map([
  ['SPY', noise(1)],
  ['AAA', noise(2)],
  ['BBB', noise(3)],
]);
const BETAS = new Map([
  ['AAA', Float64Array.of(1.2, -0.3)],
  ['BBB', Float64Array.of(3.5, 0.2)],
]);
const MARKET = marketOf(RETURNS, BETAS);

const lot = (symbol: string, marketValue: number, others: Partial<RiskLot> = {}): RiskLot => ({
  positionId: `of ${symbol}`,
  symbol,
  kind: 'market',
  riskSymbol: symbol,
  sector: null,
  marketValue,
  deltaValue: marketValue,
  option: null,
  ...others,
});
const cash = (dollars: number): RiskLot => lot('CASH', dollars, { kind: 'cash', riskSymbol: null, sector: 'Cash' });
const house = (dollars: number): RiskLot => lot('HOUSE', dollars, { kind: 'unknown', riskSymbol: null });

const CALL = lot('CALL', 900, {
  kind: 'option',
  riskSymbol: 'BBB',
  deltaValue: 5_200,
  option: { units: 100, terms: { type: 'call', spot: 100, strike: 105, years: 0.5, rate: 0.04, volatility: 0.3 } },
});

const realised = (returns: Float64Array): RealisedReturns => ({
  sessions: SESSIONS.slice(-returns.length),
  returns,
  previousSession: '2019-12-31',
});
const REALISED = realised(noise(4).slice(-90));

const riskOf = (lots: readonly RiskLot[], market = MARKET, equity = 100_000) =>
  portfolioRisk({ equity, lots, realised: REALISED }, market);

describe('the risk of a portfolio', () => {
  test('gives each scenario what the stress test of its lots gives, line by line', () => {
    const lots = [lot('AAA', 40_000), lot('BBB', -7_000), CALL, cash(5_000), house(9_000)];
    const { stress, optionImpacts } = riskOf(lots);
    const betas = { values: Float64Array.of(...BETAS.get('AAA')!, ...BETAS.get('BBB')!, 0, 0), factorCount: 2 };
    const plain = [
      { symbolIndex: 0, marketValue: 40_000 },
      { symbolIndex: 1, marketValue: -7_000 },
      { symbolIndex: 1, marketValue: 900, deltaValue: 5_200, ...CALL.option! },
      { symbolIndex: 2, marketValue: 5_000 },
      { symbolIndex: -1, marketValue: 9_000 },
    ];
    const { results } = stressTest(plain, 100_000, betas, MARKET.scenarios);
    expect(stress).toHaveLength(results!.length);
    for (const [s, { moves, direct, correlated }] of results!.entries()) {
      const own = stress![s]!;
      expect(own.scenarioId).toBe(moves.scenario.id);
      expect(own.direct.total).toBeCloseTo(direct.total, 7);
      expect(own.correlated!.priceFloor).toBeCloseTo(correlated!.priceFloor, 7);
      expect(own.correlated!.optionRest).toBeCloseTo(correlated!.optionRest, 7);
      expect(own.correlated!.byFactor[0]).toBeCloseTo(correlated!.byFactor[0]!, 7);
      expect(optionImpacts[CALL.positionId]!.direct[s]).toBeCloseTo(direct.byLot[2]!, 7);
      expect(optionImpacts[CALL.positionId]!.correlated[s]).toBeCloseTo(correlated!.byLot[2]!, 7);
    }
    const crash = MARKET.scenarios.find(({ scenario }) => scenario.id === 'market_crash_35')!;
    expect(lotImpacts(plain, betas, crash.direct, 1).priceFloor).not.toBe(0);
  });

  test('names a part that throws, and the others stand as they are without it', () => {
    const lots = [lot('AAA', 40_000), lot('BBB', 7_000)];
    const corrupt = marketOf(RETURNS, new Map([...BETAS, ['AAA', Float64Array.of(1)]]));
    const { failedParts, ...risk } = riskOf(lots, corrupt);
    expect(new Set(Object.keys(failedParts))).toEqual(new Set(['exposures', 'stress']));
    const clean = riskOf(lots);
    expect(risk).toEqual({ ...risk, ...pick(clean, ['valueAtRisk', 'volatility', 'concentration', 'metrics']) });
    expect(risk).toMatchObject({ exposures: null, stress: null, coverage: null });
  });

  test('without factors has no exposures and no stress, and the rest all the same', () => {
    const risk = riskOf([lot('AAA', 40_000)], { ...MARKET, factors: [], scenarios: [] });
    expect(risk).toMatchObject({ exposures: null, stress: null, coverage: null, failedParts: {} });
    expect(risk.volatility!.volatility).toBeGreaterThan(0);
  });
});

describe('value at risk of the holdings', () => {
  test('is the loss on the day the holdings would have lost it', () => {
    const { valueAtRisk } = riskOf([lot('AAA', 40_000), lot('BBB', -7_000)]);
    const pnl = Float64Array.from(SESSIONS, (_, t) => 40_000 * RETURNS.get('AAA')![t]! - 7_000 * RETURNS.get('BBB')![t]!).sort();
    const place = 503 * 0.05;
    const quantile = pnl[25]! + (place - 25) * (pnl[26]! - pnl[25]!);
    expect(valueAtRisk!.dollars!.value_at_risk_95).toBeCloseTo(-quantile, 9);
    expect(valueAtRisk!.fractions!.value_at_risk_95).toBe(valueAtRisk!.dollars!.value_at_risk_95! / 100_000);
    expect(valueAtRisk).toMatchObject({ observations: 504, start_date: SESSIONS[0], coverage: 1, reason: null });
  });

  test('leaves out what has less than half the history of the others, and says how much is covered', () => {
    const young = new Map([...RETURNS, ['BBB', gapsBefore(noise(3), 300)]]);
    const { valueAtRisk } = riskOf([lot('AAA', 30_000), lot('BBB', 10_000)], marketOf(young, BETAS));
    expect(valueAtRisk).toMatchObject({ observations: 504, coverage: 0.75 });
    const older = new Map([...RETURNS, ['BBB', gapsBefore(noise(3), 200)]]);
    const { valueAtRisk: both } = riskOf([lot('AAA', 30_000), lot('BBB', 10_000)], marketOf(older, BETAS));
    expect(both).toMatchObject({ observations: 304, coverage: 1, start_date: SESSIONS[200] });
  });

  test('loses no session to a holding that stopped trading: it is left out, and named', () => {
    const ended = noise(3).fill(Number.NaN, 440);
    const { valueAtRisk, volatility } = riskOf(
      [lot('AAA', 30_000), lot('BBB', 10_000)],
      marketOf(new Map([...RETURNS, ['BBB', ended]]), BETAS),
    );
    const alone = riskOf([lot('AAA', 30_000)]);
    const excluded = [{ symbol: 'BBB', reason: 'returns_ended' }];
    expect(valueAtRisk).toEqual({ ...alone.valueAtRisk, coverage: 0.75, excluded });
    expect(volatility).toEqual({ ...alone.volatility, coverage: 0.75, excluded });
  });

  test('is refused at 99 % below 100 sessions and altogether below 20', () => {
    const after = (first: number) =>
      riskOf([lot('AAA', 30_000)], marketOf(new Map([['AAA', gapsBefore(noise(2), first)]]), BETAS));
    expect(after(405).valueAtRisk!.dollars).toMatchObject({ value_at_risk_95: expect.any(Number), value_at_risk_99: null });
    expect(after(485).valueAtRisk).toMatchObject({ observations: 19, dollars: null, reason: 'insufficient_history' });
  });

  test('has dollars but no fractions where equity is not above 0', () => {
    const { valueAtRisk, volatility } = riskOf([lot('AAA', 30_000)], MARKET, -5);
    expect(valueAtRisk).toMatchObject({ dollars: expect.any(Object), fractions: null, reason: 'no_equity' });
    expect(volatility).toMatchObject({ volatility: null, reason: 'no_equity' });
  });
});

describe('volatility of the holdings', () => {
  test('is that of what they would have made, and its contributions sum to it', () => {
    const { volatility } = riskOf([lot('AAA', 40_000), lot('BBB', -7_000), lot('AAA', 5_000)]);
    const returns = Float64Array.from(
      SESSIONS.slice(-252),
      (_, k) => 0.45 * RETURNS.get('AAA')![252 + k]! - 0.07 * RETURNS.get('BBB')![252 + k]!,
    );
    expect(volatility!.volatility).toBeCloseTo(standardDeviation(returns)! * Math.sqrt(252), 12);
    const { AAA, BBB } = volatility!.contributions;
    expect(AAA! + BBB!).toBeCloseTo(volatility!.volatility!, 14);
  });

  test('counts cash as covered, and what nobody knows as not', () => {
    expect(riskOf([lot('AAA', 30_000), cash(10_000)]).volatility!.coverage).toBe(1);
    expect(riskOf([lot('AAA', 30_000), house(10_000)]).volatility!.coverage).toBe(0.75);
  });
});

describe('realised figures', () => {
  const metricsOf = (returns: Float64Array, market = MARKET) =>
    portfolioRisk({ equity: 1, lots: [], realised: realised(returns) }, market).metrics!;

  test('of the benchmark itself have a beta of 1', () => {
    const metrics = metricsOf(RETURNS.get('SPY')!.slice(-90));
    expect(metrics.portfolio_beta).toBeCloseTo(1, 12);
    expect(metrics).toMatchObject({ observations: 90, beta_observations: 90, lookback: 90, value_at_risk_99: null });
    expect(metrics.reasons).toEqual({ value_at_risk_99: 'insufficient_history', expected_shortfall_99: 'insufficient_history' });
  });

  test('date the drawdown by sessions, its peak also the one before the first', () => {
    const falling = new Float64Array(30).fill(0.001);
    falling[0] = -0.5;
    expect(metricsOf(falling)).toMatchObject({
      max_drawdown: -0.5,
      drawdown_peak: '2019-12-31',
      drawdown_trough: SESSIONS.at(-30),
      drawdown_recovery: null,
    });
  });

  test('are missing with a reason: too few returns, no market, nothing that varies', () => {
    const few = gapsBefore(noise(5).slice(-90), 71);
    expect(metricsOf(few)).toMatchObject({
      observations: 19,
      annualized_volatility: null,
      max_drawdown: null,
      portfolio_beta: null,
      reasons: { annualized_volatility: 'insufficient_history', portfolio_beta: 'insufficient_history' },
    });
    const alone = metricsOf(noise(5).slice(-90), { ...MARKET, benchmark: null });
    expect(alone).toMatchObject({ portfolio_beta: null, reasons: { portfolio_beta: 'no_market' } });
    expect(metricsOf(new Float64Array(90)).reasons).toMatchObject({
      sharpe_ratio: 'no_variation',
      sortino_ratio: 'no_variation',
    });
  });
});

function pick<T, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.map((key) => [key, from[key]])) as Pick<T, K>;
}
