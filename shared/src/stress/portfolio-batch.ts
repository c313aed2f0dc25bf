// Every scenario over many portfolios at once. What a lot loses is linear in its betas, so a portfolio's dollars per factor are worked out
// once and each scenario costs a product of a few factors; only lots that can hit the price floor, and options, are looked at again.
import { optionPrice } from '../calc/option-pricing.js';
import { isCovered, optionImpact, symbolMove, type OptionLot, type SymbolBetas } from './lot-impacts.js';
import type { ScenarioMoves } from './scenario-moves.js';

/** Lots without options are packed: entry i of each array is lot i. Units and meaning as in `LinearLot`. */
export type PackedPortfolios = Readonly<{
  /** Portfolio p has the lots from firstLot[p] to before firstLot[p + 1]: one entry more than there are portfolios. */
  firstLot: Int32Array;
  symbolIndex: Int32Array;
  marketValue: Float64Array;
  options: readonly (OptionLot & Readonly<{ portfolio: number }>)[];
}>;

/** Signed dollars, portfolios × scenarios, row-major. All NaN for a portfolio that has lots of which none is covered. */
export type ScenarioTotals = Readonly<{
  /** The sum over factors, `optionRest` and `priceFloor`. */
  total: Float64Array;
  optionRest: Float64Array;
  priceFloor: Float64Array;
}>;

export type BatchImpacts = Readonly<{
  /**
   * Dollars per factor, portfolios × factors, row-major: delta-adjusted value × beta, summed. Times a scenario's move it is the line of that
   * factor in either of the two.
   */
  exposures: Float64Array;
  direct: ScenarioTotals;
  /** NaN in a scenario without correlated moves. */
  correlated: ScenarioTotals;
  /** Per portfolio, gross market value of its covered lots by that of all with a value; NaN when there is none. */
  coverage: Float64Array;
}>;

/** The same figures as `stressTest` gives one portfolio, up to the rounding of a sum. Throws RangeError for a symbol without a row of betas. */
export function stressPortfolios(
  portfolios: PackedPortfolios,
  betas: SymbolBetas,
  scenarios: readonly ScenarioMoves[],
): BatchImpacts {
  const { exposures, coverage, isUncovered } = sumExposures(portfolios, betas);
  const totalsOf = (moves: readonly (Float64Array | null)[]): ScenarioTotals => {
    const priceFloor = priceFloors(portfolios, betas, moves);
    const optionRest = optionRests(portfolios, betas, moves, scenarios);
    const total = factorTotals(exposures, betas.factorCount, moves);
    for (let i = 0; i < total.length; i++) total[i]! += (optionRest[i] as number) + (priceFloor[i] as number);
    for (const figures of [total, optionRest, priceFloor]) blank(figures, scenarios.length, isUncovered);
    return { total, optionRest, priceFloor };
  };
  return {
    exposures,
    direct: totalsOf(scenarios.map(({ direct }) => direct)),
    correlated: totalsOf(scenarios.map(({ correlated }) => correlated)),
    coverage,
  };
}

type Exposures = Readonly<{
  exposures: Float64Array;
  coverage: Float64Array;
  /** Per portfolio, 1 where it has lots and none is covered. */
  isUncovered: Uint32Array;
}>;

/** Per portfolio: gross market value with a price, and covered; how many lots it has, and covered. */
type Standing = Readonly<{ gross: Float64Array; covered: Float64Array; lots: Uint32Array; coveredLots: Uint32Array }>;

function sumExposures(portfolios: PackedPortfolios, betas: SymbolBetas): Exposures {
  const count = portfolios.firstLot.length - 1;
  const exposures = new Float64Array(count * betas.factorCount);
  const standing = {
    gross: new Float64Array(count),
    covered: new Float64Array(count),
    lots: new Uint32Array(count),
    coveredLots: new Uint32Array(count),
  };
  addLinearLots(portfolios, betas, exposures, standing);
  addOptionLots(portfolios, betas, exposures, standing);
  const { gross, covered, lots, coveredLots } = standing;
  return {
    exposures,
    coverage: covered.map((value, p) => value / (gross[p] as number)),
    isUncovered: coveredLots.map((held, p) => Number(held === 0 && (lots[p] as number) > 0)),
  };
}

function addLinearLots(
  { firstLot, symbolIndex, marketValue }: PackedPortfolios,
  betas: SymbolBetas,
  exposures: Float64Array,
  { gross, covered, lots, coveredLots }: Standing,
): void {
  const { values, factorCount } = betas;
  const hasBetas = symbolsWithBetas(betas);
  for (let p = 0; p < gross.length; p++) {
    const first = firstLot[p] as number;
    const end = firstLot[p + 1] as number;
    const row = p * factorCount;
    let grossValue = 0;
    let coveredValue = 0;
    let coveredCount = 0;
    for (let i = first; i < end; i++) {
      const value = marketValue[i] as number;
      const symbol = symbolIndex[i] as number;
      if (symbol >= hasBetas.length) throw new RangeError(`No betas for symbol ${symbol}`);
      if (Number.isNaN(value)) continue;
      grossValue += Math.abs(value);
      if (symbol < 0 || hasBetas[symbol] === 0) continue;
      coveredValue += Math.abs(value);
      coveredCount += 1;
      const betaRow = symbol * factorCount;
      for (let k = 0; k < factorCount; k++) exposures[row + k]! += value * (values[betaRow + k] as number);
    }
    gross[p] = grossValue;
    covered[p] = coveredValue;
    lots[p] = end - first;
    coveredLots[p] = coveredCount;
  }
}

