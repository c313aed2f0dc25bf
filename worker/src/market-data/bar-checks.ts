// Which daily bars are believed. One that contradicts the calendar or itself can't be. One that halves or doubles the price may be a split
// that nobody told of: it is held back, with those after it, until something explains it.
import { isCalendarDate } from '@closebell/shared/calendar/calendar-date';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { isJump } from '@closebell/shared/market-data/price-jump';
import type { OhlcvBar, SessionRange } from '@closebell/shared/market-data/provider';

/**
 * `stray`: asked for by nobody, or said twice; nothing is lost with it. `fault`: it can't be. `jump`: nothing explains how far its close is
 * from the one before. `follows`: a jump has come before it, and its close is still where that one went.
 */
export type RejectedBar = Readonly<{ bar: OhlcvBar; kind: 'stray' | 'fault' | 'jump' | 'follows'; reason: string }>;

/** `usable`: oldest first, one per session. Each bar given is in one of the two. */
export type JudgedBars = Readonly<{ usable: readonly OhlcvBar[]; rejected: readonly RejectedBar[] }>;

export type DatedClose = Readonly<{ sessionDate: string; close: number }>;

/** New shares per old one, from the open of `exDate` on. */
export type SplitRatio = Readonly<{ exDate: string; ratio: number }>;

export type BarRules = Readonly<{
  calendar: TradingCalendar;
  /** Inside the calendar. */
  range: SessionRange;
  /** The newest close known before the range. */
  previous: DatedClose | null;
  /** One per ex-date. */
  splits: readonly SplitRatio[];
  /** An admin has looked at it: its close is believed as long as it is a price of a session. */
  isAccepted: (bar: OhlcvBar) => boolean;
  /** Another provider gives the same close. */
  isConfirmed: (bar: OhlcvBar) => boolean;
}>;

/** A move that is at least half of the way back from the smallest jump. */
const WAY_BACK = 1.4;
/** Over a longer silence any move is possible. */
const COMPARED_SESSIONS_MAX = 5;
/** As positions have it: what is above does not fit the database's columns. */
const PRICE_BELOW = 1e7;
/** Prices are kept in units of it. */
const PRICE_FROM = 1e-6;
const VOLUME_BELOW = 2n ** 63n;
/** Sources round open, high, low and close each for themselves: half a cent, or half a cent in a hundred dollars. */
const ROUNDING = 0.005;
const ROUNDING_RELATIVE = 5e-5;
/** The decimal fractions above are none of float64. */
const FLOAT_SLACK = 1e-9;

export function judgeBars(bars: readonly OhlcvBar[], rules: BarRules): JudgedBars {
  const sound = new Map<string, OhlcvBar>();
  const rejected: RejectedBar[] = [];
  for (const bar of bars) {
    const flaw = flawOf(bar, sound.get(bar.sessionDate), rules);
    if (flaw !== null) rejected.push({ bar, ...flaw });
    else sound.set(bar.sessionDate, contradictionOf(bar) === null ? bar : closeOnly(bar));
  }
  const oldestFirst = [...sound.values()].sort((a, b) => (a.sessionDate < b.sessionDate ? -1 : 1));
  const { usable, jumps } = followCloses(oldestFirst, rules);
  return { usable, rejected: [...rejected, ...jumps] };
}

type Flaw = Pick<RejectedBar, 'kind' | 'reason'>;

/** What is wrong with a bar by itself, or beside the one that the session has already; null: nothing. */
function flawOf(bar: OhlcvBar, first: OhlcvBar | undefined, { calendar, range, isAccepted }: BarRules): Flaw | null {
  const { sessionDate } = bar;
  if (!isCalendarDate(sessionDate)) return { kind: 'stray', reason: 'its date is none' };
  if (sessionDate < range.from || sessionDate > range.to) return { kind: 'stray', reason: 'outside the range asked for' };
  const reason = impossibilityOf(bar, calendar) ?? (isAccepted(bar) ? null : contradictionOf(bar));
  if (reason !== null) return { kind: 'fault', reason };
  if (first === undefined) return null;
  if (first.close === bar.close) return { kind: 'stray', reason: 'the session has a bar already' };
  return { kind: 'fault', reason: `the same answer has another bar of the session, with close ${first.close}` };
}

