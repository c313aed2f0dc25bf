import { describe, expect, test } from 'vitest';
import { corporateActions, wholeRatio, type ListedActions } from './corporate-actions.js';

const RANGE = { from: '2025-01-02', to: '2025-03-31' };

describe('corporateActions', () => {
  test('both ends of the range are in, in order, a split before a dividend of its day', () => {
    const splits = ['2025-02-03', '2025-04-01'].map((exDate) => ({ exDate, numerator: 4, denominator: 1 }));
    const dividends = ['2025-03-31', '2025-02-03', '2025-01-02', '2025-01-01'].map((exDate) => ({
      exDate,
      amount: 0.5,
      kind: '',
    }));
    expect(of({ splits, dividends })).toEqual([
      { type: 'dividend', symbol: 'ACME', exDate: '2025-01-02', amount: 0.5 },
      { type: 'split', symbol: 'ACME', exDate: '2025-02-03', numerator: 4, denominator: 1 },
      { type: 'dividend', symbol: 'ACME', exDate: '2025-02-03', amount: 0.5 },
      { type: 'dividend', symbol: 'ACME', exDate: '2025-03-31', amount: 0.5 },
    ]);
  });

  test('what is listed twice counts once', () => {
    const split = { exDate: '2025-02-03', numerator: 2, denominator: 1 };
    const dividend = { exDate: '2025-02-04', amount: 0.5, kind: 'regular' };
    const actions = of({ splits: [split, { ...split, numerator: 4, denominator: 2 }], dividends: [dividend, dividend] });
    expect(actions).toMatchObject([{ numerator: 2, denominator: 1 }, { amount: 0.5 }]);
  });

  test('a special dividend is added to the regular one of its day, also when they are alike', () => {
    const dividends = [0.1, 0.2, 0.2].map((amount, i) => ({ exDate: '2025-02-04', amount, kind: `payment ${i}` }));
    expect(of({ splits: [], dividends })).toMatchObject([{ amount: 0.5 }]);
  });

  test('two splits of one day are one of both', () => {
    const splits = [
      { exDate: '2025-02-03', numerator: 1, denominator: 2 },
      { exDate: '2025-02-03', numerator: 3, denominator: 1 },
    ];
    expect(of({ splits, dividends: [] })).toMatchObject([{ numerator: 3, denominator: 2 }]);
  });

  test('what changes nothing or cannot be is left out', () => {
    const splits = [
      [1, 1],
      [0, 1],
      [1, 0],
      [-2, 1],
    ].map(([numerator = 0, denominator = 0], i) => ({ exDate: `2025-02-0${i + 3}`, numerator, denominator }));
    const dividends = [0, -0.5].map((amount, i) => ({ exDate: `2025-02-0${i + 3}`, amount, kind: '' }));
    expect(of({ splits, dividends })).toEqual([]);
  });
});

test.each([
  [4, 1, 4, 1],
  [1, 30, 1, 30],
  [6, 4, 3, 2],
  [1.0249, 1, 10_249, 10_000],
  [1, 12.5, 2, 25],
  [1 / 3, 1, 333_333, 1_000_000],
])('%d for %d is a split of %d for %d', (numerator, denominator, above, below) => {
  expect(wholeRatio(numerator, denominator)).toEqual({ numerator: above, denominator: below });
});

function of(listed: ListedActions) {
  return corporateActions('ACME', RANGE, listed);
}
