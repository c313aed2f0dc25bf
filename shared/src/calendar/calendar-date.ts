// Arithmetic on calendar dates 'YYYY-MM-DD' by way of day numbers (whole days since 1970-01-01), free of time zones.

const MS_PER_DAY = 86_400_000;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Whether the text is a date of the calendar written YYYY-MM-DD; '2025-02-30' is not. */
export function isCalendarDate(text: string): boolean {
  if (!ISO_DATE.test(text)) return false;
  const milliseconds = Date.parse(text);
  // 30 February may be read as a day in March, which is then written differently.
  return !Number.isNaN(milliseconds) && isoDate(milliseconds / MS_PER_DAY) === text;
}

/** The day number of a date. Throws TypeError for a text that is none. */
export function dayNumber(date: string): number {
  if (!isCalendarDate(date)) throw new TypeError(`"${date}" is not a date YYYY-MM-DD`);
  return Date.parse(date) / MS_PER_DAY;
}

export function dayNumberOf(year: number, month: number, dayOfMonth: number): number {
  return Date.UTC(year, month - 1, dayOfMonth) / MS_PER_DAY;
}

export function isoDate(day: number): string {
  return new Date(day * MS_PER_DAY).toISOString().slice(0, 10);
}

/** 0 = Sunday … 6 = Saturday. */
export function weekday(day: number): number {
  // 1970-01-01 was a Thursday; the second modulo keeps days before it positive.
  return (((day + 4) % 7) + 7) % 7;
}
