import { loadLedgers } from '@closebell/prisma/ledger';
import { loadReadiness } from '@closebell/prisma/price-coverage';
import { fetchMissingBars } from '../batch/market-data.js';
import { PHASES } from '../batch/phases.js';
import { profilePhase } from '../batch/profile-phase.js';
import { fetchMissingRates } from '../batch/rates.js';
import type { Handler } from '../context.js';
import { restingProviders } from '../market-data/resting-providers.js';

const WARNINGS_MAX = 100;

/** Phases 0 and 1 for one portfolio's symbols. What is missing is named in the warnings; the calculation goes on with what there is. */
export const preparePortfolio: Handler<'prepare-portfolio'> = async (context, run) => {
  const { payload, hold, phase, progress, signal } = run;
  const { portfolioId, sessionDate: targetSession, onboarding } = payload;
  const ledgers = await loadLedgers(context.db.pool, [portfolioId]);
  const profileWarnings = await profilePhase(context, run, { ledgers, sessionDate: targetSession, onboarding });
  const rateWarnings = await fetchMissingRates(context, { ledgers, hold, signal });
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
  const resting = report.withoutData.length === 0 ? [] : await restingProviders(context);
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
      warnings: [...resting, ...readiness.warnings, ...rateWarnings, ...profileWarnings, ...report.warnings].slice(
        0,
        WARNINGS_MAX,
      ),
    },
  };
};
