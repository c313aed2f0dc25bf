import type { Queryable } from '@closebell/prisma/client';
import { deleteManualMark, listManualMarks, putManualMark } from '@closebell/prisma/manual-marks';
import { findPosition, type LotRow } from '@closebell/prisma/positions';
import { plainDecimal } from '@closebell/shared/contracts/json-decimal';
import { deleteMark, listMarks, setMark } from '@closebell/shared/contracts/manual-marks';
import { AppError } from '@closebell/shared/errors';
import { lotKind } from '@closebell/shared/lot-kind';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { changeLedger } from '../ledger-change-answer.js';
import { cutPage } from '../page.js';
import { requireReadablePosition, requireWritablePosition } from '../position-access.js';
import { requestFault } from '../request-fault.js';
import { route } from '../route.js';

export function manualMarkRoutes(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  route(router, context, listMarks, async ({ params, query: { cursor: before, limit }, principal }) => {
    const { positionId } = await requireReadablePosition(db, params.id, principal.userId);
    const rows = await listManualMarks(db.pool, positionId, { before, limit: limit + 1 });
    const { page, nextCursor } = cutPage(rows, limit, ({ mark_date: date }) => date);
    const marks = page.map(({ created_at: createdAt, ...mark }) => ({ ...mark, created_at: createdAt.toISOString() }));
    return { status: 200, body: { position_id: positionId, marks, next_cursor: nextCursor } };
  });

  route(router, context, setMark, async ({ params, body, principal, requestId, keyHold, now }) => {
    const { portfolioId, positionId } = await requireWritablePosition(db, params.id, principal.userId);
    const { mark_date: date, price } = body;
    const request = { portfolioId, principal, requestId, now, keyHold };
    const { made, figures } = await changeLedger(context, request, async (client) => {
      const { exitDate } = await requireMarkable(client, positionId, date, calendar.newYorkDate(now));
      const stored = await putManualMark(client, { positionId, date, price: plainDecimal(price)! });
      const createdAt = stored.created_at.toISOString();
      const made = { position_id: positionId, mark_date: date, price, created_at: createdAt, replaced: stored.replaced };
      return { made, days: { from: date, until: exitDate } };
    });
    return { status: 200, body: { ...made, ...figures } };
  });

  route(router, context, deleteMark, async ({ params, principal, requestId, now }) => {
    const { portfolioId, positionId, exitDate } = await requireWritablePosition(db, params.id, principal.userId);
    const { date } = params;
    const { made, figures } = await changeLedger(context, { portfolioId, principal, requestId, now }, async (client) => {
      if (!(await deleteManualMark(client, positionId, date))) throw new AppError('ERR_MARK_001');
      return { made: { position_id: positionId, mark_date: date, deleted: true }, days: { from: date, until: exitDate } };
    });
    return { status: 200, body: { ...made, ...figures } };
  });
}

/**
 * Under the ledger's lock: its lot may have been changed since. Throws ERR_POSITION_404, ERR_MARK_002 for what is not private, and
 * ERR_REQ_001 for a day the lot has no worth on.
 */
async function requireMarkable(client: Queryable, positionId: string, date: string, today: string): Promise<LotRow> {
  const found = await findPosition(client, positionId);
  if (found === null) throw new AppError('ERR_POSITION_404');
  const { lot } = found;
  if (lotKind(lot) !== 'private') throw new AppError('ERR_MARK_002');
  const message = dateFault(lot, date, today);
  if (message !== null) throw requestFault('mark_date', message);
  return lot;
}

function dateFault({ entryDate, exitDate }: LotRow, date: string, today: string): string | null {
  if (date > today) return `must not be after today, ${today}`;
  if (date < entryDate) return `must not be before the entry, ${entryDate}`;
  if (exitDate !== null && date > exitDate) return `must not be after the exit, ${exitDate}`;
  return null;
}
