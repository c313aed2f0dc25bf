// The arguments of replay and backfill: read strictly, and refused rather than guessed at.
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { date, id } from '@closebell/shared/contracts/fields';
import { RefusedError } from '../commands/run-command.js';

/** One portfolio by its id, or all active ones. */
export type Scope = Readonly<{ portfolioId: string }> | 'all';

type Given = Readonly<{ portfolio?: string | undefined; all?: boolean | undefined }>;

/** Throws RefusedError unless exactly one of the two is given. */
export function readScope({ portfolio, all = false }: Given): Scope {
  if ((portfolio === undefined) !== all) throw new RefusedError('Say which: either --portfolio <id> or --all');
  if (portfolio === undefined) return 'all';
  if (!id.safeParse(portfolio).success) throw new RefusedError(`--portfolio: '${portfolio}' is no id`);
  return { portfolioId: portfolio.toLowerCase() };
}

/** The session named by an option. Throws RefusedError for anything but a session that is complete at `now`. */
export function readSession(calendar: TradingCalendar, now: Date, option: string, given: string | undefined): string {
  if (given === undefined) throw new RefusedError(`--${option} <session> is missing`);
  if (!date.safeParse(given).success) throw new RefusedError(`--${option}: '${given}' is no date (YYYY-MM-DD)`);
  if (given <= calendar.firstDate || given >= calendar.lastDate)
    throw new RefusedError(`--${option}: ${given} lies outside the calendar, ${calendar.firstDate} to ${calendar.lastDate}`);
  if (!calendar.isSession(given)) {
    const around = `${calendar.previousSession(given)} and ${calendar.nextSession(given)}`;
    throw new RefusedError(`--${option}: ${given} is no session; the sessions around it are ${around}`);
  }
  const latest = calendar.latestCompleteSession(now);
  if (given > latest) throw new RefusedError(`--${option}: ${given} is not over; the last complete session is ${latest}`);
  return given;
}
