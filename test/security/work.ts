// What a worker does beside the API: every portfolio computed, every other job that waits ended.
import { submitJob } from '@closebell/prisma/jobs';
import { createProviders } from '@closebell/worker/market-data/providers';
import { startWorker } from '@closebell/worker/worker';
import type { TestApp } from '../support/app.js';
import { ended, testConfig, workerContextBeside } from '../support/worker.js';
import { SESSION } from './site.js';

/** On simulated prices. */
export async function workOff(app: TestApp): Promise<void> {
  const { db } = app.context;
  const config = testConfig({ MARKET_DATA_PROVIDERS: 'simulated' });
  const providers = createProviders(config, app.context.clock);
  const worker = await startWorker(workerContextBeside({ ...app.context, config }, providers), { schedules: false });
  try {
    const { jobId } = await submitJob(db.pool, 'run-batch', { sessionDate: SESSION }, { trigger: 'user' });
    await ended(db, jobId, 120_000);
    const { rows } = await db.pool.query<{ id: string }>(`SELECT id FROM jobs WHERE status IN ('queued', 'running')`);
    for (const { id } of rows) await ended(db, id, 60_000);
  } finally {
    await worker.stop();
  }
}
