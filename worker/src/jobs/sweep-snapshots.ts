import { listIncompletePortfolioIds } from '@closebell/prisma/active-portfolios';
import type { Handler } from '../context.js';

/** Every active portfolio that lacks the session's snapshot gets a calculation, with its prices, as a child of this job. */
export const sweepSnapshots: Handler<'sweep-snapshots'> = async ({ db }, { payload, children }) => {
  const { sessionDate } = payload;
  if (children.length > 0) {
    const failed = children.filter(({ status }) => status !== 'completed').length;
    return { outcome: 'done', status: failed > 0 ? 'partial' : 'completed', result: { session_date: sessionDate, processed: children.length, failed } };
  }
  const incomplete = await listIncompletePortfolioIds(db.pool, sessionDate);
  if (incomplete.length === 0) return { outcome: 'done', result: { session_date: sessionDate, processed: 0, failed: 0 } };
  return { outcome: 'await', children: [{ kind: 'run-batch', payload: { sessionDate } }] };
};
