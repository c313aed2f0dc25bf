// A portfolio's dollars in each model factor.
import { factorExposures } from '../calc/factor-exposure.js';
import type { RiskLot } from './risk-lots.js';
import type { RiskMarket } from './risk-market.js';

export type PortfolioExposures = Readonly<{ coverage: number | null; exposures: Float64Array | null }>;

/** `equity` in dollars. Throws RangeError when a symbol has another number of betas than there are factors. */
export function portfolioExposures(
  lots: readonly RiskLot[],
  equity: number,
  { factors, betas }: Pick<RiskMarket, 'factors' | 'betas'>,
): PortfolioExposures {
  if (factors.length === 0) return { coverage: null, exposures: null };
  const zeros = new Float64Array(factors.length);
  const positions = lots.map(({ kind, riskSymbol, deltaValue }) => ({
    marketValue: deltaValue,
    betas: kind === 'cash' ? zeros : ((riskSymbol === null ? null : betas.get(riskSymbol)) ?? null),
  }));
  const { dollars, positionsCovered, coverage } = factorExposures(positions, factors.length, equity);
  if (lots.length > 0 && positionsCovered === 0) return { coverage: null, exposures: null };
  return { coverage, exposures: dollars };
}
