import { deleteManualMark, listManualMarks, putManualMark } from '@closebell/prisma/manual-marks';
import type { LotRow } from '@closebell/prisma/positions';
import { plainDecimal } from '@closebell/shared/contracts/json-decimal';
import { deleteMark, listMarks, setMark } from '@closebell/shared/contracts/manual-marks';
import { AppError } from '@closebell/shared/errors';
import { lotKind } from '@closebell/shared/lot-kind';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { changeLedger } from '../ledger-change-answer.js';
import { requireReadablePosition, requireWritablePosition } from '../position-access.js';
import { route } from '../route.js';

export function manualMarkRoutes(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  route(router, context, listMarks, async ({ params, query: { cursor: before, limit }, principal }) => {
    const { positionId } = await requireReadablePosition(db, params.id, principal.userId);
    // One row more than the page tells whether there is another page.
    const rows = await listManualMarks(db.pool, positionId, { before, limit: limit + 1 });
    const marks = rows
      .slice(0, limit)
      .map(({ created_at: createdAt, ...mark }) => ({ ...mark, created_at: createdAt.toISOString() }));
    const nextCursor = rows.length > limit ? marks.at(-1)!.mark_date : null;
    return { status: 200, body: { position_id: positionId, marks, next_cursor: nextCursor } };
  });

  route(router, context, setMark, async ({ params, body, principal, requestId, keyHold, now }) => {
    const lot = await requireWritablePosition(db, params.id, principal.userId);
    requireMarkable(lot, body.mark_date, calendar.newYorkDate(now));
    const { portfolioId, positionId } = lot;
    const { mark_date: date, price } = body;
    const request = { portfolioId, principal, requestId, now, keyHold };
    const { made, figures } = await changeLedger(context, request, async (client) => {
      const stored = await putManualMark(client, { positionId, date, price: plainDecimal(price)! });
      const createdAt = stored.created_at.toISOString();
      const made = { position_id: positionId, mark_date: date, price, created_at: createdAt, replaced: stored.replaced };
      return { made, days: { from: date, until: lot.exitDate } };
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

/** Throws ERR_MARK_002 for what is not private, and ERR_REQ_001 for a day the lot has no worth on. */
function requireMarkable(lot: LotRow, date: string, today: string): void {
  if (lotKind(lot) !== 'private') throw new AppError('ERR_MARK_002');
  const message = dateFault(lot, date, today);
  if (message !== null) throw new AppError('ERR_REQ_001', { details: { issues: [{ path: 'mark_date', message }] } });
}

function dateFault({ entryDate, exitDate }: LotRow, date: string, today: string): string | null {
  if (date > today) return `must not be after today, ${today}`;
  if (date < entryDate) return `must not be before the entry, ${entryDate}`;
  if (exitDate !== null && date > exitDate) return `must not be after the exit, ${exitDate}`;
  return null;
}
