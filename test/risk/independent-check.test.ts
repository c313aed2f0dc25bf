// The whole product on real prices: what it stores and shows, against the same figures worked out here by other routes, in decimals of sixty
// places (raw sums, normal equations by adjugates, every pair of days, quantiles by counting, options by power series). None of its kernels is used.
import { loadCorrelations } from '@closebell/prisma/correlations';
import { loadPortfolioRisk, type PortfolioRiskRow } from '@closebell/prisma/portfolio-risk';
import { loadFactorModel, loadSymbolStatistics } from '@closebell/prisma/symbol-statistics';
import type { StressLines } from '@closebell/shared/risk/packed-stress';
import { STRESS_SCENARIOS } from '@closebell/shared/stress/scenarios';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePortfolio } from '../support/ledger.js';
import { decimal, larger, ONE, over, squareRoot, sum, times, toNumber, type Decimal } from './decimal.js';
import type { Book, BookLot } from './independent-book.js';
import {
  correlation,
  covariance,
  deepestFall,
  deviation,
  leastSquares,
  mean,
  present,
  tailLoss,
  type LeastSquares,
  type Series,
} from './independent-statistics.js';
import { movesOf, optionValue, priceMove, type Moves } from './independent-stress.js';
import { hasRealPrices, type Histories } from './price-folder.js';
import {
  EQUITY,
  FACTOR_NAMES,
  factorReturns,
  fitOf,
  realBook,
  realHistories,
  realLots,
  returnsOf,
  SESSION,
  STOCKS,
  weightsOf,
} from './real-book.js';
import { startRiskSite, type RiskSite } from './risk-site.js';

const YEAR = 252n * ONE;
const SCENARIOS = STRESS_SCENARIOS.filter(({ shocks }) => Object.keys(shocks).length > 0);

let site: RiskSite;
let histories: Histories;
let book: Book;
let fits: ReadonlyMap<string, LeastSquares>;
let portfolioId: string;
let risk: PortfolioRiskRow;

