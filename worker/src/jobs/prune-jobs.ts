import { pruneKeys } from '@closebell/prisma/idempotency-keys';
import { pruneJobs as deleteEndedTrees } from '@closebell/prisma/jobs';
import type { Handler } from '../context.js';

const KEPT_DAYS = 30;
/** How long a repeat of a request gets its first answer, at least: the job runs once a day. */
const KEYS_KEPT_HOURS = 24;

export const pruneJobs: Handler<'prune-jobs'> = async ({ db }) => ({
  outcome: 'done',
  result: { deleted: await deleteEndedTrees(db.pool, KEPT_DAYS), keys_deleted: await pruneKeys(db.pool, KEYS_KEPT_HOURS) },
});
