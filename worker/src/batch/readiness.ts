// How much of what a calculation needs is there, and what is missing, in words for the user.
import { loadCoverage } from '@closebell/prisma/price-coverage';
import type { Ledger, LedgerLot } from '@closebell/prisma/ledger';
import { chooseProxies, FACTOR_SYMBOLS } from '@closebell/shared/calc/factors';
import type { WorkerContext } from '../context.js';
import { pricedSymbol } from './lot-symbols.js';

/** Below this share of symbols with a close of the target session, a run warns. It never refuses. */
const READY_FROM = 0.8;
const REGRESSION_SESSIONS = 252;

export type Readiness = Readonly<{
  symbolsCount: number;
  /** Percent of the symbols that need prices and have a close of the target session; 100 when none needs one. */
  priceCoveragePercentage: number;
  ready: boolean;
  warnings: readonly string[];
}>;

export async function readinessOf({ db, calendar }: WorkerContext, ledgers: readonly Ledger[], targetSession: string): Promise<Readiness> {
  const open = ledgers.flatMap(({ lots }) => lots).filter((lot) => isOpen(lot, targetSession));
  const symbols = [...new Set(open.map(pricedSymbol).filter((symbol) => symbol !== null))].sort();
  const from = calendar.addSessions(targetSession, -Math.min(REGRESSION_SESSIONS - 1, calendar.sessionIndex(targetSession)));
  const coverage = await loadCoverage(db.pool, [...symbols, ...FACTOR_SYMBOLS], from, targetSession);
  const own = coverage.slice(0, symbols.length);
  const covered = own.filter(({ lastClose }) => lastClose === targetSession).length;
  const share = symbols.length === 0 ? 1 : covered / symbols.length;
  const missing = own
    .filter(({ lastClose }) => lastClose !== targetSession)
    .map(({ symbol, lastClose, noDataText }) =>
      lastClose === null
        ? `${symbol}: no price${noDataText === null ? '' : ` (${noDataText})`}; its lots stand at their last close or entry price`
        : `${symbol}: no close on ${targetSession}; its lots stand at the close of ${lastClose}`,
    );
  const low = share < READY_FROM ? [`ERR_BATCH_001: only ${covered} of ${symbols.length} symbols have a close on ${targetSession}`] : [];
  return {
    symbolsCount: symbols.length,
    priceCoveragePercentage: Math.round(share * 10_000) / 100,
    ready: share >= READY_FROM,
    warnings: [...low, ...missing, ...factorWarnings(coverage.slice(symbols.length))],
  };
}

function isOpen({ exitDate, expirationDate }: LedgerLot, session: string): boolean {
  return (exitDate === null || exitDate > session) && (expirationDate === null || expirationDate >= session);
}

function factorWarnings(coverage: readonly Readonly<{ symbol: string; closes: number }>[]): readonly string[] {
  const proxies = chooseProxies(new Map(coverage.map(({ symbol, closes }) => [symbol, closes])));
  return proxies.flatMap(({ factor, symbol }) => {
    if (symbol === factor.proxy) return [];
    if (symbol === null) return [`factor ${factor.name} is absent: ${factor.proxy} has no prices in the window`];
    return [`factor ${factor.name}: ${symbol} stands for ${factor.proxy}, which has no prices in the window`];
  });
}
