import { findSnapshot, summarisePnl } from '@closebell/prisma/snapshots';
import { loadFactorModel } from '@closebell/prisma/symbol-statistics';
import { loadValuedLots } from '@closebell/prisma/valued-lots';
import {
  getAggregateBeta,
  getAggregateFactorExposures,
  getAggregateOverview,
  getAggregateStressTest,
  getAggregateVolatility,
} from '@closebell/shared/contracts/analytics-aggregate';
import { CORRELATED_SYMBOLS_MAX } from '@closebell/shared/contracts/analytics-correlation';
import { holdingsVolatility } from '@closebell/shared/risk/holdings-volatility';
import { COVARIANCE_LOOKBACK, returnCovariances } from '@closebell/shared/risk/return-covariances';
import type { FactorModelOfSession } from '@closebell/shared/risk/factor-model-of-session';
import { riskLot } from '@closebell/shared/risk/risk-lots';
import type { Router } from 'express';
import {
  viewAggregateBeta,
  viewAggregateFactors,
  viewAggregateOverview,
  viewAggregateStress,
  type ExposedPortfolio,
} from '../aggregate-view.js';
import { answerAggregated, readRisks, sumMoney, type AggregatedPortfolios } from '../aggregated-portfolios.js';
import type { NoFigures } from '../analysed-portfolio.js';
import { noExposures, notCalculated } from '../analysed-risk.js';
import type { ApiContext } from '../context.js';
import { heldSymbols } from '../held-symbols.js';
import { viewOverview } from '@closebell/shared/ledger/overview';
import { readReturns } from '../return-window.js';
import { route } from '../route.js';
import { pickCurrentImpacts } from '../stress-results.js';
import { viewHoldings } from '../volatility-view.js';

export function aggregateRoutes(router: Router, context: ApiContext): void {
  route(router, context, getAggregateOverview, ({ principal, query }) =>
    answerAggregated(context, principal.userId, query.portfolio_ids, (found) => readOverviews(context, found)),
  );

  route(router, context, getAggregateBeta, ({ principal, query }) =>
    answerAggregated(context, principal.userId, query.portfolio_ids, (found) =>
      readExposures(context, found, (exposed, { factors }) => viewAggregateBeta(exposed, factors.indexOf('MKT'))),
    ),
  );

  route(router, context, getAggregateFactorExposures, ({ principal, query }) =>
    answerAggregated(context, principal.userId, query.portfolio_ids, (found) =>
      readExposures(context, found, viewAggregateFactors),
    ),
  );

  route(router, context, getAggregateVolatility, ({ principal, query }) =>
    answerAggregated(context, principal.userId, query.portfolio_ids, (found) => readVolatility(context, found)),
  );

  route(router, context, getAggregateStressTest, ({ principal, query }) =>
    answerAggregated(context, principal.userId, query.portfolio_ids, async (found) => {
      const { db, config } = context;
      const model = await loadFactorModel(db.pool, found.sessionDate);
      if (model === null) return notCalculated(found.sessionDate);
      const pick = pickCurrentImpacts(model, config.tltSensitivity);
      const risks = await readRisks(context, found, 'stress', (row) => pick(row) ?? noExposures(model));
      if ('reason' in risks) return risks;
      return { of: risks.of, answer: viewAggregateStress(risks.picked, model.factors, query.scenarios) };
    }),
  );
}

async function readOverviews({ db }: ApiContext, found: AggregatedPortfolios) {
  const overviews = await Promise.all(
    found.portfolios.map(async (portfolio) => {
      const [snapshot, pnl] = await Promise.all([
        findSnapshot(db.pool, portfolio.id, found.sessionDate),
        summarisePnl(db.pool, portfolio.id, found.sessionDate),
      ]);
      return snapshot === null ? null : viewOverview(portfolio, snapshot, pnl);
    }),
  );
  // A snapshot that was there a moment ago is being replaced.
  const present = overviews.filter((overview) => overview !== null);
  if (present.length < overviews.length) return notCalculated(found.sessionDate);
  return { of: found, answer: viewAggregateOverview(present) };
}

async function readExposures<A extends object>(
  context: ApiContext,
  found: AggregatedPortfolios,
  view: (exposed: readonly ExposedPortfolio[], model: FactorModelOfSession) => A,
): Promise<Readonly<{ of: AggregatedPortfolios; answer: A }> | NoFigures> {
  const model = await loadFactorModel(context.db.pool, found.sessionDate);
  if (model === null) return notCalculated(found.sessionDate);
  const risks = await readRisks(context, found, 'exposures', ({ exposures }) => exposures ?? noExposures(model));
  return 'reason' in risks ? risks : { of: risks.of, answer: view(risks.picked, model) };
}

async function readVolatility(context: ApiContext, found: AggregatedPortfolios) {
  const { sessionDate } = found;
  const risks = await readRisks(context, found, 'volatility', ({ volatility }) => volatility ?? notCalculated(sessionDate));
  if ('reason' in risks) return risks;
  const ids = risks.picked.map(({ row }) => row.portfolioId);
  const lots = (await loadValuedLots(context.db.pool, ids, sessionDate)).map((lot) => riskLot(lot));
  const symbols = heldSymbols(lots).slice(0, CORRELATED_SYMBOLS_MAX);
  const names = symbols.map(({ symbol }) => symbol);
  const returns = await readReturns(context, names, sessionDate, COVARIANCE_LOOKBACK);
  const equity = sumMoney(risks.picked.map(({ row }) => row.equity));
  const { coverage, ...together } = viewHoldings(holdingsVolatility(lots, equity, { covariances: returnCovariances(returns) }));
  return {
    of: risks.of,
    answer: {
      ...together,
      holdings_coverage: coverage,
      portfolios: risks.picked.map(({ row, part }) => ({
        portfolio_id: row.portfolioId,
        equity: row.equity,
        volatility: part.volatility,
      })),
    },
  };
}
