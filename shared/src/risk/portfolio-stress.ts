// What a portfolio gains in every stress scenario: line by line, and lot by lot for options.
import { optionPrice } from '../calc/option-pricing.js';
import { isCovered, optionImpact, symbolMove, type OptionLot, type SymbolBetas } from '../stress/lot-impacts.js';
import { stressPortfolios, type PackedPortfolios, type ScenarioTotals } from '../stress/portfolio-batch.js';
import type { ScenarioMoves } from '../stress/scenario-moves.js';
import type { ScenarioImpact, StressLines } from './packed-stress.js';
import type { OptionImpacts } from './risk-figures.js';
import type { RiskLot } from './risk-lots.js';
import type { RiskMarket } from './risk-market.js';

export type PortfolioStress = Readonly<{
  stress: readonly ScenarioImpact[] | null;
  optionImpacts: Readonly<Record<string, OptionImpacts>>;
}>;

type StressMarket = Pick<RiskMarket, 'factors' | 'betas' | 'scenarios'>;

/**
 * Every scenario, options revalued in full. Null without factors and where none of the lots is covered; 0 without lots, and for cash. Throws RangeError
 * when a symbol has another number of betas than there are factors.
 */
export function portfolioStress(lots: readonly RiskLot[], { factors, betas: betasOf, scenarios }: StressMarket): PortfolioStress {
  if (factors.length === 0) return { stress: null, optionImpacts: {} };
  const { betas, rowOf } = betaRows(lots, betasOf, factors.length);
  const options = lots.flatMap((lot) => optionLot(lot, rowOf));
  const impacts = stressPortfolios(packed(lots, options, rowOf), betas, scenarios);
  const isUncovered = Number.isNaN(impacts.direct.total[0] ?? 0);
  if (isUncovered) return { stress: null, optionImpacts: {} };
  return {
    stress: scenarios.map(({ scenario, direct, correlated }, s) => ({
      scenarioId: scenario.id,
      direct: linesOf(impacts.exposures, direct, impacts.direct, s),
      correlated: correlated && linesOf(impacts.exposures, correlated, impacts.correlated, s),
    })),
    optionImpacts: Object.fromEntries(
      options.filter((lot) => isCovered(lot, betas)).map((lot) => [lot.positionId, optionImpacts(lot, betas, scenarios)]),
    ),
  };
}

type BetaRows = Readonly<{ betas: SymbolBetas; rowOf: (lot: RiskLot) => number }>;

/** The betas of the portfolio's own symbols, row by row; the last row is zeros, for cash. */
function betaRows(lots: readonly RiskLot[], betasOf: RiskMarket['betas'], factorCount: number): BetaRows {
  const rows = new Map<string, number>();
  for (const { riskSymbol } of lots) {
    if (riskSymbol !== null && betasOf.get(riskSymbol) && !rows.has(riskSymbol)) rows.set(riskSymbol, rows.size);
  }
  const values = new Float64Array((rows.size + 1) * factorCount);
  for (const [symbol, row] of rows) {
    const own = betasOf.get(symbol) as Float64Array;
    if (own.length !== factorCount) throw new RangeError(`${symbol} has ${own.length} betas for ${factorCount} factors`);
    values.set(own, row * factorCount);
  }
  const rowOf = ({ kind, riskSymbol }: RiskLot): number => (kind === 'cash' ? rows.size : (rows.get(riskSymbol ?? '') ?? -1));
  return { betas: { values, factorCount }, rowOf };
}

type HeldOption = OptionLot & Readonly<{ portfolio: 0; positionId: string }>;

function optionLot(lot: RiskLot, rowOf: BetaRows['rowOf']): readonly HeldOption[] {
  const { positionId, marketValue, deltaValue, option } = lot;
  return option === null ? [] : [{ portfolio: 0, positionId, symbolIndex: rowOf(lot), marketValue, deltaValue, ...option }];
}

function packed(lots: readonly RiskLot[], options: readonly HeldOption[], rowOf: BetaRows['rowOf']): PackedPortfolios {
  const linear = lots.filter(({ option }) => option === null);
  return {
    firstLot: Int32Array.of(0, linear.length),
    symbolIndex: Int32Array.from(linear, rowOf),
    marketValue: Float64Array.from(linear, ({ marketValue }) => marketValue),
    options,
  };
}

function linesOf(exposures: Float64Array, moves: Float64Array, totals: ScenarioTotals, s: number): StressLines {
  return {
    total: totals.total[s] as number,
    byFactor: exposures.map((dollars, k) => dollars * (moves[k] as number)),
    optionRest: totals.optionRest[s] as number,
    priceFloor: totals.priceFloor[s] as number,
  };
}

function optionImpacts(lot: HeldOption, betas: SymbolBetas, scenarios: readonly ScenarioMoves[]): OptionImpacts {
  const modelPrice = optionPrice(lot.terms);
  const impactOf = (moves: Float64Array, volatilityFactor: number): number =>
    optionImpact(lot, modelPrice, symbolMove(betas, lot.symbolIndex, moves), volatilityFactor);
  return {
    direct: scenarios.map(({ direct, volatilityFactor }) => impactOf(direct, volatilityFactor)),
    correlated: scenarios.map(({ correlated, volatilityFactor }) => correlated && impactOf(correlated, volatilityFactor)),
  };
}
