// "The third Monday of January" and the like, as data, and the day such a rule names in a year.
import { dayNumberOf, weekday } from './calendar-date.js';

export const SUNDAY = 0;
export const MONDAY = 1;
export const TUESDAY = 2;
export const WEDNESDAY = 3;
export const THURSDAY = 4;
export const FRIDAY = 5;
export const SATURDAY = 6;

export type DayRule =
  | Readonly<{ month: number; dayOfMonth: number }>
  /** `nth` counts from 1; -1 is the month's last. `plusDays` moves on from there. */
  | Readonly<{ month: number; weekday: number; nth: number; plusDays?: number }>
  | Readonly<{ easterPlusDays: number }>;

/** The day number that the rule names in `year`. */
export function dayOfRule(rule: DayRule, year: number): number {
  if ('easterPlusDays' in rule) return easterSunday(year) + rule.easterPlusDays;
  if ('dayOfMonth' in rule) return dayNumberOf(year, rule.month, rule.dayOfMonth);
  return nthWeekday(year, rule.month, rule.weekday, rule.nth) + (rule.plusDays ?? 0);
}

function nthWeekday(year: number, month: number, wanted: number, nth: number): number {
  if (nth > 0) {
    const first = dayNumberOf(year, month, 1);
    return first + ((wanted - weekday(first) + 7) % 7) + (nth - 1) * 7;
  }
  const last = dayNumberOf(year, month + 1, 0);
  return last - ((weekday(last) - wanted + 7) % 7);
}

/**
 * Gregorian Easter: the Sunday after the first full moon of spring, by the church's reckoning of the moon (a 19-year cycle).
 * The form below holds for 1900 to 2199, where both century corrections are constant.
 */
function easterSunday(year: number): number {
  const reckonedAge = (19 * (year % 19) + 24) % 30;
  // Two rare years of the cycle would put the full moon a day too late.
  const isDayTooLate = reckonedAge === 29 || (reckonedAge === 28 && year % 19 > 10);
  const fullMoon = dayNumberOf(year, 3, 21) + reckonedAge - (isDayTooLate ? 1 : 0);
  return fullMoon + 7 - weekday(fullMoon);
}
