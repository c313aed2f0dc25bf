// How a plan's requests are counted. Each comes back one whole window after it was taken, so that no minute and no day ever sees more than
// the plan allows. (A bucket that refills while it is being emptied lets through twice its size in the first minute.) Pure.
import type { RequestBudget } from './provider.js';

/** Requests not yet given back, oldest first: when they come back, in milliseconds since 1970, and how many. */
export type Spent = readonly (readonly [backAtMs: number, requests: number])[];

/** Of one provider. */
export type Spending = Readonly<{ minute: Spent; day: Spent }>;

export const NOTHING_SPENT: Spending = { minute: [], day: [] };

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** What is taken within a sixtieth of the window comes back together, so that a row stays short whatever the plan. */
const PARTS = 60;

/**
 * Takes all the requests or none. `waitMs` is 0 when they were taken, else the time after which they can be. More requests than a whole plan
 * has are let through once all of it is there.
 */
export function takeRequests(
  spending: Spending,
  { perMinute, perDay }: RequestBudget,
  requests: number,
  nowMs: number,
): Readonly<{ spending: Spending; waitMs: number }> {
  const minute = unreturned(spending.minute, nowMs);
  const day = unreturned(spending.day, nowMs);
  const waitMs = Math.max(waitFor(minute, perMinute, requests, nowMs), waitFor(day, perDay, requests, nowMs));
  if (waitMs > 0) return { spending: { minute, day }, waitMs };
  return {
    spending: {
      minute: perMinute === null ? [] : withTaken(minute, requests, MINUTE_MS, nowMs),
      day: perDay === null ? [] : withTaken(day, requests, DAY_MS, nowMs),
    },
    waitMs,
  };
}

/** What is left of the plan; null where it has no limit. */
export function requestsLeft({ minute, day }: Spending, { perMinute, perDay }: RequestBudget, nowMs: number): RequestBudget {
  const left = (limit: number | null, spent: Spent): number | null =>
    limit === null ? null : Math.max(0, limit - sum(unreturned(spent, nowMs)));
  return { perMinute: left(perMinute, minute), perDay: left(perDay, day) };
}

function unreturned(spent: Spent, nowMs: number): Spent {
  return spent.filter(([backAtMs]) => backAtMs > nowMs);
}

function waitFor(spent: Spent, limit: number | null, requests: number, nowMs: number): number {
  if (limit === null) return 0;
  let missing = sum(spent) + Math.min(requests, limit) - limit;
  if (missing <= 0) return 0;
  for (const [backAtMs, returned] of spent) {
    missing -= returned;
    if (missing <= 0) return backAtMs - nowMs;
  }
  throw new Error(`${requests} requests do not fit into an unspent plan of ${limit}`);
}

function withTaken(spent: Spent, requests: number, windowMs: number, nowMs: number): Spent {
  const partMs = windowMs / PARTS;
  // Rounded up: rather a little late than a request too many.
  const backAtMs = Math.ceil(nowMs / partMs) * partMs + windowMs;
  const last = spent.at(-1);
  return last?.[0] === backAtMs ? [...spent.slice(0, -1), [backAtMs, last[1] + requests]] : [...spent, [backAtMs, requests]];
}

function sum(spent: Spent): number {
  return spent.reduce((total, [, requests]) => total + requests, 0);
}
