// Wall-clock time of New York, worked out from the daylight-saving rules of the law rather than asked of a time-zone database.
import { dayNumber, isoDate } from './calendar-date.js';
import { CalendarRangeError } from './calendar-range-error.js';
import { dayOfRule, SUNDAY, type DayRule } from './day-rules.js';

const MS_PER_HOUR = 3_600_000;
const HOURS_PER_DAY = 24;
const STANDARD_OFFSET_HOURS = 5;

type DaylightSavingLaw = Readonly<{ fromYear: number; begins: DayRule; ends: DayRule }>;

/** Latest first. Both changes happen at 02:00 of the clock then in force. */
const DAYLIGHT_SAVING_LAWS: readonly DaylightSavingLaw[] = [
  { fromYear: 2007, begins: { month: 3, weekday: SUNDAY, nth: 2 }, ends: { month: 11, weekday: SUNDAY, nth: 1 } },
  { fromYear: 1987, begins: { month: 4, weekday: SUNDAY, nth: 1 }, ends: { month: 10, weekday: SUNDAY, nth: -1 } },
];

/**
 * The UTC instant at which clocks in New York show `hour` on `date`, any day of any year from 1987; 9.5 is 09:30. `hour` is 3 to 23: the
 * hours in which the clock changes are not on offer. Throws CalendarRangeError before 1987.
 */
export function newYorkInstant(date: string, hour: number): Date {
  const day = dayNumber(date);
  const { begins, ends } = daylightSaving(Number(date.slice(0, 4)));
  const isDaylightSaving = day >= begins && day < ends;
  return new Date((day * HOURS_PER_DAY + hour + STANDARD_OFFSET_HOURS - (isDaylightSaving ? 1 : 0)) * MS_PER_HOUR);
}

/** The date in New York at an instant. Throws CalendarRangeError before 1987. */
export function newYorkDate(now: Date): string {
  const standardHours = now.getTime() / MS_PER_HOUR - STANDARD_OFFSET_HOURS;
  const { begins, ends } = daylightSaving(new Date(standardHours * MS_PER_HOUR).getUTCFullYear());
  // In standard time the clock goes forward at 02:00, and back at 01:00 (02:00 daylight-saving time).
  const isDaylightSaving = standardHours >= begins * HOURS_PER_DAY + 2 && standardHours < ends * HOURS_PER_DAY + 1;
  return isoDate(Math.floor((standardHours + (isDaylightSaving ? 1 : 0)) / HOURS_PER_DAY));
}

function daylightSaving(year: number): Readonly<{ begins: number; ends: number }> {
  const law = DAYLIGHT_SAVING_LAWS.find(({ fromYear }) => year >= fromYear);
  if (law === undefined) throw new CalendarRangeError(`New York time is known from 1987 on, not in ${year}`, String(year));
  return { begins: dayOfRule(law.begins, year), ends: dayOfRule(law.ends, year) };
}
