// Reference answers about many series together: regressions, correlations, factors and shocks.
import { univariateBetas } from '@closebell/shared/calc/betas';
import { correlationMatrix, pairIndex, pairwiseCorrelations } from '@closebell/shared/calc/correlation';
import { sampleCovariance } from '@closebell/shared/calc/covariance';
import { diversification } from '@closebell/shared/calc/diversification';
import { ledoitWolf } from '@closebell/shared/calc/ledoit-wolf';
import { symmetricEigen } from '@closebell/shared/calc/linear-algebra';
import { nearestCorrelation } from '@closebell/shared/calc/nearest-correlation';
import { regress, regressEach, type Regression } from '@closebell/shared/calc/regression';
import { totalReturns } from '@closebell/shared/calc/returns';
import { propagateShocks } from '@closebell/shared/stress/propagation';
import { differences, readOracle, readTable, relativeDifference } from './oracle-files.js';

type Figures = Readonly<Record<string, number>>;

export function correlationDifferences(): readonly number[] {
  type Gapped = Readonly<{
    symbols: readonly string[];
    prices: readonly (readonly (number | null)[])[];
    corr: readonly (readonly (number | null)[])[];
    overlap: readonly (readonly number[])[];
    weights_market_value: Figures;
    weighted_abs_corr: number;
  }>;
  const { symbols, prices, corr, overlap, ...weighted } = readOracle<Gapped>('correlation_oracle');
  const size = symbols.length;
  const found = pairwiseCorrelations(symbols.map((_, i) => totalReturns(prices.map((row) => row[i] ?? Number.NaN))));
  const matrix = correlationMatrix(found);
  const pairs = symbols.flatMap((_, i) => symbols.slice(i + 1).map((__, k) => [i, i + 1 + k] as const));
  const score = diversification({
    marketValues: symbols.map((symbol) => weighted.weights_market_value[symbol]!),
    correlation: (i, j) => matrix[i * size + j]!,
  });
  return [
    ...pairs.map(([i, j]) => {
      const [figure, wanted] = [found.coefficients[pairIndex(i, j, size)]!, corr[i]![j] ?? null];
      if (found.overlaps[pairIndex(i, j, size)] !== overlap[i]![j]) return Infinity;
      return wanted === null ? Number(!Number.isNaN(figure)) : Math.abs(figure - wanted);
    }),
    score.ok ? Math.abs(score.portfolioCorrelation - weighted.weighted_abs_corr) : Infinity,
  ];
}

export function nearestCorrelationDifferences(): readonly number[] {
  type Cases = Readonly<{ cases: readonly Readonly<{ input: readonly number[][]; nearest: readonly number[][] }>[] }>;
  return readOracle<Cases>('nearest_correlation_oracle').cases.flatMap(({ input, nearest }) =>
    differences(nearestCorrelation(Float64Array.from(input.flat()), input.length), nearest.flat()),
  );
}

/** Those NIST counts among the hardest lose digits to the rounding of their own data: each set by its own measure. */
export function linearDifferences(names: readonly string[]): readonly number[] {
  type Set = Readonly<{
    model: string;
    certified: Readonly<{ params: readonly Readonly<{ estimate: number; sd: number }>[]; residual_sd: number }>;
    data: readonly (readonly number[])[];
  }>;
  const { datasets } = readOracle<Readonly<{ datasets: Readonly<Record<string, Set>> }>>('nist_strd_linear');
  return names.flatMap((name) => {
    const { model, certified, data } = datasets[name]!;
    const power = Number(/i=0\.\.(\d+)/.exec(model)?.[1] ?? (model.includes('x^2') ? 2 : 1));
    const columns =
      power > 1
        ? Array.from({ length: power }, (_, k) => Float64Array.from(data, (row) => row[1]! ** (k + 1)))
        : data[0]!.slice(1).map((_, k) => Float64Array.from(data, (row) => row[k + 1]!));
    const y = Float64Array.from(data, (row) => row[0]!);
    const fit = regress(y, columns, { intercept: !model.includes('no intercept'), conditionMax: Infinity }) as Regression;
    const constant = fit.intercept === null ? [] : [fit.intercept];
    const coefficients = [...constant.map(({ coefficient }) => coefficient), ...fit.coefficients];
    const errors = [...constant.map(({ standardError }) => standardError), ...fit.standardErrors];
    return certified.params.flatMap(({ estimate, sd }, k) => [
      relativeDifference(coefficients[k]!, estimate),
      relativeDifference(errors[k]!, sd),
    ]);
  });
}

type FactorOracle = Readonly<{
  factors: readonly string[];
  factor_corr: readonly (readonly number[])[];
  corr_eigenvalues: readonly number[];
  cond_of_standardised_X: number;
  vif: Figures;
  stocks: Readonly<
    Record<string, Readonly<{ ols: Ols; univariate: Readonly<Record<string, Readonly<{ beta: number; r2: number }>>> }>>
  >;
  conditional_shocks: Readonly<
    Record<string, Readonly<{ shocks: Figures; all_factors: Figures; mahalanobis_monthly: number; eqw20_pnl: number }>>
  >;
  spread_model: Readonly<{ stocks: Readonly<Record<string, Readonly<{ beta: Figures; r2: number }>>> }>;
  ledoit_wolf: Readonly<{ shrinkage: number; cov: readonly (readonly number[])[] }>;
}>;
type Ols = Readonly<{ alpha: number; beta: Figures; se: Figures; r2: number; resid_sd: number }>;

function factorPrices(): (name: string) => Float64Array {
  const [header = [], ...rows] = readTable('factor_regression_prices.csv');
  return (name) => totalReturns(rows.map((row) => Number(row[header.indexOf(name)]))).subarray(1);
}

