import { removeAbandonedSlots } from '@closebell/prisma/calculation-claims';
import type { Handler } from '../context.js';

export const cleanupIncomplete: Handler<'cleanup-incomplete'> = async ({ db }, { payload }) => ({
  outcome: 'done',
  result: { removed: await removeAbandonedSlots(db.pool, payload.ageHours, payload.portfolioId ?? null) },
});
