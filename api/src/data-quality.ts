// The state of the market data as a superuser sees it, read whole: one pass over each table, however many symbols there are.
import { listFetchAttempts } from '@closebell/prisma/fetch-attempts';
import { listProviderBudgets } from '@closebell/prisma/provider-budgets';
import { listProviderCircuits } from '@closebell/prisma/provider-circuits';
import { countQuarantinedBars, listQuarantinedBars } from '@closebell/prisma/quarantined-bars';
import {
  listRevisedCloses,
  listStoredBars,
  listSymbolsInUse,
  listSymbolStandings,
  loadClosedSessions,
  REVISED_WITHIN_DAYS,
} from '@closebell/prisma/symbol-coverage';
import type { DataQuality } from '@closebell/shared/contracts/admin-data-quality';
import type { ApiContext } from './context.js';
import {
  closesOf,
  findSymbolFaults,
  viewByProvider,
  viewGaps,
  viewProviders,
  viewQuarantined,
  viewRevised,
  viewSymbols,
} from './data-quality-view.js';

/** `limit`: of each list. */
export async function readDataQuality(
  { db, calendar, config }: Pick<ApiContext, 'db' | 'calendar' | 'config'>,
  { now, limit }: Readonly<{ now: Date; limit: number }>,
): Promise<DataQuality> {
  const { pool } = db;
  const session = calendar.latestCompleteSession(now);
  const [budgets, circuits, symbols, stored, quarantined, quarantinedCount] = await Promise.all([
    listProviderBudgets(pool),
    listProviderCircuits(pool),
    listSymbolsInUse(pool, session),
    listStoredBars(pool, session),
    listQuarantinedBars(pool, { limit }),
    countQuarantinedBars(pool),
  ]);
  const faults = findSymbolFaults(closesOf(symbols, stored), calendar, session);
  const named = [...faults.withoutData.slice(0, limit), ...faults.stale.slice(0, limit)].map(({ symbol }) => symbol);
  const gappy = faults.gaps.slice(0, limit).map(({ symbol }) => symbol);
  const revisedSymbols = stored.filter(({ revised }) => revised > 0);
  const [standings, attempts, present, revised] = await Promise.all([
    listSymbolStandings(pool, named),
    listFetchAttempts(pool, 'dailyBars', named),
    loadClosedSessions(pool, gappy),
    listRevisedCloses(pool, { symbols: revisedSymbols.map(({ symbol }) => symbol), withinDays: REVISED_WITHIN_DAYS, limit }),
  ]);
  return {
    session_date: session,
    providers: viewProviders(config.marketDataProviders, budgets, circuits),
    by_provider: viewByProvider(stored),
    symbols_count: symbols.length,
    ...viewSymbols(faults, limit, { standings, attempts }),
    gaps: viewGaps(faults.gaps, limit, calendar, present),
    quarantined: { count: quarantinedCount, bars: quarantined.map(viewQuarantined) },
    revised: {
      count: revisedSymbols.reduce((sum, each) => sum + each.revised, 0),
      bars: revised.map((bar) => ({ symbol: bar.symbol, ...viewRevised(bar) })),
    },
  };
}
