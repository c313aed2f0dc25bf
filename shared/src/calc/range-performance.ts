// What a portfolio has made between two closes. Pure; money in units of 1e-4.
import { timeWeightedReturn, type TimeWeightedReturn } from './time-weighted-return.js';
import { xirr, type Xirr } from './xirr.js';

export type EquityPoint = Readonly<{
  date: string;
  equityE4: number;
  /** Contributions less withdrawals of the session. */
  flowE4: number;
  /** A fraction, on the money there was before the session earned; null where none can be told. */
  dailyReturn: number | null;
}>;

export type RangePerformance = Readonly<{
  /** The rise in equity less what was paid in. */
  gainE4: number;
  /** As a fraction of the equity at the start and what was paid in since; null when that is not above 0. */
  gain: number | null;
  /** Below 0 when more was withdrawn. */
  netFlowE4: number;
  high: EquityPoint;
  low: EquityPoint;
  /** Null where no session has a return. Flows do not count in it. */
  timeWeighted: TimeWeightedReturn | null;
  /** The equity at the start taken as paid in, the one at the end as taken out. */
  moneyWeighted: Xirr;
}>;

/** From the close of the first point to the last one; null with fewer than two. What the first session earned and took in is not of the range. */
export function rangePerformance(points: readonly EquityPoint[]): RangePerformance | null {
  const [start, ...rest] = points;
  const end = rest.at(-1);
  if (start === undefined || end === undefined) return null;
  const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);
  const netFlowE4 = sum(rest.map(({ flowE4 }) => flowE4));
  const paidInE4 = start.equityE4 + sum(rest.map(({ flowE4 }) => Math.max(flowE4, 0)));
  const gainE4 = end.equityE4 - start.equityE4 - netFlowE4;
  const paid = rest.map(({ date, flowE4 }) => ({ date, amount: -flowE4 / 1e4 }));
  return {
    gainE4,
    gain: paidInE4 > 0 ? gainE4 / paidInE4 : null,
    netFlowE4,
    high: points.reduce((best, point) => (point.equityE4 > best.equityE4 ? point : best)),
    low: points.reduce((worst, point) => (point.equityE4 < worst.equityE4 ? point : worst)),
    timeWeighted: timeWeightedReturn(rest.map(({ dailyReturn }) => dailyReturn ?? Number.NaN)),
    moneyWeighted: xirr([
      { date: start.date, amount: -start.equityE4 / 1e4 },
      ...paid,
      { date: end.date, amount: end.equityE4 / 1e4 },
    ]),
  };
}

/** The same day so many months earlier, or the last one of that month where it has no such day. */
export function monthsBefore(date: string, months: number): string {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  const lastOfMonth = new Date(Date.UTC(year, month - months, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 - months, Math.min(day, lastOfMonth))).toISOString().slice(0, 10);
}
