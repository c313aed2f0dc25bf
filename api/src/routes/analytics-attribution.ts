import { getAttribution, type Attribution } from '@closebell/shared/contracts/analytics-attribution';
import type { Router } from 'express';
import { answerAnalysed, type NoFigures } from '../analysed-portfolio.js';
import { attributePnl } from '../attribution.js';
import { viewAttribution } from '../attribution-view.js';
import type { ApiContext } from '../context.js';
import { routeBoth } from '../route.js';

export function attributionRoutes(router: Router, context: ApiContext): void {
  routeBoth(router, context, getAttribution, ({ params, principal, query }) =>
    answerAnalysed(context, params.id, principal.userId, ({ portfolio, sessionDate }) => {
      const to = query.to ?? sessionDate;
      return attribute(context, portfolio.id, { from: query.from ?? `${to.slice(0, 7)}-01`, to });
    }),
  );
}

type Range = Readonly<{ from: string; to: string }>;

async function attribute(context: ApiContext, portfolioId: string, range: Range): Promise<Attribution | NoFigures> {
  const attributed = await attributePnl(context, portfolioId, range);
  if (attributed === null) {
    return { reason: 'no_snapshots', message: `No session from ${range.from} to ${range.to} has been calculated.` };
  }
  const { lotsPnlE4, pnlE4 } = attributed;
  return lotsPnlE4 === pnlE4 ? viewAttribution(portfolioId, attributed) : CHANGED_SINCE;
}

const CHANGED_SINCE: NoFigures = {
  reason: 'no_calculation_available',
  message:
    'Lots or prices of these sessions have changed since they were calculated. The next calculation brings them together again.',
};
