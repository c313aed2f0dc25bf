// What a portfolio has made over a range, as the API shows it. Pure.
import type { SnapshotRow } from '@closebell/prisma/snapshots';
import { compoundAnnualGrowthRate } from '@closebell/shared/calc/performance';
import {
  monthsBefore,
  rangePerformance,
  type EquityPoint,
  type RangePerformance,
} from '@closebell/shared/calc/range-performance';
import { dayNumber, isoDate } from '@closebell/shared/calendar/calendar-date';
import type { Xirr } from '@closebell/shared/calc/xirr';
import type { PerformanceAnswer, PerformanceRange } from '@closebell/shared/contracts/performance';

/** The day whose close a range begins at; null: the first one there is. `end`: the newest session. */
export function rangeStart(range: PerformanceRange, end: string): string | null {
  if (range === 'ALL') return null;
  if (range === '1W') return isoDate(dayNumber(end) - 7);
  return monthsBefore(end, MONTHS[range]);
}

const MONTHS = { '1M': 1, '3M': 3, '1Y': 12 } as const;

type Shown = Readonly<{ portfolioId: string; range: PerformanceRange; isCurrent: boolean }>;

/** `snapshots`: from the close that the range begins at, oldest first. */
export function viewPerformance({ portfolioId, range, isCurrent }: Shown, snapshots: readonly SnapshotRow[]): PerformanceAnswer {
  const [start, end] = [snapshots[0], snapshots.at(-1)];
  const points = snapshots.map(({ snapshot_date: date, equity, capital_flow: flow }) => ({
    date,
    value: equity,
    capital_flow: flow,
  }));
  const common = { portfolio_id: portfolioId, range, points, figures_current: isCurrent };
  const performance = rangePerformance(snapshots.map(toPoint));
  if (performance === null || start === undefined || end === undefined) {
    return {
      ...NOTHING,
      ...REASONS[snapshots.length === 0 ? 'none' : 'one'],
      ...common,
      start_date: start?.snapshot_date ?? null,
      end_date: end?.snapshot_date ?? null,
    };
  }
  const dates = { start_date: start.snapshot_date, end_date: end.snapshot_date };
  return { available: true, ...common, ...dates, ...viewFigures(performance, dates) };
}

const REASONS = {
  none: {
    reason: 'no_snapshots',
    message: 'Nothing has been calculated for this portfolio yet. The figures are here when its first calculation has completed.',
  },
  one: { reason: 'too_few_points', message: 'One session makes no performance: it takes two.' },
} as const;

const NOTHING = {
  available: false,
  gain: null,
  gain_percent: null,
  net_contributions: null,
  high: null,
  high_date: null,
  low: null,
  low_date: null,
  twr: null,
  mwr: null,
} as const;

function toPoint({ snapshot_date: date, equity, capital_flow: flow, daily_return: dailyReturn }: SnapshotRow): EquityPoint {
  return { date, equityE4: Math.round(equity * 1e4), flowE4: Math.round(flow * 1e4), dailyReturn };
}

function viewFigures(
  { gainE4, gain, netFlowE4, high, low, timeWeighted, moneyWeighted }: RangePerformance,
  { start_date: start, end_date: end }: Readonly<{ start_date: string; end_date: string }>,
) {
  const isYear = monthsBefore(end, 12) >= start;
  const annualized = timeWeighted !== null && isYear ? compoundAnnualGrowthRate(timeWeighted.value, start, end) : null;
  return {
    gain: gainE4 / 1e4,
    gain_percent: gain === null ? null : gain * 100,
    net_contributions: netFlowE4 / 1e4,
    high: high.equityE4 / 1e4,
    high_date: high.date,
    low: low.equityE4 / 1e4,
    low_date: low.date,
    twr: timeWeighted === null ? null : { ...timeWeighted, annualized },
    mwr: viewMoneyWeighted(moneyWeighted),
  };
}

const NO_RATE = {
  one_sign: 'Money went in one direction only, so no rate brings it back.',
  one_date: 'All of it was on one day, and a rate needs time.',
  no_root: 'No yearly rate explains what went in and out.',
} as const;

function viewMoneyWeighted(result: Xirr) {
  if (result.ok) return { available: true, rate: result.rate, multiple_roots: result.multipleRoots } as const;
  return { available: false, reason: result.reason, message: NO_RATE[result.reason] } as const;
}