function addOptionLots(
  { options }: PackedPortfolios,
  betas: SymbolBetas,
  exposures: Float64Array,
  { gross, covered, lots, coveredLots }: Standing,
): void {
  const { values, factorCount } = betas;
  for (const lot of options) {
    const { portfolio: p, symbolIndex, marketValue, deltaValue } = lot;
    lots[p]! += 1;
    gross[p]! += Math.abs(marketValue) || 0;
    if (!isCovered(lot, betas)) continue;
    covered[p]! += Math.abs(marketValue);
    coveredLots[p]! += 1;
    for (let k = 0; k < factorCount; k++) {
      exposures[p * factorCount + k]! += deltaValue * (values[symbolIndex * factorCount + k] as number);
    }
  }
}

function symbolsWithBetas({ values, factorCount }: SymbolBetas): Uint8Array {
  return Uint8Array.from({ length: values.length / factorCount }, (_, symbol) =>
    Number(!values.subarray(symbol * factorCount, (symbol + 1) * factorCount).some(Number.isNaN)),
  );
}

/** Exposure × move, summed over the factors; NaN in a scenario without moves. */
function factorTotals(exposures: Float64Array, factorCount: number, moves: readonly (Float64Array | null)[]): Float64Array {
  const packed = new Float64Array(moves.length * factorCount).fill(Number.NaN);
  for (const [s, move] of moves.entries()) if (move) packed.set(move, s * factorCount);
  const count = exposures.length / factorCount;
  const totals = new Float64Array(count * moves.length);
  for (let p = 0; p < count; p++) {
    for (let s = 0; s < moves.length; s++) {
      let total = 0;
      for (let k = 0; k < factorCount; k++) {
        total += (exposures[p * factorCount + k] as number) * (packed[s * factorCount + k] as number);
      }
      totals[p * moves.length + s] = total;
    }
  }
  return totals;
}

/** What a lot would lose beyond its value, given back. Few symbols can fall that far, so most lots are passed over. */
function priceFloors(
  { firstLot, symbolIndex, marketValue }: PackedPortfolios,
  betas: SymbolBetas,
  moves: readonly (Float64Array | null)[],
): Float64Array {
  const scenarioCount = moves.length;
  const floors = new Float64Array((firstLot.length - 1) * scenarioCount);
  const { isFloored, excess } = excessFalls(betas, moves);
  for (let p = 0; p < firstLot.length - 1; p++) {
    const end = firstLot[p + 1] as number;
    for (let i = firstLot[p] as number; i < end; i++) {
      const symbol = symbolIndex[i] as number;
      const value = marketValue[i] as number;
      if (symbol < 0 || isFloored[symbol] === 0 || Number.isNaN(value)) continue;
      for (let s = 0; s < scenarioCount; s++) {
        floors[p * scenarioCount + s]! += value * (excess[symbol * scenarioCount + s] as number);
      }
    }
  }
  return floors;
}

/** By how much β′f lies below −1, symbols × scenarios; 0 where it does not. */
function excessFalls(
  betas: SymbolBetas,
  moves: readonly (Float64Array | null)[],
): Readonly<{ isFloored: Uint8Array; excess: Float64Array }> {
  const symbolCount = betas.values.length / betas.factorCount;
  const isFloored = new Uint8Array(symbolCount);
  const excess = new Float64Array(symbolCount * moves.length);
  for (const [s, move] of moves.entries()) {
    if (move === null) continue;
    for (let symbol = 0; symbol < symbolCount; symbol++) {
      const fall = -1 - symbolMove(betas, symbol, move);
      if (!(fall > 0)) continue;
      isFloored[symbol] = 1;
      excess[symbol * moves.length + s] = fall;
    }
  }
  return { isFloored, excess };
}

function optionRests(
  { firstLot, options }: PackedPortfolios,
  betas: SymbolBetas,
  moves: readonly (Float64Array | null)[],
  scenarios: readonly ScenarioMoves[],
): Float64Array {
  const rests = new Float64Array((firstLot.length - 1) * moves.length);
  for (const lot of options) {
    if (!isCovered(lot, betas)) continue;
    const modelPrice = optionPrice(lot.terms);
    for (const [s, { volatilityFactor }] of scenarios.entries()) {
      const factorMoves = moves[s];
      if (!factorMoves) continue;
      const move = symbolMove(betas, lot.symbolIndex, factorMoves);
      rests[lot.portfolio * moves.length + s]! += optionImpact(lot, modelPrice, move, volatilityFactor) - lot.deltaValue * move;
    }
  }
  return rests;
}

/** Where nothing is covered a 0 would be a guess. */
function blank(figures: Float64Array, scenarioCount: number, isUncovered: Uint32Array): void {
  for (let p = 0; p < isUncovered.length; p++) {
    if (isUncovered[p] === 1) figures.fill(Number.NaN, p * scenarioCount, (p + 1) * scenarioCount);
  }
}
