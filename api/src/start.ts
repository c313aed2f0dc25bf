// What the API stands on, one after the other, and how it is taken down again.
import { createDb, closeDb } from '@closebell/prisma/client';
import { migrateAndSeed } from '@closebell/prisma/migrate';
import { countSystemTables } from '@closebell/prisma/system-tables';
import type { Config } from '@closebell/shared/config';
import { FACTORS_NEEDED, SCENARIOS_NEEDED } from '@closebell/shared/contracts/health';
import { openDatabase } from '@closebell/shared/infra/database';
import type { Logger } from '@closebell/shared/infra/logger';
import { createApp } from './app.js';
import { openContext, type ApiContext } from './context.js';
import { listen } from './server.js';

export type RunningApi = Readonly<{ url: string; context: ApiContext; stop: () => Promise<void> }>;

/** Rejects, with nothing left running, when something it needs is missing. */
export async function startApi(config: Config, logger: Logger): Promise<RunningApi> {
  const closers: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.toReversed()) await close();
  };
  try {
    const database = await openDatabase(config, (message) => logger.info(message));
    closers.push(database.close);
    await prepareDatabase(config, database.url, logger);
    const { context, close } = await openContext(config, database.url, logger);
    closers.push(close);
    const server = await listen(createApp(context), config);
    closers.push(() => server.close());
    // Streams end by themselves only when their runs do: the socket would wait for them.
    closers.push(async () => context.runEvents.close());
    return { url: server.url, context, stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

async function prepareDatabase(config: Config, databaseUrl: string, logger: Logger): Promise<void> {
  const { applied } = await migrateAndSeed(databaseUrl);
  if (applied.length > 0) logger.info({ applied }, 'migrations applied');
  const db = createDb({ databaseUrl, poolMax: 1, applicationName: 'closebell-api-start' });
  try {
    const { factors, scenarios } = await countSystemTables(db.pool);
    refuseIncomplete(config, factors, scenarios);
  } finally {
    await closeDb(db);
  }
}

/** In production, figures without their factors or scenarios would look complete and be wrong. */
function refuseIncomplete({ environment, skipStartupValidation }: Config, factors: number, scenarios: number): void {
  if (environment !== 'production' || skipStartupValidation) return;
  if (factors >= FACTORS_NEEDED && scenarios >= SCENARIOS_NEEDED) return;
  throw new Error(
    `the system tables hold ${factors} of ${FACTORS_NEEDED} factors and ${scenarios} of ${SCENARIOS_NEEDED} stress scenarios; ` +
      'fill them, or set SKIP_STARTUP_VALIDATION=true to start without',
  );
}
