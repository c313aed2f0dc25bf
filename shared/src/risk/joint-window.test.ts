import { describe, expect, it } from 'vitest';
import { currentSymbols, jointWindow } from './joint-window.js';

/** `count` returns that end `age` sessions before the last of 100. */
const returns = (count: number, age = 0): Float64Array =>
  Float64Array.from({ length: 100 }, (_, t) => (t < 100 - age && t >= 100 - age - count ? 0.01 : Number.NaN));

describe('the joint window', () => {
  it('leaves out what stopped trading, whatever it has of the past', () => {
    const series = new Map([
      ['AAA', returns(100)],
      ['LATE', returns(95, 5)],
      ['GONE', returns(94, 6)],
      ['NEVER', returns(0)],
    ]);
    expect(jointWindow(['AAA', 'LATE', 'GONE', 'NEVER', 'UNKNOWN'], series)).toEqual({
      included: ['AAA', 'LATE'],
      excluded: [
        { symbol: 'GONE', reason: 'returns_ended' },
        { symbol: 'NEVER', reason: 'no_returns' },
        { symbol: 'UNKNOWN', reason: 'no_returns' },
      ],
    });
  });

  it('leaves out what lacks more than half of the returns that the best recorded has', () => {
    const series = new Map([
      ['AAA', returns(80)],
      ['HALF', returns(40)],
      ['YOUNG', returns(39)],
    ]);
    const { included, excluded } = jointWindow(['YOUNG', 'AAA', 'HALF'], series);
    expect(included).toEqual(['AAA', 'HALF']);
    expect(excluded).toEqual([{ symbol: 'YOUNG', reason: 'insufficient_history' }]);
    expect(jointWindow(['YOUNG'], series).excluded).toEqual([]);
  });

  it('does not take what stopped trading for the best recorded', () => {
    const series = new Map([
      ['GONE', returns(94, 6)],
      ['YOUNG', returns(30)],
    ]);
    expect(jointWindow(['GONE', 'YOUNG'], series).included).toEqual(['YOUNG']);
  });
});

it('where pairs have windows of their own a short history is no reason', () => {
  expect(
    currentSymbols(
      ['AAA', 'YOUNG'],
      new Map([
        ['AAA', returns(100)],
        ['YOUNG', returns(3)],
      ]),
    ).excluded,
  ).toEqual([]);
});
