// Real returns of twenty stocks and the factor ETFs, with answers from statsmodels, scikit-learn and pandas. They are not part of
// the project: skipped
// when absent.
import { readFileSync } from 'node:fs';
import { expect, it, type TestContext } from 'vitest';
import { univariateBetas } from './betas.js';
import { correlationMatrix, pairwiseCorrelations } from './correlation.js';
import { sampleCovariance } from './covariance.js';
import { factorExposures } from './factor-exposure.js';
import { factorRegressions, modelFactorReturns } from './factor-model.js';
import { chooseProxies } from './factors.js';
import { ledoitWolf } from './ledoit-wolf.js';
import { conditionNumber, symmetricEigen } from './linear-algebra.js';
import { nearestCorrelation } from './nearest-correlation.js';
import { regressEach, type Regression } from './regression.js';
import { totalReturns } from './returns.js';

type Figures = Readonly<Record<string, number>>;
type Stock = Readonly<{
  ols: Readonly<{ alpha: number; beta: Figures; se: Figures; r2: number; resid_sd: number }>;
  univariate: Readonly<Record<string, Readonly<{ beta: number; r2: number }>>>;
}>;
type Oracle = Readonly<{
  factors: readonly string[];
  factor_corr: readonly number[][];
  corr_eigenvalues: readonly number[];
  cond_of_standardised_X: number;
  vif: Figures;
  stocks: Readonly<Record<string, Stock>>;
  spread_model: Readonly<{
    vif: Figures;
    cond: number;
    stocks: Readonly<Record<string, Readonly<{ beta: Figures; r2: number }>>>;
  }>;
  ledoit_wolf: Readonly<{ shrinkage: number; cov: readonly number[][] }>;
  ledoit_wolf_20stocks_shrinkage: number;
  ledoit_wolf_20stocks_90d_shrinkage: number;
}>;

it('regressions on the raw factor ETFs, a condition of 92 and all, are met to 1e-10', (ctx) => {
  const { oracle, returnsOf } = factorCase(ctx);
  const names = Object.keys(oracle.stocks);
  const fits = regressEach(names.map(returnsOf), oracle.factors.map(returnsOf)) as readonly Regression[];
  const errors = names.flatMap((name, i) => {
    const { alpha, beta, se, r2, resid_sd } = oracle.stocks[name]!.ols;
    const { intercept, coefficients, standardErrors, rSquared, residualStandardError, conditionNumber, varianceInflation } =
      fits[i]!;
    return [
      Math.abs(intercept!.coefficient - alpha),
      ...oracle.factors.map((factor, k) => Math.abs(coefficients[k]! - beta[factor]!)),
      ...oracle.factors.map((factor, k) => relativeError(standardErrors[k]!, se[factor]!)),
      ...oracle.factors.map((factor, k) => relativeError(varianceInflation[k]!, oracle.vif[factor]!)),
      relativeError(rSquared!, r2),
      relativeError(residualStandardError, resid_sd),
      relativeError(conditionNumber, oracle.cond_of_standardised_X),
    ];
  });
  expect(errors).toHaveLength(20 * 25);
  expect(Math.max(...errors)).toBeLessThan(1e-10);
});

it('univariate betas on each of them are met to 1e-11', (ctx) => {
  const { oracle, returnsOf } = factorCase(ctx);
  const names = Object.keys(oracle.stocks);
  const errors = oracle.factors.flatMap((factor) => {
    const { beta, rSquared } = univariateBetas(names.map(returnsOf), returnsOf(factor));
    return names.flatMap((name, i) => {
      const wanted = oracle.stocks[name]!.univariate[factor]!;
      return [relativeError(beta[i]!, wanted.beta), relativeError(rSquared[i]!, wanted.r2)];
    });
  });
  expect(Math.max(...errors)).toBeLessThan(1e-11);
});

it('the spread model has their betas, R², VIF and condition to 1e-11, without TLT', (ctx) => {
  const { oracle, returnsOf } = factorCase(ctx);
  const factors = spreadFactors(returnsOf);
  const fits = factorRegressions(Object.keys(oracle.stocks).map(returnsOf), factors);
  expect(factors.names).toEqual(['MKT', 'VMG', 'MOM', 'QUA', 'SIZ', 'LOV']);
  const errors = Object.values(oracle.spread_model.stocks).flatMap(({ beta, r2 }, i) => {
    const fit = fits[i] as Regression;
    return [
      ...Object.values(beta).map((wanted, k) => Math.abs(fit.coefficients[k]! - wanted)),
      ...Object.values(oracle.spread_model.vif).map((wanted, k) => relativeError(fit.varianceInflation[k]!, wanted)),
      relativeError(fit.rSquared!, r2),
      relativeError(fit.conditionNumber, oracle.spread_model.cond),
    ];
  });
  expect(Math.max(...errors)).toBeLessThan(1e-11);
});

it('equal weights of the twenty stocks have the betas and covariance of the stress reference, to 1e-11', (ctx) => {
  const { oracle, returnsOf } = factorCase(ctx);
  const { eqw20_betas, cov } = json<{ eqw20_betas: Figures; cov: readonly number[][] }>(ctx, 'stress_spread_oracle');
  const factors = spreadFactors(returnsOf);
  const fits = factorRegressions(Object.keys(oracle.stocks).map(returnsOf), factors) as readonly Regression[];
  const positions = fits.map(({ coefficients }) => ({ marketValue: 5000, betas: coefficients }));
  const { betas } = factorExposures(positions, 6, 100_000);
  expect(largestError([...betas], Object.values(eqw20_betas))).toBeLessThan(1e-11);
  expect(largestError([...sampleCovariance(factors.returns)!.matrix], cov.flat())).toBeLessThan(1e-16);
});

