// Asking for figures: of one portfolio, or of all. The wish and what it changes are kept in one transaction.
import { inTransaction, type Db } from './client.js';
import { submitJob, type JobOrigin, type Submitted } from './jobs.js';
import { markWholeHistoryDirty } from './portfolios.js';

export type CalculationRequest = Readonly<{
  portfolioId: string;
  sessionDate: string;
  /** Also do the phases meant for the current session only, whatever the session. */
  onboarding: boolean;
  /** Compute complete sessions again. */
  force: boolean;
  origin: JobOrigin;
}>;

/** Submits the portfolio's calculation, or joins the live one of the same session. */
export async function requestCalculation(db: Db, request: CalculationRequest): Promise<Submitted> {
  const { portfolioId, sessionDate, onboarding, force, origin } = request;
  const payload = { portfolioId, sessionDate, onboarding };
  return inTransaction(db, async (client) => {
    if (force) await markWholeHistoryDirty(client, portfolioId);
    return submitJob(client, 'calculate-portfolio', payload, origin);
  });
}

export type BatchRequest = Readonly<{ sessionDate: string; force: boolean; origin: JobOrigin }>;

/** Submits the batch of all active portfolios, or joins the live one of the same session. */
export async function requestBatch(db: Db, { sessionDate, force, origin }: BatchRequest): Promise<Submitted> {
  return inTransaction(db, async (client) => {
    if (force) await markWholeHistoryDirty(client, null);
    return submitJob(client, 'run-batch', { sessionDate }, origin);
  });
}
