// Readiness of a portfolio: it informs, and never holds a calculation back.
import type { Db } from '@closebell/prisma/client';
import { loadLedgers } from '@closebell/prisma/ledger';
import { loadReadiness } from '@closebell/prisma/price-coverage';
import { loadProfiles } from '@closebell/prisma/securities';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { symbolsToCover, type SymbolCoverage } from '@closebell/shared/market-data/readiness';

export async function readReadiness(db: Db, calendar: TradingCalendar, portfolioId: string, sessionDate: string) {
  const ledgers = await loadLedgers(db.pool, [portfolioId]);
  const lots = ledgers.flatMap((ledger) => ledger.lots);
  const { own } = symbolsToCover(lots, sessionDate);
  const [readiness, profiles] = await Promise.all([
    loadReadiness(db.pool, calendar, lots, sessionDate),
    loadProfiles(db.pool, own),
  ]);
  const profiled = new Set(profiles.map(({ symbol }) => symbol));
  return {
    portfolio_id: portfolioId,
    calculation_date: sessionDate,
    ready_for_batch: readiness.isReady,
    symbols_count: readiness.symbolsCount,
    price_coverage_percentage: readiness.priceCoveragePercentage,
    missing_prices: readiness.missing.map((coverage) => ({
      symbol: coverage.symbol,
      latest_close_date: coverage.lastClose,
      reason: whyMissing(coverage),
    })),
    missing_profiles: own.filter((symbol) => !profiled.has(symbol)),
    factors: readiness.proxies.map(({ factor, symbol }) => ({ name: factor.name, proxy: factor.proxy, stands_for_it: symbol })),
    warnings: readiness.warnings,
  };
}

function whyMissing({ noDataText, heldSince, heldReason, lastClose }: SymbolCoverage): string {
  if (noDataText !== null) return noDataText;
  if (heldSince !== null) return `held back since ${heldSince}: ${heldReason}`;
  return lastClose === null ? 'not fetched yet' : 'no close of this session';
}
