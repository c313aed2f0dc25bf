// A lot of a portfolio as its risk sees it: what moves it, by how many dollars, and whether that is known.
import type { PricedOption } from '../calc/option-pricing.js';

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
