// Providers and symbols as a superuser sees them. Pure.
import type { FetchAttemptRow } from '@closebell/prisma/fetch-attempts';
import type { ProviderBudgetRow } from '@closebell/prisma/provider-budgets';
import type { ProviderCircuitRow } from '@closebell/prisma/provider-circuits';
import type { StoredCloses } from '@closebell/prisma/symbol-coverage';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
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

type Stale = StoredCloses & Readonly<{ last: string; sessionsBehind: number }>;

export type SymbolFaults = Readonly<{
  withoutData: readonly StoredCloses[];
  /** The furthest behind first. */
  stale: readonly Stale[];
  gaps: Readonly<{ sessions: number; symbols: number }>;
}>;

/** What is missing of the symbols up to the session. */
export function findSymbolFaults(closes: readonly StoredCloses[], calendar: TradingCalendar, session: string): SymbolFaults {
  const behind = ({ last }: Readonly<{ last: string }>): number => calendar.sessionIndex(session) - calendar.sessionIndex(last);
  const missing = closes
    .map(({ first, last, sessions }) =>
      first === null || last === null ? 0 : calendar.sessionsBetween(first, last).length - sessions,
    )
    .filter((count) => count > 0);
  return {
    withoutData: closes.filter(({ last }) => last === null),
    stale: closes
      .flatMap((each) => (each.last !== null && each.last < session ? [{ ...each, last: each.last }] : []))
      .map((each) => ({ ...each, sessionsBehind: behind(each) }))
      .sort((a, b) => b.sessionsBehind - a.sessionsBehind),
    gaps: { sessions: missing.reduce((sum, count) => sum + count, 0), symbols: missing.length },
  };
}

/** Of the symbols shown, with what was heard of each last. */
export function viewSymbols({ withoutData, stale, gaps }: SymbolFaults, limit: number, attempts: readonly FetchAttemptRow[]) {
  const attemptsOf = (wanted: string) =>
    attempts
      .filter(({ symbol }) => symbol === wanted)
      .map(({ provider, outcome, reason, at }) => ({ provider, outcome, reason, at: at.toISOString() }));
  return {
    without_data: {
      count: withoutData.length,
      symbols: withoutData.slice(0, limit).map(({ symbol, retryAt }) => ({
        symbol,
        retry_at: retryAt?.toISOString() ?? null,
        attempts: attemptsOf(symbol),
      })),
    },
    stale: {
      count: stale.length,
      symbols: stale.slice(0, limit).map(({ symbol, last, sessionsBehind }) => ({
        symbol,
        last_close_date: last,
        sessions_behind: sessionsBehind,
        attempts: attemptsOf(symbol),
      })),
    },
    gaps,
  };
}
