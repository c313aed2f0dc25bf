// A symbol that a user names outside of a position row: on a watchlist, for a target price.
import { hasSymbolCharacters, looksLikeOccSymbol, normaliseSymbol, readOccSymbol, withoutBlanks } from './symbols.js';

/** The spelling that a position of it has (BRK/B → BRK.B, an option symbol without padding); null when it can be no symbol. `text` is trimmed. */
export function storedSymbol(text: string): string | null {
  if (readOccSymbol(text) !== null) return withoutBlanks(text);
  if (looksLikeOccSymbol(text) || !hasSymbolCharacters(text)) return null;
  return normaliseSymbol(text);
}
