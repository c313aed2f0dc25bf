// What the commands that look into a running installation share: configuration, database, clock, and one clear line when they refuse.
import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { createMarketClock } from '@closebell/prisma/market-clock';
import { pendingMigrations } from '@closebell/prisma/migrate';
import { xnysCalendar, type TradingCalendar } from '@closebell/shared/calendar/trading-calendar';
import { parseConfig, type Config } from '@closebell/shared/config';
import { hasEmbeddedDatabase, openDatabase } from '@closebell/shared/infra/database';
import { messageOf } from '../doctor/finding.js';

export type Installation = Readonly<{
  db: Db;
  config: Config;
  calendar: TradingCalendar;
  /** By the market clock, when the command started. */
  now: Date;
}>;

/** What was asked for cannot be done as it was said: the message is the whole answer, the exit code 1. */
export class RefusedError extends Error {}

const REFUSED = 1;

/** Runs `work` and ends the process with the exit code it gives; 1 when it refuses or fails. */
export async function runCommand(work: (installation: Installation) => Promise<number>): Promise<never> {
  try {
    process.exit(await withInstallation(work));
  } catch (error) {
    console.error(messageOf(error));
    process.exit(REFUSED);
  }
}

async function withInstallation(work: (installation: Installation) => Promise<number>): Promise<number> {
  const parsed = parseConfig(process.env);
  if (!parsed.ok) throw new RefusedError(`The configuration is faulty: ${parsed.faults.join('; ')}`);
  const { config } = parsed;
  if (config.databaseUrl === null && !(await hasEmbeddedDatabase(config)))
    throw new RefusedError('There is no database yet: npm start makes one, or DATABASE_URL names a server');
  const database = await openDatabase(config);
  const db = createDb({ databaseUrl: database.url, poolMax: 4, applicationName: 'closebell-command' });
  try {
    const pending = await pendingMigrations((sql) => db.pool.query<{ name: string }>(sql));
    if (pending.length > 0) throw new RefusedError(`${pending.length} migration(s) are pending: npm run migrate applies them`);
    const clock = await createMarketClock(db, config.marketNow);
    return await work({ db, config, calendar: xnysCalendar(), now: clock() });
  } finally {
    await closeDb(db);
    await database.close();
  }
}
