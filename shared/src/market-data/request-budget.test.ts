import { describe, expect, test } from 'vitest';
import { NOTHING_SPENT, requestsLeft, takeRequests, type Spending } from './request-budget.js';

const NOON = Date.parse('2025-06-18T12:00:00Z');
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

/** Asks for `requests` as often as it is allowed, in steps of `stepMs`; the instants at which it was. */
function allowed(
  plan: Readonly<{ perMinute: number | null; perDay: number | null }>,
  requests: number,
  stepMs: number,
  steps: number,
) {
  let spending: Spending = NOTHING_SPENT;
  return Array.from({ length: steps }, (_, i) => NOON + i * stepMs).filter((now) => {
    const taken = takeRequests(spending, plan, requests, now);
    spending = taken.spending;
    return taken.waitMs === 0;
  });
}

describe('the requests of a plan', () => {
  test.each([
    [{ perMinute: 5, perDay: null }, 1, 700, MINUTE, 5],
    [{ perMinute: 5, perDay: null }, 3, 700, MINUTE, 1],
    [{ perMinute: 60, perDay: null }, 1, 130, MINUTE, 60],
    [{ perMinute: null, perDay: 250 }, 3, 7 * MINUTE, DAY, 83],
  ])(
    'of %j, %i at a time, are never more than it has in any window, and no fewer over many',
    (plan, requests, stepMs, windowMs, most) => {
      const at = allowed(plan, requests, stepMs, Math.ceil((10 * windowMs) / stepMs));
      for (const start of at)
        expect(at.filter((each) => each >= start && each < start + windowMs).length).toBeLessThanOrEqual(most);
      expect(at.length).toBeGreaterThan(9 * most);
    },
  );

  test('the wait is the time after which they are there, and not a moment longer', () => {
    const plan = { perMinute: 2, perDay: null };
    const first = takeRequests(NOTHING_SPENT, plan, 1, NOON);
    const second = takeRequests(first.spending, plan, 1, NOON + 10 * SECOND);
    const refused = takeRequests(second.spending, plan, 1, NOON + 20 * SECOND);
    expect(refused.waitMs).toBe(40 * SECOND);
    expect(takeRequests(refused.spending, plan, 1, NOON + 60 * SECOND - 1).waitMs).toBe(1);
    expect(takeRequests(refused.spending, plan, 1, NOON + 60 * SECOND).waitMs).toBe(0);
  });

  test('what the day has no room for is not taken from the minute', () => {
    const plan = { perMinute: 10, perDay: 3 };
    const taken = takeRequests(NOTHING_SPENT, plan, 3, NOON);
    const refused = takeRequests(taken.spending, plan, 1, NOON + SECOND);
    expect(refused.waitMs).toBeGreaterThan(DAY - MINUTE);
    expect(requestsLeft(refused.spending, plan, NOON + SECOND)).toEqual({ perMinute: 7, perDay: 0 });
  });

  test('more than a whole plan are let through once nothing of it is spent', () => {
    const plan = { perMinute: 2, perDay: null };
    const taken = takeRequests(NOTHING_SPENT, plan, 3, NOON);
    expect(taken.waitMs).toBe(0);
    expect(takeRequests(taken.spending, plan, 1, NOON + SECOND).waitMs).toBe(59 * SECOND);
  });

  test('a plan without limits never waits and keeps nothing', () => {
    expect(takeRequests(NOTHING_SPENT, { perMinute: null, perDay: null }, 100, NOON)).toEqual({
      spending: NOTHING_SPENT,
      waitMs: 0,
    });
  });
});
