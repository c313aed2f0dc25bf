// Which sessions of a portfolio must be computed, and what their equity is chained to. Pure: no database, no clock.
import type { Ledger } from '@closebell/prisma/ledger';
import { axisOf, type SessionAxis } from '@closebell/shared/calc/price-series';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { historyStart } from '@closebell/shared/ledger/history-start';

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
    return planOf(calendar, ledgerStart(calendar, ledger), to, 'whole');
  }
  const missingFrom = last.date < to ? calendar.nextSession(last.date) : null;
  const from = earliest([missingFrom, dirtyFrom === null ? null : calendar.sessionOnOrAfter(dirtyFrom)]);
  return from === null || from > to ? null : planOf(calendar, from, to, 'onwards');
}

/** Where the history of the ledger begins. */
export function ledgerStart(
  calendar: TradingCalendar,
  { lots, equityAsOf, openedOn }: Pick<Ledger, 'lots' | 'equityAsOf' | 'openedOn'>,
): string {
  const firstEntryDate = earliest(lots.map(({ entryDate }) => entryDate));
  return historyStart(calendar, { equityAsOf, openedOn, firstEntryDate });
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
