// Held symbols that a figure leaves out, with the reason in words. Pure.
import type { ExcludedSymbol } from '@closebell/shared/risk/joint-window';
import { MISSING_WORDS } from '@closebell/shared/risk/missing-words';

/** Without a list: figures stored by a version that kept none. */
export function viewExcluded(excluded: readonly ExcludedSymbol[] = []) {
  return excluded.map(({ symbol, reason }) => ({ symbol, reason, message: MISSING_WORDS[reason] }));
}
