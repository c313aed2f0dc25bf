// An exchange's sessions as an ordered list: which dates are in it, what comes before and after.
import { countWhile } from '../calc/count-while.js';
import { dayNumber } from './calendar-date.js';
import { CalendarRangeError } from './calendar-range-error.js';

/**
 * Every function takes dates inside the exchange's range and throws CalendarRangeError outside it, also where the answer would lie outside;
 * a text that is no date throws TypeError. Functions that take a `session` throw RangeError for a day that isn't one.
 */
export type SessionList = Readonly<{
  isSession: (date: string) => boolean;
  /** Ascending, both ends included if they are sessions; empty when `from` is after `to`. */
  sessionsBetween: (from: string, to: string) => readonly string[];
  sessionOnOrBefore: (date: string) => string;
  sessionOnOrAfter: (date: string) => string;
  /** The last session strictly before `date`, which need not be a session itself. */
  previousSession: (date: string) => string;
  /** The first session strictly after `date`, which need not be a session itself. */
  nextSession: (date: string) => string;
  /** The session `n` sessions after `session`; before it when `n` is negative. `n` is whole. */
  addSessions: (session: string, n: number) => string;
  /** The last `count` sessions up to `session`, it included; fewer where the range begins. */
  sessionsTo: (session: string, count: number) => readonly string[];
  /** Position among all sessions of the range, from 0: the difference of two is their distance in sessions. */
  sessionIndex: (session: string) => number;
}>;

type DateRange = Readonly<{ code: string; firstDate: string; lastDate: string }>;

/** `sessions` ascending, all inside the range. A lookup is one step for a session and log2(n) steps for any other date. */
export function createSessionList(sessions: readonly string[], range: DateRange): SessionList {
  const indexes: ReadonlyMap<string, number> = new Map(sessions.map((session, index) => [session, index]));

  /** How many sessions lie before `date`, which is also the index of the first one on or after it. */
  const countBefore = (date: string): number => indexes.get(date) ?? countEarlier(sessions, requireInRange(date, range));
  const countUpTo = (date: string): number => countBefore(date) + (indexes.has(date) ? 1 : 0);

  const sessionAt = (index: number, from: string): string => {
    const session = sessions[index];
    if (session === undefined)
      throw new CalendarRangeError(`The session sought from ${from} lies outside ${describe(range)}`, from);
    return session;
  };

  const sessionIndex = (session: string): number => {
    const index = indexes.get(session);
    if (index === undefined) throw new RangeError(`${requireInRange(session, range)} is not a session of ${range.code}`);
    return index;
  };

  return {
    isSession: (date) => indexes.has(requireInRange(date, range)),
    sessionsBetween: (from, to) => sessions.slice(countBefore(from), countUpTo(to)),
    sessionOnOrBefore: (date) => sessionAt(countUpTo(date) - 1, date),
    sessionOnOrAfter: (date) => sessionAt(countBefore(date), date),
    previousSession: (date) => sessionAt(countBefore(date) - 1, date),
    nextSession: (date) => sessionAt(countUpTo(date), date),
    addSessions: (session, n) => sessionAt(sessionIndex(session) + n, session),
    sessionsTo: (session, count) => {
      const end = sessionIndex(session) + 1;
      return sessions.slice(Math.max(0, end - count), end);
    },
    sessionIndex,
  };
}

/** Gives the date back if it is one and lies in the range, and throws otherwise. */
export function requireInRange(date: string, range: DateRange): string {
  dayNumber(date);
  if (date < range.firstDate || date > range.lastDate)
    throw new CalendarRangeError(`${date} lies outside ${describe(range)}`, date);
  return date;
}

function describe({ code, firstDate, lastDate }: DateRange): string {
  return `the ${code} calendar, which knows ${firstDate} to ${lastDate}`;
}

/** Index of the first element not below `wanted` in an ascending list. */

function countEarlier(ascending: readonly string[], date: string): number {
  return countWhile(ascending.length, (place) => ascending[place]! < date);
}
