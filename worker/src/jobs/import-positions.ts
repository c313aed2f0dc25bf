import {
  acceptImport,
  loadPendingImport,
  rejectImport,
  type PendingImport,
  type RejectedImport,
} from '@closebell/prisma/import-run';
import type { ReadPositions } from '@closebell/shared/csv/read-positions';
import { ERRORS } from '@closebell/shared/errors';
import { dnsUuid5 } from '@closebell/shared/infra/name-uuid';
import { readUpload } from '@closebell/shared/infra/read-upload';
import type { Handler, JobRun, Outcome, WorkerContext } from '../context.js';

/** All or nothing: the portfolio with every lot, or every row error. An import that was decided before is left as it is. */
export const importPositions: Handler<'import-positions'> = async (context, run) => {
  const { importId } = run.payload;
  const pending = await loadPendingImport(context.db.pool, importId);
  if (pending === null) return { outcome: 'stop', code: 'ERR_JOB_003', message: 'the upload is gone' };
  if (pending.status === 'completed' || pending.status === 'failed') return decided(pending);
  const now = context.clock();
  const { file: bytes, fileName, request } = pending;
  const rules = { today: context.calendar.newYorkDate(now), allowMultipleLots: request.allow_multiple_lots };
  const read = await readUpload({ bytes, fileName, ...rules }, run.signal);
  if (!read.ok)
    return reject(context, run, { code: read.fileError.code, message: read.fileError.message }, [read.fileError.code]);
  if (read.totalErrors > 0) return rejectRows(context, run, read);
  return accept(context, run, pending, read, context.calendar.latestCompleteSession(now));
};

function decided({ status, portfolioId }: Pick<PendingImport, 'status' | 'portfolioId'>): Outcome {
  return { outcome: 'done', result: { status, portfolio_id: portfolioId } };
}

type ImportJob = JobRun<'import-positions'>;
type UsableFile = Extract<ReadPositions, { ok: true }>;

/** `faults`: the codes of the file's or its rows' errors, to be counted. */
async function reject(
  { db, metrics }: WorkerContext,
  { hold, payload }: ImportJob,
  rejected: Omit<RejectedImport, 'importId'>,
  faults: readonly string[],
): Promise<Outcome> {
  await rejectImport(db, hold, { importId: payload.importId, ...rejected });
  for (const code of faults) metrics.count('closebell_csv_errors_total', { code });
  return decided({ status: 'failed', portfolioId: null });
}

async function rejectRows(context: WorkerContext, run: ImportJob, read: UsableFile): Promise<Outcome> {
  const { rowsTotal, rowsValid, warnings, errors, totalErrors } = read;
  const rows = { errors, errorsTotal: totalErrors, rowsTotal, rowsValid, warnings };
  const faults = errors.map(({ code }) => code);
  return reject(context, run, { code: 'ERR_PORT_008', message: ERRORS.ERR_PORT_008.message, ...rows }, faults);
}

/** `openedOn`: the target session of now. */
async function accept(
  context: WorkerContext,
  run: ImportJob,
  { userId, request }: PendingImport,
  { rowsTotal, rowsValid, warnings, positions }: UsableFile,
  openedOn: string,
): Promise<Outcome> {
  const portfolioId = await acceptImport(context.db, run.hold, {
    importId: run.payload.importId,
    userId,
    request,
    equityAsOf: request.equity_as_of ?? openedOn,
    openedOn,
    positions,
    preferredId: context.config.deterministicUuids ? dnsUuid5(`${userId}:${request.account_name}`) : null,
    rowsTotal,
    rowsValid,
    warnings,
  });
  if (portfolioId === null) {
    const taken = { code: 'ERR_PORT_001', message: ERRORS.ERR_PORT_001.message, rowsTotal, rowsValid, warnings } as const;
    return reject(context, run, taken, []);
  }
  context.metrics.count('closebell_portfolios_created_total', {});
  return decided({ status: 'completed', portfolioId });
}
