import { acceptImport, loadPendingImport, rejectImport, type PendingImport } from '@closebell/prisma/import-run';
import { readPositions } from '@closebell/shared/csv/read-positions';
import { ERRORS } from '@closebell/shared/errors';
import { dnsUuid5 } from '@closebell/shared/infra/name-uuid';
import type { Handler, JobRun, Outcome, WorkerContext } from '../context.js';

/** All or nothing: the portfolio with every lot, or every row error. An import that was decided before is left as it is. */
export const importPositions: Handler<'import-positions'> = async (context, run) => {
  const { importId } = run.payload;
  const pending = await loadPendingImport(context.db.pool, importId);
  if (pending === null) return { outcome: 'stop', code: 'ERR_JOB_003', message: 'the upload is gone' };
  if (pending.status === 'completed' || pending.status === 'failed') return decided(pending);
  return decide(context, run, pending);
};

function decided({ status, portfolioId }: Pick<PendingImport, 'status' | 'portfolioId'>): Outcome {
  return { outcome: 'done', result: { status, portfolio_id: portfolioId } };
}

async function decide(
  { db, clock, calendar, config }: WorkerContext,
  { payload, hold }: JobRun<'import-positions'>,
  pending: PendingImport,
): Promise<Outcome> {
  const { importId } = payload;
  const { file, fileName, request, userId } = pending;
  const now = clock();
  const read = readPositions(file, fileName, {
    today: calendar.newYorkDate(now),
    allowMultipleLots: request.allow_multiple_lots,
  });
  if (!read.ok) {
    await rejectImport(db, hold, { importId, code: read.fileError.code, message: read.fileError.message });
    return decided({ status: 'failed', portfolioId: null });
  }
  const { rowsTotal, rowsValid, warnings, errors, totalErrors, positions } = read;
  if (totalErrors > 0) {
    const rows = { errors, errorsTotal: totalErrors, rowsTotal, rowsValid, warnings };
    await rejectImport(db, hold, { importId, code: 'ERR_PORT_008', message: ERRORS.ERR_PORT_008.message, ...rows });
    return decided({ status: 'failed', portfolioId: null });
  }
  const openedOn = calendar.latestCompleteSession(now);
  const equityAsOf = request.equity_as_of ?? openedOn;
  const preferredId = config.deterministicUuids ? dnsUuid5(`${userId}:${request.account_name}`) : null;
  const portfolioId = await acceptImport(db, hold, {
    importId,
    userId,
    request,
    equityAsOf,
    openedOn,
    positions,
    preferredId,
    rowsTotal,
    rowsValid,
    warnings,
  });
  if (portfolioId !== null) return decided({ status: 'completed', portfolioId });
  await rejectImport(db, hold, {
    importId,
    code: 'ERR_PORT_001',
    message: ERRORS.ERR_PORT_001.message,
    rowsTotal,
    rowsValid,
    warnings,
  });
  return decided({ status: 'failed', portfolioId: null });
}
