// What a worker process stands on: database migrated, clock agreed, providers in their order.
import { closeDb, createDb } from '@closebell/prisma/client';
import { WORKER_APPLICATION } from '@closebell/prisma/diagnosis';
import { createMarketClock } from '@closebell/prisma/market-clock';
import { migrate } from '@closebell/prisma/migrate';
import { seedSystemTables } from '@closebell/prisma/seed';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { Config } from '@closebell/shared/config';
import { openDatabase } from '@closebell/shared/infra/database';
import type { Logger } from '@closebell/shared/infra/logger';
import type { WorkerContext } from './context.js';
import { createProviders } from './market-data/providers.js';

export type OpenedContext = Readonly<{ context: WorkerContext; close: () => Promise<void> }>;

export async function openContext(config: Config, logger: Logger): Promise<OpenedContext> {
  const providers = createProviders(config);
  const database = await openDatabase(config, (message) => logger.info(message));
  const { applied } = await migrate(database.url);
  if (applied.length > 0) logger.info({ applied }, 'migrations applied');
  const db = createDb({ databaseUrl: database.url, poolMax: 20, applicationName: WORKER_APPLICATION });
  await seedSystemTables(db);
  const clock = await createMarketClock(db, config.marketNow);
  return {
    context: { db, config, logger, clock, calendar: xnysCalendar(), providers },
    close: async () => {
      await closeDb(db);
      await database.close();
    },
  };
}
