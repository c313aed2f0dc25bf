// What time it is: the calendar and the clock.
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Config } from '@closebell/shared/config';
import { fault, ok, warning, type Finding } from './finding.js';

const DAY_MS = 86_400_000;
const CALENDAR_LEFT_MIN_DAYS = 365;

export function checkCalendar(now: Date): Finding {
  const { exchange, firstDate, lastDate } = xnysCalendar();
  const daysLeft = Math.floor((Date.parse(lastDate) - now.getTime()) / DAY_MS);
  const text = `${exchange} from ${firstDate} to ${lastDate}`;
  const remedy = 'Install a release whose calendar reaches further';
  if (daysLeft < 0) return fault('calendar', `${text}, and that is over`, remedy);
  return daysLeft < CALENDAR_LEFT_MIN_DAYS ? warning('calendar', `${text}: ${daysLeft} days left`, remedy) : ok('calendar', text);
}

export function checkClock({ marketNow }: Pick<Config, 'marketNow'>, now: Date): Finding {
  if (marketNow === null) return ok('clock', `real time, ${now.toISOString()}`);
  return warning('clock', `CLOSEBELL_NOW starts the market clock at ${marketNow.toISOString()}`, 'Unset it for the real time');
}
