import { endRests, listDirtyHolders } from '@closebell/prisma/price-refreshes';
import { fetchWantedBars } from '../batch/market-data.js';
import { PHASES } from '../batch/phases.js';
import { windowSessions } from '../batch/wanted-sessions.js';
import type { Handler } from '../context.js';
import { restingProviders } from '../market-data/resting-providers.js';

const LISTED_MAX = 100;

/** Phase 1 for some symbols, for whoever holds them. Portfolios that become dirty by it are left to the next run, and counted. */
export const refreshPrices: Handler<'refresh-prices'> = async (context, { payload, hold, phase, progress, signal }) => {
  const { symbols, sessionDate: targetSession, force } = payload;
  const { db, calendar } = context;
  if (force) await endRests(db, hold, symbols);
  const dirtyBefore = new Set(await listDirtyHolders(db.pool, symbols));
  const { number, name } = PHASES.marketData;
  const onProgress = (done: number, total: number) => progress({ phase: number, phase_name: name, done, total, unit: 'symbols' });
  const { report } = await phase(PHASES.marketData, async () => {
    const wanted = windowSessions(calendar, symbols, targetSession);
    const fetched = await fetchWantedBars(context, wanted, { targetSession, hold, signal, onProgress });
    const counts = {
      symbols: fetched.symbols,
      requests: fetched.requested,
      bars: fetched.barsInserted,
      revised: fetched.barsRevised,
    };
    return { report: fetched, counts };
  });
  const resting = report.withoutData.length === 0 ? [] : await restingProviders(context);
  const dirty = await listDirtyHolders(db.pool, symbols);
  return {
    outcome: 'done',
    result: {
      calculation_date: targetSession,
      symbols_count: report.symbols,
      requests: report.requested,
      bars_inserted: report.barsInserted,
      bars_revised: report.barsRevised,
      dirtied: dirty.filter((id) => !dirtyBefore.has(id)).length,
      without_data_count: report.withoutData.length,
      without_data: report.withoutData.slice(0, LISTED_MAX),
      providers: context.providers.map(({ name: provider }) => provider),
      warnings: [...resting, ...report.warnings].slice(0, LISTED_MAX),
    },
  };
};
