// Asking for figures: of one portfolio, or of all. The wish and what it changes are kept in one transaction.
import type { AlsoKeep, Db, Queryable } from './client.js';
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
  alsoKeep?: AlsoKeep<Submitted>;
}>;

/** Submits the portfolio's calculation, or joins the live one of the same session. */
export async function requestCalculation(db: Db, request: CalculationRequest): Promise<Submitted> {
  const { portfolioId, sessionDate, onboarding, force, origin, keyHold = null, alsoKeep } = request;
  const payload = { portfolioId, sessionDate, onboarding };
  // The row is all there is to write, by one statement: a crowd that asks at once need not queue for transactions.
  if (!force && keyHold === null && alsoKeep === undefined) return submitJob(db.pool, 'calculate-portfolio', payload, origin);
  return inTransactionOnce(db, keyHold, async (client) => {
    if (force) await markWholeHistoryDirty(client, portfolioId);
    const submitted = await submitJob(client, 'calculate-portfolio', payload, origin);
    await alsoKeep?.(client, submitted);
    return submitted;
  });
}

export type BatchRequest = Omit<CalculationRequest, 'portfolioId' | 'onboarding'>;

/** Submits the batch of all active portfolios, or joins the live one of the same session. */
export async function requestBatch(db: Db, request: BatchRequest): Promise<Submitted> {
  return inTransactionOnce(db, request.keyHold ?? null, async (client) => {
    const submitted = await submitBatch(client, request);
    await request.alsoKeep?.(client, submitted);
    return submitted;
  });
}

async function submitBatch(client: Queryable, { sessionDate, force, origin }: BatchRequest): Promise<Submitted> {
  if (!force) return submitJob(client, 'run-batch', { sessionDate }, origin);
  await markWholeHistoryDirty(client, null);
  return submitJobAfterChange(client, 'run-batch', { sessionDate }, origin);
}
