// The database: reachable, new enough, and with the tables this release expects.
import type { Db } from '@closebell/prisma/client';
import { readServerFacts, type ServerFacts } from '@closebell/prisma/diagnosis';
import { migrationFault, pendingMigrations } from '@closebell/prisma/migrate';
import { countSystemTables } from '@closebell/prisma/system-tables';
import { FACTORS } from '@closebell/shared/calc/factors';
import { STRESS_SCENARIOS } from '@closebell/shared/stress/scenarios';
import { fault, messageOf, ok, warning, withoutSecrets, type Finding } from './finding.js';

const VERSION_MIN = 14;

export type DatabaseReport = Readonly<{ findings: readonly Finding[]; facts: ServerFacts | null; isMigrated: boolean }>;

export async function checkDatabase(db: Db, isEmbedded: boolean): Promise<DatabaseReport> {
  const where = `${withoutSecrets(db.url)}${isEmbedded ? ' (embedded)' : ''}`;
  let facts: ServerFacts;
  try {
    facts = await readServerFacts(db.pool);
  } catch (error) {
    const finding = fault('database', `${where}: ${messageOf(error)}`, 'Start the server, or correct DATABASE_URL');
    return { findings: [finding], facts: null, isMigrated: false };
  }
  const migrations = await checkMigrations(db, facts);
  const isMigrated = migrations.mark === 'ok';
  return {
    findings: [checkServer(facts, where), checkCitext(facts), migrations, await checkSystemTables(db, facts)],
    facts,
    isMigrated,
  };
}

function checkServer({ versionNumber, version }: ServerFacts, where: string): Finding {
  const text = `Postgres ${version} at ${where}`;
  return versionNumber >= VERSION_MIN * 10_000
    ? ok('database', text)
    : fault('database', text, `Upgrade it to ${VERSION_MIN} or newer`);
}

function checkCitext({ citext }: ServerFacts): Finding {
  if (citext === 'installed') return ok('citext', 'installed');
  if (citext === 'available') return ok('citext', 'available; the first migration installs it');
  return fault('citext', 'the server does not have this extension', 'Install the contrib package of your Postgres');
}

async function checkMigrations(db: Db, { hasMigrationsTable }: ServerFacts): Promise<Finding> {
  const refused = hasMigrationsTable ? await migrationFault(db.pool) : null;
  if (refused !== null) return fault('migrations', refused, 'Run the release that fits the database, or restore the file');
  const pending = await pendingMigrations((sql) => db.pool.query<{ name: string }>(sql));
  if (pending.length === 0) return ok('migrations', 'all applied, none edited');
  return fault(
    'migrations',
    `${pending.length} pending: ${pending.join(', ')}`,
    'Run npm run migrate; npm start does it as well',
  );
}

async function checkSystemTables(db: Db, { hasSystemTables }: ServerFacts): Promise<Finding> {
  if (!hasSystemTables) return warning('system tables', 'not there yet', 'They come with the migrations');
  const { factors, scenarios } = await countSystemTables(db.pool);
  const text = `${factors} of ${FACTORS.length} factors, ${scenarios} of ${STRESS_SCENARIOS.length} scenarios`;
  const isComplete = factors === FACTORS.length && scenarios === STRESS_SCENARIOS.length;
  return isComplete ? ok('system tables', text) : fault('system tables', text, 'Start the API or a worker once: each fills them');
}
