// Asking for figures: of one portfolio, or of all. The wish and what it changes are kept in one transaction.
import { JOBS } from '@closebell/shared/jobs';
import { inTransaction, type Db, type Queryable } from './client.js';
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
    const live = await findLive(client, JOBS['calculate-portfolio'].dedupeKey(payload));
    return live ?? submitJob(client, 'calculate-portfolio', payload, origin);
  });
}

export type BatchRequest = Readonly<{ sessionDate: string; force: boolean; origin: JobOrigin }>;

/** Submits the batch of all active portfolios, or joins the live one of the same session. */
export async function requestBatch(db: Db, { sessionDate, force, origin }: BatchRequest): Promise<Submitted> {
  return inTransaction(db, async (client) => {
    if (force) await markWholeHistoryDirty(client, null);
    const live = await findLive(client, JOBS['run-batch'].dedupeKey({ sessionDate }));
    return live ?? submitJob(client, 'run-batch', { sessionDate }, origin);
  });
}

/**
 * A plain look before the insert. The insert's conflict would wait for the transaction of the worker that is writing that job's
 * figures, and that one waits for the portfolio's row, which `force` has locked by then: a deadlock. Looking is also cheap for the
 * many repeats of an impatient client.
 */
async function findLive(client: Queryable, dedupeKey: string): Promise<Submitted | null> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM jobs WHERE dedupe_key = $1 AND status IN ('queued', 'running')`,
    [dedupeKey],
  );
  return rows[0] ? { jobId: rows[0].id, created: false } : null;
}
