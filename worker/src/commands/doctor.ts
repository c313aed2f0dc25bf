// npm run doctor: what is wrong with this installation, one line each, and how to mend it. It changes nothing, and sends one job
// that does nothing. Exit code 1 when something is broken.
import { closeDb, createDb } from '@closebell/prisma/client';
import { parseConfig, type Config } from '@closebell/shared/config';
import { hasEmbeddedDatabase, openDatabase } from '@closebell/shared/infra/database';
import { checkDatabase } from '../doctor/database.js';
import { fault, messageOf, ok, renderFinding, warning, type Finding } from '../doctor/finding.js';
import { checkDataFolder, checkNode } from '../doctor/machine.js';
import { checkCalendar, checkClock } from '../doctor/market.js';
import { checkCircuits, checkProviders, checkRates } from '../doctor/providers.js';
import { checkJourney, checkQueueStore } from '../doctor/queue.js';

const counts = { ok: 0, warning: 0, fault: 0 };
for await (const finding of examine(new Date())) {
  counts[finding.mark] += 1;
  console.log(renderFinding(finding));
}
console.log(`${counts.fault} to mend, ${counts.warning} to know of, ${counts.ok} in order`);
process.exit(counts.fault === 0 ? 0 : 1);

/** Each finding as soon as it is made. */
async function* examine(now: Date): AsyncGenerator<Finding> {
  yield checkNode(process.version);
  const parsed = parseConfig(process.env);
  if (!parsed.ok) {
    for (const text of parsed.faults) yield fault('configuration', text, 'The rest is looked at when this is mended');
    return;
  }
  const { config } = parsed;
  yield ok('configuration', `valid, ${config.environment}`);
  yield* await checkDataFolder(config.dataDir);
  yield checkClock(config, now);
  yield checkCalendar(config.marketNow ?? now);
  yield* checkProviders(config, config.marketNow ?? now);
  yield await checkRates(config, config.marketNow ?? now);
  yield* examineServices(config);
}

/** An embedded database that is not there yet would be made by looking at it, so it is only told of. */
async function* examineServices(config: Config): AsyncGenerator<Finding> {
  if (config.databaseUrl === null && !(await hasEmbeddedDatabase(config))) {
    yield warning('database', 'none yet', 'npm start and npm run demo make an embedded one, unless DATABASE_URL names a server');
    if (config.redisUrl !== null) yield await checkQueueStore(config.redisUrl, null);
    return;
  }
  try {
    const database = await openDatabase(config);
    const db = createDb({ databaseUrl: database.url, poolMax: 2, applicationName: 'closebell-doctor' });
    try {
      const { findings, facts, isMigrated } = await checkDatabase(db, database.embedded);
      yield* findings;
      yield await checkQueueStore(config.redisUrl, facts);
      if (isMigrated) yield* await checkCircuits(db, config);
      yield isMigrated ? await checkJourney(db) : warning('jobs', 'not tried', 'Mend the database first');
    } finally {
      await closeDb(db);
      await database.close();
    }
  } catch (error) {
    yield fault('database', messageOf(error), 'Mend that, or set DATABASE_URL to a Postgres server');
  }
}
