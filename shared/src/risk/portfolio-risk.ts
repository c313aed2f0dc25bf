// Everything phase 6 says of one portfolio, from its lots as valued and what the session's market is. Each part stands or falls alone.
import { concentration, sectorWeights } from '../calc/concentration.js';
import { holdingsValueAtRisk } from './holdings-value-at-risk.js';
import { holdingsVolatility } from './holdings-volatility.js';
import { portfolioExposures } from './portfolio-exposures.js';
import { portfolioStress } from './portfolio-stress.js';
import { realisedMetrics } from './realised-metrics.js';
import type { ConcentrationFigures, PortfolioRisk, RiskPart } from './risk-figures.js';
import type { RiskLot } from './risk-lots.js';
import type { RealisedReturns, RiskMarket } from './risk-market.js';

export type RiskInput = Readonly<{
  /** Of the session's snapshot, in dollars. */
  equity: number;
  /** In an order made of values: sums depend on it in their last digit. */
  lots: readonly RiskLot[];
  realised: RealisedReturns;
}>;

/** Never throws: a part that does is named in `failedParts`, and the others stand. */
export function portfolioRisk({ equity, lots, realised }: RiskInput, market: RiskMarket): PortfolioRisk {
  const failedParts: Partial<Record<RiskPart, string>> = {};
  const part = <T>(name: RiskPart, work: () => T): T | null => {
    try {
      return work();
    } catch (error) {
      failedParts[name] = error instanceof Error ? error.message : String(error);
      return null;
    }
  };
  const exposed = part('exposures', () => portfolioExposures(lots, equity, market));
  const stressed = part('stress', () => portfolioStress(lots, market));
  return {
    coverage: exposed?.coverage ?? null,
    exposures: exposed?.exposures ?? null,
    stress: stressed?.stress ?? null,
    optionImpacts: stressed?.optionImpacts ?? {},
    valueAtRisk: part('value_at_risk', () => holdingsValueAtRisk(lots, equity, market)),
    volatility: part('volatility', () => holdingsVolatility(lots, equity, market)),
    concentration: part('concentration', () => concentrationFigures(lots)),
    metrics: part('metrics', () => realisedMetrics(realised, market)),
    failedParts,
  };
}

/** Null when nothing has a value. */
function concentrationFigures(lots: readonly RiskLot[]): ConcentrationFigures | null {
  const found = concentration(lots);
  if (found === null) return null;
  return {
    herfindahl_index: found.herfindahlIndex,
    effective_positions: found.effectivePositions,
    top3_share: found.top3Share,
    top10_share: found.top10Share,
    positions: found.positions,
    sectors: sectorWeights(lots).map(({ sector, weight, netWeight, grossMarketValue }) => ({
      sector,
      weight,
      net_weight: netWeight,
      gross_market_value: grossMarketValue,
    })),
  };
}
