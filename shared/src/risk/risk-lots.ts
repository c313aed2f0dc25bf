// A lot of a portfolio as its risk sees it: what moves it, by how many dollars, and whether that is known.
import type { PriceSource } from '../calc/lot-history.js';
import type { PricedOption } from '../calc/option-pricing.js';
import { lotKind, pricedSymbol, type LotTerms } from '../lot-kind.js';

export type RiskLot = Readonly<{
  positionId: string;
  symbol: string;
  /** `cash` moves with nothing; a private lot, and one without a price, nobody knows how. */
  kind: 'market' | 'option' | 'cash' | 'unknown';
  /** Whose returns and betas move it: its own symbol, or its underlying. Null for cash and unknown. */
  riskSymbol: string | null;
  sector: string | null;
  /** Signed dollars, short below 0. */
  marketValue: number;
  /** Signed dollars of `riskSymbol` that it moves like; the market value where that is not an option's. */
  deltaValue: number;
  /** Of options: contracts × multiplier and what a revaluation needs. */
  option: Readonly<{ units: number; terms: PricedOption }> | null;
}>;

/** A lot as its calculation valued it: money in dollars, below 0 for a short; `quantity` in shares after splits, or contracts. */
export type LotAsValued = LotTerms &
  Readonly<{
    positionId: string;
    quantity: number;
    marketValue: number;
    /** Null where an option could not be marked. */
    deltaAdjustedValue: number | null;
    priceSource: PriceSource;
    sector: string | null;
  }>;

const CONTRACT_SIZE = 100;

/** `terms`: what revalues an option; left out by those who revalue none. */
export function riskLot(lot: LotAsValued, terms: PricedOption | null = null): RiskLot {
  const { positionId, symbol, sector, marketValue, deltaAdjustedValue } = lot;
  const base = { positionId, symbol, sector, marketValue, deltaValue: marketValue, option: null };
  const kind = lotKind(lot);
  if (kind === 'cash') return { kind, riskSymbol: null, ...base, sector: 'Cash' };
  const riskSymbol = pricedSymbol(lot);
  const isKnown = riskSymbol !== null && deltaAdjustedValue !== null && lot.priceSource !== 'no_price';
  if (kind === 'private' || !isKnown) return { kind: 'unknown', riskSymbol: null, ...base };
  const option = terms && { units: lot.quantity * CONTRACT_SIZE, terms };
  return { kind, riskSymbol, ...base, deltaValue: deltaAdjustedValue, option };
}

/** The dollars a portfolio has in each symbol, options at their delta; in the order of the lots. Cash and what is unknown have none. */
export function dollarsBySymbol(lots: readonly RiskLot[]): ReadonlyMap<string, number> {
  const dollars = new Map<string, number>();
  for (const { riskSymbol, deltaValue } of lots) {
    if (riskSymbol !== null) dollars.set(riskSymbol, (dollars.get(riskSymbol) ?? 0) + deltaValue);
  }
  return dollars;
}

/**
 * Share of gross value, by delta-adjusted value, of cash and of the lots whose symbol is among those covered, 0 to 1. Null when nothing is covered,
 * or without a value.
 */
export function coverageOf(lots: readonly RiskLot[], isCovered: (symbol: string) => boolean): number | null {
  let gross = 0;
  let covered = 0;
  let lotsCovered = 0;
  for (const { kind, riskSymbol, deltaValue } of lots) {
    gross += Math.abs(deltaValue);
    if (kind !== 'cash' && (riskSymbol === null || !isCovered(riskSymbol))) continue;
    covered += Math.abs(deltaValue);
    lotsCovered += 1;
  }
  return lotsCovered > 0 && gross > 0 ? covered / gross : null;
}

/** Whether there is a lot that returns say something of, or cash. */
export function isAnyCovered(lots: readonly RiskLot[], isCovered: (symbol: string) => boolean): boolean {
  return lots.some(({ kind, riskSymbol }) => kind === 'cash' || (riskSymbol !== null && isCovered(riskSymbol)));
}
