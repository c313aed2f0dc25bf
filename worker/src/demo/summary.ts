// The table at the end: one row per portfolio, and their total.
import Table from 'cli-table3';
import type { SessionFigures } from './client.js';

export type SummaryRow = Readonly<{ name: string; figures: SessionFigures }>;

const HEAD = ['portfolio', 'equity', 'long', 'short', 'gross', 'net', 'cash', "day's P&L", 'return', 'session'];
/** A line under the head and none between columns: ten of them with borders are wider than most terminals. */
const RULES = {
  middle: '  ',
  mid: '─',
  'mid-mid': '──',
  ...Object.fromEntries(
    ['top', 'bottom', 'left', 'right'].flatMap((side) => ['', '-mid', '-left', '-right'].map((corner) => [side + corner, ''])),
  ),
};
const MONEY = ['equity', 'long', 'short', 'gross', 'net', 'cash', 'daily_pnl'] as const;

/** Money in whole dollars. The total's return is that of all the money together, never an average of returns. */
export function renderSummary(rows: readonly SummaryRow[]): string {
  const table = new Table({
    head: HEAD,
    colAligns: HEAD.map((_, column) => (column === 0 ? 'left' : 'right')),
    chars: RULES,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 0 },
  });
  for (const { name, figures } of rows) {
    table.push([name, ...MONEY.map((field) => dollars(figures[field])), percent(figures.daily_return), figures.snapshot_date]);
  }
  const all = rows.map(({ figures }) => figures);
  table.push([
    'TOTAL',
    ...MONEY.map((field) => dollars(sum(all, (figures) => figures[field]))),
    percent(totalReturn(all)),
    sessionOf(all),
  ]);
  return table.toString();
}

/** Over the portfolios that have a return: their P&L per dollar they began the session with. Null when none has one, or sessions differ. */
export function totalReturn(figures: readonly SessionFigures[]): number | null {
  const returning = figures.filter(({ daily_return: dailyReturn }) => dailyReturn !== null);
  if (returning.length === 0 || sessionOf(figures) === MIXED) return null;
  const atStake = sum(returning, ({ equity, daily_pnl: pnl, capital_flow: flow }) => equity - pnl - Math.min(flow, 0));
  return atStake > 0 ? sum(returning, ({ daily_pnl: pnl }) => pnl) / atStake : null;
}

const MIXED = 'several';

function sessionOf(figures: readonly SessionFigures[]): string {
  const dates = new Set(figures.map(({ snapshot_date: date }) => date));
  return dates.size === 1 ? [...dates].join() : MIXED;
}

function sum(figures: readonly SessionFigures[], value: (figures: SessionFigures) => number): number {
  return figures.reduce((total, each) => total + value(each), 0);
}

const WHOLE_DOLLARS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0, signDisplay: 'negative' });
const PERCENT = new Intl.NumberFormat('en-US', {
  style: 'percent',
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
  signDisplay: 'negative',
});

function dollars(value: number): string {
  return WHOLE_DOLLARS.format(value);
}

function percent(fraction: number | null): string {
  return fraction === null ? '–' : PERCENT.format(fraction);
}
