// How much of what a calculation needs is there, and what is missing, in words for the user. It informs, and never refuses.
import { chooseProxies, FACTOR_SYMBOLS, type FactorProxy } from '../calc/factors.js';
import { pricedSymbol, type LotTerms } from '../lot-kind.js';

/** Below this share of symbols with a close of the session, a run warns. */
const READY_FROM = 0.8;
/** The window in which a factor's proxy needs its closes. */
export const READINESS_SESSIONS = 252;

export type DatedLot = LotTerms & Readonly<{ exitDate: string | null; expirationDate: string | null }>;

/** What is stored of one symbol in the window that ends with the session. */
export type SymbolCoverage = Readonly<{
  symbol: string;
  /** Sessions with a real close: a carried price, a profile or a zero is none. */
  closes: number;
  lastClose: string | null;
  /** Why there is nothing, where that is known. */
  noDataText: string | null;
}>;

/** The symbols that the lots open in the session need prices of, and every symbol that may stand for a factor. */
export function symbolsToCover(
  lots: readonly DatedLot[],
  session: string,
): Readonly<{ own: readonly string[]; factors: readonly string[] }> {
  const open = lots.filter(
    ({ exitDate, expirationDate }) =>
      (exitDate === null || exitDate > session) && (expirationDate === null || expirationDate >= session),
  );
  const own = [...new Set(open.map(pricedSymbol))].filter((symbol) => symbol !== null);
  return { own: own.sort((a, b) => (a < b ? -1 : 1)), factors: FACTOR_SYMBOLS };
}

export type Readiness = Readonly<{
  symbolsCount: number;
  /** Percent of the symbols needed that have a close of the session; 100 when none is needed. */
  priceCoveragePercentage: number;
  isReady: boolean;
  missing: readonly SymbolCoverage[];
  proxies: readonly FactorProxy[];
  warnings: readonly string[];
}>;

export function assessReadiness(own: readonly SymbolCoverage[], factors: readonly SymbolCoverage[], session: string): Readiness {
  const missing = own.filter(({ lastClose }) => lastClose !== session);
  const share = own.length === 0 ? 1 : (own.length - missing.length) / own.length;
  const proxies = chooseProxies(new Map(factors.map(({ symbol, closes }) => [symbol, closes])));
  const low = `ERR_BATCH_001: only ${own.length - missing.length} of ${own.length} symbols have a close on ${session}`;
  return {
    symbolsCount: own.length,
    priceCoveragePercentage: Math.round(share * 10_000) / 100,
    isReady: share >= READY_FROM,
    missing,
    proxies,
    warnings: [
      ...(share < READY_FROM ? [low] : []),
      ...missing.map((symbol) => missingText(symbol, session)),
      ...proxies.flatMap(proxyText),
    ],
  };
}

function missingText({ symbol, lastClose, noDataText }: SymbolCoverage, session: string): string {
  if (lastClose !== null) return `${symbol}: no close on ${session}; its lots stand at the close of ${lastClose}`;
  return `${symbol}: no price${noDataText === null ? '' : ` (${noDataText})`}; its lots stand at their last close or entry price`;
}

function proxyText({ factor, symbol }: FactorProxy): readonly string[] {
  if (symbol === factor.proxy) return [];
  if (symbol === null) return [`factor ${factor.name} is absent: ${factor.proxy} has no prices in the window`];
  return [`factor ${factor.name}: ${symbol} stands for ${factor.proxy}, which has no prices in the window`];
}
