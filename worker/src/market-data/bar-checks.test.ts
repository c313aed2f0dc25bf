import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { OhlcvBar } from '@closebell/shared/market-data/provider';
import { array, assert, bigInt, constantFrom, double, option, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeBars, type BarRules } from './bar-checks.js';

const calendar = xnysCalendar();
const RANGE = { from: '2024-01-02', to: '2024-03-28' };
const SESSIONS = calendar.sessionsBetween(RANGE.from, RANGE.to);

describe('one bar by itself', () => {
  test.each<readonly [string, OhlcvBar]>([
    ['a close of zero', bar('2024-01-03', { close: 0 })],
    ['a negative close', bar('2024-01-03', { close: -10 })],
    ['a close that is no number', bar('2024-01-03', { close: Number.NaN })],
    ['an infinite close', bar('2024-01-03', { close: Infinity })],
    ['a close of ten million', bar('2024-01-03', { close: 1e7, high: null })],
    ['a close that six decimals make zero', bar('2024-01-03', { close: 4e-7, low: null })],
    ['a negative low', bar('2024-01-03', { low: -1 })],
    ['an open of zero', bar('2024-01-03', { open: 0 })],
    ['an infinite high', bar('2024-01-03', { high: Infinity })],
    ['high below low', bar('2024-01-03', { high: 9, low: 11 })],
    ['a close above its high by a cent', bar('2024-01-03', { close: 63.7, open: 63.15, high: 63.69, low: 63.15 })],
    ['a close below its low', bar('2024-01-03', { close: 9.4 })],
    ['an open above its high', bar('2024-01-03', { open: 10.6 })],
    ['an open below its low', bar('2024-01-03', { open: 9.4 })],
    ['a negative volume', bar('2024-01-03', { volume: -1n })],
    ['a volume beyond 63 bits', bar('2024-01-03', { volume: 2n ** 63n })],
    ['a Saturday', bar('2024-01-06')],
    ['a holiday', bar('2024-01-15')],
  ])('%s is a fault, and the bars beside it stay', (_, wrong) => {
    const { usable, rejected } = judge([bar('2024-01-02'), wrong, bar('2024-01-04')]);
    expect(usable).toEqual([bar('2024-01-02'), bar('2024-01-04')]);
    expect(rejected).toEqual([{ bar: wrong, kind: 'fault', reason: expect.any(String) }]);
  });

  test.each<readonly [string, OhlcvBar]>([
    ['half a cent above the high', bar('2024-01-03', { close: 10.005, high: 10 })],
    ['half a cent in a hundred dollars above the high', bar('2024-01-03', { close: 700.03, open: 700, high: 700, low: 699 })],
    ['without open, high, low and volume', bar('2024-01-03', { open: null, high: null, low: null, volume: null })],
    ['a session without trades', bar('2024-01-03', { open: 10, high: 10, low: 10, volume: 0n })],
    ['the dearest share there is', bar('2024-01-03', { open: 8e5, high: 8.1e5, low: 7.9e5, close: 8e5 })],
  ])('what rounding or a thin market explains is no fault: %s', (_, fine) => {
    expect(judge([fine])).toEqual({ usable: [fine], rejected: [] });
  });

  test.each<readonly [string, OhlcvBar]>([
    ['after the range', bar('2024-04-01')],
    ['before the range', bar('2023-12-29')],
    ['of no date', bar('2024-02-30')],
    ['said twice', bar('2024-01-02')],
  ])('nothing is lost with one %s', (_, stray) => {
    expect(judge([bar('2024-01-02'), stray])).toMatchObject({ usable: [bar('2024-01-02')], rejected: [{ kind: 'stray' }] });
  });

  test('the first bar of a session counts, and another one that differs is a fault', () => {
    const { usable, rejected } = judge([bar('2024-01-02'), bar('2024-01-02', { close: 10.2 })]);
    expect(usable).toEqual([bar('2024-01-02')]);
    expect(rejected).toMatchObject([{ kind: 'fault', bar: { close: 10.2 } }]);
  });

  test('bars come oldest first whatever their order in the answer', () => {
    expect(judge([bar('2024-01-04'), bar('2024-01-02')]).usable).toEqual([bar('2024-01-02'), bar('2024-01-04')]);
  });
});

describe('a jump', () => {
  test.each([
    [100, 51.5, 'jump'],
    [100, 51.6, null],
    [100, 194, 'jump'],
    [100, 193.9, null],
    [100, 2, 'jump'],
    [100, 1_500, 'jump'],
  ])('from %d to %d: %s', (before, after, expected) => {
    expect(kinds([before, after])).toEqual([null, expected]);
  });

  test.each([
    ['four for one', 100, 25.5, 4],
    ['one for eight', 2, 16.4, 1 / 8],
    ['three for two', 90, 58, 1.5],
  ])('is none where a split explains it: %s', (_, before, after, ratio) => {
    expect(kinds([before, after], { splits: [{ exDate: SESSIONS[1]!, ratio }] })).toEqual([null, null]);
  });

  test('is one where the split is of another day, or the price did not follow it', () => {
    const splits = [{ exDate: SESSIONS[1]!, ratio: 4 }];
    expect(kinds([100, 100, 25], { splits })).toEqual([null, 'jump', null]);
    expect(kinds([100, 101], { splits })).toEqual([null, 'jump']);
    expect(kinds([100, 25], { splits: [{ exDate: SESSIONS[0]!, ratio: 4 }] })).toEqual([null, 'jump']);
  });

  test('holds back what comes after it too, also once the price has come back within the bounds', () => {
    expect(kinds([100, 50, 51, 56, 62, 70, 80, 95])).toEqual([null, 'jump', ...Array<string>(6).fill('follows')]);
  });

  test('that is undone is a single bar: those after it are compared with the last close that is believed', () => {
    expect(kinds([100, 210, 104, 105])).toEqual([null, 'jump', null, null]);
    expect(kinds([100, 1, 1, 97, 98])).toEqual([null, 'jump', 'follows', null, null]);
    expect(kinds([100, 210, 104, 130, 170, 205])).toEqual([null, 'jump', null, null, null, null]);
  });

  test('is seen against the close that is stored before the range', () => {
    const previous = { sessionDate: '2023-12-29', close: 100 };
    expect(kinds([50, 51], { previous })).toEqual(['jump', 'follows']);
    expect(kinds([99, 98], { previous })).toEqual([null, null]);
  });

  test('can not be told after more than five sessions without a bar', () => {
    const late = (count: number) => [bar(SESSIONS[0]!, at(100)), bar(SESSIONS[count]!, at(50))];
    expect(judge(late(5)).rejected).toHaveLength(1);
    expect(judge(late(6)).rejected).toEqual([]);
  });

  test('is none once its first bar is confirmed, and the rest follows from that', () => {
    const isConfirmed = ({ sessionDate }: OhlcvBar) => sessionDate === SESSIONS[1];
    expect(kinds([100, 50, 51, 52], { isConfirmed })).toEqual([null, null, null, null]);
  });
});

