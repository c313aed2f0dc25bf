// Money-weighted return: the yearly rate at which all flows together are worth nothing (XIRR, actual/365).
import { dayNumber } from '../calendar/calendar-date.js';

const DAYS_PER_YEAR = 365;

/** Of ln(1 + rate): at −36 a float64 rate is hardly told from −1, and at 36 it is beyond any use. */
const LOG_GROWTH_MAX = 36;

/** Narrower, two roots cannot be told from one: the worth between them is below its rounding. */
const WIDTH_MIN = 1e-9;

/** Dollars: paid in below 0, taken out or left at the end above 0. */
export type CashFlow = Readonly<{ date: string; amount: number }>;

export type Xirr =
  /** `rate` is a fraction a year. With `multipleRoots` several rates fit, this being the one nearest to none, and no one is the answer. */
  | Readonly<{ ok: true; rate: number; multipleRoots: boolean }>
  /** `one_sign`: money went in one direction only. `one_date`: there is no time between the flows. `no_root`: no rate fits. */
  | Readonly<{ ok: false; reason: 'one_sign' | 'one_date' | 'no_root' }>;

/** The rate, in any order of flows; those of 0 do not count. Throws RangeError for an amount that is not finite, TypeError for no date. */
export function xirr(flows: readonly CashFlow[]): Xirr {
  const roots = xirrRoots(flows);
  if (typeof roots === 'string') return { ok: false, reason: roots };
  const nearest = roots.reduce((best, root) => (Math.abs(root) < Math.abs(best) ? root : best), Infinity);
  if (nearest === Infinity) return { ok: false, reason: 'no_root' };
  return { ok: true, rate: Math.expm1(nearest), multipleRoots: roots.length > 1 };
}

/** All roots in ln(1 + rate). Time runs forward above 0 and backward below, so that no discount factor ever exceeds 1. */
function xirrRoots(flows: readonly CashFlow[]): readonly number[] | 'one_sign' | 'one_date' {
  const present = flows.filter(({ amount }) => amount !== 0);
  if (!present.every(({ amount }) => Number.isFinite(amount))) throw new RangeError('A cash flow is not finite');
  const amounts = Float64Array.from(present, ({ amount }) => amount);
  if (!(amounts.some((amount) => amount > 0) && amounts.some((amount) => amount < 0))) return 'one_sign';
  const days = present.map(({ date }) => dayNumber(date));
  const [first, last] = [Math.min(...days), Math.max(...days)];
  if (first === last) return 'one_date';
  const forward = { amounts, years: Float64Array.from(days, (day) => (day - first) / DAYS_PER_YEAR) };
  const backward = { amounts, years: Float64Array.from(days, (day) => (last - day) / DAYS_PER_YEAR) };
  return [...new Set([...rootsFromZero(forward), ...rootsFromZero(backward).map((root) => -root)])];
}

type DatedAmounts = Readonly<{ amounts: Float64Array; years: Float64Array }>;

/** Worth and its slope at a discount rate, money in and money out kept apart: each of the four only falls as the rate rises. */
type Worth = Readonly<{ rate: number; taken: number; paid: number; takenSlope: number; paidSlope: number }>;

/** Every continuous rate from 0 to the maximum at which what was taken is worth what was paid, ascending. */
function rootsFromZero(flows: DatedAmounts): readonly number[] {
  const roots: number[] = [];
  isolate(flows, worthAt(flows, 0), worthAt(flows, LOG_GROWTH_MAX), roots);
  return roots;
}

/**
 * Halves the interval until each part has no root for certain, or at most one. As taken and paid are monotone, their values at the ends
 * bound the difference and its slope in between.
 */
function isolate(flows: DatedAmounts, low: Worth, high: Worth, roots: number[]): void {
  if (high.taken > low.paid || low.taken < high.paid) return;
  const isMonotone = high.paidSlope >= low.takenSlope || low.paidSlope <= high.takenSlope;
  if (isMonotone || high.rate - low.rate < WIDTH_MIN) {
    const root = rootBetween(flows, low, high);
    if (root !== null && root !== roots.at(-1)) roots.push(root);
    return;
  }
  const middle = worthAt(flows, (low.rate + high.rate) / 2);
  isolate(flows, low, middle, roots);
  isolate(flows, middle, high, roots);
}

function rootBetween(flows: DatedAmounts, low: Worth, high: Worth): number | null {
  const [atLow, atHigh] = [low.taken - low.paid, high.taken - high.paid];
  if (atLow === 0) return low.rate;
  if (atHigh === 0) return high.rate;
  if (atLow < 0 !== atHigh < 0) return itpRoot((rate) => netWorth(flows, rate), [low.rate, atLow], [high.rate, atHigh]);
  // The worth may touch 0 without crossing it.
  const rounding = flows.amounts.length * Number.EPSILON * (low.taken + low.paid);
  return high.rate - low.rate < WIDTH_MIN && Math.abs(atLow) <= rounding ? low.rate : null;
}

/**
 * A root between two points where the function has opposite signs, by interpolation, truncation and projection (Oliveira and Takahashi,
 * 2020): as fast as the secant method, never more than one step slower than halving.
 */
function itpRoot(f: (x: number) => number, [start, atStart]: [number, number], [end, atEnd]: [number, number]): number {
  const precision = Number.EPSILON * Math.max(1, end);
  const stepsMax = Math.ceil(Math.log2(Math.max(1, (end - start) / (2 * precision)))) + 1;
  const truncation = 0.2 / (end - start);
  let [low, high, atLow, atHigh] = [start, end, atStart, atEnd];
  for (let step = 0; step < stepsMax && high - low > 2 * precision; step++) {
    const middle = (low + high) / 2;
    const interpolated = (atHigh * low - atLow * high) / (atHigh - atLow);
    const toMiddle = Math.sign(middle - interpolated);
    const shift = Math.min(truncation * (high - low) ** 2, Math.abs(middle - interpolated));
    const truncated = interpolated + toMiddle * shift;
    const reach = precision * 2 ** (stepsMax - step) - (high - low) / 2;
    const next = Math.abs(truncated - middle) <= reach ? truncated : middle - toMiddle * Math.max(0, reach);
    const value = f(next);
    if (value === 0) return next;
    if (value < 0 === atLow < 0) [low, atLow] = [next, value];
    else [high, atHigh] = [next, value];
  }
  return (low + high) / 2;
}

function worthAt({ amounts, years }: DatedAmounts, rate: number): Worth {
  let taken = 0;
  let paid = 0;
  let takenSlope = 0;
  let paidSlope = 0;
  for (let i = 0; i < amounts.length; i++) {
    const time = years[i] as number;
    const present = (amounts[i] as number) * Math.exp(-rate * time);
    if (present > 0) {
      taken += present;
      takenSlope += time * present;
    } else {
      paid -= present;
      paidSlope -= time * present;
    }
  }
  return { rate, taken, paid, takenSlope, paidSlope };
}

function netWorth(flows: DatedAmounts, rate: number): number {
  const { taken, paid } = worthAt(flows, rate);
  return taken - paid;
}
