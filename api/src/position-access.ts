// Whose position it is, asked before anything else is read, computed or written.
import type { Db } from '@closebell/prisma/client';
import { findPosition, type LotRow } from '@closebell/prisma/positions';
import { AppError } from '@closebell/shared/errors';

/** Throws ERR_POSITION_404, for someone else's too. */
export async function requireReadablePosition(db: Db, positionId: string, userId: string): Promise<LotRow> {
  const found = await findPosition(db.pool, positionId);
  if (found === null || found.userId !== userId) throw new AppError('ERR_POSITION_404');
  return found.lot;
}

/** Throws ERR_POSITION_404, or ERR_OWNER_001 for someone else's. */
export async function requireWritablePosition(db: Db, positionId: string, userId: string): Promise<LotRow> {
  const found = await findPosition(db.pool, positionId);
  if (found === null) throw new AppError('ERR_POSITION_404');
  if (found.userId !== userId) throw new AppError('ERR_OWNER_001');
  return found.lot;
}
