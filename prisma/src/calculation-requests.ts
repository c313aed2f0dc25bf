// Asking for figures: of one portfolio, or of all. The wish and what it changes are kept in one transaction.
import type { Db } from './client.js';
import { inTransactionOnce, type KeyHold } from './idempotency-keys.js';
import { submitJob, submitJobAfterChange, type JobOrigin, type Submitted } from './jobs.js';
import { markWholeHistoryDirty } from './portfolios.js';

export type CalculationRequest = Readonly<{
  portfolioId: string;
  sessionDate: string;
  /** Also do the phases meant for the current session only, whatever the session. */
  onboarding: boolean;
  /** Compute complete sessions again. */
  force: boolean;
  origin: JobOrigin;
  /** Makes the wish count once per key. */
  keyHold?: KeyHold | null;
}>;

/** Submits the portfolio's calculation, or joins the live one of the same session. */
export async function requestCalculation(db: Db, request: CalculationRequest): Promise<Submitted> {
  const { portfolioId, sessionDate, onboarding, force, origin, keyHold = null } = request;
  const payload = { portfolioId, sessionDate, onboarding };
  // The row is all there is to write, by one statement: a crowd that asks at once need not queue for transactions.
  if (!force && keyHold === null) return submitJob(db.pool, 'calculate-portfolio', payload, origin);
  return inTransactionOnce(db, keyHold, async (client) => {
    if (force) await markWholeHistoryDirty(client, portfolioId);
    return submitJob(client, 'calculate-portfolio', payload, origin);
  });
}

export type BatchRequest = Omit<CalculationRequest, 'portfolioId' | 'onboarding'>;

/** Submits the batch of all active portfolios, or joins the live one of the same session. */
export async function requestBatch(db: Db, { sessionDate, force, origin, keyHold = null }: BatchRequest): Promise<Submitted> {
  return inTransactionOnce(db, keyHold, async (client) => {
    if (!force) return submitJob(client, 'run-batch', { sessionDate }, origin);
    await markWholeHistoryDirty(client, null);
    return submitJobAfterChange(client, 'run-batch', { sessionDate }, origin);
  });
}
