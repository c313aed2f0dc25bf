import { expect, test } from 'vitest';
import { continuousRate, rateCurve } from './published-rate.js';

test('a bond-equivalent yield and its continuous rate grow a dollar alike', () => {
  expect(continuousRate(4.37)).toBeCloseTo(0.0432293, 6);
  for (const percent of [-0.5, 0, 0.03, 4.37, 15.9]) {
    expect(Math.exp(continuousRate(percent))).toBeCloseTo((1 + percent / 200) ** 2, 14);
  }
});

test('the rate of a date is of the newest yield published for it or before, and the fallback before all of them', () => {
  const dates = ['2025-06-02', '2025-06-03', '2025-06-05', '2025-06-09'];
  const yields = dates.map((date, i) => ({ date, percent: i + 1 }));
  const rateOn = rateCurve(yields, 0.045);
  expect(rateOn('2025-06-01')).toBe(0.045);
  expect(rateOn('2025-06-02')).toBe(continuousRate(1));
  expect(rateOn('2025-06-04')).toBe(continuousRate(2));
  expect(rateOn('2025-06-08')).toBe(continuousRate(3));
  expect(rateOn('2030-01-01')).toBe(continuousRate(4));
  expect(rateCurve([], 0.045)('2025-06-02')).toBe(0.045);
});
