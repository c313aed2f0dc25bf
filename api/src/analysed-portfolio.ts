// What every read of calculated figures begins with: whose portfolio it is, and which session its figures are of.
import { findNewestSnapshot, type NewestSnapshot } from '@closebell/prisma/snapshots';
import type { PortfolioRow } from '@closebell/prisma/portfolios';
import type { UnavailableReason } from '@closebell/shared/contracts/analytics';
import type { ApiContext } from './context.js';
import { requireReadable } from './portfolio-access.js';
import type { Reply } from './route.js';

/** A portfolio at its newest calculated session: all figures of one answer are of that session. */
export type AnalysedPortfolio = Readonly<{ portfolio: PortfolioRow; snapshot: NewestSnapshot; sessionDate: string }>;

export type NoFigures = Readonly<{ reason: UnavailableReason; message: string }>;

/** Throws ERR_PORT_404. */
export async function answerAnalysed<A extends Readonly<{ available: true }>>(
  { db }: Pick<ApiContext, 'db'>,
  portfolioId: string,
  userId: string,
  read: (analysed: AnalysedPortfolio) => Promise<A | NoFigures>,
): Promise<Reply> {
  const portfolio = await requireReadable(db, portfolioId, userId);
  const snapshot = await findNewestSnapshot(db.pool, portfolio.id);
  const answer =
    snapshot === null ? NOTHING_CALCULATED : await read({ portfolio, snapshot, sessionDate: snapshot.snapshot_date });
  return { status: 200, body: 'available' in answer ? answer : { available: false, ...answer, portfolio_id: portfolio.id } };
}

const NOTHING_CALCULATED: NoFigures = {
  reason: 'no_snapshots',
  message: 'Nothing has been calculated for this portfolio yet. The figures are here when its first calculation has completed.',
};