/** On the raw funds: regressions with their errors, slopes on each alone, correlations, shrinkage. */
export function factorRegressionDifferences(): readonly number[] {
  const oracle = readOracle<FactorOracle>('factor_regression_oracle');
  const returnsOf = factorPrices();
  const columns = oracle.factors.map(returnsOf);
  const stocks = Object.keys(oracle.stocks).map(returnsOf);
  const fits = regressEach(stocks, columns) as readonly Regression[];
  const alone = oracle.factors.map((_, k) => univariateBetas(stocks, columns[k]!));
  const matrix = correlationMatrix(pairwiseCorrelations(columns));
  const shrunk = ledoitWolf(columns)!;
  return [
    ...Object.values(oracle.stocks).flatMap(({ ols, univariate }, i) => [
      ...olsDifferences(fits[i]!, ols, oracle),
      ...oracle.factors.map((factor, k) => relativeDifference(alone[k]!.beta[i]!, univariate[factor]!.beta)),
    ]),
    ...differences(matrix, oracle.factor_corr.flat()),
    ...differences(symmetricEigen(matrix, columns.length).values.toReversed(), oracle.corr_eigenvalues),
    relativeDifference(shrunk.shrinkage, oracle.ledoit_wolf.shrinkage),
    ...differences(shrunk.matrix, oracle.ledoit_wolf.cov.flat()),
  ];
}

function olsDifferences(fit: Regression, ols: Ols, { factors, vif, cond_of_standardised_X: condition }: FactorOracle) {
  return [
    ...factors.map((factor, k) => Math.abs(fit.coefficients[k]! - ols.beta[factor]!)),
    ...factors.map((factor, k) => relativeDifference(fit.standardErrors[k]!, ols.se[factor]!)),
    ...factors.map((factor, k) => relativeDifference(fit.varianceInflation[k]!, vif[factor]!)),
    Math.abs(fit.intercept!.coefficient - ols.alpha),
    relativeDifference(fit.rSquared!, ols.r2),
    relativeDifference(fit.residualStandardError, ols.resid_sd),
    relativeDifference(fit.conditionNumber, condition),
  ];
}

/** Shocks to raw funds: how the others move, how far that is from no move, and what twenty stocks lose. */
export function conditionalShockDifferences(): readonly number[] {
  const oracle = readOracle<FactorOracle>('factor_regression_oracle');
  const returnsOf = factorPrices();
  const columns = oracle.factors.map(returnsOf);
  const { matrix } = sampleCovariance(columns)!;
  const stocks = Object.values(oracle.stocks);
  return Object.values(oracle.conditional_shocks).flatMap((scenario) => {
    const shocks = Float64Array.from(oracle.factors, (factor) => scenario.shocks[factor] ?? Number.NaN);
    const { moves, plausibility } = propagateShocks(matrix, shocks)!;
    const pnl = stocks.map(({ ols }) => oracle.factors.reduce((sum, factor, k) => sum + ols.beta[factor]! * moves[k]!, 0));
    return [
      ...differences(
        moves,
        oracle.factors.map((factor) => scenario.all_factors[factor]!),
      ),
      relativeDifference(plausibility, scenario.mahalanobis_monthly),
      Math.abs(pnl.reduce((sum, value) => sum + value, 0) / stocks.length - scenario.eqw20_pnl),
    ];
  });
}

/** Of the spread model: covariance, moves, distances, and what twenty stocks lose. */
export function stressSpreadDifferences(): readonly number[] {
  type Scenario = Readonly<{ shocks: Figures; all: Figures; mahalanobis_21d: number; eqw20_pnl: number }>;
  type Spread = Readonly<{
    factors: readonly string[];
    cov: readonly (readonly number[])[];
    eqw20_betas: Figures;
    scenarios: Readonly<Record<string, Scenario>>;
  }>;
  const { factors, cov, eqw20_betas: betas, scenarios } = readOracle<Spread>('stress_spread_oracle');
  const { spread_model: model } = readOracle<FactorOracle>('factor_regression_oracle');
  const { columns, fits } = spreadModel(Object.keys(model.stocks));
  const { matrix } = sampleCovariance(columns)!;
  return [
    ...differences(matrix, cov.flat()),
    ...factors.map((factor, k) => {
      return Math.abs(fits.reduce((sum, { coefficients }) => sum + coefficients[k]!, 0) / fits.length - betas[factor]!);
    }),
    ...Object.values(model.stocks).flatMap(({ beta, r2 }, i) => [
      ...differences(fits[i]!.coefficients, Object.values(beta)),
      relativeDifference(fits[i]!.rSquared!, r2),
    ]),
    ...Object.values(scenarios).flatMap(({ shocks, all, mahalanobis_21d: distance, eqw20_pnl: wanted }) => {
      const given = Float64Array.from(factors, (factor) => shocks[factor] ?? Number.NaN);
      const { moves, plausibility } = propagateShocks(matrix, given)!;
      const pnl = factors.reduce((sum, factor, k) => sum + betas[factor]! * moves[k]!, 0);
      return [...differences(moves, Object.values(all)), relativeDifference(plausibility, distance), Math.abs(pnl - wanted)];
    }),
  ];
}

/** IVV is the market and SIZE small companies in the reference. */
function spreadModel(names: readonly string[]) {
  const returnsOf = factorPrices();
  const spread = (one: string, other: string): Float64Array => {
    const less = returnsOf(other);
    return returnsOf(one).map((value, t) => value - less[t]!);
  };
  const styles = ['MTUM', 'QUAL', 'SIZE', 'USMV'].map((name) => spread(name, 'MKT'));
  const columns = [returnsOf('MKT'), spread('VTV', 'VUG'), ...styles];
  return { columns, fits: regressEach(names.map(returnsOf), columns) as readonly Regression[] };
}
