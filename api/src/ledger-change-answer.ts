// A change of a portfolio's ledger as a request makes it: under the ledger's lock, once per Idempotency-Key, with the calculation that follows
// in the same transaction, and with what the answer says of it.
import type { Queryable } from '@closebell/prisma/client';
import { inTransactionOnce, type KeyHold } from '@closebell/prisma/idempotency-keys';
import { inTurn } from '@closebell/prisma/in-turn';
import { submitJob, type Submitted } from '@closebell/prisma/jobs';
import { lockLedger, markLedgerChanged, type LockedLedger } from '@closebell/prisma/ledger-changes';
import { findHistoryBounds, markWholeHistoryDirty } from '@closebell/prisma/portfolios';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { FollowingFigures } from '@closebell/shared/contracts/ledger-change';
import { AppError } from '@closebell/shared/errors';
import { historyStart } from '@closebell/shared/ledger/history-start';
import { countSubmit } from '@closebell/shared/metrics';
import { calculationUrl } from './accepted.js';
import type { Principal } from './auth/principal.js';
import type { ApiContext } from './context.js';
import { userOrigin } from './job-origin.js';

/** The days that a change is about: of a flow its date twice, of a lot its entry and its exit, null while it is held. */
export type ChangedDays = Readonly<{ from: string; until: string | null }>;

export type LedgerChange<T> = Readonly<{
  /** What the request has made, as JSON: a repeat of the request gets the same. */
  made: T;
  /** 'everything': the balance that all figures are chained to. */
  days: ChangedDays | 'everything';
}>;

export type LedgerRequest = Readonly<{
  portfolioId: string;
  principal: Principal;
  requestId: string;
  now: Date;
  keyHold?: KeyHold | null;
}>;

export type ChangedLedger<T> = Readonly<{ made: T; figures: FollowingFigures }>;

/**
 * Runs `work` under the lock of the ledger; what it throws undoes everything. Whose portfolio it is, the caller has asked before.
 * Throws ERR_PORT_404 when it was deleted meanwhile.
 */
export async function changeLedger<T>(
  { db, calendar, metrics }: ApiContext,
  { portfolioId, principal, requestId, now, keyHold = null }: LedgerRequest,
  work: (client: Queryable, ledger: LockedLedger) => Promise<LedgerChange<T>>,
): Promise<ChangedLedger<T>> {
  let submitted: Submitted | null = null;
  const changed = await inTransactionOnce(db, keyHold, async (client): Promise<ChangedLedger<T>> => {
    const ledger = await lockLedger(client, portfolioId);
    if (ledger === null) throw new AppError('ERR_PORT_404');
    const { made, days } = await work(inTurn(client), ledger);
    if (days === 'everything') await markWholeHistoryDirty(client, portfolioId);
    else await markLedgerChanged(client, portfolioId, days.from);
    // The sessions of the calculation are decided when it runs; its key is that of the calculation a user would ask for now.
    const payload = { portfolioId, sessionDate: calendar.latestCompleteSession(now), onboarding: true };
    submitted = await submitJob(client, 'calculate-portfolio', payload, userOrigin(principal, requestId));
    const moved = await movedSessions(client, calendar, portfolioId, days);
    return { made, figures: { ...moved, ...runOf(portfolioId, submitted.jobId) } };
  });
  countSubmitted(metrics, submitted);
  return changed;
}

/** Null for a repeat, which submits nothing. */
function countSubmitted(metrics: ApiContext['metrics'], submitted: Submitted | null): void {
  if (submitted !== null) countSubmit(metrics, 'calculate-portfolio', submitted.created);
}

function runOf(portfolioId: string, runId: string): Pick<FollowingFigures, 'batch_run_id' | 'poll_url'> {
  return { batch_run_id: runId, poll_url: calculationUrl(portfolioId, runId) };
}

type MovedSessions = Pick<FollowingFigures, 'figures_from' | 'moves' | 'message'>;

async function movedSessions(
  client: Queryable,
  calendar: TradingCalendar,
  portfolioId: string,
  days: ChangedDays | 'everything',
): Promise<MovedSessions> {
  const bounds = await findHistoryBounds(client, portfolioId);
  if (bounds === null) throw new Error(`portfolio ${portfolioId} is gone while its ledger is locked`);
  const { equityAsOf, equityBalance } = bounds;
  const start = historyStart(calendar, bounds);
  if (days === 'everything') {
    const message = `Every session follows from the equity of ${equityBalance} at the close of ${equityAsOf}: all are computed again.`;
    return { figures_from: start, moves: 'every session', message };
  }
  if (days.from > equityAsOf) {
    const from = calendar.sessionOnOrAfter(days.from);
    return { figures_from: from, moves: 'sessions from figures_from on', message: `Figures are computed again from ${from} on.` };
  }
  const inside = `${days.from} is not after ${equityAsOf}, so this is inside the balance of ${equityBalance} that you stated for it`;
  if (days.until !== null && days.until <= equityAsOf) {
    const message = `${inside}: it moves earlier sessions only, never that balance.`;
    return { figures_from: start, moves: 'earlier sessions only', message };
  }
  const message = `${inside}: it moves earlier sessions, and later ones by what is earned in them, never that balance.`;
  return { figures_from: start, moves: 'sessions before and after the stated balance', message };
}
