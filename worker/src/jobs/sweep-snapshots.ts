import { listIncompletePortfolioIds } from '@closebell/prisma/active-portfolios';
import type { Handler } from '../context.js';

/** Where an active portfolio lacks the session's snapshot, a batch makes it good; it skips who has it. */
export const sweepSnapshots: Handler<'sweep-snapshots'> = async ({ db }, { payload, children }) => {
  const { sessionDate } = payload;
  const [batch] = children;
  if (batch) {
    if (batch.status === 'failed')
      return { outcome: 'stop', code: 'ERR_JOB_003', message: 'The batch of the sweep failed.', result: { batch_id: batch.id } };
    return {
      outcome: 'done',
      status: batch.status === 'completed' ? 'completed' : 'partial',
      result: { ...batch.result, batch_id: batch.id },
    };
  }
  const incomplete = await listIncompletePortfolioIds(db.pool, sessionDate);
  if (incomplete.length === 0) {
    const note = 'every figure was there and still holds';
    return { outcome: 'done', result: { session_date: sessionDate, processed: 0, failed: 0, note } };
  }
  return { outcome: 'await', children: [{ kind: 'run-batch', payload: { sessionDate } }] };
};
