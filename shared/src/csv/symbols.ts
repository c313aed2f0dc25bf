// One spelling per security, and options by their OCC symbol.

import { formatOccSymbol, parseOccSymbol, type ParsedOccSymbol } from '../calc/occ-symbol.js';

/** Share classes: brokers write BRK/B, BRK.B or BRK-B. The point is the spelling kept. */
const SHARE_CLASS = /^([A-Z]{1,5})[/-]([A-Z])$/;

/** Roots of OCC symbols that are not simply their underlying without punctuation. */
const UNDERLYING_BY_ROOT: Readonly<Record<string, string>> = {
  BFB: 'BF.B',
  BRKB: 'BRK.B',
  NDXP: 'NDX',
  RUTW: 'RUT',
  SPXW: 'SPX',
  VIXW: 'VIX',
};

/** More than the 21 of the standard, for those padded too far. */
const OCC_CHARACTERS_MAX = 30;

/** Cells that mean to be OCC symbols, even when their date or strike is impossible. */
const OCC_SHAPE = /^[A-Z]{1,6}\d? *\d{6}[CP]\d{8}$/;

/** The stored spelling: upper-case, share classes with a point (BRK/B → BRK.B). */
export function normaliseSymbol(symbol: string): string {
  return symbol.toUpperCase().replace(SHARE_CLASS, '$1.$2');
}

/** Whether a cell has only the characters a symbol may have. */
export function hasSymbolCharacters(cell: string): boolean {
  return /^[A-Za-z0-9._/-]+$/.test(cell);
}

/** The option an OCC symbol names, padded or not; null for any other symbol. */
export function readOccSymbol(cell: string): ParsedOccSymbol | null {
  return cell.length > OCC_CHARACTERS_MAX ? null : parseOccSymbol(cell);
}

export function looksLikeOccSymbol(cell: string): boolean {
  return cell.length <= OCC_CHARACTERS_MAX && OCC_SHAPE.test(cell.toUpperCase());
}

/** The underlying's symbol for an OCC root: SPXW → SPX, BRKB → BRK.B, AAPL → AAPL. */
export function underlyingOfRoot(root: string): string {
  return UNDERLYING_BY_ROOT[root] ?? root;
}

/** Whether contracts with this OCC root are on `underlying` (normalised). An adjusted root carries a digit: AAPL1 is on AAPL. */
export function isRootOf(root: string, underlying: string): boolean {
  const bare = withoutPunctuation(underlying);
  return underlyingOfRoot(root) === underlying || root === bare || root.replace(/\d$/, '') === bare;
}

/** The unpadded OCC symbol of a contract; null when OCC symbols cannot express it (a root over 6 letters, a date outside 2000–2099). */
export function occSymbolOf(
  contract: Readonly<{ underlyingSymbol: string; expirationDate: string; optionType: 'CALL' | 'PUT'; strikePrice: string }>,
): string | null {
  const { underlyingSymbol, expirationDate, optionType, strikePrice } = contract;
  try {
    const type = optionType === 'CALL' ? 'call' : 'put';
    return withoutBlanks(
      formatOccSymbol({ root: withoutPunctuation(underlyingSymbol), expirationDate, type, strike: strikePrice }),
    );
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The stored spelling of an OCC symbol: upper-case, without padding. */
export function withoutBlanks(occSymbol: string): string {
  return occSymbol.replaceAll(' ', '').toUpperCase();
}

function withoutPunctuation(symbol: string): string {
  return symbol.replaceAll(/[^A-Z0-9]/g, '');
}
