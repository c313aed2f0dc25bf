import { expect, it } from 'vitest';
import type { ExportedSession } from './portfolio-figures.js';
import { periodPerformances } from './report-document.js';

const session = (i: number, dailyReturn: number | null): ExportedSession => ({
  snapshot_date: `2025-06-${String(i + 1).padStart(2, '0')}`,
  equity: 100,
  total_value: 100,
  cash: 0,
  long: 100,
  short: 0,
  gross: 100,
  net: 100,
  daily_pnl: 0.1,
  daily_return: dailyReturn,
  capital_flow: i === 2 ? 5 : 0,
  status: 'full',
  coverage: 1,
});

it('compounds the returns of each period, and adds up its money exactly', () => {
  const history = [session(0, null), ...[0.5, -0.5, 1, 0, 0, 0].map((value, i) => session(i + 1, value))];
  expect(periodPerformances(history)).toEqual([
    {
      period: 'last 5 sessions',
      start_date: '2025-06-03',
      end_date: '2025-06-07',
      sessions: 5,
      time_weighted_return: 0,
      gaps: 0,
      pnl: 0.5,
      capital_flow: 5,
    },
    {
      period: 'whole history',
      start_date: '2025-06-01',
      end_date: '2025-06-07',
      sessions: 7,
      time_weighted_return: 0.5,
      gaps: 0,
      pnl: 0.7,
      capital_flow: 5,
    },
  ]);
});

it('has no return where no session has one, and nothing without a session', () => {
  expect(periodPerformances([session(0, null)])).toMatchObject([{ period: 'whole history', time_weighted_return: null }]);
  expect(periodPerformances([])).toEqual([]);
});
