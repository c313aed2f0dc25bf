// What a worker process stands on: its database, opened and migrated, and the context over it.
import { migrateAndSeed } from '@closebell/prisma/migrate';
import type { Config } from '@closebell/shared/config';
import { openDatabase } from '@closebell/shared/infra/database';
import type { Logger } from '@closebell/shared/infra/logger';
import { connectContext, type OpenedContext } from './connect-context.js';

/** The main thread claims, beats and relays; what handlers need, their threads bring. */
const POOL_MAX = 10;

/** Rejects, with nothing left open or running, when something it needs is missing. */
export async function openContext(config: Config, logger: Logger): Promise<OpenedContext> {
  const database = await openDatabase(config, (message) => logger.info(message));
  try {
    const { applied } = await migrateAndSeed(database.url);
    if (applied.length > 0) logger.info({ applied }, 'migrations applied');
    const { context, close } = await connectContext(config, { databaseUrl: database.url, poolMax: POOL_MAX, logger });
    return {
      context,
      close: async () => {
        await close();
        await database.close();
      },
    };
  } catch (cause) {
    await database.close();
    throw cause;
  }
}
