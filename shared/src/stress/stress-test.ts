// One portfolio in every scenario, with what each figure covers and what it cannot say.
import { isCovered, lotImpacts, type Impact, type StressLot, type SymbolBetas } from './lot-impacts.js';
import type { ScenarioMoves } from './scenario-moves.js';

export type StressResult = Readonly<{
  moves: ScenarioMoves;
  /** Only the shocked factors move. */
  direct: Impact;
  /** The others move along; null without a covariance that tells how. */
  correlated: Impact | null;
  /** Dollars: correlated − direct. */
  effect: number | null;
  /** Points of equity, 100 × correlated impact / equity: −10 is a loss of a tenth. Null when equity is not above 0. */
  percentage: number | null;
  /** Dollars: equity + correlated impact; may be negative. */
  newPortfolioValue: number | null;
}>;

export type StressTest = Readonly<{
  /** Gross market value of the covered lots by that of all with a value, 0 to 1; null when there is none. */
  coverage: number | null;
  /** How many lots are left out: private without a proxy beta, without a price, or of a symbol without betas. */
  lotsUncovered: number;
  /** By scenario, in the order given; null when there are lots and none is covered. */
  results: readonly StressResult[] | null;
}>;

/** `equity` in dollars. A portfolio without lots has nothing to lose: its impacts are 0. */
export function stressTest(
  lots: readonly StressLot[],
  equity: number,
  betas: SymbolBetas,
  scenarios: readonly ScenarioMoves[],
): StressTest {
  const covered = lots.filter((lot) => isCovered(lot, betas));
  const gross = grossValue(lots);
  return {
    coverage: gross > 0 ? grossValue(covered) / gross : null,
    lotsUncovered: lots.length - covered.length,
    results: lots.length > 0 && covered.length === 0 ? null : scenarios.map((moves) => resultOf(lots, equity, betas, moves)),
  };
}

function resultOf(lots: readonly StressLot[], equity: number, betas: SymbolBetas, moves: ScenarioMoves): StressResult {
  const direct = lotImpacts(lots, betas, moves.direct, moves.volatilityFactor);
  const correlated = moves.correlated && lotImpacts(lots, betas, moves.correlated, moves.volatilityFactor);
  return {
    moves,
    direct,
    correlated,
    effect: correlated && correlated.total - direct.total,
    percentage: correlated && equity > 0 ? (100 * correlated.total) / equity : null,
    newPortfolioValue: correlated && equity + correlated.total,
  };
}

function grossValue(lots: readonly StressLot[]): number {
  return lots.reduce((gross, { marketValue }) => gross + (Math.abs(marketValue) || 0), 0);
}
