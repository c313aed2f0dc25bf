// The form of an exchange's rules, and the sessions and early closes they come to.
import { dayNumber, isoDate, weekday } from './calendar-date.js';
import { dayOfRule, SATURDAY, SUNDAY, type DayRule } from './day-rules.js';

/** First and last year, both included, in which a rule holds; open-ended where left out. */
type Years = Readonly<{ fromYear?: number; toYear?: number }>;

type HolidayRule = Years &
  Readonly<{
    name: string;
    on: DayRule;
    /**
     * Which day the exchange closes instead when the holiday falls on a weekend. `nearest_weekday`: Saturday to Friday, Sunday to Monday.
     * `monday_after_sunday`: a holiday on a Saturday is lost. Left out where the rule always names a weekday.
     */
    observed?: 'nearest_weekday' | 'monday_after_sunday';
  }>;

/** A day that closes early if it is a session at all and falls on one of `weekdays` (left out: any). */
type EarlyCloseRule = Years & Readonly<{ name: string; on: DayRule; weekdays?: readonly number[] }>;

export type Exchange = Readonly<{
  code: string;
  firstDate: string;
  lastDate: string;
  holidays: readonly HolidayRule[];
  oneOffClosures: Readonly<Record<string, string>>;
  earlyCloses: readonly EarlyCloseRule[];
  oneOffEarlyCloses: Readonly<Record<string, string>>;
  /** New York hour at which every session opens: 9.5 is 09:30. */
  openHour: number;
  /** New York hour of a full session's close. */
  closeHour: number;
  /** New York hour of an early close, by year, latest first. */
  earlyCloseHours: readonly Readonly<{ fromYear: number; hour: number }>[];
}>;

export type ExchangeDays = Readonly<{
  /** Every session from the exchange's first to its last date, ascending. */
  sessions: readonly string[];
  /** Session → New York hour at which it closes early. */
  earlyCloseHours: ReadonlyMap<string, number>;
}>;

export function exchangeDays(exchange: Exchange): ExchangeDays {
  const years = yearsOf(exchange);
  const closures = new Set([
    ...years.flatMap((year) => holidaysIn(year, exchange.holidays)),
    ...Object.keys(exchange.oneOffClosures),
  ]);
  const sessions = weekdaysOf(exchange).filter((date) => !closures.has(date));
  const earlyCloses = [
    ...years.flatMap((year) => earlyClosesIn(year, exchange.earlyCloses)),
    ...Object.keys(exchange.oneOffEarlyCloses),
  ];
  return { sessions, earlyCloseHours: closeHours(earlyCloses, new Set(sessions), exchange) };
}

function yearsOf({ firstDate, lastDate }: Exchange): readonly number[] {
  const first = Number(firstDate.slice(0, 4));
  return Array.from({ length: Number(lastDate.slice(0, 4)) - first + 1 }, (_, i) => first + i);
}

function weekdaysOf({ firstDate, lastDate }: Exchange): readonly string[] {
  const dates: string[] = [];
  const last = dayNumber(lastDate);
  for (let day = dayNumber(firstDate); day <= last; day++) {
    if (!isWeekend(day)) dates.push(isoDate(day));
  }
  return dates;
}

function holidaysIn(year: number, rules: readonly HolidayRule[]): readonly string[] {
  return rules
    .filter((rule) => holdsIn(rule, year))
    .map((rule) => observedDay(dayOfRule(rule.on, year), rule.observed))
    .map(isoDate);
}

/** The day the exchange closes for a holiday on `day`; the holiday itself where it closes for none, a weekend then. */
function observedDay(day: number, observed: HolidayRule['observed']): number {
  if (weekday(day) === SUNDAY && observed !== undefined) return day + 1;
  if (weekday(day) === SATURDAY && observed === 'nearest_weekday') return day - 1;
  return day;
}

function earlyClosesIn(year: number, rules: readonly EarlyCloseRule[]): readonly string[] {
  return rules
    .filter((rule) => holdsIn(rule, year))
    .map((rule) => ({ day: dayOfRule(rule.on, year), weekdays: rule.weekdays }))
    .filter(({ day, weekdays }) => weekdays === undefined || weekdays.includes(weekday(day)))
    .map(({ day }) => isoDate(day));
}

function closeHours(
  earlyCloses: readonly string[],
  sessions: ReadonlySet<string>,
  exchange: Exchange,
): ReadonlyMap<string, number> {
  const hours = new Map<string, number>();
  for (const date of earlyCloses) {
    const year = Number(date.slice(0, 4));
    const row = exchange.earlyCloseHours.find(({ fromYear }) => year >= fromYear);
    if (row === undefined) throw new Error(`${exchange.code} has no early close hour for ${year}`);
    if (sessions.has(date)) hours.set(date, row.hour);
  }
  return hours;
}

function holdsIn(rule: Years, year: number): boolean {
  return year >= (rule.fromYear ?? -Infinity) && year <= (rule.toYear ?? Infinity);
}

function isWeekend(day: number): boolean {
  return weekday(day) === SATURDAY || weekday(day) === SUNDAY;
}
