// Providers and symbols as a superuser sees them. Pure.
import type { FetchAttemptRow } from '@closebell/prisma/fetch-attempts';
import type { ProviderBudgetRow } from '@closebell/prisma/provider-budgets';
import type { ProviderCircuitRow } from '@closebell/prisma/provider-circuits';
import type { ListedQuarantinedBar } from '@closebell/prisma/quarantined-bars';
import type { RevisedClose, StoredBars, SymbolStanding } from '@closebell/prisma/symbol-coverage';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { GAP_DATES_MAX } from '@closebell/shared/contracts/price-data';
import { groupBy } from '@closebell/shared/grouping';
import type { RequestBudget } from '@closebell/shared/market-data/provider';

/** Those named, in their order, then whoever was asked for something once. */
export function viewProviders(
  named: readonly string[],
  budgets: readonly ProviderBudgetRow[],
  circuits: readonly ProviderCircuitRow[],
) {
  const names = new Set([...named, ...budgets.map(({ provider }) => provider), ...circuits.map(({ provider }) => provider)]);
  return [...names].map((name) => {
    const budget = budgets.find(({ provider }) => provider === name);
    const place = named.indexOf(name);
    return {
      name,
      position: place === -1 ? null : place + 1,
      plan: budget === undefined ? null : viewCounts(budget.plan),
      requests_left: budget === undefined ? null : viewCounts(budget.left),
      blocked_until: budget?.blockedUntil?.toISOString() ?? null,
      blocked_reason: budget?.blockedReason ?? null,
      capabilities: circuits.filter(({ provider }) => provider === name).map(viewCircuit),
    };
  });
}

function viewCounts({ perMinute, perDay }: RequestBudget) {
  return { per_minute: perMinute, per_day: perDay };
}

function viewCircuit(circuit: ProviderCircuitRow) {
  return {
    capability: circuit.capability,
    state: circuit.state,
    failures: circuit.failures,
    retry_at: circuit.retryAt?.toISOString() ?? null,
    last_ok_at: circuit.lastOkAt?.toISOString() ?? null,
    last_error_at: circuit.lastErrorAt?.toISOString() ?? null,
    last_error_status: circuit.lastErrorStatus,
    last_error: circuit.lastError,
  };
}

/** Of one symbol in use, from whichever providers. */
export type SymbolCloses = Readonly<{
  symbol: string;
  /** Null, both, when there is no close. */
  first: string | null;
  last: string | null;
  sessions: number;
}>;

/** In the order of the symbols. */
export function closesOf(symbols: readonly string[], stored: readonly StoredBars[]): readonly SymbolCloses[] {
  const bySymbol = groupBy(stored, ({ symbol }) => symbol);
  return symbols.map((symbol) => {
    const bars = bySymbol.get(symbol) ?? [];
    const first = bars.map((each) => each.first).reduce<string | null>((a, b) => (a !== null && a < b ? a : b), null);
    const last = bars.map((each) => each.last).reduce<string | null>((a, b) => (a !== null && a > b ? a : b), null);
    return { symbol, first, last, sessions: bars.reduce((sum, { sessions }) => sum + sessions, 0) };
  });
}

export function viewByProvider(stored: readonly StoredBars[]) {
  const byProvider = [...groupBy(stored, ({ provider }) => provider)].sort(([a], [b]) => (a < b ? -1 : 1));
  return byProvider.map(([provider, rows]) => ({
    provider,
    bars: rows.reduce((sum, { bars }) => sum + bars, 0),
    session_bars: rows.reduce((sum, { inSession }) => sum + inSession, 0),
  }));
}

type Stale = SymbolCloses & Readonly<{ last: string; sessionsBehind: number }>;
export type GappySymbol = Readonly<{ symbol: string; first: string; last: string; missing: number }>;

export type SymbolFaults = Readonly<{
  withoutData: readonly SymbolCloses[];
  /** The furthest behind first. */
  stale: readonly Stale[];
  /** The one with the most first. */
  gaps: readonly GappySymbol[];
}>;

