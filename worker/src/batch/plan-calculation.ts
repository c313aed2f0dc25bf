// Which sessions of a portfolio must be computed, and what their equity is chained to. Pure: no database, no clock.
import type { Ledger } from '@closebell/prisma/ledger';
import { axisOf, type SessionAxis } from '@closebell/shared/calc/price-series';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';

/** How far back the first calculation goes, in calendar days. */
export const HISTORY_DAYS = 365;

export type CalculationPlan = Readonly<{
  /** Session 0 is the predecessor of the first one to compute. */
  axis: SessionAxis;
  from: string;
  to: string;
  /** `whole`: from the anchor, both ways. `onwards`: after the stored snapshot of session 0. */
  mode: 'whole' | 'onwards';
}>;

/** A plan needs of the newest snapshot its date only. */
type PlannedLedger = Omit<Ledger, 'last'> & Readonly<{ last: Readonly<{ date: string }> | null }>;

/** Null when every figure up to the target is there and still holds. */
export function planCalculation(calendar: TradingCalendar, ledger: PlannedLedger, targetSession: string): CalculationPlan | null {
  const { last, dirtyFrom, equityAsOf } = ledger;
  const to = historyEnd(ledger, targetSession);
  if (last === null || (dirtyFrom !== null && dirtyFrom <= equityAsOf)) {
    return planOf(calendar, historyStart(calendar, ledger), to, 'whole');
  }
  const missingFrom = last.date < to ? calendar.nextSession(last.date) : null;
  const from = earliest([missingFrom, dirtyFrom === null ? null : calendar.sessionOnOrAfter(dirtyFrom)]);
  return from === null || from > to ? null : planOf(calendar, from, to, 'onwards');
}

/**
 * min(anchor, max(first entry, opening − 365 days)). The opening is the target session when the portfolio was made, not the one of
 * this run: the start of the history, and with it cumulative P&L, must not depend on when or how often a job ran.
 */
export function historyStart(
  calendar: TradingCalendar,
  { lots, equityAsOf, openedOn }: Pick<Ledger, 'lots' | 'equityAsOf' | 'openedOn'>,
): string {
  const firstEntry = lots.reduce((first, { entryDate }) => (entryDate < first ? entryDate : first), equityAsOf);
  const reach = new Date(Date.parse(openedOn) - HISTORY_DAYS * 86_400_000).toISOString().slice(0, 10);
  const start = latest([firstEntry, reach, calendar.firstDate]);
  return calendar.sessionOnOrAfter(start < equityAsOf ? start : equityAsOf);
}

/** Figures reach the target, the anchor and the newest snapshot there is: an earlier target takes nothing away. */
export function historyEnd({ equityAsOf, last }: Pick<PlannedLedger, 'equityAsOf' | 'last'>, targetSession: string): string {
  return latest([targetSession, equityAsOf, last?.date ?? targetSession]);
}

function planOf(calendar: TradingCalendar, from: string, to: string, mode: CalculationPlan['mode']): CalculationPlan {
  return { axis: axisOf(calendar, calendar.previousSession(from), to), from, to, mode };
}

function latest(dates: readonly string[]): string {
  return dates.reduce((a, b) => (a > b ? a : b));
}

function earliest(dates: readonly (string | null)[]): string | null {
  return dates.reduce((a, b) => (a === null || (b !== null && b < a) ? b : a), null);
}
