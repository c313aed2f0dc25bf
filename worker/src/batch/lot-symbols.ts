// Which symbols a lot needs prices of: its own, its underlying's, or none.
import type { LedgerLot } from '@closebell/prisma/ledger';
import { isCashLike } from '@closebell/shared/cash-securities';

export type LotKind = 'market' | 'option' | 'private' | 'cash';

export function lotKind(lot: Pick<LedgerLot, 'symbol' | 'investmentClass' | 'investmentSubtype'>): LotKind {
  if (isCashLike(lot)) return 'cash';
  if (lot.investmentClass === 'OPTIONS') return 'option';
  return lot.investmentClass === 'PRIVATE' ? 'private' : 'market';
}

/** The symbol whose closes value the lot; null for private and cash rows, which are never asked of a provider. */
export function pricedSymbol(lot: Pick<LedgerLot, 'symbol' | 'investmentClass' | 'investmentSubtype' | 'underlyingSymbol'>): string | null {
  const kind = lotKind(lot);
  if (kind === 'market') return lot.symbol;
  return kind === 'option' ? lot.underlyingSymbol : null;
}
