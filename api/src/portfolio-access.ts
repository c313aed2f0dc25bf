// Whose portfolio it is, asked before anything else is read, computed or written.
import type { Db } from '@closebell/prisma/client';
import { findPortfolio, type PortfolioRow } from '@closebell/prisma/portfolios';
import type { CalculationKey, Run } from '@closebell/prisma/runs';
import { AppError } from '@closebell/shared/errors';
import type { ApiContext } from './context.js';

/** A read of someone else's portfolio learns nothing, not even that it exists. Throws ERR_PORT_404. */
export async function requireReadable(db: Db, portfolioId: string, userId: string): Promise<PortfolioRow> {
  const portfolio = await findPortfolio(db.pool, portfolioId);
  if (portfolio === null || portfolio.user_id !== userId) throw new AppError('ERR_PORT_404');
  return portfolio;
}

/** Throws ERR_PORT_404, or ERR_OWNER_001 for someone else's. */
export async function requireWritable(db: Db, portfolioId: string, userId: string): Promise<PortfolioRow> {
  const portfolio = await findPortfolio(db.pool, portfolioId);
  if (portfolio === null) throw new AppError('ERR_PORT_404');
  if (portfolio.user_id !== userId) throw new AppError('ERR_OWNER_001');
  return portfolio;
}

/** As requireReadable, and ERR_BATCH_003 unless the run is a calculation of this very portfolio. */
export async function requireReadableRun({ calculations }: ApiContext, key: CalculationKey, userId: string): Promise<Run> {
  const { ownerId, run } = await calculations(key);
  if (ownerId !== userId) throw new AppError('ERR_PORT_404');
  if (run === null) throw new AppError('ERR_BATCH_003');
  return run;
}