describe.skipIf(!hasRealPrices())('on real prices', () => {
  beforeAll(async () => {
    histories = realHistories();
    site = await startRiskSite({ session: SESSION, histories });
    const lots = realLots(histories);
    portfolioId = await makePortfolio(site.db, { userId: site.ownerId, equity: EQUITY, asOf: SESSION, lots });
    await site.runBatch();
    risk = (await loadPortfolioRisk(site.db.pool, portfolioId, SESSION))!;
    book = realBook(histories);
    fits = new Map(STOCKS.map((symbol) => [symbol, fitOf(histories, symbol)]));
  }, 240_000);
  afterAll(() => site?.close());

  test('no part of the risk has failed, and the factors are those that have prices', async () => {
    expect(risk.failedParts).toEqual({});
    const model = (await loadFactorModel(site.db.pool, SESSION))!;
    expect(model.factors).toEqual(FACTOR_NAMES);
    expect(model.proxies).toMatchObject({ market_beta: 'IVV', size: 'IWM', interest_rate: null });
    expect(model).toMatchObject({ observations: 1_260, isShrunk: false });
    const series = factorReturns(histories, 1_260);
    const wanted = series.flatMap((one) => series.map((other) => covariance(one, other)));
    wanted.forEach((value, k) => expectNear(model.covariance![k]!, value, 1e-10));
  });

  test('betas, their errors, R² and what is left over are those of the normal equations', async () => {
    const stored = await loadSymbolStatistics(site.db.pool, STOCKS, SESSION);
    expect(stored.size).toBe(STOCKS.length);
    for (const [symbol, fit] of fits) {
      const own = stored.get(symbol)!;
      expect(own.observations).toBe(fit.observations);
      fit.coefficients.slice(1).forEach((beta, k) => expectNear(own.betas![k]!, beta));
      fit.standardErrors.slice(1).forEach((error, k) => expectNear(own.standardErrors![k]!, error));
      expectNear(own.rSquared!, fit.rSquared);
      expectNear(own.residualVolatility!, times(fit.residualDeviation, squareRoot(YEAR)));
    }
  });

  test('slopes on the market alone, volatilities and the deepest fall of each stock', async () => {
    const stored = await loadSymbolStatistics(site.db.pool, STOCKS, SESSION);
    for (const symbol of STOCKS) {
      const { univariate, volatility, drawdown, reasons } = stored.get(symbol)!;
      for (const [name, sessions] of [
        ['spy_90', 90],
        ['spy_252', 252],
      ] as const) {
        const [own, market] = [returnsOf(histories, symbol, sessions), returnsOf(histories, 'IVV', sessions)];
        expectNear(univariate[name].beta!, over(covariance(own, market), covariance(market, market)));
      }
      expect(univariate.tlt_90.beta).toBeNull();
      expect(reasons.tlt_90).toBe('no_rates');
      expectNear(volatility.realized_21!, yearly(deviation(returnsOf(histories, symbol, 21))));
      expectNear(volatility.realized_63!, yearly(deviation(returnsOf(histories, symbol, 63))));
      expectNear(volatility.ewma!, ewma(storedReturns(symbol)));
      expectNear(volatility.forecast!, forecast(storedReturns(symbol)));
      expectNear(drawdown!.max_drawdown, deepestFall(returnsOf(histories, symbol, 252)));
    }
  });

  test('the correlation of every pair', async () => {
    const { symbols, coefficients, pairCounts, lookback } = (await loadCorrelations(site.db.pool, SESSION))!;
    expect(symbols).toEqual(STOCKS.toSorted());
    let pair = 0;
    symbols.forEach((symbol, i) => {
      for (const other of symbols.slice(i + 1)) {
        const [one, two] = [returnsOf(histories, symbol, lookback), returnsOf(histories, other, lookback)];
        expectNear(coefficients[pair]!, correlation(one, two)!);
        expect(pairCounts[pair]).toBe(lookback);
        pair += 1;
      }
    });
    expect(pair).toBe(190);
  });

  test('exposures are the sums of delta-adjusted value × beta, and their coverage leaves out what is private', () => {
    FACTOR_NAMES.forEach((_, k) => {
      expectNear(risk.exposures![k]!, sum(marketLots().map((lot) => times(lot.deltaValue, betasOf(lot)[k]!))));
    });
    const [priv, all] = [book.lots.filter(({ isPrivate }) => isPrivate), book.lots].map(gross);
    expectNear(risk.coverage!, ONE - over(priv!, all!));
  });

  test('volatility from holdings, and what each symbol adds to it', () => {
    const weights = [...weightsOf(book)];
    const rows = weights.map(([symbol]) => returnsOf(histories, symbol, 252));
    const owns = weights.map(([, weight], i) =>
      times(weight, sum(weights.map(([, other], j) => times(other, covariance(rows[i]!, rows[j]!))))),
    );
    const variance = sum(owns);
    const volatility = yearly(squareRoot(variance));
    expectNear(risk.volatility!.volatility!, volatility);
    weights.forEach(([symbol], i) => {
      expectNear(risk.volatility!.contributions[symbol]!, times(volatility, over(owns[i]!, variance)), 1e-8);
    });
  });

  test("value at risk of today's holdings through their history", () => {
    const { lookback, observations, dollars, fractions } = risk.valueAtRisk!;
    // Of a symbol 504 closes are kept, which are 503 returns.
    const pnl = dollarsThrough(503);
    expect({ lookback, observations }).toEqual({ lookback: 504, observations: 503 });
    const [loss95, shortfall95] = tailLoss(pnl, [5n, 100n]);
    const [loss99, shortfall99] = tailLoss(pnl, [1n, 100n]);
    expectNear(dollars!.value_at_risk_95!, loss95);
    expectNear(dollars!.expected_shortfall_95!, shortfall95);
    expectNear(dollars!.value_at_risk_99!, loss99);
    expectNear(dollars!.expected_shortfall_99!, shortfall99);
    expectNear(dollars!.parametric_value_at_risk_95!, normalLoss(pnl, '1.6448536269514722'));
    expectNear(fractions!.value_at_risk_99!, over(loss99, decimal(EQUITY)));
  });

  test('metrics of the realised daily returns, options marked by the volatility they were bought at', () => {
    const returns = book.dailyReturns.slice(-90);
    const metrics = risk.metrics!;
    expect(metrics).toMatchObject({ lookback: 90, observations: 90, benchmark: 'IVV', value_at_risk_99: null });
    const market = returnsOf(histories, 'IVV', 90);
    expectNear(metrics.portfolio_beta!, over(covariance(returns, market), covariance(market, market)));
    expectNear(metrics.annualized_volatility!, yearly(deviation(returns)));
    expectNear(metrics.max_drawdown!, deepestFall(returns));
    const [loss, shortfall] = tailLoss(returns, [5n, 100n]);
    expectNear(metrics.value_at_risk_95!, loss);
    expectNear(metrics.expected_shortfall_95!, shortfall);
    const centre = mean(present(returns));
    expectNear(metrics.sharpe_ratio!, yearly(over(centre, deviation(returns))), 1e-8);
    const falls = present(returns).map((value) => (value < 0n ? times(value, value) : 0n));
    expectNear(metrics.sortino_ratio!, over(times(centre, YEAR), squareRoot(times(mean(falls), YEAR))), 1e-8);
  });

  test('concentration of what is held, by symbol', () => {
    const sizes = book.lots.map(({ values }) => larger(values.at(-1)!, -values.at(-1)!));
    const shares = sizes.map((size) => over(size, sum(sizes))).sort((a, b) => (a < b ? 1 : -1));
    expectNear(risk.concentration!.herfindahl_index, sum(shares.map((share) => times(share, share))));
    expectNear(risk.concentration!.top3_share, sum(shares.slice(0, 3)));
    expectNear(risk.concentration!.top10_share, sum(shares.slice(0, 10)));
  });

  test('scenarios of yields alone have no result, as nothing stands for rates', () => {
    expect(risk.stress!.map(({ scenarioId }) => scenarioId)).toEqual(SCENARIOS.map(({ id }) => id));
    expect(SCENARIOS.length).toBeLessThan(STRESS_SCENARIOS.length);
  });

  test('the book is one in which every line of a scenario counts: options in all of them, the floor at zero in the worst', () => {
    const lines = risk.stress!.map(({ correlated }) => correlated!);
    expect(lines.filter(({ optionRest }) => optionRest === 0)).toEqual([]);
    expect(lines.some(({ priceFloor }) => priceFloor !== 0)).toBe(true);
  });

  test.each(SCENARIOS)('$id: direct and correlated, by factor, options and price floor', async ({ id, volatilityFactor = 1 }) => {
    const stored = risk.stress!.find(({ scenarioId }) => scenarioId === id)!;
    const moves = movesIn(id);
    expectLines(stored.direct, linesOf(moves.direct, volatilityFactor));
    expectLines(stored.correlated!, linesOf(moves.correlated, volatilityFactor));
  });

  describe('and what the owner is shown', () => {
    test('exposures by name, growth as the other end of value, and no rates with the reason', async () => {
      type Shown = Readonly<{
        factors: readonly Readonly<{
          name: string;
          exposure_dollar: number | null;
          beta: number | null;
          message: string | null;
        }>[];
      }>;
      const { factors } = await site.shown<Shown>(portfolioId, 'factor-exposures');
      const byName = new Map(factors.map((factor) => [factor.name, factor]));
      const dollarsIn = (name: string): Decimal => {
        const k = FACTOR_NAMES.findIndex((each) => each === name);
        return sum(marketLots().map((lot) => times(lot.deltaValue, betasOf(lot)[k]!)));
      };
      for (const [name, factor, sign] of SHOWN_FACTORS) {
        expectNear(byName.get(name)!.exposure_dollar!, sign * dollarsIn(factor), 1e-8);
        expectNear(byName.get(name)!.beta!, over(sign * dollarsIn(factor), decimal(EQUITY)));
      }
      expect(byName.get('Interest Rate')).toMatchObject({ beta: null, exposure_dollar: null });
      expect(byName.get('Interest Rate')!.message).toContain('Interest Rate is absent');
    });

    test('scenarios with their plausibility, positions that sum to the impact, and those without a result by name', async () => {
      type Position = Readonly<{ dollar_impact: number | null }>;
      type Impact = Readonly<{ dollar_impact: number; percentage_impact: number; by_position: readonly Position[] }>;
      type Scenario = Readonly<{ id: string; impact: Impact; plausibility: Readonly<{ standard_deviations: number }> }>;
      type Shown = Readonly<{
        data: Readonly<{ scenarios: readonly Scenario[] }>;
        metadata: Readonly<{ without_result: readonly string[] }>;
      }>;
      const { data, metadata } = await site.shown<Shown>(portfolioId, 'stress-test');
      expect(data.scenarios.map(({ id }) => id).sort()).toEqual(SCENARIOS.map(({ id }) => id).sort());
      for (const { id, impact, plausibility } of data.scenarios) {
        const { correlated, plausibility: wanted } = movesIn(id);
        const { byFactor, optionRest, priceFloor } = linesOf(
          correlated,
          SCENARIOS.find((each) => each.id === id)!.volatilityFactor ?? 1,
        );
        const total = sum(byFactor) + optionRest + priceFloor;
        expectNear(impact.dollar_impact, total, 1e-8);
        expectNear(impact.percentage_impact, over(100n * total, decimal(EQUITY)), 1e-8);
        expectNear(
          impact.by_position.reduce((all, { dollar_impact }) => all + (dollar_impact ?? 0), 0),
          total,
          1e-8,
        );
        expectNear(plausibility.standard_deviations, wanted);
      }
      const ofYieldsAlone = STRESS_SCENARIOS.filter((scenario) => !SCENARIOS.includes(scenario)).map(({ id }) => id);
      expect(metadata.without_result.toSorted()).toEqual(ofYieldsAlone.toSorted());
    });

    test('correlations over another lookback, worked out when they are asked for', async () => {
      type Shown = Readonly<{ data: Readonly<{ matrix: Readonly<Record<string, Readonly<Record<string, number | null>>>> }> }>;
      const { data } = await site.shown<Shown>(portfolioId, 'correlation-matrix?lookback_days=120&max_symbols=50');
      expect(Object.keys(data.matrix).sort()).toEqual(STOCKS.toSorted());
      for (const symbol of STOCKS) {
        for (const other of STOCKS) {
          const [one, two] = [returnsOf(histories, symbol, 120), returnsOf(histories, other, 120)];
          if (symbol === other) expect(data.matrix[symbol]![other]).toBe(1);
          else expectNear(data.matrix[symbol]![other]!, correlation(one, two)!);
        }
      }
    });

    test('risk metrics over another lookback', async () => {
      type Shown = Readonly<{ risk_metrics: Readonly<Record<string, number | null>> }>;
      const { risk_metrics: shown } = await site.shown<Shown>(portfolioId, 'risk-metrics?lookback_days=60');
      const [returns, market] = [book.dailyReturns.slice(-60), returnsOf(histories, 'IVV', 60)];
      expectNear(shown['annualized_volatility']!, yearly(deviation(returns)));
      expectNear(shown['max_drawdown']!, deepestFall(returns));
      expectNear(shown['value_at_risk_95']!, tailLoss(returns, [5n, 100n])[0]);
      expectNear(shown['portfolio_beta']!, over(covariance(returns, market), covariance(market, market)));
      expect(shown['value_at_risk_99']).toBeNull();
    });

    test('value at risk and volatility are those stored', async () => {
      type Losses = Readonly<Record<string, number>>;
      const losses = await site.shown<Readonly<{ dollars: Losses; fractions: Losses }>>(portfolioId, 'value-at-risk');
      expect(losses).toMatchObject({ dollars: risk.valueAtRisk!.dollars!, fractions: risk.valueAtRisk!.fractions! });
      const { holdings } = await site.shown<Readonly<{ holdings: Readonly<{ volatility: number }> }>>(portfolioId, 'volatility');
      expect(holdings.volatility).toBe(risk.volatility!.volatility);
    });
  });
});

