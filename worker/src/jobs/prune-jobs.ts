import { pruneJobs as deleteEndedTrees } from '@closebell/prisma/jobs';
import type { Handler } from '../context.js';

const KEPT_DAYS = 30;

export const pruneJobs: Handler<'prune-jobs'> = async ({ db }) => ({
  outcome: 'done',
  result: { deleted: await deleteEndedTrees(db.pool, KEPT_DAYS) },
});
