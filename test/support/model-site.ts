// What a seed of the model test runs against: a database of its own, a queue, and worker processes in two places that are struck.
import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { createLogger } from '@closebell/shared/infra/logger';
import { createTransport, type QueueEntry, type Transport } from '@closebell/shared/infra/queues';
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase, prepareDatabase } from './database.js';
import { spawnFaultyWorker, type FaultPoint } from './fault-points.js';
import { makeUser } from './ledger.js';
import { MODEL_NOW } from './model-ledger.js';
import type { Program } from './programs.js';
import { startPostgres, startRedis } from './services.js';
import type { TestService } from './test-service.js';
import { spawnWorker } from './worker.js';

const LEASE_SECONDS = 2;
const PAST_LEASE_MS = LEASE_SECONDS * 1_000 + 700;
const PLACES = [0, 1] as const;

export type SiteOptions = Readonly<{
  backend: 'postgres' | 'redis';
  /** With a Postgres that may be killed. */
  ownPostgres: boolean;
}>;

export type Site = Readonly<{
  db: Db;
  userId: string;
  /** Starts a worker where none is; at a point it is killed. It is not waited for. */
  startWorker: (place: number, killedAt: FaultPoint | null) => Promise<boolean>;
  killWorker: (place: number) => Promise<boolean>;
  /** Stops it for longer than its lease; it goes on by itself. */
  freezeWorker: (place: number) => boolean;
  /** Puts an entry on the queue past the relay. */
  deliver: (entry: QueueEntry) => Promise<void>;
  forgetQueue: () => Promise<void>;
  /** Null where Postgres is not the seed's own. */
  restartPostgres: (() => Promise<void>) | null;
  /** Waits until nobody is frozen, and until every place has a worker that works and nothing strikes. */
  settle: () => Promise<void>;
  /** Workers that worked and then ended without being killed. */
  ownEnds: () => readonly string[];
  /** What workers logged as errors. */
  complaints: () => readonly string[];
  close: () => Promise<void>;
}>;

export async function openSite({ backend, ownPostgres }: SiteOptions): Promise<Site> {
  const opened: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const undo of opened.toReversed()) await undo();
  };
  try {
    const postgres = ownPostgres ? await startPostgres({ ours: true }) : null;
    if (postgres) opened.push(postgres.stop);
    const database = await databaseOn(postgres);
    opened.push(database.drop);
    const redis = backend === 'redis' ? await startRedis({ ours: true }) : null;
    if (redis) opened.push(redis.stop);
    const db = createDb({ databaseUrl: database.url, poolMax: 4, applicationName: 'test' });
    opened.push(() => closeDb(db));
    const logger = createLogger({ name: 'test', level: 'silent' });
    const transport = await createTransport({ redisUrl: redis?.url ?? null, databaseUrl: database.url, logger });
    opened.push(transport.close);
    const crew = startCrew(environmentOf(database.url, redis));
    opened.push(crew.end);
    const userId = await makeUser(db);
    return { db, userId, ...crew, ...queueOf(db, transport, redis), restartPostgres: postgres?.restart ?? null, close };
  } catch (cause) {
    await close();
    throw cause;
  }
}

async function databaseOn(postgres: TestService | null): Promise<Readonly<{ url: string; drop: () => Promise<void> }>> {
  if (postgres === null) return createTestDatabase();
  await prepareDatabase(postgres.url);
  return { url: postgres.url, drop: () => Promise.resolve() };
}

function environmentOf(databaseUrl: string, redis: TestService | null): Readonly<Record<string, string>> {
  return {
    DATABASE_URL: databaseUrl,
    ...(redis ? { REDIS_URL: redis.url } : {}),
    CLOSEBELL_NOW: MODEL_NOW,
    JOB_LEASE_SECONDS: String(LEASE_SECONDS),
    BATCH_CHUNK_SIZE: '2',
    // The start of a thread is the dearest part of a worker that lives for a second.
    WORKER_THREADS: '1',
    LOG_LEVEL: 'info',
  };
}

function queueOf(db: Db, transport: Transport, redis: TestService | null): Pick<Site, 'deliver' | 'forgetQueue'> {
  return {
    deliver: (entry) => transport.enqueue([entry]),
    forgetQueue: async () => {
      if (redis === null) return void (await db.pool.query('DELETE FROM bullmq.job'));
      const client = new Redis(redis.url);
      await client.flushall();
      client.disconnect();
    },
  };
}

type Crew = Pick<Site, 'startWorker' | 'killWorker' | 'freezeWorker' | 'settle' | 'ownEnds' | 'complaints'> &
  Readonly<{ end: () => Promise<void> }>;

type Hand = Readonly<{ program: Program; isArmed: boolean }>;

function startCrew(env: Readonly<Record<string, string>>): Crew {
  const hands = new Map<number, Hand>();
  const past: Hand[] = [];
  const thaws: Promise<void>[] = [];
  const at = (place: number): Hand | undefined => hands.get(place % PLACES.length);
  const isUp = (hand: Hand | undefined): hand is Hand =>
    hand !== undefined && hand.program.child.exitCode === null && hand.program.child.signalCode === null;
  const startWorker: Site['startWorker'] = async (place, killedAt) => {
    if (isUp(at(place))) return false;
    const program = killedAt === null ? spawnWorker(env) : await spawnFaultyWorker(env, { point: killedAt, does: 'kill' });
    const hand = { program, isArmed: killedAt !== null };
    hands.set(place % PLACES.length, hand);
    past.push(hand);
    return true;
  };
  const killWorker: Site['killWorker'] = async (place) => {
    const hand = at(place);
    if (!isUp(hand)) return false;
    await hand.program.kill('SIGKILL');
    return true;
  };
  return {
    startWorker,
    killWorker,
    freezeWorker: (place) => {
      const hand = at(place);
      if (!isUp(hand)) return false;
      hand.program.child.kill('SIGSTOP');
      thaws.push(sleep(PAST_LEASE_MS).then(() => void hand.program.child.kill('SIGCONT')));
      return true;
    },
    settle: async () => {
      await Promise.all(thaws);
      for (const place of PLACES) {
        if (at(place)?.isArmed) await killWorker(place);
        await startWorker(place, null);
      }
      await Promise.all(PLACES.map((place) => at(place)!.program.ready));
    },
    ownEnds: () => past.flatMap(ownEnd),
    complaints: () => past.flatMap(({ program }) => errorLines(program)),
    end: async () => {
      await Promise.all(PLACES.map(killWorker));
    },
  };
}

/** A start may fail, while Postgres is away; a worker that works goes on whatever comes. */
function ownEnd({ program }: Hand): readonly string[] {
  const { exitCode } = program.child;
  const hasWorked = program.output().includes('worker ready');
  return exitCode === null || !hasWorked ? [] : [`a worker ended by itself with ${exitCode}: ${program.output().slice(-600)}`];
}

/** What was logged as an error, shortened. */
function errorLines({ output }: Program): readonly string[] {
  return output()
    .split('\n')
    .filter((line) => /"level":(50|60)/.test(line))
    .map((line) => line.slice(0, 600));
}
