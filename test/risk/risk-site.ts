// A whole installation on the evening of a session in the past, its prices in files: users, API, queue, worker and database are the real ones.
import type { Db } from '@closebell/prisma/client';
import { submitJob } from '@closebell/prisma/jobs';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { createRiskMarkets } from '@closebell/worker/batch/risk-markets';
import type { WorkerContext } from '@closebell/worker/context';
import { createProviders } from '@closebell/worker/market-data/providers';
import { startWorker } from '@closebell/worker/worker';
import { expect } from 'vitest';
import { startTestApp } from '../support/app.js';
import { ended, testConfig } from '../support/worker.js';
import { makePriceFolder, type Histories } from './price-folder.js';

export type RiskSite = Readonly<{
  db: Db;
  ownerId: string;
  /** Of all portfolios; fails the test unless it completes. */
  runBatch: () => Promise<void>;
  /** What the owner is shown below /analytics/portfolio/{id}. */
  shown: <T>(portfolioId: string, path: string) => Promise<T>;
  close: () => Promise<void>;
}>;

const BATCH_MS = 120_000;

export async function startRiskSite({
  session,
  histories,
}: Readonly<{ session: string; histories: Histories }>): Promise<RiskSite> {
  const folder = await makePriceFolder(histories);
  const clock = (): Date => new Date(`${session}T22:00:00Z`);
  const app = await startTestApp({}, clock);
  const { db, logger, metrics } = app.context;
  const config = testConfig({ MARKET_DATA_PROVIDERS: 'files', MARKET_DATA_DIR: folder.directory });
  const providers = createProviders(config, clock);
  const context: WorkerContext = {
    db,
    config,
    logger,
    metrics,
    clock,
    calendar: xnysCalendar(),
    providers,
    rates: null,
    riskMarkets: createRiskMarkets(),
  };
  const worker = await startWorker(context, { schedules: false });
  const { userId, headers } = await app.login();
  return {
    db,
    ownerId: userId,
    runBatch: async () => {
      const { jobId } = await submitJob(db.pool, 'run-batch', { sessionDate: session }, { trigger: 'user' });
      const { status, result, error } = await ended(db, jobId, BATCH_MS);
      expect(status, JSON.stringify(error ?? result)).toBe('completed');
    },
    shown: async <T>(portfolioId: string, path: string) => {
      const response = await fetch(`${app.url}/api/v1/analytics/portfolio/${portfolioId}/${path}`, { headers });
      const text = await response.text();
      expect(response.status, text).toBe(200);
      return JSON.parse(text) as T;
    },
    close: async () => {
      await worker.stop();
      await app.close();
      await folder.remove();
    },
  };
}
