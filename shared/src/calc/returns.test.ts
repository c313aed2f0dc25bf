import { describe, expect, it } from 'vitest';
import { actionsBySession, totalReturns } from './returns.js';

const NONE = Number.NaN;

describe('totalReturns', () => {
  it('has no figure for the first session and the simple return for the others', () => {
    expectReturns(totalReturns([100, 110, 99]), [NONE, 0.1, -0.1]);
  });

  it('takes a split for no change of worth', () => {
    expectReturns(totalReturns([400, 101], [{ index: 1, splitRatio: 4, dividend: 0 }]), [NONE, 0.01]);
    expectReturns(totalReturns([5, 50], [{ index: 1, splitRatio: 0.1, dividend: 0 }]), [NONE, 0]);
  });

  it('adds a dividend on its ex-date', () => {
    expectReturns(totalReturns([100, 99], [{ index: 1, splitRatio: 1, dividend: 1 }]), [NONE, 0]);
  });

  it('pays a dividend on the shares held before a split of the same day', () => {
    expectReturns(totalReturns([100, 49], [{ index: 1, splitRatio: 2, dividend: 2 }]), [NONE, 0]);
  });

  it('needs a close in this and the previous session and bridges no gap', () => {
    expectReturns(totalReturns([100, NONE, 120, 126]), [NONE, NONE, NONE, 0.05]);
  });

  it('loses an action that falls on a gap rather than booking it later', () => {
    expectReturns(totalReturns([100, NONE, 50, 51], [{ index: 1, splitRatio: 2, dividend: 3 }]), [NONE, NONE, NONE, 0.02]);
  });

  it('has no return on a close of 0, but one down to it', () => {
    expectReturns(totalReturns([10, 0, 5]), [NONE, -1, NONE]);
  });

  it('leaves out an action of the first session, whose return is unknown', () => {
    expectReturns(totalReturns([10, 11], [{ index: 0, splitRatio: 2, dividend: 1 }]), [NONE, 0.1]);
  });

  it('refuses an action outside the closes', () => {
    expect(() => totalReturns([10, 11], [{ index: 2, splitRatio: 2, dividend: 0 }])).toThrow(RangeError);
  });

  it('is empty for no closes', () => {
    expect(totalReturns([])).toHaveLength(0);
  });
});

describe('actionsBySession', () => {
  const sessionDates = ['2020-08-27', '2020-08-28', '2020-08-31', '2020-09-01'];

  it('puts an ex-date on its session, or on the next one from a weekend', () => {
    const split = { type: 'split', numerator: 4, denominator: 1 } as const;
    const expected = [{ index: 2, splitRatio: 4, dividend: 0 }];
    expect(actionsBySession(sessionDates, [{ ...split, exDate: '2020-08-31' }])).toEqual(expected);
    expect(actionsBySession(sessionDates, [{ ...split, exDate: '2020-08-29' }])).toEqual(expected);
  });

  it('multiplies splits and adds dividends of one session', () => {
    expect(
      actionsBySession(sessionDates, [
        { type: 'dividend', exDate: '2020-09-01', amount: 0.5 },
        { type: 'split', exDate: '2020-09-01', numerator: 3, denominator: 2 },
        { type: 'dividend', exDate: '2020-09-01', amount: 0.25 },
        { type: 'split', exDate: '2020-09-01', numerator: 2, denominator: 1 },
      ]),
    ).toEqual([{ index: 3, splitRatio: 3, dividend: 0.75 }]);
  });

  it('counts a dividend after a weekend split in the new shares', () => {
    expect(
      actionsBySession(sessionDates, [
        { type: 'dividend', exDate: '2020-08-31', amount: 0.2 },
        { type: 'split', exDate: '2020-08-29', numerator: 4, denominator: 1 },
      ]),
    ).toEqual([{ index: 2, splitRatio: 4, dividend: 0.8 }]);
  });

  it('leaves out what no return of the window spans', () => {
    const dividend = { type: 'dividend', amount: 1 } as const;
    expect(
      actionsBySession(
        sessionDates,
        ['2020-01-02', '2020-08-27', '2020-09-02'].map((exDate) => ({ ...dividend, exDate })),
      ),
    ).toEqual([]);
  });
});

function expectReturns(actual: Float64Array, expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    if (Number.isNaN(value)) expect(actual[i], `return ${i}`).toBeNaN();
    else expect(actual[i], `return ${i}`).toBeCloseTo(value, 14);
  });
}
