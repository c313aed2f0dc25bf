// In which order gaps are asked for: everybody's newest closes before anybody's history, so that a plan with few requests serves all.
import type { Gap } from '@closebell/prisma/price-gaps';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';

export type WantedGap = Gap & Readonly<{ nothingStored: boolean }>;

/** Each of these is one request. */
export type FetchOrder = Readonly<{ recent: readonly WantedGap[]; older: readonly WantedGap[] }>;

/**
 * So many sessions between two that are missing make two requests of one. Fewer are read again along with them: they are 6 kB and some
 * milliseconds, which is less than a request costs, and a correction by the provider is seen that way.
 */
const APART_SESSIONS = 63;

/**
 * At most two requests for a symbol: the stretch that ends with the newest session, and whatever is missing before it. One that was never
 * fetched takes one.
 */
export function fetchOrder(calendar: TradingCalendar, gaps: readonly WantedGap[], targetSession: string): FetchOrder {
  const split = gaps.map((gap) => splitGap(calendar, gap, targetSession));
  return {
    recent: split.flatMap(({ recent }) => recent),
    older: split.flatMap(({ older }) => older),
  };
}

function splitGap(calendar: TradingCalendar, gap: WantedGap, targetSession: string): FetchOrder {
  const { sessions, nothingStored } = gap;
  if (nothingStored) return { recent: [gap], older: [] };
  if (sessions.at(-1)! < targetSession) return { recent: [], older: [gap] };
  const isApart = (session: string, at: number): boolean =>
    at > 0 && calendar.sessionIndex(session) - calendar.sessionIndex(sessions[at - 1]!) > APART_SESSIONS;
  const from = Math.max(0, sessions.findLastIndex(isApart));
  const older = sessions.slice(0, from);
  return {
    recent: [{ ...gap, sessions: sessions.slice(from) }],
    older: older.length === 0 ? [] : [{ ...gap, sessions: older }],
  };
}
