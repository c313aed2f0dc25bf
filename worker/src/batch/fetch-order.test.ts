import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { describe, expect, test } from 'vitest';
import { fetchOrder } from './fetch-order.js';

const calendar = xnysCalendar();
const LAST = '2025-06-18';
const sessions = calendar.sessionsBetween('2024-01-02', LAST);
const order = (missing: readonly string[], nothingStored = false) => {
  const { recent, older } = fetchOrder(calendar, [{ symbol: 'ACME', sessions: missing, nothingStored }], LAST);
  return { recent: recent.map((gap) => gap.sessions), older: older.map((gap) => gap.sessions) };
};

describe('the order of requests', () => {
  test('a symbol never fetched takes one, however long its history', () => {
    expect(order(sessions, true)).toEqual({ recent: [sessions], older: [] });
    const ancient = ['2015-01-02', ...sessions];
    expect(order(ancient, true)).toEqual({ recent: [ancient], older: [] });
  });

  test('the newest session comes before history that is missing as well', () => {
    const old = sessions.slice(0, 100);
    expect(order([...old, LAST])).toEqual({ recent: [[LAST]], older: [old] });
  });

  test('history alone waits until everybody has the newest close', () => {
    expect(order(sessions.slice(0, 100))).toEqual({ recent: [], older: [sessions.slice(0, 100)] });
  });

  test('a stretch between that is shorter than a request is worth is read again along with the rest', () => {
    const at = (back: number) => sessions.at(-1 - back)!;
    expect(order([at(63), LAST])).toEqual({ recent: [[at(63), LAST]], older: [] });
    expect(order([at(64), LAST])).toEqual({ recent: [[LAST]], older: [[at(64)]] });
  });

  test('at most two are of one symbol, whatever is missing', () => {
    const scattered = sessions.filter((_, i) => i % 70 === 0 && i < sessions.length - 70);
    expect(order([...scattered, LAST])).toEqual({ recent: [[LAST]], older: [scattered] });
  });
});
