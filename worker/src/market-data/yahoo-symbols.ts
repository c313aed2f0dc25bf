// Yahoo's spelling of a symbol and ours.
import { looksLikeOccSymbol, normaliseSymbol } from '@closebell/shared/csv/symbols';

const SHARE_CLASS = /^([A-Z]{1,5})\.([A-Z])$/;

/** After a point these letters name an exchange (Frankfurt, London, Sapporo, Tokyo, TSX Venture), not a class of shares. */
const EXCHANGE_LETTERS: ReadonlySet<string> = new Set(['F', 'L', 'S', 'T', 'V']);

/** ^GSPC, BRK-B, VOD.L, GC=F: whatever else a lot may be called is private and goes to nobody. */
const YAHOO_SYMBOL = /^\^?[A-Z0-9][A-Z0-9.=-]{0,19}$/;

/** BRK.B is BRK-B there. Null for what must not be asked of Yahoo: option contracts, and names that are no ticker. */
export function yahooSymbol(symbol: string): string | null {
  const [, root = '', letter = ''] = SHARE_CLASS.exec(normaliseSymbol(symbol)) ?? [];
  const spelled = root === '' || EXCHANGE_LETTERS.has(letter) ? symbol.toUpperCase() : `${root}-${letter}`;
  return YAHOO_SYMBOL.test(spelled) && !looksLikeOccSymbol(spelled) ? spelled : null;
}

/** BRK-B is BRK.B here. */
export function symbolOfYahoo(spelled: string): string {
  return normaliseSymbol(spelled);
}
