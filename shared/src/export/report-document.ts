// A report as one JSON document, and what it has beyond an export: the performance of the sessions up to its own.
import { addMoney } from '../calc/exact-value.js';
import { timeWeightedReturn } from '../calc/time-weighted-return.js';
import { exportDocument } from './export-document.js';
import { EXPORT_PARTS } from './export-request.js';
import type { ExportTable } from './export-table.js';
import type { ExportedSession, PortfolioFigures } from './portfolio-figures.js';

/** Sessions of a week, a month, a quarter and a year. */
const PERIODS = [5, 21, 63, 252] as const;

export type PeriodPerformance = Readonly<{
  period: string;
  start_date: string;
  end_date: string;
  sessions: number;
  /** A fraction, not annualised; null without a return. */
  time_weighted_return: number | null;
  /** Sessions between the first and the last return that have none. */
  gaps: number;
  pnl: number;
  capital_flow: number;
}>;

/** `madeAt`: an instant. */
export function reportDocument(figures: PortfolioFigures, madeAt: string) {
  return { ...exportDocument(figures, EXPORT_PARTS, madeAt), performance: periodPerformances(figures.history) };
}

/** Of the last sessions, and of all there are. Periods longer than the history are left out. */
export function periodPerformances(history: readonly ExportedSession[]): readonly PeriodPerformance[] {
  const periods = PERIODS.filter((sessions) => sessions < history.length);
  return [
    ...periods.map((sessions) => performanceOf(`last ${sessions} sessions`, history.slice(-sessions))),
    ...(history.length === 0 ? [] : [performanceOf('whole history', history)]),
  ];
}

function performanceOf(period: string, sessions: readonly ExportedSession[]): PeriodPerformance {
  const returns = timeWeightedReturn(Float64Array.from(sessions, ({ daily_return: value }) => value ?? Number.NaN));
  return {
    period,
    start_date: sessions[0]!.snapshot_date,
    end_date: sessions.at(-1)!.snapshot_date,
    sessions: sessions.length,
    time_weighted_return: returns?.value ?? null,
    gaps: returns?.gaps ?? 0,
    pnl: addMoney(sessions.map((session) => session.daily_pnl)),
    capital_flow: addMoney(sessions.map((session) => session.capital_flow)),
  };
}

export function performanceTable(history: readonly ExportedSession[]): ExportTable {
  return {
    title: 'Performance',
    columns: [
      { name: 'period', kind: 'text' },
      { name: 'start_date', kind: 'date' },
      { name: 'end_date', kind: 'date' },
      { name: 'sessions', kind: 'number' },
      { name: 'time_weighted_return', kind: 'number' },
      { name: 'gaps', kind: 'number' },
      { name: 'pnl', kind: 'number' },
      { name: 'capital_flow', kind: 'number' },
    ],
    rows: periodPerformances(history).map((each) => [
      each.period,
      each.start_date,
      each.end_date,
      each.sessions,
      each.time_weighted_return,
      each.gaps,
      each.pnl,
      each.capital_flow,
    ]),
  };
}