function impossibilityOf({ sessionDate, close }: OhlcvBar, calendar: TradingCalendar): string | null {
  if (!calendar.isSession(sessionDate)) return 'the exchange was closed';
  return isPrice(close) ? null : `close ${close} is no price`;
}

function contradictionOf({ open, high, low, close, volume }: OhlcvBar): string | null {
  if (![open, high, low].every((price) => price === null || isPrice(price))) return 'open, high or low is no price';
  if (volume !== null && (volume < 0n || volume >= VOLUME_BELOW)) return `volume ${volume} is none`;
  if (high !== null && low !== null && isAbove(low, high)) return `high ${high} is below low ${low}`;
  if (high !== null && isAbove(close, high)) return `close ${close} is above high ${high}`;
  if (low !== null && isAbove(low, close)) return `close ${close} is below low ${low}`;
  if (open !== null && high !== null && isAbove(open, high)) return `open ${open} is above high ${high}`;
  if (open !== null && low !== null && isAbove(low, open)) return `open ${open} is below low ${low}`;
  return null;
}

export function isPrice(value: number): boolean {
  return value >= PRICE_FROM && value < PRICE_BELOW;
}

/** By more than rounding explains. */
function isAbove(upper: number, lower: number): boolean {
  return upper - lower > Math.max(ROUNDING, ROUNDING_RELATIVE * lower) + FLOAT_SLACK * lower;
}

/** An admin's word is for the close; what contradicts it is not kept. */
function closeOnly(bar: OhlcvBar): OhlcvBar {
  return { ...bar, open: null, high: null, low: null, volume: null };
}

/** Held back since the session of the jump. */
type Held = DatedClose & Readonly<{ since: string }>;

function followCloses(bars: readonly OhlcvBar[], rules: BarRules) {
  const usable: OhlcvBar[] = [];
  const jumps: RejectedBar[] = [];
  let reference = rules.previous;
  let held: Held | null = null;
  for (const bar of bars) {
    const isBelieved = reference === null || rules.isAccepted(bar) || rules.isConfirmed(bar);
    const jump: Flaw | null = isBelieved ? null : jumpOf(bar, reference!, held, rules);
    if (jump === null) {
      usable.push(bar);
      reference = bar;
      held = null;
    } else {
      jumps.push({ bar, ...jump });
      held = { ...bar, since: jump.kind === 'follows' && held !== null ? held.since : bar.sessionDate };
    }
  }
  return { usable, jumps };
}

/** Whether the close stays with the one held back just before it; if not, how far it is from the last believed one (`reference`). */
function jumpOf(bar: OhlcvBar, reference: DatedClose, held: Held | null, { calendar, splits }: BarRules): Flaw | null {
  const silence = calendar.sessionIndex(bar.sessionDate) - calendar.sessionIndex((held ?? reference).sessionDate);
  if (silence > COMPARED_SESSIONS_MAX) return null;
  const change = changeBetween(reference, bar, splits);
  // A price may drift back within the bounds, and still be of other shares than those before the jump: only a jump back ends one.
  if (held !== null && isSmall(changeBetween(held, bar, splits)))
    return { kind: 'follows', reason: `its close is where the jump of ${held.since} went, and nothing explains that one` };
  if (!isJump(change)) return null;
  const times = change < 1 ? change.toFixed(3) : change.toFixed(2);
  const reason = `close ${bar.close} is ${times} times that of ${reference.sessionDate} (${reference.close}), and no split explains it`;
  return { kind: 'jump', reason };
}

function isSmall(change: number): boolean {
  return change < WAY_BACK && change > 1 / WAY_BACK;
}

/** The later close in shares of the earlier session, as a multiple of the earlier one. */
function changeBetween(earlier: DatedClose, later: DatedClose, splits: readonly SplitRatio[]): number {
  const between = splits.filter(({ exDate }) => exDate > earlier.sessionDate && exDate <= later.sessionDate);
  return between.reduce((close, { ratio }) => close * ratio, later.close) / earlier.close;
}
