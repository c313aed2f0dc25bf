import { listIncompletePortfolioIds } from '@closebell/prisma/active-portfolios';
import { inHeldTransaction } from '@closebell/prisma/job-runs';
import { submitJob } from '@closebell/prisma/jobs';
import type { Handler } from '../context.js';

/**
 * Where an active portfolio lacks the session's snapshot, a batch makes it good; it skips who has it. The batch is a run of its own, not a part
 * of this one: whoever asks for a batch meanwhile joins it by its id.
 */
export const sweepSnapshots: Handler<'sweep-snapshots'> = async ({ db }, { job, payload, hold }) => {
  const { sessionDate } = payload;
  const incomplete = await listIncompletePortfolioIds(db.pool, sessionDate);
  const result = { session_date: sessionDate, incomplete: incomplete.length };
  if (incomplete.length === 0) return { outcome: 'done', result: { ...result, note: 'every figure was there and still holds' } };
  const { jobId } = await inHeldTransaction(db, hold, (client) =>
    submitJob(client, 'run-batch', { sessionDate }, { trigger: job.trigger, requestId: job.request_id }),
  );
  return { outcome: 'done', result: { ...result, batch_id: jobId } };
};