const SHOWN_FACTORS = [
  ['Market Beta', 'MKT', 1n],
  ['Value', 'VMG', 1n],
  ['Growth', 'VMG', -1n],
  ['Momentum', 'MOM', 1n],
  ['Quality', 'QUA', 1n],
  ['Size', 'SIZ', 1n],
  ['Low Volatility', 'LOV', 1n],
] as const;

/** Relative to the figure, or to a millionth where that is smaller. */
function expectNear(actual: number, wanted: Decimal, tolerance = 1e-9): void {
  const figure = toNumber(wanted);
  expect(Math.abs(actual - figure) / Math.max(Math.abs(figure), 1e-6), `${actual}, not ${figure}`).toBeLessThanOrEqual(tolerance);
}

function yearly(value: Decimal): Decimal {
  return times(value, squareRoot(YEAR));
}

/** The 504 closes that are kept of a symbol. */
function storedReturns(symbol: string): readonly Decimal[] {
  return present(returnsOf(histories, symbol, 503));
}

/** Weights of 0.94 to the power of the age. */
function ewma(returns: readonly Decimal[]): Decimal {
  let [squares, weights, weight] = [0n, 0n, ONE];
  for (const value of returns.toReversed()) {
    squares += times(weight, times(value, value));
    weights += weight;
    weight = times(weight, decimal('0.94'));
  }
  return yearly(squareRoot(over(squares, weights)));
}

