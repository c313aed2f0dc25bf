// One set of printed answers for several kernels: empyrical's cases about a single series of returns.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { maxDrawdown } from './drawdown.js';
import { compoundAnnualGrowthRate, downsideDeviation, sharpeRatio, sortinoRatio } from './performance.js';
import { quantileOfSorted, sortedPresent } from './quantile.js';
import { annualizedVolatility } from './statistics.js';
import { timeWeightedReturn } from './time-weighted-return.js';

type Expected = number | 'NaN' | 'Infinity' | readonly number[];
type Case = Readonly<{
  metric: string;
  returns: string;
  expected: Expected;
  period?: string;
  window?: number;
  starting_value?: number;
  risk_free?: string;
  required_return?: string;
}>;
type Golden = Readonly<{
  series: Readonly<Record<string, readonly (number | null)[]>>;
  cases: readonly Case[];
  quantiles: readonly Readonly<{ returns: readonly number[]; cutoff: number; expected: number }>[];
}>;
const golden = JSON.parse(readFileSync(new URL('./golden/return-statistics.json', import.meta.url), 'utf8')) as Golden;

const PERIODS: Readonly<Record<string, number>> = { daily: 252, weekly: 52, monthly: 12, yearly: 1 };
/** Where fewer digits are printed. */
const TOLERANCES: Readonly<Record<string, number>> = { roll_max_drawdown: 1e-4, cum_returns_final: 1e-5 };

const isGrowth = ({ metric }: Case) => metric === 'cagr' || metric === 'annual_ret';
const growthCases = golden.cases.filter(isGrowth);
const tailCases = golden.cases.filter(({ metric }) => metric === 'tail_ratio');
const cases = golden.cases.filter((testCase) => !isGrowth(testCase) && !tailCases.includes(testCase));

describe('printed answers', () => {
  it.each(cases)('$metric of $returns is met, and where the reference has NaN or Infinity ours is null', (testCase) => {
    const actual = [answer(testCase)].flat();
    const expected = [testCase.expected].flat().map((value) => (typeof value === 'number' ? value : null));
    expect(actual).toHaveLength(expected.length);
    actual.forEach((value, i) => expectNear(value, expected[i] ?? null, TOLERANCES[testCase.metric] ?? 1e-8));
  });

  it.each(growthCases)('$metric of $returns is met, but in years of 365.25 days for theirs of $period periods', (testCase) => {
    const { returns, period, expected } = testCase;
    const total = timeWeightedReturn(seriesOf(returns));
    // They count every place of the series, gaps too, as one period. A hundred years of ours are 36525 days.
    const years = seriesOf(returns).length / (PERIODS[period ?? 'daily'] as number);
    const ours = total && compoundAnnualGrowthRate((1 + total.value) ** (100 / years) - 1, '1900-03-01', '2000-03-01');
    expectNear(ours, typeof expected === 'number' ? expected : null, 1e-8 * Math.max(1, Number(expected) || 0));
  });

  it.each(tailCases)(
    'the quantiles 0.95 and 0.05 of $returns are met, but with a gap for their return of 0',
    ({ returns, expected }) => {
      const sorted = sortedPresent(seriesOf(returns).map((value) => (Number.isNaN(value) ? 0 : value)));
      const [upper, lower] = [quantileOfSorted(sorted, 0.95), quantileOfSorted(sorted, 0.05)];
      const ratio = upper === null || lower === null ? null : Math.abs(upper / lower);
      expectNear(ratio, typeof expected === 'number' ? expected : null, 1e-12);
    },
  );

  it.each(golden.quantiles)('the quantile $cutoff of $returns is $expected', ({ returns, cutoff, expected }) => {
    expectNear(quantileOfSorted(sortedPresent(returns), cutoff), expected, 1e-12);
  });
});

function answer({ metric, returns, period = 'daily', window = 0, starting_value, risk_free, required_return }: Case) {
  const series = seriesOf(returns);
  const options = { periods: PERIODS[period] as number, observationsMin: 2 };
  const windows = Array.from({ length: Math.max(0, series.length - window + 1) }, (_, i) => series.subarray(i, i + window));
  switch (metric) {
    case 'max_drawdown':
      return maxDrawdown(series)?.depth ?? null;
    case 'roll_max_drawdown':
      return windows.map((part) => maxDrawdown(part)?.depth ?? null);
    case 'roll_sharpe_ratio':
      return windows.map((part) => sharpeRatio(part, options));
    case 'annual_volatility':
      return annualizedVolatility(series, options.periods, 2);
    case 'sharpe_ratio':
      return sharpeRatio(less(series, risk_free), options);
    case 'sortino':
      return sortinoRatio(less(series, required_return), options);
    case 'downside_risk':
      return downsideDeviation(less(series, required_return), { ...options, observationsMin: 1 });
    case 'cum_returns_final': {
      const total = timeWeightedReturn(series);
      return total && (starting_value ? starting_value * (1 + total.value) : total.value);
    }
    default:
      throw new RangeError(`No kernel for ${metric}`);
  }
}

function seriesOf(name: string): Float64Array {
  return Float64Array.from(golden.series[name] ?? [], (value) => value ?? Number.NaN);
}

/** The returns less a constant or another series of the file, whose name or figure it is. */
function less(returns: Float64Array, hurdle = '0'): Float64Array {
  const other = golden.series[hurdle];
  return returns.map((value, i) => value - (other ? (other[i] ?? Number.NaN) : Number(hurdle)));
}

function expectNear(actual: number | null, expected: number | null, tolerance: number): void {
  if (expected === null || actual === null) return expect(actual).toBe(expected);
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(tolerance);
}
