import { describe, expect, test } from 'vitest';
import type { ChartResultObject } from 'yahoo-finance2/modules/chart';
import { dailyBarsOfChart, type ChartRequest } from './yahoo-bars.js';

const REQUEST: ChartRequest = {
  symbol: 'X',
  spelled: 'X',
  range: { from: '2024-01-01', to: '2024-01-31' },
  lastComplete: '2024-01-31',
};

describe('prices of 32-bit floats', () => {
  test.each([
    ['cents', 191.04, 1],
    ['cents under a split of 7:1', 645.57, 7],
    ['cents under splits of 4:1 and 7:1', 499.23, 28],
    ['cents of a price beyond a hundred thousand', 123_456.78, 1],
    ['hundredths of a cent', 0.4567, 1],
    ['a price before a reverse split of 1:8', 2.13, 1 / 8],
  ])('%s come out as they were traded', (_, traded, divisor) => {
    const splits = divisor === 1 ? {} : { later: splitAt('2024-01-03T14:30:00Z', divisor) };
    const told = okay(chart([['2024-01-02T14:30:00Z', Math.fround(traded / divisor)]], { splits }));
    expect(told.bars.map(({ close }) => close)).toEqual([traded]);
  });
});

describe('sessions', () => {
  test("a bar bears the date of its own exchange's clock", () => {
    const opened = [['2024-01-05T00:00:00Z', 100]] as const;
    expect(okay(chart(opened, { zone: 'Asia/Tokyo' })).bars[0]?.sessionDate).toBe('2024-01-05');
    expect(okay(chart(opened, { zone: 'America/New_York' })).bars[0]?.sessionDate).toBe('2024-01-04');
  });

  test('of two rows of one day the first counts, and a day that has only zero or nothing has no bar', () => {
    const rows = [
      ['2024-01-02T14:30:00Z', 10],
      ['2024-01-02T21:00:00Z', 11],
      ['2024-01-03T14:30:00Z', null],
      ['2024-01-04T14:30:00Z', 0],
    ] as const;
    const told = okay(chart(rows));
    expect(told.bars.map(({ sessionDate, close }) => [sessionDate, close])).toEqual([['2024-01-02', 10]]);
    expect(told.warnings).toEqual(['X 2024-01-02: a second row of the same date was left out']);
  });
});

describe('splits', () => {
  test.each([
    [4725, 10_000],
    [103, 100],
    [1, 8],
  ])('%d:%d is a split, of whole shares', (numerator, denominator) => {
    const splits = { one: { ...splitAt('2024-01-03T14:30:00Z', 1), numerator, denominator } };
    const [action] = okay(chart([['2024-01-02T14:30:00Z', 10]], { splits })).actions;
    if (action?.type !== 'split') throw new Error(`${action?.type}`);
    expect(action.numerator / action.denominator).toBe(numerator / denominator);
    expect([action.numerator, action.denominator].every(Number.isInteger)).toBe(true);
  });

  test('a spin-off on the first day of all has no worth that could be told', () => {
    const splits = { one: { ...splitAt('2024-01-02T14:30:00Z', 1), numerator: 1281, denominator: 1000 } };
    expect(okay(chart([['2024-01-02T14:30:00Z', 10]], { splits })).actions).toEqual([]);
  });
});

describe('charts that are not what was asked for', () => {
  test.each<readonly [string, (good: ChartResultObject) => ChartResultObject]>([
    ['of another symbol', (good) => ({ ...good, meta: { ...good.meta, symbol: 'Y' } })],
    ['of weeks', (good) => ({ ...good, meta: { ...good.meta, dataGranularity: '1wk' } })],
    ['with a column cut short', (good) => ({ ...good, timestamp: [...(good.timestamp ?? []), 1_704_300_000] })],
    ['without columns', (good) => ({ ...good, indicators: { quote: [] } })],
  ])('one %s is garbage', (_, spoiled) => {
    expect(() => dailyBarsOfChart(spoiled(chart([['2024-01-02T14:30:00Z', 10]])), REQUEST)).toThrow(/^Yahoo answered/);
  });
});

type Change = Readonly<{ zone?: string; splits?: Readonly<Record<string, ReturnType<typeof splitAt>>> }>;

/** What the client makes of an answer; only what is read. */
function chart(
  rows: readonly (readonly [opened: string, close: number | null])[],
  { zone = 'America/New_York', splits = {} }: Change = {},
): ChartResultObject {
  const column = rows.map(([, close]) => close);
  return {
    meta: { symbol: 'X', dataGranularity: '1d', exchangeTimezoneName: zone } as ChartResultObject['meta'],
    timestamp: rows.map(([opened]) => Date.parse(opened) / 1_000),
    events: { splits },
    indicators: { quote: [{ open: column, high: column, low: column, close: column, volume: rows.map(() => 100) }] },
  };
}

function splitAt(opened: string, numerator: number) {
  return { date: new Date(opened), numerator, denominator: 1, splitRatio: '' };
}

function okay(answer: ChartResultObject) {
  const result = dailyBarsOfChart(answer, REQUEST);
  if (result.status !== 'ok') throw new Error(`${result.status}: ${result.reason}`);
  return result;
}
