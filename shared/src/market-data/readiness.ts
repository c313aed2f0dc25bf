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
  /** From which session on its bars are held back, and why those of that one are; null, both, when none is. */
  heldSince: string | null;
  heldReason: string | null;
  /** The session of its last bar, once it has been asked for in vain for many since. */
  delistedOn: string | null;
  /** That its prices are in; null where nobody has said. */
  currency: string | null;
}>;

/** The symbols that the lots open in the session need prices of, and every symbol that may stand for a factor. */
export function symbolsToCover(
  lots: readonly DatedLot[],
  session: string,
): Readonly<{ own: readonly string[]; factors: readonly string[] }> {
  const own = [...new Set(openLots(lots, session).map(pricedSymbol))].filter((symbol) => symbol !== null);
  return { own: own.sort((a, b) => (a < b ? -1 : 1)), factors: FACTOR_SYMBOLS };
}

/** Those held after the close of the session. */
export function openLots<L extends DatedLot>(lots: readonly L[], session: string): readonly L[] {
  return lots.filter(
    ({ exitDate, expirationDate }) =>
      (exitDate === null || exitDate > session) && (expirationDate === null || expirationDate >= session),
  );
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
      ...own.flatMap(currencyText),
      ...proxies.flatMap(proxyText),
    ],
  };
}

function missingText(coverage: SymbolCoverage, session: string): string {
  const { symbol, lastClose, noDataText, delistedOn, heldSince, heldReason } = coverage;
  if (delistedOn !== null && delistedOn < session)
    return `${symbol}: no trades since ${delistedOn}: delisted? Its lots stand at that close, and it is asked for again once a week`;
  if (heldSince !== null) {
    const standing = lastClose === null ? 'their last close or entry price' : `the close of ${lastClose}`;
    return `${symbol}: held back since ${heldSince}, ${heldReason}; its lots stand at ${standing} until that is explained or another provider has a better bar`;
  }
  if (lastClose !== null) return `${symbol}: no close on ${session}; its lots stand at the close of ${lastClose}`;
  return `${symbol}: no price${noDataText === null ? '' : ` (${noDataText})`}; its lots stand at their last close or entry price`;
}

/** Of every portfolio: nothing is converted. */
const PORTFOLIO_CURRENCY = 'USD';

function currencyText({ symbol, currency }: SymbolCoverage): readonly string[] {
  if (currency === null || currency === PORTFOLIO_CURRENCY) return [];
  return [
    `${symbol} is quoted in ${currency}, which is not converted: its lots are valued as if that were ${PORTFOLIO_CURRENCY}`,
  ];
}

function proxyText({ factor, symbol }: FactorProxy): readonly string[] {
  if (symbol === factor.proxy) return [];
  if (symbol === null) return [`factor ${factor.name} is absent: ${factor.proxy} has no prices in the window`];
  return [`factor ${factor.name}: ${symbol} stands for ${factor.proxy}, which has no prices in the window`];
}
