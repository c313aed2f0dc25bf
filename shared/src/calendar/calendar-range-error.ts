/** A date or a year about which the calendar knows nothing, so that it would have to guess. `date` is the date or year asked about. */
export class CalendarRangeError extends Error {
  override readonly name = 'CalendarRangeError';

  constructor(
    message: string,
    readonly date: string,
  ) {
    super(message);
  }
}
