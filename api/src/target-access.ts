// Whose target price it is, asked before anything else is read or written.
import type { Db } from '@closebell/prisma/client';
import { findTargetPrice, type TargetPriceRow } from '@closebell/prisma/target-prices';
import { AppError } from '@closebell/shared/errors';

/** Throws ERR_TARGET_002, for someone else's too. */
export async function requireReadableTarget(db: Db, targetId: string, userId: string): Promise<TargetPriceRow> {
  const found = await findTargetPrice(db.pool, targetId);
  if (found === null || found.userId !== userId) throw new AppError('ERR_TARGET_002');
  return found.target;
}

/** Throws ERR_TARGET_002, or ERR_OWNER_001 for someone else's. */
export async function requireWritableTarget(db: Db, targetId: string, userId: string): Promise<TargetPriceRow> {
  const found = await findTargetPrice(db.pool, targetId);
  if (found === null) throw new AppError('ERR_TARGET_002');
  if (found.userId !== userId) throw new AppError('ERR_OWNER_001');
  return found.target;
}
