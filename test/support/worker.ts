// Workers for tests: one in this process with a clock of the test's own, or real processes that can be killed.
import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { findJob, submitJob, type JobRow } from '@closebell/prisma/jobs';
import { createMetricStore } from '@closebell/prisma/metric-values';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { parseConfig, type Config } from '@closebell/shared/config';
import { createLogger } from '@closebell/shared/infra/logger';
import type { JobKind, JobPayloadInput } from '@closebell/shared/jobs';
import type { MarketDataProvider } from '@closebell/shared/market-data/provider';
import { createRiskMarkets } from '@closebell/worker/batch/risk-markets';
import type { WorkerContext } from '@closebell/worker/context';
import { createProviders, createRateProvider } from '@closebell/worker/market-data/providers';
import { startWorker } from '@closebell/worker/worker';
import { pathToFileURL } from 'node:url';
import { createTestDatabase } from './database.js';
import { ROOT, spawnProgram, type Program } from './programs.js';
import { until } from './until.js';

export function testConfig(env: Readonly<Record<string, string>> = {}): Config {
  const parsed = parseConfig({ ENVIRONMENT: 'test', LOG_LEVEL: 'silent', MARKET_DATA_PROVIDERS: 'simulated', ...env });
  if (!parsed.ok) throw new Error(parsed.faults.join('; '));
  return parsed.config;
}

export type TestWorld = Readonly<{
  db: Db;
  context: WorkerContext;
  /** Moves the market clock. */
  setNow: (instant: string) => void;
  close: () => Promise<void>;
}>;

export type WorldOptions = Readonly<{
  now?: string;
  env?: Readonly<Record<string, string>>;
  providers?: readonly MarketDataProvider[];
  rates?: MarketDataProvider;
}>;

/** A database of the test's own and the context of a worker over it; nothing runs yet. */
export async function createWorld({
  now = '2025-06-20T22:00:00Z',
  env = {},
  providers,
  rates,
}: WorldOptions = {}): Promise<TestWorld> {
  const { url } = await createTestDatabase();
  const config = testConfig({ DATABASE_URL: url, ...env });
  const db = createDb({ databaseUrl: url });
  let current = new Date(now);
  const metrics = createMetricStore(db, 'test');
  const context: WorkerContext = {
    db,
    config,
    logger: createLogger({ name: 'test', level: config.logLevel }),
    clock: () => current,
    calendar: xnysCalendar(),
    providers: providers ?? createProviders(config, () => current),
    rates: rates ?? createRateProvider(config),
    metrics,
    riskMarkets: createRiskMarkets(),
  };
  return {
    db,
    context,
    setNow: (instant) => {
      current = new Date(instant);
    },
    close: async () => {
      await metrics.close();
      await closeDb(db);
    },
  };
}

type Shared = 'db' | 'config' | 'logger' | 'metrics' | 'clock' | 'calendar';

/** The context of a worker beside an API, over the same database and at the same time. */
export function workerContextBeside(api: Pick<WorkerContext, Shared>, providers: readonly MarketDataProvider[]): WorkerContext {
  const { db, config, logger, metrics, clock, calendar } = api;
  return { db, config, logger, metrics, clock, calendar, providers, rates: null, riskMarkets: createRiskMarkets() };
}

/** Runs `work` beside a worker that serves every queue, and stops it whatever happens. */
export async function withWorker<T>({ context }: Pick<TestWorld, 'context'>, work: () => Promise<T>): Promise<T> {
  const worker = await startWorker(context, { schedules: false });
  try {
    return await work();
  } finally {
    await worker.stop();
  }
}

export async function ended(db: Db, jobId: string, timeoutMs = 30_000): Promise<JobRow> {
  await until(`job ${jobId} ends`, async () => isEnded(await findJob(db.pool, jobId)), timeoutMs);
  return (await findJob(db.pool, jobId))!;
}

function isEnded(job: JobRow | null): boolean {
  return job !== null && job.status !== 'queued' && job.status !== 'running';
}

/** Submits a job and gives its row once it has ended. */
export async function run<K extends JobKind>(db: Db, kind: K, payload: JobPayloadInput<K>): Promise<JobRow> {
  const { jobId } = await submitJob(db.pool, kind, payload, { trigger: 'user' });
  return ended(db, jobId);
}

/** Handlers that do what none may; see there. */
export const MISBEHAVING = 'support/misbehaving-handlers.mjs';

/** A worker as operators run it: the built main file in a process of its own. `preload` is a module below test/ that it loads first. */
export function spawnWorker(env: Readonly<Record<string, string>>, { preload }: Readonly<{ preload?: string }> = {}): Program {
  const preloads = preload === undefined ? [] : ['--import', new URL(preload, new URL('test/', pathToFileURL(ROOT))).href];
  const command = ['node', ...preloads, 'worker/dist/main.js'];
  return spawnProgram(command, { env: { ENVIRONMENT: 'test', ...env }, readyWhen: 'worker ready' });
}
