import { pruneExportFiles } from '@closebell/prisma/export-files';
import { pruneKeys } from '@closebell/prisma/idempotency-keys';
import { pruneIntradayValues } from '@closebell/prisma/intraday-values';
import { pruneJobs as deleteEndedTrees } from '@closebell/prisma/jobs';
import { pruneRefreshTokens } from '@closebell/prisma/refresh-tokens';
import { pruneStatistics } from '@closebell/prisma/statistics-changes';
import { pruneQuoteJobs } from '@closebell/prisma/value-slots';
import { EXPORT_KEPT_DAYS } from '@closebell/shared/export/export-request';
import type { Handler } from '../context.js';

const KEPT_DAYS = 30;
const QUOTE_JOBS_KEPT_DAYS = 2;
/** How long a repeat of a request gets its first answer, at least: the job runs once a day. */
const KEYS_KEPT_HOURS = 24;

export const pruneJobs: Handler<'prune-jobs'> = async ({ db, clock, calendar }) => ({
  outcome: 'done',
  result: {
    deleted: (await deleteEndedTrees(db.pool, KEPT_DAYS)) + (await pruneQuoteJobs(db.pool, QUOTE_JOBS_KEPT_DAYS)),
    export_files_deleted: await pruneExportFiles(db.pool, EXPORT_KEPT_DAYS),
    refresh_tokens_deleted: await pruneRefreshTokens(db.pool),
    keys_deleted: await pruneKeys(db.pool, KEYS_KEPT_HOURS),
    intraday_values_deleted: await pruneIntradayValues(db.pool, clock(), KEPT_DAYS),
    statistics_sessions_deleted: await pruneStatistics(db, calendar),
  },
});
