// What a superuser sees of the market data: the providers, and the symbols in use that lack something.
import { listFetchAttempts } from '@closebell/prisma/fetch-attempts';
import { listProviderBudgets } from '@closebell/prisma/provider-budgets';
import { listProviderCircuits } from '@closebell/prisma/provider-circuits';
import { listHeldSymbols, readStoredCloses } from '@closebell/prisma/symbol-coverage';
import { FACTOR_SYMBOLS } from '@closebell/shared/calc/factors';
import { getDataQuality } from '@closebell/shared/contracts/admin-data-quality';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { findSymbolFaults, viewProviders, viewSymbols } from '../data-quality-view.js';
import { route } from '../route.js';

export function adminDataQualityRoutes(router: Router, context: ApiContext): void {
  const { db, calendar, config } = context;
  const { pool } = db;

  route(router, context, getDataQuality, async ({ query: { limit }, now }) => {
    const session = calendar.latestCompleteSession(now);
    const [budgets, circuits, held] = await Promise.all([
      listProviderBudgets(pool),
      listProviderCircuits(pool),
      listHeldSymbols(pool, session),
    ]);
    const symbols = [...new Set([...held, ...FACTOR_SYMBOLS])];
    const faults = findSymbolFaults(await readStoredCloses(pool, symbols), calendar, session);
    const shown = [...faults.withoutData.slice(0, limit), ...faults.stale.slice(0, limit)].map(({ symbol }) => symbol);
    const attempts = await listFetchAttempts(pool, 'dailyBars', shown);
    return {
      status: 200,
      body: {
        session_date: session,
        providers: viewProviders(config.marketDataProviders, budgets, circuits),
        symbols_count: symbols.length,
        ...viewSymbols(faults, limit, attempts),
      },
    };
  });
}
