// Which sessions' bars a calculation needs of which symbols.
import type { Ledger } from '@closebell/prisma/ledger';
import { FACTOR_SYMBOLS } from '@closebell/shared/calc/factors';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { LedgerLot } from '@closebell/shared/ledger/ledger';
import { entrySession } from '@closebell/shared/ledger/price-book';
import { pricedSymbol } from '@closebell/shared/lot-kind';
import { historyEnd, ledgerStart } from './plan-calculation.js';

/** Bars kept per symbol: a 252-session regression, a 365-session lookback and a year of history each find all they need. */
const WINDOW_SESSIONS = 504;
const FACTOR_WINDOW_SESSIONS = 1_320;

export type WantedSessions = Readonly<{ symbol: string; sessions: readonly string[] }>;

/** Per symbol its window, which is all that is kept of a symbol whatever its users. */
export function windowSessions(
  calendar: TradingCalendar,
  symbols: readonly string[],
  targetSession: string,
): readonly WantedSessions[] {
  const back = (count: number): readonly string[] =>
    calendar.sessionsBetween(windowStart(calendar, targetSession, count), targetSession);
  const [own, factor] = [back(WINDOW_SESSIONS), back(FACTOR_WINDOW_SESSIONS)];
  return symbols.map((symbol) => ({ symbol, sessions: FACTOR_SYMBOLS.includes(symbol) ? factor : own }));
}

function windowStart(calendar: TradingCalendar, targetSession: string, count: number): string {
  return calendar.sessionsTo(targetSession, count)[0]!;
}

/** Per symbol the sessions its users need: the windows, each portfolio's history, and each option's entry and expiry. */
export function wantedSessions(
  calendar: TradingCalendar,
  ledgers: readonly Ledger[],
  targetSession: string,
): readonly WantedSessions[] {
  const back = (count: number): string => windowStart(calendar, targetSession, count);
  const from = new Map<string, string>(FACTOR_SYMBOLS.map((symbol) => [symbol, back(FACTOR_WINDOW_SESSIONS)]));
  const window = back(WINDOW_SESSIONS);
  const widen = (symbol: string, date: string): void => {
    const known = from.get(symbol);
    if (known === undefined || date < known) from.set(symbol, date);
  };
  const to = ledgers.map((ledger) => historyEnd(ledger, targetSession)).reduce((a, b) => (a > b ? a : b), targetSession);
  const single = new Map<string, Set<string>>();
  for (const ledger of ledgers) {
    const start = calendar.previousSession(ledgerStart(calendar, ledger));
    for (const lot of ledger.lots) {
      const symbol = pricedSymbol(lot);
      if (symbol === null) continue;
      widen(symbol, start < window ? start : window);
      if (lot.investmentClass !== 'OPTIONS') continue;
      const dated = single.get(symbol) ?? new Set<string>();
      for (const session of contractSessions(calendar, lot)) dated.add(session);
      single.set(symbol, dated);
    }
  }
  return [...from].map(([symbol, start]) => {
    const sessions = calendar.sessionsBetween(start, to);
    const before = [...(single.get(symbol) ?? [])].filter((session) => session < start).sort();
    return { symbol, sessions: [...before, ...sessions] };
  });
}

/** The sessions of an option's entry, which its volatility comes from, and of its expiry, which it settles at. */
function contractSessions(calendar: TradingCalendar, { entryDate, expirationDate }: LedgerLot): readonly string[] {
  const entry = entrySession(calendar, entryDate);
  const inRange = expirationDate !== null && expirationDate >= calendar.firstDate && expirationDate <= calendar.lastDate;
  const expiry = inRange ? calendar.sessionOnOrBefore(expirationDate) : null;
  return [entry, expiry].filter((session) => session !== null);
}
