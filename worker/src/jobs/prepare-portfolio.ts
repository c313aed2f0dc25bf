import { loadLedgers } from '@closebell/prisma/ledger';
import { loadReadiness } from '@closebell/prisma/price-coverage';
import { fetchMissingBars } from '../batch/market-data.js';
import { PHASES } from '../batch/phases.js';
import type { Handler } from '../context.js';

const WARNINGS_MAX = 100;

/** Phase 1 for one portfolio's symbols. Symbols without data are named in the warnings; the calculation goes on with what there is. */
export const preparePortfolio: Handler<'prepare-portfolio'> = async (context, { payload, hold, phase, progress, signal }) => {
  const { portfolioId, sessionDate: targetSession } = payload;
  const ledgers = await loadLedgers(context.db.pool, [portfolioId]);
  const { report } = await phase(PHASES.marketData, async () => {
    const { number, name } = PHASES.marketData;
    const onProgress = (done: number, total: number) =>
      progress({ phase: number, phase_name: name, done, total, unit: 'symbols' });
    const fetched = await fetchMissingBars(context, { ledgers, targetSession, hold, signal, onProgress });
    return { report: fetched, counts: { symbols: fetched.symbols, requests: fetched.requested, bars: fetched.barsInserted } };
  });
  const readiness = await loadReadiness(
    context.db.pool,
    context.calendar,
    ledgers.flatMap(({ lots }) => lots),
    targetSession,
  );
  return {
    outcome: 'done',
    result: {
      // Of the ledger whose prices these are.
      generation: ledgers[0]?.generation ?? null,
      symbols_count: readiness.symbolsCount,
      prices_bootstrapped: report.barsInserted,
      price_coverage_percentage: readiness.priceCoveragePercentage,
      ready_for_batch: readiness.isReady,
      providers: context.providers.map(({ name }) => name),
      warnings: [...readiness.warnings, ...report.warnings].slice(0, WARNINGS_MAX),
    },
  };
};
