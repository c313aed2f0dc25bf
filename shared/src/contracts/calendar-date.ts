// A date that the session on or before it is sought for.
import { xnysCalendar } from '../calendar/trading-calendar.js';
import { date } from './fields.js';

const { firstDate, lastDate, sessionOnOrAfter } = xnysCalendar();
const FIRST_SESSION = sessionOnOrAfter(firstDate);

/** Within the exchange's calendar, so that there is one. */
export const calendarDate = date.refine(
  (given) => given >= FIRST_SESSION && given <= lastDate,
  `Must lie between ${FIRST_SESSION} and ${lastDate}`,
);
