// Where the history of a portfolio begins. Pure.
import { dayNumber, isoDate } from '../calendar/calendar-date.js';
import type { TradingCalendar } from '../calendar/trading-calendar.js';

/** How far back the first calculation goes, in calendar days. */
const HISTORY_DAYS = 365;

export type HistoryBounds = Readonly<{
  equityAsOf: string;
  /** The target session when the portfolio was made. */
  openedOn: string;
  /** Null while it has no lots. */
  firstEntryDate: string | null;
}>;

/**
 * The first session: min(anchor, max(first entry, opening − 365 days)). The opening is the target session when the portfolio was made, not
 * the one of any later run: the start, and with it cumulative P&L, must not depend on when or how often a job ran.
 */
export function historyStart(calendar: TradingCalendar, { equityAsOf, openedOn, firstEntryDate }: HistoryBounds): string {
  const reach = isoDate(dayNumber(openedOn) - HISTORY_DAYS);
  const start = [firstEntryDate ?? equityAsOf, reach, calendar.firstDate].reduce((a, b) => (a > b ? a : b));
  return calendar.sessionOnOrAfter(start < equityAsOf ? start : equityAsOf);
}
