import { listOwnPositions, listPortfolioPositions, type PositionDetail } from '@closebell/prisma/position-details';
import { getPositionDetails, POSITIONS_SHOWN_MAX } from '@closebell/shared/contracts/data-positions';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { requireReadable } from '../portfolio-access.js';
import { detailPositions } from '../position-details.js';
import { summarise } from '../position-details-view.js';
import { route } from '../route.js';

export function dataPositionRoutes(router: Router, context: ApiContext): void {
  route(router, context, getPositionDetails, async ({ query, principal, now }) => {
    const { portfolio_id: portfolioId, position_ids: positionIds } = query;
    const rows =
      positionIds === undefined
        ? await requirePortfolio(context, portfolioId!, principal.userId)
        : await requireOwn(context, positionIds, principal.userId);
    const isAsked = positionIds !== undefined || query.include_closed === 'true';
    const positions = await detailPositions(context, rows.slice(0, POSITIONS_SHOWN_MAX), isAsked, now);
    const truncated = rows.length > POSITIONS_SHOWN_MAX;
    return { status: 200, body: { positions, truncated, summary: summarise(positions) } };
  });
}

async function requirePortfolio({ db }: ApiContext, portfolioId: string, userId: string): Promise<readonly PositionDetail[]> {
  const { id } = await requireReadable(db, portfolioId, userId);
  // One more than is shown tells whether there are more.
  return listPortfolioPositions(db.pool, id, POSITIONS_SHOWN_MAX + 1);
}

/** One that is not the user's, and nothing is told of the others. */
async function requireOwn({ db }: ApiContext, ids: readonly string[], userId: string): Promise<readonly PositionDetail[]> {
  const own = await listOwnPositions(db.pool, userId, ids);
  if (own.length < ids.length) throw new AppError('ERR_POSITION_404');
  return own;
}
