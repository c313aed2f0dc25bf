import { loadCompletePortfolio } from '@closebell/prisma/complete-portfolio';
import { listPortfolioStandings } from '@closebell/prisma/portfolio-standings';
import { listPortfolios } from '@closebell/prisma/portfolios';
import { getCompletePortfolio, listDataPortfolios, TIMESERIES_MAX } from '@closebell/shared/contracts/data-portfolios';
import { POSITIONS_SHOWN_MAX } from '@closebell/shared/contracts/data-positions';
import { PORTFOLIOS_MAX } from '@closebell/shared/contracts/portfolios';
import type { Router } from 'express';
import { viewComplete, viewListed } from '../complete-portfolio-view.js';
import type { ApiContext } from '../context.js';
import { readHoldings } from '../session-holdings.js';
import { requireReadable } from '../portfolio-access.js';
import { viewPosition } from '../position-details-view.js';
import { route, routeBoth } from '../route.js';
import { viewSnapshot } from '../snapshot-view.js';

export function dataPortfolioRoutes(router: Router, context: ApiContext): void {
  listRoute(router, context);
  completeRoute(router, context);
}

function listRoute(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  route(router, context, listDataPortfolios, async ({ principal, now }) => {
    const [today, session] = [calendar.newYorkDate(now), calendar.latestCompleteSession(now)];
    const portfolios = await listPortfolios(db.pool, principal.userId, PORTFOLIOS_MAX);
    const ids = portfolios.map(({ id }) => id);
    const standings = await listPortfolioStandings(db.pool, ids, { today, session });
    const standingOf = new Map(standings.map((standing) => [standing.portfolioId, standing]));
    return {
      status: 200,
      body: {
        last_complete_session_date: session,
        portfolios: portfolios.map((portfolio) => viewListed(portfolio, standingOf.get(portfolio.id)!, { calendar, session })),
        total_count: portfolios.length,
      },
    };
  });
}

function completeRoute(router: Router, context: ApiContext): void {
  const { db, calendar } = context;

  routeBoth(router, context, getCompletePortfolio, async ({ params, query, principal, now }) => {
    const portfolio = await requireReadable(db, params.id, principal.userId);
    const wantsHoldings = query.include_holdings === 'true';
    const wantsSeries = query.include_timeseries === 'true';
    const read = await loadCompletePortfolio(db, portfolio.id, {
      asOfDate: query.as_of_date,
      positionsMax: wantsHoldings ? POSITIONS_SHOWN_MAX : 0,
      // One session more than are shown tells whether there are more.
      sessionsMax: wantsSeries ? TIMESERIES_MAX + 1 : 0,
    });
    const { snapshot, sessions } = read;
    if (snapshot === null) return { status: 200, body: noSnapshot(portfolio.id, query.as_of_date) };
    const held = wantsHoldings ? await readHoldings(context, read.positions, snapshot) : null;
    const points = sessions.slice(-TIMESERIES_MAX).map(viewSnapshot);
    return {
      status: 200,
      body: {
        ...viewComplete(portfolio, snapshot, { calendar, session: calendar.latestCompleteSession(now) }),
        holdings: held?.holdings.map(viewPosition) ?? null,
        holdings_source: held?.source ?? null,
        timeseries: wantsSeries ? { points, truncated: sessions.length > TIMESERIES_MAX } : null,
      },
    };
  });
}

function noSnapshot(portfolioId: string, asOfDate: string | undefined) {
  const message =
    asOfDate === undefined
      ? 'Nothing has been calculated for this portfolio yet. The figures are here when its first calculation has completed.'
      : `No session up to ${asOfDate} has been calculated for this portfolio. Ask for a later day, or leave as_of_date out.`;
  return { available: false, reason: 'no_snapshots', message, portfolio_id: portfolioId };
}
