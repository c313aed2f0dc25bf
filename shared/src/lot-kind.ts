// How a lot is valued, and which symbol it needs prices of: its own, its underlying's, or none.
import { isCashLike } from './cash-securities.js';

/** What decides it, of a lot as entered; the symbol in its stored spelling. */
export type LotTerms = Readonly<{
  symbol: string;
  investmentClass: 'PUBLIC' | 'OPTIONS' | 'PRIVATE';
  investmentSubtype: string | null;
  underlyingSymbol: string | null;
}>;

export type LotKind = 'market' | 'option' | 'private' | 'cash';

export function lotKind(lot: Pick<LotTerms, 'symbol' | 'investmentClass' | 'investmentSubtype'>): LotKind {
  if (isCashLike(lot)) return 'cash';
  if (lot.investmentClass === 'OPTIONS') return 'option';
  return lot.investmentClass === 'PRIVATE' ? 'private' : 'market';
}

/** The symbol whose closes value the lot; null for private and cash rows, which are never asked of a provider. */
export function pricedSymbol(lot: LotTerms): string | null {
  const kind = lotKind(lot);
  if (kind === 'market') return lot.symbol;
  return kind === 'option' ? lot.underlyingSymbol : null;
}