describe('a bar that an admin accepted', () => {
  const isAccepted = () => true;

  test('is believed for its close, and what contradicts that is not kept', () => {
    const { usable, rejected } = judge([bar('2024-01-03', { close: 10.9 })], { isAccepted });
    expect(usable).toEqual([bar('2024-01-03', { open: null, high: null, low: null, close: 10.9, volume: null })]);
    expect(rejected).toEqual([]);
  });

  test.each([
    ['of a Saturday', bar('2024-01-06')],
    ['with a close of zero', bar('2024-01-03', { close: 0 })],
  ])('still must be a price of a session, not %s', (_, impossible) => {
    expect(judge([impossible], { isAccepted }).usable).toEqual([]);
  });
});

test('what passes breaks no rule, and with what is rejected it is all that was given', () => {
  const price = constantFrom(10, 10.5, 9.9, 5.1, 21, 0, -1, Number.NaN, Infinity, 1e7, 9_999_999, 1e-7);
  const odd = option(double({ min: 1, max: 30, noNaN: true }), { nil: null });
  const given = array(
    record({
      sessionDate: constantFrom(...SESSIONS.slice(0, 12), '2024-01-06', '2024-01-15', '2023-12-29', '2024-02-30'),
      open: odd,
      high: option(price, { nil: null }),
      low: odd,
      close: price,
      volume: option(bigInt({ min: -2n, max: 2n ** 64n }), { nil: null }),
    }),
    { maxLength: 25 },
  );
  assert(
    property(given, (drawn) => {
      const bars = drawn.map((each) => ({ symbol: 'AAA', ...each }));
      const { usable, rejected } = judge(bars);
      expect(new Set([...usable, ...rejected.map((each) => each.bar)])).toEqual(new Set(bars));
      expect(usable.length + rejected.length).toBe(bars.length);
      const dates = usable.map(({ sessionDate }) => sessionDate);
      expect(dates).toEqual([...new Set(dates)].sort());
      for (const [i, one] of usable.entries()) expectBelievable(one, usable[i - 1]);
    }),
    { numRuns: 500 },
  );
});

/** The rules again, in other words than the code's. */
function expectBelievable({ sessionDate, open, high, low, close, volume }: OhlcvBar, before: OhlcvBar | undefined): void {
  expect(SESSIONS).toContain(sessionDate);
  for (const price of [open, high, low, close]) if (price !== null) expect(price > 0 && price < 10_000_000).toBe(true);
  if (volume !== null) expect(volume >= 0n && volume <= 9_223_372_036_854_775_807n).toBe(true);
  const room = 0.005 + 5e-5 * (high ?? close) + 1e-6;
  for (const price of [open, close]) {
    if (price === null) continue;
    if (high !== null) expect(price).toBeLessThanOrEqual(high + room);
    if (low !== null) expect(price).toBeGreaterThanOrEqual(low - room);
  }
  if (high !== null && low !== null) expect(high).toBeGreaterThanOrEqual(low - room);
  if (before === undefined || SESSIONS.indexOf(sessionDate) - SESSIONS.indexOf(before.sessionDate) > 5) return;
  expect(close / before.close).toBeGreaterThan(0.515);
  expect(close / before.close).toBeLessThan(1.94);
}

function judge(bars: readonly OhlcvBar[], rules: Partial<BarRules> = {}) {
  const never = () => false;
  return judgeBars(bars, {
    calendar,
    range: RANGE,
    previous: null,
    splits: [],
    isAccepted: never,
    isConfirmed: never,
    ...rules,
  });
}

/** Of closes on sessions in a row: what each is rejected as; null: it is usable. */
function kinds(closes: readonly number[], rules: Partial<BarRules> = {}): readonly (string | null)[] {
  const { rejected } = judge(
    closes.map((close, i) => bar(SESSIONS[i]!, at(close))),
    rules,
  );
  return closes.map((_, i) => rejected.find((each) => each.bar.sessionDate === SESSIONS[i])?.kind ?? null);
}

function at(price: number): Partial<OhlcvBar> {
  return { open: price, high: price, low: price, close: price };
}

function bar(sessionDate: string, change: Partial<OhlcvBar> = {}): OhlcvBar {
  return { symbol: 'AAA', sessionDate, open: 10, high: 10.5, low: 9.5, close: 10, volume: 100n, ...change };
}