/** Mean |r| of the next 21 sessions regressed on that of the last day, 5 and 22, by √(2/π). */
function forecast(returns: readonly Decimal[]): Decimal {
  const sizes = returns.map((value) => (value < 0n ? -value : value));
  const before = (end: number, count: number): Decimal => mean(sizes.slice(end - count, end));
  const ends = Array.from({ length: sizes.length - 21 - 22 + 1 }, (_, i) => i + 22);
  const fit = leastSquares(
    ends.map((end) => before(end + 21, 21)),
    [1, 5, 22].map((count) => ends.map((end) => before(end, count))),
  );
  const now = [ONE, ...[1, 5, 22].map((count) => before(sizes.length, count))];
  const size = sum(fit.coefficients.map((value, k) => times(value, now[k]!)));
  return yearly(times(size, squareRoot(over(decimal(Math.PI.toFixed(15)), 2n * ONE))));
}

function gross(lots: readonly BookLot[]): Decimal {
  return sum(lots.map(({ deltaValue }) => larger(deltaValue, -deltaValue)));
}

function marketLots(): readonly BookLot[] {
  return book.lots.filter(({ movedBy }) => movedBy !== null);
}

function betasOf({ movedBy }: BookLot): readonly Decimal[] {
  return fits.get(movedBy!)!.coefficients.slice(1);
}

