// What the Yahoo stand-in of the tests knows: invented securities, and the instant they are asked about.
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { TradedBar, YahooSecurity } from './yahoo-securities.js';

/** A Monday, eleven in the morning in New York. */
export const NOW = new Date('2025-06-02T15:00:00Z');
export const RANGE = { from: '2025-01-02', to: '2025-03-31' };
export const BARS = tradedBars('2024-11-01', '2025-06-02', 200.37);

/** Split in the range and after it, paying before, between and after. */
const ACME: YahooSecurity = {
  symbol: 'ACME',
  name: 'Acme Tools Inc.',
  currency: 'USD',
  bars: BARS,
  splits: [
    { exDate: '2025-02-18', numerator: 4, denominator: 1 },
    { exDate: '2025-05-05', numerator: 3, denominator: 2 },
  ],
  dividends: [
    { exDate: '2025-01-15', amount: 0.96 },
    { exDate: '2025-03-03', amount: 0.24 },
    { exDate: '2025-05-20', amount: 0.16 },
  ],
};

export const SECURITIES: readonly YahooSecurity[] = [
  ACME,
  { symbol: 'BRK-B', name: 'Berkshire', currency: 'USD', bars: tradedBars('2025-01-02', '2025-03-31', 455.2) },
  { symbol: 'VOD.L', name: 'Vodafone', currency: 'GBp', bars: tradedBars('2025-01-02', '2025-03-31', 71.5) },
  { symbol: '^GSPC', name: 'S&P 500', currency: 'USD', bars: tradedBars('2025-01-02', '2025-03-31', 5_900.01) },
  {
    symbol: 'SPUN',
    name: 'Spun',
    currency: 'USD',
    bars: tradedBars('2024-11-01', '2025-06-02', 83.72),
    splits: [{ exDate: '2025-01-02', numerator: 1281, denominator: 1000 }],
    dividends: [{ exDate: '2025-01-02', amount: 0.08 }],
  },
  {
    symbol: 'HOLE',
    name: 'Hole',
    currency: 'USD',
    bars: BARS.map((bar) => (bar.date === '2025-01-15' ? { ...bar, close: null } : bar)),
    splits: [{ exDate: '2025-01-15', numerator: 2, denominator: 1 }],
  },
  {
    symbol: 'TODAY',
    name: 'Splits today',
    currency: 'USD',
    bars: BARS,
    splits: [{ exDate: '2025-06-02', numerator: 10, denominator: 1 }],
  },
];

function tradedBars(from: string, to: string, first: number): readonly TradedBar[] {
  const sessions = xnysCalendar().sessionsBetween(from, to);
  return sessions.map((date, i) => ({ date, close: cents(first + (i % 7) * 1.13), volume: 1_000_002 + 2 * i }));
}

export function cents(price: number): number {
  return Math.round(price * 100) / 100;
}

/** A signal that is never aborted. */
export function calm(): AbortSignal {
  return new AbortController().signal;
}

/** As Yahoo says what is wrong. */
export function fault(code: string, description: string): unknown {
  return { chart: { result: null, error: { code, description } } };
}
