// Prisma's command line asks for a native schema engine before every command; generate, validate and format never use it.
// Any executable satisfies it, so nothing is downloaded. Deploying migrations is prisma/migrate.ts, without Prisma's engine.
import { defineConfig } from 'prisma/config';

process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= process.execPath;

export default defineConfig({
  schema: 'schema.prisma',
  migrations: { path: 'migrations' },
  ...(process.env['DATABASE_URL'] ? { datasource: { url: process.env['DATABASE_URL'] } } : {}),
});
