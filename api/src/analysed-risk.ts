// The risk row of a portfolio's newest session, or why a part of it cannot be shown.
import { loadPortfolioRisk, type PortfolioRiskRow } from '@closebell/prisma/portfolio-risk';
import { loadFactorModel, loadSymbolStatistics } from '@closebell/prisma/symbol-statistics';
import { loadValuedLots, type ValuedLot } from '@closebell/prisma/valued-lots';
import type { FactorModelOfSession } from '@closebell/shared/risk/factor-model-of-session';
import { portfolioExposures } from '@closebell/shared/risk/portfolio-exposures';
import type { RiskPart } from '@closebell/shared/risk/risk-figures';
import { riskLot, type RiskLot } from '@closebell/shared/risk/risk-lots';
import type { SymbolStatistics } from '@closebell/shared/risk/symbol-statistics';
import type { AnalysedPortfolio, NoFigures } from './analysed-portfolio.js';
import type { ApiContext } from './context.js';
import { grossDollars } from './held-symbols.js';
import { MISSING_WORDS } from '@closebell/shared/risk/missing-words';

type Database = Pick<ApiContext, 'db'>;

/** The row, where `part` of it stands. */
export async function readRisk(
  { db }: Database,
  { portfolio, sessionDate }: AnalysedPortfolio,
  part: RiskPart,
): Promise<PortfolioRiskRow | NoFigures> {
  return riskOrNone(await loadPortfolioRisk(db.pool, portfolio.id, sessionDate), sessionDate, part);
}

export function riskOrNone(row: PortfolioRiskRow | null, sessionDate: string, part: RiskPart): PortfolioRiskRow | NoFigures {
  if (row === null) return notCalculated(sessionDate);
  if (row.failedParts[part] === undefined) return row;
  return {
    reason: 'no_calculation_available',
    message: `This part of the calculation of ${sessionDate} failed. It is tried again with the next calculation.`,
  };
}

/** Everything factor figures and stress tests of a session rest on. */
export type FactorStanding = Readonly<{
  row: PortfolioRiskRow;
  exposures: Float64Array;
  model: FactorModelOfSession;
  /** The largest by market value first. */
  lots: readonly ValuedLot[];
  statistics: ReadonlyMap<string, SymbolStatistics>;
}>;

export async function readFactorStanding(
  { db }: Database,
  { portfolio, sessionDate }: AnalysedPortfolio,
  part: RiskPart,
): Promise<FactorStanding | NoFigures> {
  const [stored, model, lots] = await Promise.all([
    loadPortfolioRisk(db.pool, portfolio.id, sessionDate),
    loadFactorModel(db.pool, sessionDate),
    loadValuedLots(db.pool, [portfolio.id], sessionDate),
  ]);
  const row = riskOrNone(stored, sessionDate, part);
  if ('reason' in row) return row;
  if (model === null) return notCalculated(sessionDate);
  if (row.exposures === null) return noExposures(model);
  const symbols = [...new Set(lots.flatMap((lot) => riskLot(lot).riskSymbol ?? []))];
  const statistics = await loadSymbolStatistics(db.pool, symbols, sessionDate);
  const standing = { row, exposures: row.exposures, model, lots, statistics };
  return isOfOnePiece(standing) ? standing : notCalculated(sessionDate);
}

/** In the order of the model's factors; null for a lot nobody knows the moves of. Cash moves with nothing. */
export function betasOf({ model, statistics }: Pick<FactorStanding, 'model' | 'statistics'>, lot: RiskLot): Float64Array | null {
  if (lot.kind === 'cash') return new Float64Array(model.factors.length);
  return lot.riskSymbol === null ? null : (statistics.get(lot.riskSymbol)?.betas ?? null);
}

const ROUNDING = 1e-9;

/** Whether positions add up to the stored row. They do not where prices have changed since, and statistics were made again of those. */
function isOfOnePiece({ row, exposures, model, lots, statistics }: FactorStanding): boolean {
  const betas = new Map([...statistics].map(([symbol, own]) => [symbol, own.betas]));
  const riskLots = lots.map((lot) => riskLot(lot));
  const { exposures: sums } = portfolioExposures(riskLots, row.equity, { factors: model.factors, betas });
  const tolerance = ROUNDING * (1 + grossDollars(riskLots));
  return sums !== null && exposures.every((dollars, k) => Math.abs(dollars - (sums[k] as number)) <= tolerance);
}

export function noExposures({ factors }: FactorModelOfSession): NoFigures {
  return factors.length === 0
    ? { reason: 'no_benchmark_data', message: MISSING_WORDS.no_market }
    : { reason: 'no_results', message: MISSING_WORDS.nothing_covered };
}

export function notCalculated(sessionDate: string): NoFigures {
  return {
    reason: 'no_calculation_available',
    message: `The risk figures of ${sessionDate} are not calculated, or prices have changed since. The next calculation makes them.`,
  };
}
