// Which sessions of a range lack a snapshot, and the calculation that makes them.
import type { Queryable } from '@closebell/prisma/client';
import { submitJob, type JobOrigin, type Submitted } from '@closebell/prisma/jobs';
import { lockLedger, markLedgerChanged } from '@closebell/prisma/ledger-changes';
import { findHistoryBounds } from '@closebell/prisma/portfolios';
import { listStoredSessions } from '@closebell/prisma/replays';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { AppError } from '@closebell/shared/errors';
import { historyStart } from '@closebell/shared/ledger/history-start';

export type BackfillWish = Readonly<{
  portfolioId: string;
  /** Dates, both included. */
  startDate: string;
  endDate: string;
  now: Date;
  origin: JobOrigin;
}>;

export type Backfill = Submitted &
  Readonly<{
    /** The sessions of the range that the history has. */
    from: string;
    to: string;
    sessions: number;
    /** Those without a snapshot. */
    missing: number;
    historyStart: string;
  }>;

/**
 * In the caller's transaction. Snapshots that are there stay; those missing are computed, and what is chained to them. Throws ERR_PORT_404,
 * and ERR_REQ_001 for a range in which the history has no session.
 */
export async function submitBackfill(
  client: Queryable,
  calendar: TradingCalendar,
  { portfolioId, startDate, endDate, now, origin }: BackfillWish,
): Promise<Backfill> {
  if ((await lockLedger(client, portfolioId)) === null) throw new AppError('ERR_PORT_404');
  const bounds = await findHistoryBounds(client, portfolioId);
  if (bounds === null) throw new Error(`portfolio ${portfolioId} is gone while its ledger is locked`);
  const start = historyStart(calendar, bounds);
  const latest = calendar.latestCompleteSession(now);
  const sessions = sessionsWithin(calendar, later(startDate, start), earlier(endDate, latest));
  const [from, to] = [sessions[0], sessions.at(-1)];
  if (from === undefined || to === undefined) throw noSession(start, latest);
  const known = new Set((await listStoredSessions(client, portfolioId)).map(({ date }) => date));
  const missing = sessions.filter((session) => !known.has(session));
  if (missing[0] !== undefined) await markLedgerChanged(client, portfolioId, missing[0]);
  const submitted = await submitJob(client, 'calculate-portfolio', { portfolioId, sessionDate: to }, origin);
  return { ...submitted, from, to, sessions: sessions.length, missing: missing.length, historyStart: start };
}

function sessionsWithin(calendar: TradingCalendar, from: string, to: string): readonly string[] {
  return from > to ? [] : calendar.sessionsBetween(from, to);
}

function noSession(start: string, latest: string): AppError {
  const message = `There is no session in this range: the history of this portfolio begins with ${start}, and the last complete session is ${latest}`;
  return new AppError('ERR_REQ_001', { message: `${message}.`, details: { issues: [{ path: 'start_date', message }] } });
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}

function earlier(a: string, b: string): string {
  return a < b ? a : b;
}
