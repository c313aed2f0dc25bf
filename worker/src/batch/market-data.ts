// Phase 1: the bars that a calculation needs and the database lacks. Only gaps are fetched, one request per symbol, the newest included.
import type { JobHold } from '@closebell/prisma/job-runs';
import { findGaps, noteNoData, storeFetchedBars, type Gap } from '@closebell/prisma/price-inserts';
import type { Ledger } from '@closebell/prisma/ledger';
import { FACTOR_SYMBOLS } from '@closebell/shared/calc/factors';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { fetchDailyBars } from '../market-data/fetch-bars.js';
import type { WorkerContext } from '../context.js';
import type { LedgerLot } from '@closebell/shared/ledger/ledger';
import { entrySession } from '@closebell/shared/ledger/price-book';
import { pricedSymbol } from '@closebell/shared/lot-kind';
import { historyEnd, historyStart } from './plan-calculation.js';

/** Bars kept per symbol: a 252-session regression, a 365-session lookback and a year of history each find all they need. */
const WINDOW_SESSIONS = 504;
const FACTOR_WINDOW_SESSIONS = 1_320;
/** A symbol nobody knows may be listed one day. */
const UNKNOWN_RETRY_DAYS = 7;
const NO_DATA_RETRY_DAYS = 1;
const PARALLEL_FETCHES = 8;

export type FetchReport = Readonly<{
  symbols: number;
  requested: number;
  barsInserted: number;
  barsRevised: number;
  withoutData: readonly Readonly<{ symbol: string; reason: string }>[];
  warnings: readonly string[];
}>;

export type FetchRequest = Readonly<{
  ledgers: readonly Ledger[];
  targetSession: string;
  hold: JobHold;
  signal: AbortSignal;
  onProgress: (done: number, total: number) => void;
}>;

export async function fetchMissingBars(context: WorkerContext, request: FetchRequest): Promise<FetchReport> {
  const wanted = wantedSessions(context, request);
  const gaps = await findGaps(context.db.pool, wanted);
  const wholeOf = new Map(wanted.map(({ symbol, sessions }) => [symbol, sessions.length]));
  const withoutData: { symbol: string; reason: string }[] = [];
  const warnings: string[] = [];
  const sums = { barsInserted: 0, barsRevised: 0, done: 0 };
  const queue = [...gaps];
  const fetchOne = async (gap: Gap): Promise<void> => {
    const fetched = await fetchGap(context, gap, request, gap.sessions.length === wholeOf.get(gap.symbol));
    sums.barsInserted += fetched.inserted;
    sums.barsRevised += fetched.revised;
    if (fetched.reason !== null) withoutData.push({ symbol: gap.symbol, reason: fetched.reason });
    warnings.push(...fetched.warnings);
    sums.done += 1;
    request.onProgress(sums.done, gaps.length);
  };
  const lane = async (): Promise<void> => {
    for (let gap = queue.shift(); gap !== undefined; gap = queue.shift()) await fetchOne(gap);
  };
  await Promise.all(Array.from({ length: PARALLEL_FETCHES }, lane));
  return {
    symbols: wanted.length,
    requested: gaps.length,
    barsInserted: sums.barsInserted,
    barsRevised: sums.barsRevised,
    withoutData,
    warnings,
  };
}

type FetchedGap = Readonly<{ inserted: number; revised: number; reason: string | null; warnings: readonly string[] }>;

async function fetchGap(
  { db, providers, metrics }: WorkerContext,
  { symbol, sessions }: Gap,
  { targetSession, hold, signal }: FetchRequest,
  nothingStored: boolean,
): Promise<FetchedGap> {
  signal.throwIfAborted();
  const fetched = await fetchDailyBars(providers, symbol, { from: sessions[0]!, to: sessions.at(-1)! }, signal);
  for (const { provider, status } of fetched.attempts)
    metrics.count('closebell_provider_requests_total', { provider, outcome: status });
  if (fetched.status === 'ok') {
    const { provider, bars, actions, warnings } = fetched;
    const stored = await storeFetchedBars(db, hold, { symbol, provider, bars, actions, asked: sessions }, targetSession);
    metrics.count('closebell_bars_inserted_total', {}, stored.inserted);
    return { inserted: stored.inserted, revised: stored.revised, reason: null, warnings };
  }
  const reason = fetched.attempts.map(({ provider, reason: why }) => `${provider}: ${why ?? 'no answer'}`).join('; ');
  if (fetched.status === 'unavailable') return { inserted: 0, revised: 0, reason, warnings: [`${symbol}: ${reason}`] };
  // A symbol without any bar is left alone for a while; one that has some only lacks these sessions.
  if (nothingStored)
    await noteNoData(db, hold, symbol, reason, fetched.status === 'no_data' ? NO_DATA_RETRY_DAYS : UNKNOWN_RETRY_DAYS);
  else await storeFetchedBars(db, hold, { symbol, provider: 'none', bars: [], actions: [], asked: sessions }, targetSession);
  return { inserted: 0, revised: 0, reason, warnings: [] };
}

/** Per symbol the sessions its users need: the windows, each portfolio's history, and each option's entry and expiry. */
export function wantedSessions(
  { calendar }: Pick<WorkerContext, 'calendar'>,
  { ledgers, targetSession }: Pick<FetchRequest, 'ledgers' | 'targetSession'>,
): readonly Readonly<{ symbol: string; sessions: readonly string[] }>[] {
  const back = (count: number): string =>
    calendar.addSessions(targetSession, -Math.min(count - 1, calendar.sessionIndex(targetSession)));
  const from = new Map<string, string>(FACTOR_SYMBOLS.map((symbol) => [symbol, back(FACTOR_WINDOW_SESSIONS)]));
  const window = back(WINDOW_SESSIONS);
  const widen = (symbol: string, date: string): void => {
    const known = from.get(symbol);
    if (known === undefined || date < known) from.set(symbol, date);
  };
  const to = ledgers.map((ledger) => historyEnd(ledger, targetSession)).reduce((a, b) => (a > b ? a : b), targetSession);
  const single = new Map<string, Set<string>>();
  for (const ledger of ledgers) {
    const start = calendar.previousSession(historyStart(calendar, ledger));
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
