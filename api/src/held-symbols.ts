// A portfolio's lots gathered by what moves them: a share by its own symbol, an option by its underlying's.
import type { RiskLot } from '@closebell/shared/risk/risk-lots';

export type HeldSymbol = Readonly<{
  symbol: string;
  /** Delta-adjusted dollars of all its lots, long less short; options as the shares they move like. */
  dollars: number;
  /** The same without signs. */
  grossDollars: number;
}>;

/** The largest first. Left out: private lots, cash, lots without a price, and what cancels out. */
export function heldSymbols(lots: readonly RiskLot[]): readonly HeldSymbol[] {
  const bySymbol = new Map<string, HeldSymbol>();
  for (const { riskSymbol: symbol, deltaValue } of lots) {
    if (symbol === null) continue;
    const { dollars, grossDollars } = bySymbol.get(symbol) ?? { dollars: 0, grossDollars: 0 };
    bySymbol.set(symbol, { symbol, dollars: dollars + deltaValue, grossDollars: grossDollars + Math.abs(deltaValue) });
  }
  return [...bySymbol.values()]
    .filter(({ dollars }) => dollars !== 0)
    .toSorted((a, b) => Math.abs(b.dollars) - Math.abs(a.dollars) || (a.symbol < b.symbol ? -1 : 1));
}

/** What all lots come to without signs. */
export function grossDollars(lots: readonly RiskLot[]): number {
  return lots.reduce((gross, { deltaValue }) => gross + Math.abs(deltaValue), 0);
}
