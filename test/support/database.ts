// A database for each test file, copied from one that was migrated and seeded once per run: copying takes a tenth of migrating.
import { randomBytes } from 'node:crypto';
import { migrateAndSeed } from '@closebell/prisma/migrate';
import pg from 'pg';
import { inject } from 'vitest';

export type TestDatabase = Readonly<{
  url: string;
  /** Ends every connection to it and removes it; needless before a run ends. */
  drop: () => Promise<void>;
}>;

declare module 'vitest' {
  interface ProvidedContext {
    /** The run's template, on the server that all test files share. */
    templateDatabaseUrl: string;
  }
}

/** A fresh database with the newest schema and the reference data, of nobody else. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const template = inject('templateDatabaseUrl');
  const name = `${databaseName(template)}_${randomBytes(4).toString('hex')}`;
  await administer(template, `CREATE DATABASE ${name} TEMPLATE ${databaseName(template)}`);
  return { url: withDatabase(template, name), drop: () => administer(template, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** Makes the run's template on `serverUrl` and gives its URL. Copies are named after it, so that `dropTemplate` finds them. */
export async function createTemplate(serverUrl: string): Promise<string> {
  const name = `closebell_test_${randomBytes(4).toString('hex')}`;
  await administer(serverUrl, `CREATE DATABASE ${name}`);
  const url = withDatabase(serverUrl, name);
  await prepareDatabase(url);
  return url;
}

/** Removes the run's template and what was copied from it: a server from the environment outlives the run. */
export async function dropTemplate(template: string): Promise<void> {
  const admin = await connect(template);
  try {
    const { rows } = await admin.query<{ datname: string }>('SELECT datname FROM pg_database WHERE starts_with(datname, $1)', [
      databaseName(template),
    ]);
    for (const { datname } of rows) await admin.query(`DROP DATABASE ${datname} WITH (FORCE)`);
  } finally {
    await admin.end();
  }
}

/** Schema and reference data, for a database on a server of the test's own. */
export async function prepareDatabase(url: string): Promise<void> {
  await migrateAndSeed(url);
}

async function administer(url: string, statement: string): Promise<void> {
  const admin = await connect(url);
  try {
    await admin.query(statement);
  } finally {
    await admin.end();
  }
}

/** To the server's own database: nobody may be connected to a template while it is copied. */
async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: withDatabase(url, 'postgres') });
  await client.connect();
  return client;
}

function databaseName(url: string): string {
  return new URL(url).pathname.slice(1);
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