function dollarsThrough(sessions: number): Series {
  const rows = marketLots().map((lot) => ({ lot, returns: returnsOf(histories, lot.movedBy!, sessions) }));
  return rows[0]!.returns.map((_, t) => sum(rows.map(({ lot, returns }) => times(lot.deltaValue, returns[t]!))));
}

function normalLoss(returns: Series, distance: string): Decimal {
  return times(decimal(distance), deviation(returns)) - mean(present(returns));
}

/** Yields do not count: nothing stands for them. */
function movesIn(id: string): Moves {
  const { shocks } = SCENARIOS.find((scenario) => scenario.id === id)!;
  const series = factorReturns(histories, 1_260);
  const covariances = series.map((one) => series.map((other) => covariance(one, other)));
  const given = FACTOR_NAMES.map((name) => (shocks[name] === undefined ? null : decimal(String(shocks[name]))));
  return movesOf(given, covariances);
}

type Lines = Readonly<{ byFactor: readonly Decimal[]; optionRest: Decimal; priceFloor: Decimal }>;

function linesOf(moves: readonly Decimal[], volatilityFactor: number): Lines {
  const rests = marketLots().map((lot) => {
    const linear = sum(moves.map((move, k) => times(times(lot.deltaValue, betasOf(lot)[k]!), move)));
    return { isOption: lot.option !== null, rest: impactOf(lot, moves, volatilityFactor) - linear };
  });
  return {
    byFactor: moves.map((move, k) => sum(marketLots().map((lot) => times(times(lot.deltaValue, betasOf(lot)[k]!), move)))),
    optionRest: sum(rests.filter(({ isOption }) => isOption).map(({ rest }) => rest)),
    priceFloor: sum(rests.filter(({ isOption }) => !isOption).map(({ rest }) => rest)),
  };
}

function impactOf(lot: BookLot, moves: readonly Decimal[], volatilityFactor: number): Decimal {
  const move = priceMove(betasOf(lot), moves);
  if (lot.option === null) return times(lot.deltaValue, move);
  const { shares, contract, spot, volatility } = lot.option;
  const priceAt = (moved: Decimal, factor: string): Decimal =>
    optionValue(contract, times(spot, ONE + moved), times(volatility, decimal(factor))).price;
  return times(shares, priceAt(move, String(volatilityFactor)) - priceAt(0n, '1'));
}

function expectLines(actual: StressLines, { byFactor, optionRest, priceFloor }: Lines): void {
  byFactor.forEach((line, k) => expectNear(actual.byFactor[k]!, line, 1e-8));
  expectNear(actual.optionRest, optionRest, 1e-8);
  expectNear(actual.priceFloor, priceFloor, 1e-8);
  expectNear(actual.total, sum(byFactor) + optionRest + priceFloor, 1e-8);
}
