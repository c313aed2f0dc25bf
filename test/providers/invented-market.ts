// A market of three securities that never were, for the stand-ins of providers to tell of in their own shapes.
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';

export const RANGE = { from: '2025-01-02', to: '2025-03-31' };

export type InventedSecurity = Readonly<{
  symbol: string;
  name: string;
  firstSession: string;
  lastSession: string;
  splits: readonly Readonly<{ exDate: string; numerator: number; denominator: number }>[];
  /** Per share as declared. */
  dividends: readonly Readonly<{ exDate: string; amount: number }>[];
}>;

/** ACME splits 4 for 1 and pays on the very same day; BRK.B has a hyphen elsewhere; GONE has left the exchange before the range. */
export const SECURITIES: readonly InventedSecurity[] = [
  {
    symbol: 'ACME',
    name: 'Acme Anvils',
    firstSession: '2024-11-01',
    lastSession: '2025-05-30',
    splits: [{ exDate: '2025-02-10', numerator: 4, denominator: 1 }],
    dividends: [
      { exDate: '2024-11-12', amount: 0.8 },
      { exDate: '2025-02-10', amount: 0.8 },
      { exDate: '2025-05-12', amount: 0.25 },
    ],
  },
  { symbol: 'BRK.B', name: 'Brook & Co', firstSession: '2024-11-01', lastSession: '2025-05-30', splits: [], dividends: [] },
  { symbol: 'GONE', name: 'Gone Fishing', firstSession: '2024-01-02', lastSession: '2024-06-28', splits: [], dividends: [] },
];

export function securityCalled(symbol: string | null | undefined): InventedSecurity | undefined {
  return SECURITIES.find((security) => security.symbol === symbol);
}

export function isListed({ lastSession }: InventedSecurity): boolean {
  return lastSession > RANGE.to;
}

export type InventedBar = Readonly<{ date: string; open: number; high: number; low: number; close: number; volume: number }>;

/** As traded, oldest first. */
export function barsOf(
  { firstSession, lastSession, splits }: InventedSecurity,
  from: string,
  to: string,
): readonly InventedBar[] {
  const first = from > firstSession ? from : firstSession;
  const last = to < lastSession ? to : lastSession;
  if (first > last) return [];
  return xnysCalendar()
    .sessionsBetween(first, last)
    .map((date, i) => {
      const shares = splits.filter(({ exDate }) => exDate <= date).reduce((all, { numerator }) => all * numerator, 1);
      const close = (400 + 4 * (i % 7)) / shares;
      return { date, open: close + 0.5, high: close + 1, low: close - 1, close, volume: 1_000 * shares * (i + 1) };
    });
}