/** What is missing of the symbols up to the session. */
export function findSymbolFaults(closes: readonly SymbolCloses[], calendar: TradingCalendar, session: string): SymbolFaults {
  const place = (date: string): number => calendar.sessionIndex(date);
  return {
    withoutData: closes.filter(({ last }) => last === null),
    stale: closes
      .flatMap((each) => (each.last !== null && each.last < session ? [{ ...each, last: each.last }] : []))
      .map((each) => ({ ...each, sessionsBehind: place(session) - place(each.last) }))
      .sort((a, b) => b.sessionsBehind - a.sessionsBehind),
    gaps: closes
      .flatMap(({ symbol, first, last, sessions }) =>
        first === null || last === null ? [] : [{ symbol, first, last, missing: place(last) - place(first) + 1 - sessions }],
      )
      .filter(({ missing }) => missing > 0)
      .sort((a, b) => b.missing - a.missing),
  };
}

export type HeardOf = Readonly<{ standings: readonly SymbolStanding[]; attempts: readonly FetchAttemptRow[] }>;

/** Of the symbols shown, with what was heard of each last. */
export function viewSymbols({ withoutData, stale }: SymbolFaults, limit: number, { standings, attempts }: HeardOf) {
  const standingOf = new Map(standings.map((standing) => [standing.symbol, standing]));
  const attemptsOf = groupBy(attempts, ({ symbol }) => symbol);
  const heardOf = (symbol: string) => ({
    delisted_on: standingOf.get(symbol)?.delistedOn ?? null,
    attempts: (attemptsOf.get(symbol) ?? []).map(viewAttempt),
  });
  return {
    without_data: {
      count: withoutData.length,
      symbols: withoutData.slice(0, limit).map(({ symbol }) => ({
        symbol,
        retry_at: standingOf.get(symbol)?.retryAt?.toISOString() ?? null,
        ...heardOf(symbol),
      })),
    },
    stale: {
      count: stale.length,
      symbols: stale.slice(0, limit).map(({ symbol, last, sessionsBehind }) => ({
        symbol,
        last_close_date: last,
        sessions_behind: sessionsBehind,
        ...heardOf(symbol),
      })),
    },
  };
}

/** `present`: the sessions with a close of the symbols shown. */
export function viewGaps(
  gaps: readonly GappySymbol[],
  limit: number,
  calendar: TradingCalendar,
  present: ReadonlyMap<string, ReadonlySet<string>>,
) {
  return {
    sessions: gaps.reduce((sum, { missing }) => sum + missing, 0),
    symbols: gaps.length,
    by_symbol: gaps.slice(0, limit).map(({ symbol, first, last }) => {
      const sessions = calendar.sessionsBetween(first, last);
      return { symbol, ...viewGapDates(sessions.filter((session) => present.get(symbol)?.has(session) !== true)) };
    }),
  };
}

/** `dates`: oldest first. */
export function viewGapDates(dates: readonly string[]) {
  return { count: dates.length, dates: dates.slice(-GAP_DATES_MAX).toReversed() };
}

export function viewAttempt({ provider, outcome, reason, at }: FetchAttemptRow) {
  return { provider, outcome, reason, at: at.toISOString() };
}

export function viewRevised({ sessionDate, from, to, provider, revisedAt }: RevisedClose) {
  return { session_date: sessionDate, from, to, provider, revised_at: revisedAt.toISOString() };
}

export function viewQuarantined(bar: ListedQuarantinedBar) {
  const { symbol, sessionDate, provider, open, high, low, close, volume, reason } = bar;
  return {
    symbol,
    session_date: sessionDate,
    provider,
    open,
    high,
    low,
    close,
    volume,
    reason,
    first_seen_at: bar.firstSeenAt.toISOString(),
    last_seen_at: bar.lastSeenAt.toISOString(),
    accepted_at: bar.acceptedAt?.toISOString() ?? null,
    has_close: bar.hasClose,
  };
}
