// The calendar of an exchange: its sessions, when each closes, and which was the last to be complete. Dates are New York dates.
import { exchangeDays, type Exchange } from './exchange-days.js';
import { newYorkDate, newYorkInstant } from './new-york-time.js';
import { createSessionList, requireInRange, type SessionList } from './session-list.js';
import { XNYS } from './xnys.js';

/** A session counts as complete this long after its close: closing auctions and late prints are in by then. */
const SETTLING_MS = 30 * 60_000;

/** What SessionList says of faults holds here as well: CalendarRangeError outside the range, never a guess. */
export type TradingCalendar = SessionList &
  Readonly<{
    exchange: string;
    firstDate: string;
    lastDate: string;
    isEarlyClose: (session: string) => boolean;
    /** The UTC instant at which a session begins: 09:30 in New York. */
    openInstant: (session: string) => Date;
    /** The UTC instant at which a session ends: 16:00 in New York, or the hour of its early close. */
    closeInstant: (session: string) => Date;
    /** From the open of a session to its close, without the instant of the close. */
    isOpen: (now: Date) => boolean;
    /** The last session whose close is at least 30 minutes past. */
    latestCompleteSession: (now: Date) => string;
    /** The last complete session on or before the date asked for: the previous one for a weekend, a holiday or a day not over yet. */
    targetSession: (asked: string, now: Date) => string;
    newYorkDate: (now: Date) => string;
  }>;

/** The calendar of the New York Stock Exchange, 1990-01-01 to 2028-12-31; the same object every time. */
export function xnysCalendar(): TradingCalendar {
  return XNYS_CALENDAR;
}

/** Works the exchange's rules out once; every question afterwards is a lookup or a binary search. */
export function createTradingCalendar(exchange: Exchange): TradingCalendar {
  const { sessions, earlyCloseHours } = exchangeDays(exchange);
  const list = createSessionList(sessions, exchange);

  const earlyCloseHour = (session: string): number | undefined => {
    list.sessionIndex(session);
    return earlyCloseHours.get(session);
  };

  const openInstant = (session: string): Date => {
    list.sessionIndex(session);
    return newYorkInstant(session, exchange.openHour);
  };
  const closeInstant = (session: string): Date => newYorkInstant(session, earlyCloseHour(session) ?? exchange.closeHour);

  const latestCompleteSession = (now: Date): string => {
    const latest = list.sessionOnOrBefore(newYorkDate(now));
    return now.getTime() >= closeInstant(latest).getTime() + SETTLING_MS ? latest : list.previousSession(latest);
  };

  return {
    ...list,
    exchange: exchange.code,
    firstDate: exchange.firstDate,
    lastDate: exchange.lastDate,
    isEarlyClose: (session) => earlyCloseHour(session) !== undefined,
    openInstant,
    closeInstant,
    isOpen: (now) => {
      const date = newYorkDate(now);
      return list.isSession(date) && now >= openInstant(date) && now < closeInstant(date);
    },
    latestCompleteSession,
    targetSession: (asked, now) => {
      const latest = latestCompleteSession(now);
      const wanted = list.sessionOnOrBefore(asked);
      return wanted < latest ? wanted : latest;
    },
    newYorkDate: (now) => requireInRange(newYorkDate(now), exchange),
  };
}

// Worked out once, when the module is loaded (some milliseconds); nothing changes it afterwards.
const XNYS_CALENDAR = createTradingCalendar(XNYS);
