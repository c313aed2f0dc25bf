// An installation to be measured: Postgres of its own as operators have it, safe against power cuts, and the built programs in processes.
import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { migrateAndSeed } from '@closebell/prisma/migrate';
import { findJob, submitJob, type JobRow } from '@closebell/prisma/jobs';
import { startEmbeddedPostgres } from '@closebell/shared/infra/embedded-postgres';
import type { JobKind, JobPayloadInput } from '@closebell/shared/jobs';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { childrenOf, endWithUs } from '../support/processes.js';
import { spawnProgram, type Program } from '../support/programs.js';
import { until } from '../support/until.js';
import { CHECKOUT } from './checkout.js';
import { peakMib, processorMsOf } from './measure.js';

/** The last session that has closed, by the installation's clock, and the one before it. */
export const SESSION = '2025-06-20';
export const SESSION_BEFORE = '2025-06-18';
const NOW = `${SESSION}T22:00:00Z`;

export type Installation = Readonly<{
  db: Db;
  env: Readonly<Record<string, string>>;
  worker: Program;
  /** Resolves with the row of the job once it has ended; rejects when it has not completed. */
  run: <K extends JobKind>(kind: K, payload: JobPayloadInput<K>) => Promise<JobRow>;
  /** Peak resident memory so far: of the worker, and of the largest process of Postgres. */
  peaksMib: () => Readonly<{ worker: number | null; postgres: number | null }>;
  /** Processor time so far, of the worker and of Postgres: what work costs whatever else the machine does. */
  processorMs: () => Readonly<{ worker: number; postgres: number }>;
  stop: () => Promise<void>;
}>;

const JOB_MS = 30 * 60_000;

export async function startInstallation(): Promise<Installation> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'closebell-bench-'));
  // Started by root it runs as another user, who must be able to enter.
  await chmod(dataDir, 0o755);
  const endPostgres = endWithUs({ pidFile: path.join(dataDir, 'cluster', 'postmaster.pid'), dir: dataDir });
  const postgres = await startEmbeddedPostgres({ dataDir });
  await migrateAndSeed(postgres.url);
  const db = createDb({ databaseUrl: postgres.url });
  const env = { ENVIRONMENT: 'test', LOG_LEVEL: 'info', DATABASE_URL: postgres.url, CLOSEBELL_NOW: NOW };
  const worker = spawnProgram(['node', 'worker/dist/main.js'], { env, cwd: CHECKOUT, readyWhen: 'worker ready' });
  await worker.ready;
  // A new installation makes up for the tick before it: with nothing to do, before there is anything to do.
  await until('the first tick is done', () => isIdle(db));
  return {
    db,
    env,
    worker,
    run: (kind, payload) => runJob(db, kind, payload),
    peaksMib: () => ({
      worker: peakMib(worker.child.pid!),
      postgres: Math.max(...childrenOf(postgres.pid).map((pid) => peakMib(pid) ?? 0)) || null,
    }),
    processorMs: () => ({
      worker: processorMsOf(worker.child.pid!),
      postgres: [postgres.pid, ...childrenOf(postgres.pid)].reduce((sum, pid) => sum + processorMsOf(pid), 0),
    }),
    stop: async () => {
      await worker.kill('SIGTERM');
      await closeDb(db);
      await endPostgres();
    },
  };
}

async function isIdle(db: Db): Promise<boolean> {
  const { rows } = await db.pool.query<{ live: number; ticks: number }>(
    `SELECT (SELECT count(*) FROM jobs WHERE status IN ('queued', 'running')) AS live, (SELECT count(*) FROM schedule_ticks) AS ticks`,
  );
  return Number(rows[0]!.ticks) > 0 && Number(rows[0]!.live) === 0;
}

async function runJob<K extends JobKind>(db: Db, kind: K, payload: JobPayloadInput<K>): Promise<JobRow> {
  const { jobId, created } = await submitJob(db.pool, kind, payload, { trigger: 'user' });
  if (!created) throw new Error(`${kind} was under way before it was to be measured`);
  await until(`${kind} ends`, async () => (await findJob(db.pool, jobId))?.finished_at != null, JOB_MS);
  const job = (await findJob(db.pool, jobId))!;
  if (job.status !== 'completed') throw new Error(`${kind} ended as ${job.status}: ${JSON.stringify(job.error ?? job.result)}`);
  return job;
}

/** From the moment a worker took it to its end, children and waiting for them included. */
export function tookMs({ started_at, finished_at }: Pick<JobRow, 'started_at' | 'finished_at'>): number {
  return finished_at!.getTime() - started_at!.getTime();
}

export type PhaseTime = Readonly<{ phase: string; totalMs: number }>;

/** Of all jobs of a run, added up: what ran side by side counts in full. */
export async function phasesOf(db: Db, runId: string): Promise<readonly PhaseTime[]> {
  const { rows } = await db.pool.query<{ phase: string; totalMs: number }>(
    `SELECT phase->>'name' AS phase, sum((phase->>'duration_ms')::float8) AS "totalMs"
     FROM jobs, jsonb_array_elements(phases) AS phase WHERE run_id = $1 AND phase->>'duration_ms' IS NOT NULL
     GROUP BY 1, phase->>'number' ORDER BY (phase->>'number')::int, 1`,
    [runId],
  );
  return rows;
}
