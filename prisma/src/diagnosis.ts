// What `npm run doctor` asks a database that may be empty, old or half made. Reads only.
import type { Queryable } from './client.js';

export type ServerFacts = Readonly<{
  /** As in 180004 for 18.4. */
  versionNumber: number;
  version: string;
  /** The extension that makes e-mail addresses equal whatever their case. */
  citext: 'installed' | 'available' | 'absent';
  /** Whether the tables and the queue's schema have been made. */
  hasMigrationsTable: boolean;
  hasSystemTables: boolean;
  hasQueueSchema: boolean;
}>;

export async function readServerFacts(client: Queryable): Promise<ServerFacts> {
  const { rows } = await client.query<ServerFacts>(
    `SELECT current_setting('server_version_num')::int AS "versionNumber", current_setting('server_version') AS version,
       CASE WHEN EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'citext') THEN 'installed'
         WHEN EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'citext') THEN 'available' ELSE 'absent' END AS citext,
       to_regclass('public._prisma_migrations') IS NOT NULL AS "hasMigrationsTable",
       to_regclass('public.factor_definitions') IS NOT NULL AND to_regclass('public.stress_scenarios') IS NOT NULL AS "hasSystemTables",
       to_regnamespace('bullmq') IS NOT NULL AS "hasQueueSchema"`,
  );
  const facts = rows[0];
  if (!facts) throw new Error('a select without a table returned no row');
  return facts;
}

/** The name under which worker processes connect. */
export const WORKER_APPLICATION = 'closebell-worker';

/** Whether a worker is connected to this database now. */
export async function hasLiveWorker(client: Queryable): Promise<boolean> {
  const { rowCount } = await client.query(
    `SELECT 1 FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database() LIMIT 1`,
    [WORKER_APPLICATION],
  );
  return rowCount !== 0;
}
