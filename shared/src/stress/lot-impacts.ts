// What one scenario does to each lot of a portfolio, and which factor does it.
import { optionPrice, type PricedOption } from '../calc/option-pricing.js';

/** The betas of all symbols, once for everybody. */
export type SymbolBetas = Readonly<{
  /** Symbols × factors, row-major, betas of one multivariate regression; a NaN anywhere in a row: the symbol has none. */
  values: Float64Array;
  factorCount: number;
}>;

export type LinearLot = Readonly<{
  /**
   * Row of the betas; −1 where there is none. A private lot is covered only if its owner gave a proxy beta: it then has a row with that in the
   * market's column and 0 elsewhere.
   */
  symbolIndex: number;
  /** Signed dollars, negative when short; NaN without a price. */
  marketValue: number;
}>;

/** `symbolIndex` is the underlying's. */
export type OptionLot = LinearLot &
  Readonly<{
    /** Contracts × multiplier, negative when short. */
    units: number;
    /** units × delta × spot: signed dollars of the underlying that it moves like. */
    deltaValue: number;
    terms: PricedOption;
  }>;

export type StressLot = LinearLot | OptionLot;

/** All in signed dollars: a loss is negative. */
export type Impact = Readonly<{
  /** The sum over `byLot`, and over `byFactor`, `optionRest` and `priceFloor`. */
  total: number;
  /** Per factor: delta-adjusted value × beta × move. */
  byFactor: Float64Array;
  /** What full revaluation of the options adds to their delta: curvature, volatility, and that none loses more than it is worth. */
  optionRest: number;
  /** What linear lots keep or, when short, do not gain because no price falls below zero. */
  priceFloor: number;
  /** In the order of the lots; NaN where not covered, and left out of every sum. */
  byLot: Float64Array;
}>;

/** `moves`: decimal return per factor. `volatilityFactor` multiplies implied volatilities. Throws RangeError for a symbol without a row. */
export function lotImpacts(
  lots: readonly StressLot[],
  betas: SymbolBetas,
  moves: Float64Array,
  volatilityFactor: number,
): Impact {
  const byFactor = new Float64Array(betas.factorCount);
  const byLot = new Float64Array(lots.length).fill(Number.NaN);
  let [total, optionRest, priceFloor] = [0, 0, 0];
  for (const [i, lot] of lots.entries()) {
    if (!isCovered(lot, betas)) continue;
    const move = symbolMove(betas, lot.symbolIndex, moves);
    const value = linearValue(lot);
    const impact = isOption(lot) ? optionImpact(lot, optionPrice(lot.terms), move, volatilityFactor) : value * Math.max(-1, move);
    if (isOption(lot)) optionRest += impact - value * move;
    else priceFloor += impact - value * move;
    addFactorImpacts(byFactor, betas, lot.symbolIndex, value, moves);
    byLot[i] = impact;
    total += impact;
  }
  return { total, byFactor, optionRest, priceFloor, byLot };
}

/**
 * Dollars an option lot gains when its underlying moves by `move` and volatilities by the factor, at once and by the model throughout:
 * units × (price then − `modelPrice` now). A long lot never loses more than its market value, nor a short one gains more.
 */
export function optionImpact(
  { units, marketValue, terms }: OptionLot,
  modelPrice: number,
  move: number,
  volatilityFactor: number,
): number {
  const spot = terms.spot * (1 + Math.max(-1, move));
  const change = units * (optionPrice({ ...terms, spot, volatility: terms.volatility * volatilityFactor }) - modelPrice);
  return units > 0 ? Math.max(-marketValue, change) : Math.min(-marketValue, change);
}

/** β′f of one symbol: its decimal return, before the floor. */
export function symbolMove({ values, factorCount }: SymbolBetas, symbolIndex: number, moves: Float64Array): number {
  let move = 0;
  for (let k = 0; k < factorCount; k++) move += (values[symbolIndex * factorCount + k] as number) * (moves[k] as number);
  return move;
}

/** Whether the lot has a value and its symbol has betas. */
export function isCovered(lot: StressLot, { values, factorCount }: SymbolBetas): boolean {
  if (lot.symbolIndex < 0 || Number.isNaN(lot.marketValue) || Number.isNaN(linearValue(lot))) return false;
  const row = values.subarray(lot.symbolIndex * factorCount, (lot.symbolIndex + 1) * factorCount);
  if (row.length !== factorCount) throw new RangeError(`No betas for symbol ${lot.symbolIndex}`);
  return !row.some(Number.isNaN);
}

/** Signed dollars that the betas apply to. */
export function linearValue(lot: StressLot): number {
  return isOption(lot) ? lot.deltaValue : lot.marketValue;
}

function isOption(lot: StressLot): lot is OptionLot {
  return 'terms' in lot;
}

function addFactorImpacts(
  byFactor: Float64Array,
  { values, factorCount }: SymbolBetas,
  symbolIndex: number,
  value: number,
  moves: Float64Array,
): void {
  for (let k = 0; k < factorCount; k++) {
    byFactor[k]! += value * (values[symbolIndex * factorCount + k] as number) * (moves[k] as number);
  }
}
