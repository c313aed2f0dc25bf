// Readiness of a portfolio: it informs, and never holds a calculation back.
import type { Db } from '@closebell/prisma/client';
import { listFactorProxies, listNeededSymbols, type NeededSymbol } from '@closebell/prisma/readiness';
import { ERRORS } from '@closebell/shared/errors';

/** Below this share of priced symbols a run warns. */
const COVERAGE_PERCENT_MIN = 80;

export async function readReadiness(db: Db, portfolioId: string, sessionDate: string) {
  const [symbols, factors] = await Promise.all([
    listNeededSymbols(db.pool, portfolioId, sessionDate),
    listFactorProxies(db.pool, sessionDate),
  ]);
  const unpriced = symbols.filter(({ latest_close_date: date }) => date !== sessionDate);
  const unknown = symbols.filter((symbol) => !symbol.is_known);
  const unpricedFactors = factors.filter((factor) => !factor.is_priced);
  const coveragePercent = symbols.length === 0 ? 100 : ((symbols.length - unpriced.length) / symbols.length) * 100;
  const isReady = coveragePercent >= COVERAGE_PERCENT_MIN;
  return {
    portfolio_id: portfolioId,
    calculation_date: sessionDate,
    ready_for_batch: isReady,
    symbols_count: symbols.length,
    price_coverage_percentage: Math.round(coveragePercent * 100) / 100,
    prices: coverage(symbols, unpriced.map(viewUnpriced)),
    securities: coverage(
      symbols,
      unknown.map(({ symbol }) => symbol),
    ),
    factors: coverage(
      factors,
      unpricedFactors.map(({ proxy }) => proxy),
    ),
    warnings: isReady ? [] : [{ code: 'ERR_BATCH_001', message: ERRORS.ERR_BATCH_001.message }],
  };
}

function coverage<M>(needed: readonly unknown[], missing: readonly M[]) {
  return { needed: needed.length, covered: needed.length - missing.length, missing };
}

function viewUnpriced({ symbol, latest_close_date: latest, no_data_text: text }: NeededSymbol) {
  const fallback = latest === null ? 'no close yet' : `the last close is of ${latest}`;
  return { symbol, latest_close_date: latest, reason: text ?? fallback };
}
