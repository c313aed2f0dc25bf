// Reference answers about one series of returns or flows: empyrical, ffn, XIRR and NIST's univariate sets.
import { univariateBetas } from '@closebell/shared/calc/betas';
import { maxDrawdown } from '@closebell/shared/calc/drawdown';
import { compoundAnnualGrowthRate, downsideDeviation, sharpeRatio, sortinoRatio } from '@closebell/shared/calc/performance';
import { quantileOfSorted, sortedPresent } from '@closebell/shared/calc/quantile';
import { totalReturns } from '@closebell/shared/calc/returns';
import { annualizedVolatility, mean, standardDeviation } from '@closebell/shared/calc/statistics';
import { timeWeightedReturn } from '@closebell/shared/calc/time-weighted-return';
import { xirr } from '@closebell/shared/calc/xirr';
import { readOracle, readTable, relativeDifference } from './oracle-files.js';

type Case = Readonly<{
  metric: string;
  returns: string;
  expected: unknown;
  period?: string;
  window?: number;
  starting_value?: number;
  risk_free?: string;
  required_return?: string;
  factor_returns?: string;
  benchmark?: string;
}>;

type Empyrical = Readonly<{
  series: Readonly<Record<string, readonly (number | null)[] | string>>;
  cases: readonly Case[];
  value_at_risk: readonly Readonly<{ returns: readonly number[]; cutoff: number; expected: number }>[];
}>;

const PERIODS: Readonly<Record<string, number>> = { daily: 252, weekly: 52, monthly: 12, yearly: 1 };
/** Printed with fewer digits than the others. */
const FEW_DIGITS: Readonly<Record<string, number>> = { roll_max_drawdown: 1e-4, cum_returns: 1e-5, cum_returns_final: 1e-5 };

type Answer = (one: Case, series: (name?: string) => Float64Array | null) => readonly (number | null)[] | null;

/** Every metric that has a kernel here. A case on a series that the file lacks gives null, and is left out. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  max_drawdown: (one, series) => on(series(one.returns), (own) => [maxDrawdown(own)?.depth ?? null]),
  roll_max_drawdown: (one, series) => rolling(one, series, (part) => maxDrawdown(part)?.depth ?? null),
  roll_sharpe_ratio: (one, series) => rolling(one, series, (part) => sharpeRatio(part, optionsOf(one))),
  annual_volatility: (one, series) => on(series(one.returns), (own) => [annualizedVolatility(own, optionsOf(one).periods, 2)]),
  sharpe_ratio: (one, series) => on(less(series, one.returns, one.risk_free), (own) => [sharpeRatio(own, optionsOf(one))]),
  sortino: (one, series) => on(less(series, one.returns, one.required_return), (own) => [sortinoRatio(own, optionsOf(one))]),
  downside_risk: (one, series) =>
    on(less(series, one.returns, one.required_return), (own) => [
      downsideDeviation(own, { ...optionsOf(one), observationsMin: 1 }),
    ]),
  excess_sharpe: (one, series) =>
    on(less(series, one.returns, one.factor_returns), (own) => [sharpeRatio(own, { periods: 1, observationsMin: 2 })]),
  cum_returns: (one, series) => on(series(one.returns), (own) => Array.from(own, (_, i) => grown(one, own.subarray(0, i + 1)))),
  cum_returns_final: (one, series) => on(series(one.returns), (own) => [own.length === 0 ? null : grown(one, own)]),
  cagr: (one, series) => on(series(one.returns), (own) => [yearlyGrowth(one, own)]),
  annual_ret: (one, series) => on(series(one.returns), (own) => [yearlyGrowth(one, own)]),
  alpha_beta: (one, series) => {
    const [own, benchmark] = [series(one.returns), series(one.benchmark)];
    if (own === null || benchmark === null) return null;
    const length = Math.min(own.length, benchmark.length);
    const beta = univariateBetas([own.slice(0, length)], benchmark.slice(0, length), 3).beta[0]!;
    return [Number.isNaN(beta) ? null : beta];
  },
};

export type EmpyricalAnswers = Readonly<{ differences: readonly number[]; uncovered: readonly string[] }>;

/** Where the reference has NaN or Infinity, ours is to be null. Of alpha and beta, the beta. */
export function empyricalAnswers(): EmpyricalAnswers {
  const { series, cases, value_at_risk: quantiles } = readOracle<Empyrical>('empyrical_cases');
  const seriesOf = (name = ''): Float64Array | null => {
    const rest = name.startsWith('-') ? name.slice(1) : name;
    const values = series[rest.replace('[1:]', '')];
    if (!Array.isArray(values)) return null;
    const own = Float64Array.from(values as readonly (number | null)[], (value) => value ?? Number.NaN);
    // The same dates, less the first.
    const part = rest.endsWith('[1:]') ? own.map((value, i) => (i === 0 ? Number.NaN : value)) : own;
    return name.startsWith('-') ? part.map((value) => -value) : part;
  };
  const uncovered = new Set<string>();
  const found = cases.flatMap((one) => {
    const figures = ANSWERS[one.metric]?.(one, seriesOf) ?? null;
    if (!(one.metric in ANSWERS)) uncovered.add(one.metric);
    if (figures === null) return [];
    const wanted = [one.expected].flat().map((value) => (typeof value === 'number' ? value : null));
    return compared(figures, one.metric === 'alpha_beta' ? wanted.slice(1) : wanted, FEW_DIGITS[one.metric] ?? 0);
  });
  const ranks = quantiles.map(({ returns, cutoff, expected }) =>
    Math.abs(Number(quantileOfSorted(sortedPresent(returns), cutoff)) - expected),
  );
  return { differences: [...found, ...ranks], uncovered: [...uncovered] };
}

