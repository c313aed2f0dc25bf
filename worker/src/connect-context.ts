// What handlers stand on, in a process or a thread: connections to a database that has its schema, clock, providers.
import { closeDb, createDb } from '@closebell/prisma/client';
import { WORKER_APPLICATION } from '@closebell/prisma/diagnosis';
import { createMarketClock } from '@closebell/prisma/market-clock';
import { createMetricStore } from '@closebell/prisma/metric-values';
import { forgetRefusedKeys } from '@closebell/prisma/provider-circuits';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Config } from '@closebell/shared/config';
import type { Logger } from '@closebell/shared/infra/logger';
import { hostname } from 'node:os';
import { createRiskMarkets } from './batch/risk-markets.js';
import type { WorkerContext } from './context.js';
import { gateProviders } from './market-data/provider-gate.js';
import { createProviders, createRateProvider } from './market-data/providers.js';

export type OpenedContext = Readonly<{ context: WorkerContext; close: () => Promise<void> }>;

export type Connection = Readonly<{ databaseUrl: string; poolMax: number; connectWithinMs?: number; logger: Logger }>;

/** Rejects, with nothing left open, when the database is out of reach or the configuration names a provider that cannot be. */
export async function connectContext(config: Config, { logger, ...connection }: Connection): Promise<OpenedContext> {
  const ungatedRates = createRateProvider(config);
  const db = createDb({
    ...connection,
    applicationName: WORKER_APPLICATION,
    idleInTransactionMs: config.jobLeaseMs / 2,
    // Who waited so long for an answer has lost its job.
    answerWithinMs: config.jobLeaseMs,
  });
  try {
    const clock = await createMarketClock(db, config.marketNow);
    await forgetRefusedKeys(db.pool);
    const providers = gateProviders(db, createProviders(config, clock));
    const [rates = null] = gateProviders(db, ungatedRates === null ? [] : [ungatedRates]);
    const metrics = createMetricStore(db, `worker ${hostname()} ${process.pid}`);
    return {
      context: {
        db,
        config,
        logger,
        clock,
        calendar: xnysCalendar(),
        providers,
        rates,
        metrics,
        riskMarkets: createRiskMarkets(),
      },
      close: async () => {
        await metrics.close();
        await closeDb(db);
      },
    };
  } catch (cause) {
    await closeDb(db);
    throw cause;
  }
}