it('factor correlations, their eigenvalues and condition are met to 1e-12', (ctx) => {
  const { oracle, returnsOf } = factorCase(ctx);
  const matrix = correlationMatrix(pairwiseCorrelations(oracle.factors.map(returnsOf)));
  expect(largestError([...matrix], oracle.factor_corr.flat())).toBeLessThan(1e-12);
  expect(largestError([...symmetricEigen(matrix, 7).values].toReversed(), oracle.corr_eigenvalues)).toBeLessThan(1e-12);
  expect(relativeError(Math.sqrt(conditionNumber(matrix, 7)), oracle.cond_of_standardised_X)).toBeLessThan(1e-11);
});

it('shrinkages and the shrunk covariance are met to 1e-12', (ctx) => {
  const { oracle, returnsOf } = factorCase(ctx);
  const shrunk = ledoitWolf(oracle.factors.map(returnsOf))!;
  const stocks = Object.keys(oracle.stocks).map(returnsOf);
  const shrinkageOver = (sessions: number) => ledoitWolf(stocks.map((values) => values.slice(-sessions)))!.shrinkage;
  expect(relativeError(shrunk.shrinkage, oracle.ledoit_wolf.shrinkage)).toBeLessThan(1e-12);
  expect(largestError([...shrunk.matrix], oracle.ledoit_wolf.cov.flat())).toBeLessThan(1e-16);
  expect(relativeError(shrinkageOver(252), oracle.ledoit_wolf_20stocks_shrinkage)).toBeLessThan(1e-12);
  expect(relativeError(shrinkageOver(90), oracle.ledoit_wolf_20stocks_90d_shrinkage)).toBeLessThan(1e-12);
});

it('correlations with gaps, overlaps and none below 30 are those of pandas to 1e-12', (ctx) => {
  type Gapped = Readonly<{ symbols: readonly string[]; prices: readonly (number | null)[][] }> &
    Readonly<{ corr: readonly (number | null)[][]; overlap: readonly number[][]; average_offdiag: number; pairs_used: number }>;
  const { symbols, prices, corr, overlap, average_offdiag, pairs_used } = json<Gapped>(ctx, 'correlation_oracle');
  const series = symbols.map((_, i) => totalReturns(prices.map((row) => row[i] ?? Number.NaN)));
  const correlations = pairwiseCorrelations(series);
  const matrix = correlationMatrix(correlations);
  corr.flat().forEach((wanted, k) => {
    // A series without 30 returns of its own has a diagonal in our matrix all the same.
    if (k % (symbols.length + 1) === 0) return;
    if (wanted === null) expect(matrix[k]).toBeNaN();
    else expect(Math.abs(matrix[k]! - wanted)).toBeLessThan(1e-12);
  });
  expect([...correlations.overlaps]).toEqual(symbols.flatMap((_, i) => overlap[i]!.slice(i + 1)));
  const used = correlations.coefficients.filter((coefficient) => !Number.isNaN(coefficient));
  expect(used).toHaveLength(pairs_used);
  expect(used.reduce((sum, coefficient) => sum + coefficient, 0) / used.length).toBeCloseTo(average_offdiag, 12);
});

it('every nearest correlation matrix is met to 1e-9', (ctx) => {
  type Cases = Readonly<{ cases: readonly Readonly<{ input: readonly number[][]; nearest: readonly number[][] }>[] }>;
  for (const { input, nearest } of json<Cases>(ctx, 'nearest_correlation_oracle').cases) {
    const answer = nearestCorrelation(Float64Array.from(input.flat()), input.length);
    expect(largestError([...answer], nearest.flat())).toBeLessThan(1e-9);
  }
});

function factorCase(ctx: TestContext): Readonly<{ oracle: Oracle; returnsOf: (name: string) => Float64Array }> {
  const rows = text(ctx, 'factor_regression_prices.csv')
    .trim()
    .split('\n')
    .map((row) => row.split(','));
  const header = rows[0]!;
  const returnsOf = (name: string) => totalReturns(rows.slice(1).map((row) => Number(row[header.indexOf(name)]))).subarray(1);
  return { oracle: json<Oracle>(ctx, 'factor_regression_oracle'), returnsOf };
}

/** The reference has IVV for the market, SIZE for small companies, and no TLT. */
function spreadFactors(returnsOf: (name: string) => Float64Array) {
  const columns = { IVV: 'MKT', VTV: 'VTV', VUG: 'VUG', MTUM: 'MTUM', QUAL: 'QUAL', SIZE: 'SIZE', USMV: 'USMV' };
  const returns = new Map(Object.entries(columns).map(([symbol, column]) => [symbol, returnsOf(column)]));
  return modelFactorReturns(chooseProxies(new Map(Object.keys(columns).map((symbol) => [symbol, 252]))), returns);
}

function relativeError(figure: number, wanted: number): number {
  return Math.abs(figure / wanted - 1);
}

function largestError(figures: readonly number[], wanted: readonly number[]): number {
  expect(figures).toHaveLength(wanted.length);
  return Math.max(...figures.map((figure, k) => Math.abs(figure - wanted[k]!)));
}

function json<T>(ctx: TestContext, name: string): T {
  return JSON.parse(text(ctx, `${name}.json`)) as T;
}

function text(ctx: TestContext, file: string): string {
  const folder = process.env['CLOSEBELL_SHARED_DATA'] ?? new URL('../../../../shared/data', import.meta.url).pathname;
  try {
    return readFileSync(`${folder}/oracles/${file}`, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    console.warn(`skipped: no reference file ${file} (set CLOSEBELL_SHARED_DATA)`);
    return ctx.skip();
  }
}