/** Differences beyond what printing hides, relative to figures above 1. */
function compared(figures: readonly (number | null)[], wanted: readonly (number | null)[], printed: number): readonly number[] {
  if (figures.length !== wanted.length) return [Infinity];
  return figures.map((figure, i) => {
    const expected = wanted[i] ?? null;
    if (figure === null || expected === null) return figure === expected ? 0 : Infinity;
    return Math.max(0, Math.abs(figure - expected) - printed) / Math.max(1, Math.abs(expected));
  });
}

function optionsOf({ period = 'daily' }: Case) {
  return { periods: PERIODS[period]!, observationsMin: 2 };
}

function on<T>(own: Float64Array | null, answer: (own: Float64Array) => T): T | null {
  return own === null ? null : answer(own);
}

function rolling(
  { returns, window = 0 }: Case,
  series: (name?: string) => Float64Array | null,
  answer: (part: Float64Array) => number | null,
): readonly (number | null)[] | null {
  return on(series(returns), (own) => {
    return Array.from({ length: Math.max(0, own.length - window + 1) }, (_, i) => answer(own.subarray(i, i + window)));
  });
}

/** The returns less a figure or another series, whose name it is. */
function less(series: (name?: string) => Float64Array | null, returns: string, hurdle = '0'): Float64Array | null {
  const other = series(hurdle);
  return on(series(returns), (own) =>
    own.map((value, i) => value - (other === null ? Number(hurdle) : (other[i] ?? Number.NaN))),
  );
}

function grown({ starting_value: start }: Case, returns: Float64Array): number {
  const total = timeWeightedReturn(returns)?.value ?? 0;
  return start ? start * (1 + total) : total;
}

/** Theirs counts years of so many periods, gaps too; ours days. A hundred years are 36,525 days. */
function yearlyGrowth({ period = 'daily' }: Case, returns: Float64Array): number | null {
  const total = timeWeightedReturn(returns);
  const years = returns.length / PERIODS[period]!;
  return total && compoundAnnualGrowthRate((1 + total.value) ** (100 / years) - 1, '1900-03-01', '2000-03-01');
}

/** Beyond half of the last digit printed. */
export function ffnDifferences(): readonly number[] {
  type Printed = Readonly<{ metric: string; symbol: string; index: number; expected: number; dp: number }>;
  const [header = [], ...rows] = readTable('ffn_prices_2004_2014.csv');
  const dates = rows.map(([date]) => date!);
  const closeOn = (closes: readonly number[], date: string): number => closes[dates.indexOf(date)]!;
  return readOracle<Readonly<{ cases: readonly Printed[] }>>('ffn_cases').cases.map(({ metric, symbol, index, expected, dp }) => {
    const closes = rows.map((row) => Number(row[header.indexOf(symbol)]));
    const returns = totalReturns(closes);
    const total = (end?: number): number => timeWeightedReturn(returns.subarray(0, end))!.value;
    const figures: Readonly<Record<string, () => number | null | undefined>> = {
      simple_return: () => returns[index],
      rebase100: () => 100 * (1 + total(index + 1)),
      max_drawdown_first10: () => maxDrawdown(returns.subarray(0, 10))?.depth,
      total_return_first11: () => total(11),
      cagr_full: () => compoundAnnualGrowthRate(total(), dates[0]!, dates.at(-1)!),
      ytd: () => closeOn(closes, '2005-02-15') / closeOn(closes, '2004-12-31') - 1,
      mtd: () => closeOn(closes, '2005-02-15') / closeOn(closes, '2005-01-31') - 1,
    };
    return Math.max(0, Math.abs(Number(figures[metric]?.() ?? Number.NaN) - expected) - 0.5001 * 10 ** -dp);
  });
}

/** To the nearest root of the file, relative above 1. A case whose roots the file does not list is left out. */
export function xirrDifferences(): readonly number[] {
  type Flows = Readonly<{ all_roots_gt_minus1: readonly number[]; flows: readonly [string, number][] }>;
  return readOracle<Readonly<{ cases: readonly Flows[] }>>('xirr_cases').cases.flatMap(
    ({ all_roots_gt_minus1: roots, flows }) => {
      const answer = xirr(flows.map(([date, amount]) => ({ date, amount })));
      if (!answer.ok || roots.length === 0) return answer.ok || roots.length > 0 ? [roots.length === 0 ? 0 : Infinity] : [];
      return [Math.min(...roots.map((root) => Math.abs(answer.rate - root) / Math.max(1, Math.abs(root))))];
    },
  );
}

export function univariateDifferences(): readonly number[] {
  type Sets = Readonly<Record<string, Readonly<{ mean: string; sd_ddof1: string; data: readonly number[] }>>>;
  return Object.values(readOracle<Readonly<{ datasets: Sets }>>('nist_strd_univariate').datasets).flatMap((set) => [
    relativeDifference(mean(set.data)!, Number(set.mean)),
    relativeDifference(standardDeviation(set.data)!, Number(set.sd_ddof1)),
  ]);
}
