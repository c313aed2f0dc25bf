import { loadPortfolioRisk } from '@closebell/prisma/portfolio-risk';
import { loadFactorModel, loadSymbolStatistics } from '@closebell/prisma/symbol-statistics';
import { loadValuedLots } from '@closebell/prisma/valued-lots';
import { loadBackTests } from '@closebell/prisma/var-backtests';
import {
  getConcentration,
  getRiskMetrics,
  getSectorExposure,
  getValueAtRisk,
  getVolatility,
  type RiskMetrics,
} from '@closebell/shared/contracts/analytics-risk';
import { realisedMetrics } from '@closebell/shared/risk/realised-metrics';
import type { ConcentrationFigures, RealisedMetrics } from '@closebell/shared/risk/risk-figures';
import { riskLot } from '@closebell/shared/risk/risk-lots';
import type { Router } from 'express';
import { answerAnalysed, type AnalysedPortfolio, type NoFigures } from '../analysed-portfolio.js';
import { notCalculated, readRisk } from '../analysed-risk.js';
import type { ApiContext } from '../context.js';
import { heldSymbols } from '../held-symbols.js';
import { MISSING_WORDS } from '@closebell/shared/risk/missing-words';
import { readRealisedReturns, readReturns } from '../return-window.js';
import {
  viewConcentration,
  viewRiskMetrics,
  viewSectorExposure,
  viewValueAtRisk,
  type BackTestSeries,
  type Subject,
} from '../risk-view.js';
import { routeBoth } from '../route.js';
import { viewVolatility } from '../volatility-view.js';

/** Sessions of the back-test. */
const BACK_TESTED_MAX = 250;
/** Daily returns of the portfolio that its volatility figures ask for at most: a forecast's 294, and as many again as steady it. */
const VOLATILITY_SESSIONS = 504;
/** Holdings told of with volatilities of their own: the largest. */
const SYMBOLS_SHOWN_MAX = 200;

export function riskRoutes(router: Router, context: ApiContext): void {
  routeBoth(router, context, getRiskMetrics, ({ params, principal, query }) =>
    answerAnalysed(context, params.id, principal.userId, (analysed) => readMetrics(context, analysed, query.lookback_days)),
  );

  routeBoth(router, context, getValueAtRisk, ({ params, principal }) =>
    answerAnalysed(context, params.id, principal.userId, async (analysed) => {
      const [row, tested] = await Promise.all([readRisk(context, analysed, 'value_at_risk'), readBackTest(context, analysed)]);
      if ('reason' in row) return row;
      return row.valueAtRisk === null ? NOTHING_HELD : viewValueAtRisk(row, row.valueAtRisk, tested);
    }),
  );

  routeBoth(router, context, getVolatility, ({ params, principal }) =>
    answerAnalysed(context, params.id, principal.userId, (analysed) => readVolatility(context, analysed)),
  );

  routeBoth(router, context, getConcentration, ({ params, principal }) =>
    answerAnalysed(context, params.id, principal.userId, (analysed) => readConcentration(context, analysed, viewConcentration)),
  );

  routeBoth(router, context, getSectorExposure, ({ params, principal }) =>
    answerAnalysed(context, params.id, principal.userId, (analysed) => readConcentration(context, analysed, viewSectorExposure)),
  );
}

const NOTHING_HELD: NoFigures = { reason: 'no_results', message: MISSING_WORDS.no_holdings };

/** The stored figures where they are of the lookback asked for; of another one they are worked out from the same returns. */
async function readMetrics(context: ApiContext, analysed: AnalysedPortfolio, lookback: number): Promise<RiskMetrics | NoFigures> {
  const { portfolio, sessionDate, snapshot } = analysed;
  const [row, model] = await Promise.all([
    loadPortfolioRisk(context.db.pool, portfolio.id, sessionDate),
    loadFactorModel(context.db.pool, sessionDate),
  ]);
  const stored = row?.metrics?.lookback === lookback ? row.metrics : null;
  const benchmark = model?.proxies.market_beta ?? null;
  const metrics = stored ?? (await realisedOver(context, analysed, lookback, benchmark));
  const market = model?.factors.indexOf('MKT') ?? -1;
  const dollars = row?.exposures?.[market];
  const bottomUp = dollars === undefined || !(snapshot.equity > 0) ? null : dollars / snapshot.equity;
  return viewRiskMetrics({ portfolioId: portfolio.id, sessionDate }, metrics, bottomUp);
}

async function realisedOver(
  context: ApiContext,
  { portfolio, sessionDate }: AnalysedPortfolio,
  lookback: number,
  benchmark: string | null,
): Promise<RealisedMetrics> {
  const [realised, returns] = await Promise.all([
    readRealisedReturns(context, portfolio.id, sessionDate, lookback),
    readReturns(context, benchmark === null ? [] : [benchmark], sessionDate, lookback),
  ]);
  return realisedMetrics(realised, { returns, benchmark });
}

async function readBackTest(
  { db, calendar }: ApiContext,
  { portfolio, sessionDate }: AnalysedPortfolio,
): Promise<BackTestSeries> {
  const sessions = calendar.sessionsTo(sessionDate, BACK_TESTED_MAX);
  const tested = await loadBackTests(db.pool, portfolio.id, sessions[0]!, sessionDate);
  const bySession = new Map(tested.map((each) => [each.sessionDate, each]));
  const column = (figure: 'pnl' | 'var95' | 'var99'): Float64Array =>
    Float64Array.from(sessions, (session) => bySession.get(session)?.[figure] ?? Number.NaN);
  return { pnl: column('pnl'), var95: column('var95'), var99: column('var99') };
}

async function readVolatility(context: ApiContext, { portfolio, sessionDate }: AnalysedPortfolio) {
  const { pool } = context.db;
  const [stored, lots, { returns }] = await Promise.all([
    loadPortfolioRisk(pool, portfolio.id, sessionDate),
    loadValuedLots(pool, [portfolio.id], sessionDate),
    readRealisedReturns(context, portfolio.id, sessionDate, VOLATILITY_SESSIONS),
  ]);
  if (stored === null) return notCalculated(sessionDate);
  const symbols = heldSymbols(lots.map((lot) => riskLot(lot))).slice(0, SYMBOLS_SHOWN_MAX);
  const names = symbols.map(({ symbol }) => symbol);
  const statistics = await loadSymbolStatistics(pool, names, sessionDate);
  return viewVolatility(stored, { holdings: stored.volatility, returns, symbols, statistics });
}

async function readConcentration<A extends Readonly<{ available: true }>>(
  context: ApiContext,
  analysed: AnalysedPortfolio,
  view: (subject: Subject, figures: ConcentrationFigures) => A,
): Promise<A | NoFigures> {
  const row = await readRisk(context, analysed, 'concentration');
  if ('reason' in row) return row;
  return row.concentration === null ? NOTHING_HELD : view(row, row.concentration);
}
