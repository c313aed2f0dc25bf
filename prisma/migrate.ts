// Applies migrations/*/migration.sql without Prisma's engine, but keeps Prisma's own table under Prisma's own lock,
// so that `prisma migrate deploy` agrees wherever it can run.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { seedSystemTables } from './seed.js';
import { closeDb, createDb } from './src/client.js';

/** The key of the advisory lock that Prisma's own deploy takes. */
const PRISMA_LOCK_KEY = 72707369;

export type MigrationReport = Readonly<{ applied: readonly string[]; present: number }>;

/**
 * Brings the database to the newest schema; concurrent callers wait for each other.
 * Throws when a migration that was applied has been edited or removed since, or when one fails (it is rolled back whole).
 */
export async function migrate(databaseUrl: string): Promise<MigrationReport> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'closebell-migrate' });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [PRISMA_LOCK_KEY]);
    await client.query(MIGRATIONS_TABLE);
    const known = await appliedMigrations(client);
    const migrations = readMigrations();
    refuseChangedHistory(known, migrations);
    const missing = migrations.filter(({ name }) => !known.has(name));
    for (const migration of missing) await apply(client, migration);
    return { applied: missing.map(({ name }) => name), present: migrations.length };
  } finally {
    await client.end();
  }
}

/** What every program does before it uses a database: the newest schema, then the system tables. Throws as `migrate` does. */
export async function migrateAndSeed(databaseUrl: string): Promise<MigrationReport> {
  const report = await migrate(databaseUrl);
  const db = createDb({ databaseUrl, poolMax: 1, applicationName: 'closebell-migrate' });
  try {
    await seedSystemTables(db);
  } finally {
    await closeDb(db);
  }
  return report;
}

/** Names of the migrations that the database lacks; all of them when it has none. */
export async function pendingMigrations(
  query: (sql: string) => Promise<{ rows: { name: string }[] }>,
): Promise<readonly string[]> {
  const all = readMigrations().map(({ name }) => name);
  const { rows } = await query(`SELECT to_regclass('public._prisma_migrations')::text AS name`);
  if (rows[0]?.name == null) return all;
  const { rows: done } = await query(`SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL`);
  const names = new Set(done.map(({ name }) => name));
  return all.filter((name) => !names.has(name));
}

/** Why this release cannot migrate the database, in words; null when it can. Reads only, and expects the migrations' table. */
export async function migrationFault(client: Pick<pg.Client, 'query'>): Promise<string | null> {
  try {
    refuseChangedHistory(await appliedMigrations(client), readMigrations());
    return null;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

type Migration = Readonly<{ name: string; sql: string; checksum: string }>;

const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL,
  logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`;

function readMigrations(): readonly Migration[] {
  const folder = migrationsFolder();
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
    .map((name) => {
      const sql = readFileSync(path.join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

/** Beside this file as written, one folder up as compiled. */
function migrationsFolder(): string {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const candidates = [path.join(here, 'migrations'), path.join(here, '..', 'migrations')];
  const folder = candidates.find((candidate) => existsSync(candidate));
  if (folder === undefined) throw new Error(`no migrations folder at ${candidates.join(' or ')}`);
  return folder;
}

async function appliedMigrations(client: Pick<pg.Client, 'query'>): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ migration_name: string; checksum: string; finished_at: Date | null }>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  );
  const unfinished = rows.find(({ finished_at }) => finished_at === null);
  if (unfinished) {
    throw new Error(
      `migration ${unfinished.migration_name} was begun and never finished; mend the database, then mark it rolled back`,
    );
  }
  return new Map(rows.map(({ migration_name, checksum }) => [migration_name, checksum]));
}

function refuseChangedHistory(known: ReadonlyMap<string, string>, migrations: readonly Migration[]): void {
  const byName = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const [name, checksum] of known) {
    const migration = byName.get(name);
    if (!migration) throw new Error(`the database has migration ${name}, this release does not: it was made by a newer release`);
    if (migration.checksum !== checksum) {
      throw new Error(`migration ${name} was edited after it was applied; restore the file and write a new migration instead`);
    }
  }
}

async function apply(client: pg.Client, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count) VALUES ($1, $2, $3, now(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK');
    throw new Error(`migration ${name} failed and was rolled back: ${String(cause)}`, { cause });
  }
}

/** As a program (`npm run migrate`, the migrate service of docker-compose.yml): migrations, then the system tables. */
async function main(): Promise<void> {
  const databaseUrl = process.env['DATABASE_URL'];
  if (!databaseUrl)
    throw new Error('set DATABASE_URL to the Postgres to migrate; without it every process migrates its embedded one');
  const { applied, present } = await migrateAndSeed(databaseUrl);
  console.log(applied.length > 0 ? `applied ${applied.join(', ')}` : `all ${present} migrations were there`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
