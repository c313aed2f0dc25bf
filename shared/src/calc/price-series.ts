// Closes along a run of sessions: the last one carries forward, with its age, and splits are kept beside as ratios.
import type { TradingCalendar } from '../calendar/trading-calendar.js';
import { countWhile } from './count-while.js';
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

/** A symbol's closes in a run of sessions that begins with the calendar's `firstIndex`: units of 1e-6, NaN where there is none. */
export type SymbolCloses = Readonly<{
  /** The last one earlier than the run. */
  before: Close | null;
  firstIndex: number;
  closeE6: Float64Array;
}>;

/** A split before the open of `exDate`. */
export type SplitEvent = Readonly<{ exDate: string; ratio: ShareRatio }>;

/** Cash per share in units of 1e-8, counted in the shares held at the close before `exDate`. */
export type DividendEvent = Readonly<{ exDate: string; amountE8: bigint }>;

/** A dividend and the session of the axis in which it is income: the first at or after its ex-date. */
export type BookedDividend = DividendEvent & Readonly<{ index: number }>;

export type PriceSeries = Readonly<{
  /** Per session of the axis the last close so far, in units of 1e-6; NaN before the first. */
  closeE6: Float64Array;
  /** Per session the calendar's index of the session that close is from; −1 before the first. */
  closeIndex: Int32Array;
  /** Ascending by ex-date. */
  splits: readonly SplitEvent[];
  /** Per session how many of the splits that close is traded after; null without any split. */
  splitsPast: Uint16Array | null;
  /** Of sessions 1 … of the axis, ascending. */
  dividends: readonly BookedDividend[];
}>;

/** Carries each close forward until the next. The run of `closes` begins with the axis or earlier; null: the symbol has none. */
export function carryForward(
  axis: SessionAxis,
  closes: SymbolCloses | null,
  splits: readonly SplitEvent[] = [],
  dividends: readonly DividendEvent[] = [],
): PriceSeries {
  const length = axis.sessions.length;
  const closeE6 = new Float64Array(length).fill(Number.NaN);
  const closeIndex = new Int32Array(length).fill(-1);
  let price = closes?.before?.closeE6 ?? Number.NaN;
  let from = closes?.before?.sessionIndex ?? -1;
  for (let index = closes?.firstIndex ?? axis.firstIndex; index < axis.firstIndex + length; index++) {
    const close = closes?.closeE6[index - closes.firstIndex] ?? Number.NaN;
    if (!Number.isNaN(close)) {
      price = close;
      from = index;
    }
    if (index < axis.firstIndex) continue;
    closeE6[index - axis.firstIndex] = price;
    closeIndex[index - axis.firstIndex] = from;
  }
  const splitsPast = splits.length === 0 ? null : splitsBehind(axis, closeIndex, splits);
  return { closeE6, closeIndex, splits, splitsPast, dividends: bookDividends(axis, dividends) };
}

function splitsBehind(axis: SessionAxis, closeIndex: Int32Array, splits: readonly SplitEvent[]): Uint16Array {
  let past = 0;
  let dated = -1;
  return Uint16Array.from(closeIndex, (index) => {
    if (index === dated) return past;
    dated = index;
    const date = axis.sessions[index - axis.firstIndex] ?? axis.dateOf(index);
    while (past < splits.length && splits[past]!.exDate <= date) past += 1;
    return past;
  });
}

function bookDividends({ sessions }: SessionAxis, dividends: readonly DividendEvent[]): readonly BookedDividend[] {
  return dividends
    .flatMap((dividend) => {
      const index = countWhile(sessions.length, (place) => sessions[place]! < dividend.exDate);
      return index < 1 || index === sessions.length ? [] : [{ ...dividend, index }];
    })
    .toSorted((a, b) => a.index - b.index);
}

/** Shares at `to` for each share at `from`. */
export function ratioBetween(splits: readonly SplitEvent[], from: string, to: string): ShareRatio {
  return splits.length === 0 ? NO_SPLIT : ratioPast(splits, from, splitsUpTo(splits, to));
}

/** Shares after the first `past` of the splits for each share at `from`. */
export function ratioPast(splits: readonly SplitEvent[], from: string, past: number): ShareRatio {
  const start = splitRatioPast(splits, splitsUpTo(splits, from));
  const end = splitRatioPast(splits, past);
  return reduce(end.numerator * start.denominator, end.denominator * start.numerator);
}

/** In the basis of the close of session i, shares for each share held at the start of time. */
export function splitRatioAt({ splits, splitsPast }: PriceSeries, i: number): ShareRatio {
  return splitsPast === null ? NO_SPLIT : splitRatioPast(splits, splitsPast[i]!);
}

function splitsUpTo(splits: readonly SplitEvent[], date: string): number {
  const next = splits.findIndex(({ exDate }) => exDate > date);
  return next === -1 ? splits.length : next;
}

/** New shares for each share held at the start of time, after the first `past` splits. */
function splitRatioPast(splits: readonly SplitEvent[], past: number): ShareRatio {
  let { numerator, denominator } = NO_SPLIT;
  for (const { ratio } of splits.slice(0, past)) {
    numerator *= ratio.numerator;
    denominator *= ratio.denominator;
  }
  return { numerator, denominator };
}

function reduce(numerator: number, denominator: number): ShareRatio {
  let [a, b] = [numerator, denominator];
  while (b !== 0) [a, b] = [b, a % b];
  return { numerator: numerator / a, denominator: denominator / a };
}
