// Readiness of a portfolio: it informs, and never holds a calculation back.
import type { Db } from '@closebell/prisma/client';
import { loadLedgers } from '@closebell/prisma/ledger';
import { loadReadiness } from '@closebell/prisma/price-coverage';
import type { TradingCalendar } from '@closebell/shared/calendar/trading-calendar';

export async function readReadiness(db: Db, calendar: TradingCalendar, portfolioId: string, sessionDate: string) {
  const ledgers = await loadLedgers(db.pool, [portfolioId]);
  const readiness = await loadReadiness(
    db.pool,
    calendar,
    ledgers.flatMap(({ lots }) => lots),
    sessionDate,
  );
  return {
    portfolio_id: portfolioId,
    calculation_date: sessionDate,
    ready_for_batch: readiness.isReady,
    symbols_count: readiness.symbolsCount,
    price_coverage_percentage: readiness.priceCoveragePercentage,
    missing_prices: readiness.missing.map(({ symbol, lastClose, noDataText }) => ({
      symbol,
      latest_close_date: lastClose,
      reason: noDataText ?? (lastClose === null ? 'not fetched yet' : 'no close of this session'),
    })),
    factors: readiness.proxies.map(({ factor, symbol }) => ({ name: factor.name, proxy: factor.proxy, stands_for_it: symbol })),
    warnings: readiness.warnings,
  };
}
