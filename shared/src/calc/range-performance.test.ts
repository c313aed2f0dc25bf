import { describe, expect, it } from 'vitest';
import { monthsBefore, rangePerformance, type EquityPoint } from './range-performance.js';

const point = (date: string, equity: number, dailyReturn: number | null = null, flow = 0): EquityPoint => ({
  date,
  equityE4: equity * 1e4,
  flowE4: flow * 1e4,
  dailyReturn,
});

describe('the performance of a range', () => {
  it('is told of two points and not of one', () => {
    expect(rangePerformance([])).toBeNull();
    expect(rangePerformance([point('2025-01-02', 10_000)])).toBeNull();
    expect(rangePerformance([point('2025-01-02', 10_000), point('2025-01-03', 11_000, 0.1)])).toMatchObject({
      gainE4: 1_000e4,
      gain: 0.1,
      high: { equityE4: 11_000e4 },
      low: { equityE4: 10_000e4 },
    });
  });

  it('does not take what was paid in for a gain, and counts it in what the gain is of', () => {
    const points = [point('2024-01-02', 10_000), point('2024-07-02', 21_000, 0.05, 10_000), point('2025-01-02', 22_000, 1 / 21)];
    const { gainE4, gain, netFlowE4, timeWeighted } = rangePerformance(points)!;
    expect([gainE4, gain, netFlowE4]).toEqual([2_000e4, 0.1, 10_000e4]);
    expect(timeWeighted!.value).toBeCloseTo(0.1, 12);
  });

  it('weighs money by the time it was there: the same gain late in the year is a higher rate', () => {
    const year = rangePerformance([point('2023-01-03', 10_000), point('2024-01-03', 11_000, 0.1)])!.moneyWeighted;
    expect(year).toMatchObject({ ok: true, multipleRoots: false });
    expect(year.ok && year.rate).toBeCloseTo(0.1, 10);
    const late = rangePerformance([
      point('2023-01-03', 100),
      point('2023-12-04', 10_100, 0, 10_000),
      point('2024-01-03', 11_100, 0.1),
    ])!;
    expect(late.moneyWeighted.ok && late.moneyWeighted.rate).toBeGreaterThan(1);
    expect(late.timeWeighted!.value).toBeCloseTo(0.1, 12);
  });

  it('leaves out what came in with the session it begins at', () => {
    const { gainE4, netFlowE4 } = rangePerformance([point('2025-01-02', 10_000, 0.2, 5_000), point('2025-01-03', 10_500, 0.05)])!;
    expect([gainE4, netFlowE4]).toEqual([500e4, 0]);
  });

  it('has no money-weighted rate when all is lost, and a gain of nothing is of nothing', () => {
    const { moneyWeighted, gain } = rangePerformance([point('2025-01-02', 10_000), point('2025-01-03', -500, -1.05)])!;
    expect(moneyWeighted).toEqual({ ok: false, reason: 'one_sign' });
    expect(gain).toBeCloseTo(-1.05, 12);
    expect(rangePerformance([point('2025-01-02', 0), point('2025-01-03', 10)])!.gain).toBeNull();
  });
});

it.each([
  ['2025-03-31', 1, '2025-02-28'],
  ['2024-03-31', 1, '2024-02-29'],
  ['2025-01-15', 1, '2024-12-15'],
  ['2025-05-31', 3, '2025-02-28'],
  ['2025-06-20', 12, '2024-06-20'],
])('%s less %i months is %s', (date, months, expected) => {
  expect(monthsBefore(date, months)).toBe(expected);
});
