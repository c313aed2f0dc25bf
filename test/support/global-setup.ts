// Once per run that has a test under test/: one Postgres with a migrated template. Each test file copies its own database from it.
import type { TestProject } from 'vitest/node';
import { createTemplate, dropTemplate } from './database.js';
import { hasRedis, startPostgres } from './services.js';

/** The function returned ends what was begun. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Asked once here, so that a run without Redis says so at its head, or fails there in CI.
  await hasRedis();
  const postgres = await startPostgres();
  const template = await createTemplate(postgres.url);
  project.provide('templateDatabaseUrl', template);
  return async () => {
    await dropTemplate(template);
    await postgres.stop();
  };
}
