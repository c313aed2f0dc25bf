// Which Postgres: the one DATABASE_URL names, else an embedded one under the data folder.
import path from 'node:path';
import type { Config } from '../config.js';
import { hasEmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.js';

export type OpenedDatabase = Readonly<{ url: string; embedded: boolean; close: () => Promise<void> }>;

export async function openDatabase(
  { databaseUrl, dataDir }: Pick<Config, 'databaseUrl' | 'dataDir'>,
  log: (message: string) => void = () => {},
): Promise<OpenedDatabase> {
  if (databaseUrl !== null) return { url: databaseUrl, embedded: false, close: () => Promise.resolve() };
  const server = await startEmbeddedPostgres({ dataDir: embeddedFolder({ dataDir }), log });
  return { url: server.url, embedded: true, close: server.stop };
}

/** Whether the embedded database was made before. */
export async function hasEmbeddedDatabase(config: Pick<Config, 'dataDir'>): Promise<boolean> {
  return hasEmbeddedPostgres(embeddedFolder(config));
}

function embeddedFolder({ dataDir }: Pick<Config, 'dataDir'>): string {
  return path.join(dataDir, 'postgres');
}
