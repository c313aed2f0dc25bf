// Which sessions of a portfolio a replay or a backfill computes again, or why it does not. Pure.
import type { Ledger } from '@closebell/prisma/ledger';
import type { StoredSession } from '@closebell/prisma/replays';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { ledgerStart, planCalculation } from '../batch/plan-calculation.js';

export type Recomputation = Readonly<{
  portfolioId: string;
  generation: number;
  /** What is asked for. */
  dirtyFrom: string;
  targetSession: string;
  /** What a calculation makes of it. */
  from: string;
  to: string;
  sessions: number;
  /** The whole history, from the anchor both ways. */
  whole: boolean;
  equityAsOf: string;
  /** The session that the figures go on from; null where the whole history is computed from the anchor. */
  lastGood: StoredSession | null;
  /** Stored dates that the ledger does not explain: no calculation writes them. */
  unexplained: readonly string[];
  /** Sessions that have no snapshot. */
  missing: readonly string[];
}>;

export type Planned =
  | Readonly<{ ok: true; plan: Recomputation }>
  /** `isComplete`: nothing is asked for that is not there. */
  | Readonly<{ ok: false; refusal: string; isComplete: boolean }>;

type Subject = Readonly<{ calendar: TradingCalendar; ledger: Ledger; stored: readonly StoredSession[] }>;

/** Everything after `after` is computed again, up to `latest`, the last complete session. */
export function planReplay(subject: Subject, after: string, latest: string): Planned {
  const { calendar, ledger, stored } = subject;
  const start = ledgerStart(calendar, ledger);
  const [first, last] = [stored[0], stored.at(-1)];
  if (first === undefined || last === undefined) return refuse('it has no snapshots yet: calculate it first');
  if (after < start) return refuse(`its history begins with ${start}, after ${after}`);
  if (last.date <= after) return refuse(`nothing comes after ${after}: its last snapshot is of ${last.date}`);
  const lastGood = stored.find(({ date }) => date === after) ?? null;
  const next = calendar.nextSession(after);
  // From the anchor on, figures need no session to go on from.
  if (lastGood === null && next > ledger.equityAsOf) return refuse(`it has no snapshot of ${after} to go on from`);
  return { ok: true, plan: { ...planFrom(subject, { dirtyFrom: next, targetSession: latest, latest }), lastGood } };
}

/** What is missing from `from` to `to` is computed, and with it what is chained to it. */
export function planBackfill(subject: Subject, { from, to }: Readonly<{ from: string; to: string }>, latest: string): Planned {
  const { calendar, ledger, stored } = subject;
  const start = ledgerStart(calendar, ledger);
  if (to < start) return refuse(`its history begins with ${start}, after ${to}`);
  const known = new Set(stored.map(({ date }) => date));
  const missing = calendar.sessionsBetween(later(from, start), to).filter((session) => !known.has(session));
  if (missing[0] === undefined)
    return { ok: false, refusal: `it has every session from ${later(from, start)} to ${to}`, isComplete: true };
  const plan = planFrom(subject, { dirtyFrom: missing[0], targetSession: to, latest });
  if (plan.unexplained.length > 0)
    return refuse(
      `it has snapshots that its ledger does not explain (${plan.unexplained.join(', ')}): npm run replay removes them`,
    );
  return { ok: true, plan: { ...plan, missing } };
}

type Wish = Readonly<{ dirtyFrom: string; targetSession: string; latest: string }>;

function planFrom({ calendar, ledger, stored }: Subject, { dirtyFrom, targetSession, latest }: Wish): Recomputation {
  const end = later(latest, ledger.equityAsOf);
  const isExplained = ({ date }: StoredSession): boolean => date <= end && calendar.isSession(date);
  const explained = stored.filter(isExplained);
  const dirty = ledger.dirtyFrom !== null && ledger.dirtyFrom < dirtyFrom ? ledger.dirtyFrom : dirtyFrom;
  const planned = planCalculation(calendar, { ...ledger, dirtyFrom: dirty, last: explained.at(-1) ?? null }, targetSession);
  if (planned === null) throw new Error(`nothing would be computed from ${dirty} to ${targetSession}`);
  const link = explained.find(({ date }) => date === planned.axis.sessions[0]) ?? null;
  // Where the session to chain to is missing, a calculation takes the whole history.
  const whole = planned.mode === 'whole' || link === null;
  const from = whole ? ledgerStart(calendar, ledger) : planned.from;
  return {
    portfolioId: ledger.portfolioId,
    generation: ledger.generation,
    dirtyFrom,
    targetSession,
    from,
    to: planned.to,
    sessions: calendar.sessionsBetween(from, planned.to).length,
    whole,
    equityAsOf: ledger.equityAsOf,
    lastGood: whole ? null : link,
    unexplained: stored.filter((session) => !isExplained(session)).map(({ date }) => date),
    missing: [],
  };
}

export function refuse(refusal: string): Planned {
  return { ok: false, refusal, isComplete: false };
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}
