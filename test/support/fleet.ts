// A whole installation as operators run it: one API and some workers, each a process of its own that can be killed and started again.
import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { freePort } from '@closebell/shared/infra/free-port';
import { TEST_INVITE_CODE } from './app.js';
import { spawnProgram, type Program } from './programs.js';
import { until } from './until.js';
import { spawnWorker } from './worker.js';

/** A Saturday: no schedule is due while a test runs, and the session asked for is Friday's. */
export const FLEET_NOW = '2025-06-21T15:00:00Z';
export const FLEET_SESSION = '2025-06-20';
/** How long a worker that says nothing keeps its jobs, in seconds. */
export const FLEET_LEASE_SECONDS = 5;

export type FleetOptions = Readonly<{
  databaseUrl: string;
  redisUrl?: string | null;
  workersTotal?: number;
  env?: Readonly<Record<string, string>>;
  /** Of the workers alone: a proxy's address, for instance. */
  workerEnv?: Readonly<Record<string, string>>;
}>;

export type Fleet = Readonly<{
  /** Where the API answers; it keeps its port over restarts. */
  url: string;
  db: Db;
  api: () => Program;
  /** The running worker of each place. */
  worker: (place: number) => Program;
  places: readonly number[];
  startApi: () => Promise<void>;
  startWorker: (place: number) => Promise<void>;
  startWorkers: () => Promise<void>;
  killWorkers: (signal: NodeJS.Signals) => Promise<void>;
  /** Ends every process, by force after the time they are given to stop. */
  stop: () => Promise<void>;
}>;

/** Starts the API and the workers, and waits until what a new installation does by itself is done. */
export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const { workersTotal = 2 } = options;
  const env = environmentOf(options);
  const port = await freePort();
  const db = createDb({ databaseUrl: options.databaseUrl, applicationName: 'test' });
  const workers = new Map<number, Program>();
  const places = Array.from({ length: workersTotal }, (_, place) => place);
  let api: Program | null = null;
  const running = (program: Program | null | undefined): Program => {
    if (!program) throw new Error('this program was never started');
    return program;
  };
  const fleet: Fleet = {
    url: `http://127.0.0.1:${port}`,
    db,
    api: () => running(api),
    worker: (place) => running(workers.get(place)),
    places,
    startApi: async () => {
      api = spawnProgram(['node', 'api/dist/main.js'], {
        env: { ...env, PORT: String(port), BETA_INVITE_CODE: TEST_INVITE_CODE },
        readyWhen: 'Closebell API on',
      });
      await api.ready;
    },
    startWorker: async (place) => {
      const worker = spawnWorker({ ...env, ...options.workerEnv });
      workers.set(place, worker);
      await worker.ready;
    },
    startWorkers: async () => void (await Promise.all(places.map(fleet.startWorker))),
    killWorkers: async (signal) => void (await Promise.all([...workers.values()].map((worker) => end(worker, signal)))),
    stop: async () => {
      const programs = [...workers.values(), ...(api ? [api] : [])];
      await Promise.all(programs.map((program) => endSoon(program)));
      await closeDb(db);
    },
  };
  try {
    await fleet.startApi();
    await fleet.startWorkers();
    await until('the jobs of a new installation are done', () => isIdle(db), 60_000);
  } catch (cause) {
    await fleet.stop();
    throw cause;
  }
  return fleet;
}

function environmentOf({ databaseUrl, redisUrl = null, env = {} }: FleetOptions): Readonly<Record<string, string>> {
  return {
    ENVIRONMENT: 'test',
    DATABASE_URL: databaseUrl,
    ...(redisUrl === null ? {} : { REDIS_URL: redisUrl }),
    CLOSEBELL_NOW: FLEET_NOW,
    JOB_LEASE_SECONDS: String(FLEET_LEASE_SECONDS),
    RATE_LIMITS: 'false',
    ...env,
  };
}

/** Sends the signal and waits for the end; a program that has ended is left alone. */
export async function end(program: Program, signal: NodeJS.Signals): Promise<void> {
  if (program.child.exitCode === null && program.child.signalCode === null) await program.kill(signal);
}

const STOP_WITHIN_MS = 12_000;

async function endSoon(program: Program): Promise<void> {
  // A program that a test left frozen hears nothing else.
  program.child.kill('SIGCONT');
  const force = setTimeout(() => program.child.kill('SIGKILL'), STOP_WITHIN_MS);
  await end(program, 'SIGTERM');
  clearTimeout(force);
}

async function isIdle(db: Db): Promise<boolean> {
  const { rows } = await db.pool.query<{ total: number; live: number }>(
    `SELECT count(*) AS total, count(*) FILTER (WHERE status IN ('queued', 'running')) AS live FROM jobs`,
  );
  return rows[0]!.total > 0 && rows[0]!.live === 0;
}
