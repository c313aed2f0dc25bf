// What the prices behind one portfolio's open lots lack, in figures and in words. Pure.
import type { FetchAttemptRow } from '@closebell/prisma/fetch-attempts';
import type { ListedQuarantinedBar } from '@closebell/prisma/quarantined-bars';
import type { RevisedClose, SymbolStanding } from '@closebell/prisma/symbol-coverage';
import type { CloseRange, ProviderCloses, RestingSession } from '@closebell/prisma/window-closes';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { PortfolioDataQuality } from '@closebell/shared/contracts/portfolio-data-quality';
import { lotKind, pricedSymbol } from '@closebell/shared/lot-kind';
import type { LedgerLot } from '@closebell/shared/ledger/ledger';
import { viewAttempt, viewGapDates, viewRevised } from './data-quality-view.js';
import { symbolMessage } from './symbol-message.js';

/** Bars told of one symbol, of each list. */
const BARS_MAX = 20;

/** What is known of one symbol. */
export type SymbolFacts = CloseRange &
  Readonly<{
    standing: SymbolStanding | null;
    byProvider: readonly ProviderCloses[];
    resting: readonly RestingSession[];
    quarantined: readonly ListedQuarantinedBar[];
    revised: readonly RevisedClose[];
    attempts: readonly FetchAttemptRow[];
  }>;

type Window = Readonly<{ calendar: TradingCalendar; from: string; to: string }>;
type SymbolView = PortfolioDataQuality['symbols'][number];

export function viewSymbolQuality({ calendar, from, to }: Window, facts: SymbolFacts): SymbolView {
  const { symbol, first, last, standing, byProvider, attempts } = facts;
  const { listedFrom = null, delistedOn = null } = standing ?? {};
  const expected = sessionsWithin(calendar, later(from, listedFrom), earlier(to, delistedOn));
  const isExpected = new Set(expected);
  const closesBy = byProvider.map(
    ({ provider, sessions }) => [provider, sessions.filter((session) => isExpected.has(session))] as const,
  );
  const present = new Set(closesBy.flatMap(([, sessions]) => sessions));
  const gaps = expected.filter((session) => !present.has(session));
  const view = {
    symbol,
    listed_from: listedFrom,
    delisted_on: delistedOn,
    first_close_date: first,
    last_close_date: last,
    closes: present.size,
    expected: expected.length,
    gaps: viewGapDates(gaps),
    stale_sessions: last === null ? null : sessionsSince(calendar, last, to),
    closes_by_provider: Object.fromEntries(closesBy.map(([provider, sessions]) => [provider, sessions.length])),
    quarantined: facts.quarantined
      .filter(({ sessionDate, acceptedAt }) => sessionDate >= from && sessionDate <= to && acceptedAt === null)
      .slice(0, BARS_MAX)
      .map(({ sessionDate, provider, reason }) => ({ session_date: sessionDate, provider, reason })),
    revised: facts.revised.slice(0, BARS_MAX).map(viewRevised),
    retry_at: retryAt(facts, gaps)?.toISOString() ?? null,
    attempts: attempts.map(viewAttempt),
  };
  return { ...view, message: symbolMessage(view) };
}

/** A symbol without data rests as a whole; of one that has some, each missing session does, and one that does not is asked for at once. */
function retryAt({ standing, resting }: SymbolFacts, gaps: readonly string[]): Date | null {
  if (standing?.retryAt) return standing.retryAt;
  const rests = new Map(resting.map(({ sessionDate, retryAt: until }) => [sessionDate, until.getTime()]));
  const times = gaps.map((session) => rests.get(session) ?? null);
  return times.length === 0 || times.includes(null) ? null : new Date(Math.min(...times.filter((time) => time !== null)));
}

type LotLists = Pick<PortfolioDataQuality, 'stale_lots' | 'lots_without_price' | 'not_asked_for'>;

/** The open lots by what they lack. `lastCloses`: of each symbol that has any. */
export function viewLots(
  { calendar, to }: Pick<Window, 'calendar' | 'to'>,
  lots: readonly LedgerLot[],
  lastCloses: ReadonlyMap<string, string>,
): LotLists {
  const priced = lots
    .filter((lot) => ['market', 'option'].includes(lotKind(lot)))
    .map((lot) => ({ ...viewLot(lot), priced_by: pricedSymbol(lot) }));
  const lastOf = (symbol: string | null): string | null => (symbol === null ? null : (lastCloses.get(symbol) ?? null));
  return {
    stale_lots: priced.flatMap(({ priced_by: symbol, ...lot }) => {
      const last = lastOf(symbol);
      if (symbol === null || last === null || last >= to) return [];
      return [{ ...lot, priced_by: symbol, last_close_date: last, age_sessions: sessionsSince(calendar, last, to) }];
    }),
    lots_without_price: priced.filter(({ priced_by: symbol }) => lastOf(symbol) === null),
    not_asked_for: {
      private: lots.filter((lot) => lotKind(lot) === 'private').map(viewLot),
      cash: lots.filter((lot) => lotKind(lot) === 'cash').map(viewLot),
    },
  };
}

function viewLot({ positionId, symbol }: LedgerLot) {
  return { position_id: positionId, symbol };
}

function sessionsWithin(calendar: TradingCalendar, from: string, to: string): readonly string[] {
  return from > to ? [] : calendar.sessionsBetween(from, to);
}

function sessionsSince(calendar: TradingCalendar, session: string, to: string): number {
  return calendar.sessionIndex(to) - calendar.sessionIndex(session);
}

function later(date: string, other: string | null): string {
  return other !== null && other > date ? other : date;
}

function earlier(date: string, other: string | null): string {
  return other !== null && other < date ? other : date;
}
