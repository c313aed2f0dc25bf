// Closes along a run of sessions: the last one carries forward, with its age, and splits are kept beside as ratios.
import type { TradingCalendar } from '../calendar/trading-calendar.js';
import { NO_SPLIT, type ShareRatio } from './exact-value.js';

/** A run of consecutive sessions. `firstIndex` is the calendar's index of the first one, `dateOf` the calendar's date of any. */
export type SessionAxis = Readonly<{ sessions: readonly string[]; firstIndex: number; dateOf: (sessionIndex: number) => string }>;

/** The sessions from one to another, both included. */
export function axisOf(calendar: TradingCalendar, from: string, to: string): SessionAxis {
  const sessions = calendar.sessionsBetween(from, to);
  const firstIndex = calendar.sessionIndex(from);
  return { sessions, firstIndex, dateOf: (index) => calendar.addSessions(from, index - firstIndex) };
}

/** One close of a symbol; `sessionIndex` is the calendar's, and may lie before the axis. Price in units of 1e-6, as traded. */
export type Close = Readonly<{ sessionIndex: number; closeE6: number }>;

/** A split before the open of `exDate`. */
export type SplitEvent = Readonly<{ exDate: string; ratio: ShareRatio }>;

/** Cash per share in units of 1e-8, counted in the shares held at the close before `exDate`. */
export type DividendEvent = Readonly<{ exDate: string; amountE8: bigint }>;

export type PriceSeries = Readonly<{
  /** Per session of the axis the last close so far, in units of 1e-6; NaN before the first. */
  closeE6: Float64Array;
  /** Per session the calendar's index of the session that close is from; −1 before the first. */
  closeIndex: Int32Array;
  /** Ascending by ex-date. */
  splits: readonly SplitEvent[];
  dividends: readonly DividendEvent[];
}>;

/** Carries each close forward until the next. `closes` ascend by session; those before the axis give its starting value. */
export function carryForward(
  axis: SessionAxis,
  closes: readonly Close[],
  splits: readonly SplitEvent[] = [],
  dividends: readonly DividendEvent[] = [],
): PriceSeries {
  const length = axis.sessions.length;
  const closeE6 = new Float64Array(length).fill(Number.NaN);
  const closeIndex = new Int32Array(length).fill(-1);
  let next = 0;
  let price = Number.NaN;
  let from = -1;
  for (let i = 0; i < length; i++) {
    for (; next < closes.length && closes[next]!.sessionIndex <= axis.firstIndex + i; next++) {
      price = closes[next]!.closeE6;
      from = closes[next]!.sessionIndex;
    }
    closeE6[i] = price;
    closeIndex[i] = from;
  }
  return { closeE6, closeIndex, splits, dividends };
}

/** New shares for each share held at the start of time, by the close of `date`. */
export function splitRatioAt(splits: readonly SplitEvent[], date: string): ShareRatio {
  let { numerator, denominator } = NO_SPLIT;
  for (const { exDate, ratio } of splits) {
    if (exDate > date) break;
    numerator *= ratio.numerator;
    denominator *= ratio.denominator;
  }
  return { numerator, denominator };
}

/** Shares at `to` for each share at `from`. */
export function ratioBetween(splits: readonly SplitEvent[], from: string, to: string): ShareRatio {
  if (splits.length === 0) return NO_SPLIT;
  const start = splitRatioAt(splits, from);
  const end = splitRatioAt(splits, to);
  return reduce(end.numerator * start.denominator, end.denominator * start.numerator);
}

function reduce(numerator: number, denominator: number): ShareRatio {
  let [a, b] = [numerator, denominator];
  while (b !== 0) [a, b] = [b, a % b];
  return { numerator: numerator / a, denominator: denominator / a };
}
