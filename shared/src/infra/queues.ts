// How a job travels: BullMQ on Redis when there is one, else on Postgres. A queue entry carries the row's id and fence, nothing else;
// what a job is and how far it got stands in the jobs table.
import {
  createPostgresBackend,
  createRedisBackend,
  runMigrations,
  withBackend,
  type Job,
  type PostgresConnectionOptions,
  type Queue,
  type Worker,
} from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import pg from 'pg';
import { QUEUES, SCHEDULES, type QueueName, type ScheduleName } from '../jobs.js';
import type { Logger } from './logger.js';

export type QueueEntry = Readonly<{ queue: QueueName; jobId: string; fence: number; kind: string; priority: number }>;
export type EntryProcessor = (entry: Readonly<{ jobId: string; fence: number }>) => Promise<void>;
export type ScheduleProcessor = (schedule: ScheduleName) => Promise<void>;

export type Transport = Readonly<{
  backend: 'redis' | 'postgres';
  /** The BullMQ queues, for the board. */
  queues: ReadonlyMap<QueueName, Queue>;
  /** Puts entries on their queues; rejects within seconds when the queue is out of reach. An entry that is already there is kept. */
  enqueue: (entries: readonly QueueEntry[]) => Promise<void>;
  /** Whether the queue still holds the entry and will, or does, deliver it. */
  holds: (entry: Readonly<{ queue: QueueName; jobId: string; fence: number }>) => Promise<boolean>;
  /** Makes the queue's alarm clocks agree with the table of schedules. */
  syncSchedules: () => Promise<void>;
  /** Starts to serve one queue. */
  serve: (queue: QueueName, options: ServeOptions) => Worker;
  ping: () => Promise<void>;
  close: () => Promise<void>;
}>;

export type ServeOptions = Readonly<{ concurrency: number; onEntry: EntryProcessor; onSchedule: ScheduleProcessor }>;

export type TransportOptions = Readonly<{
  redisUrl: string | null;
  databaseUrl: string;
  logger: Logger;
  /** A worker that says nothing for this long is dead, and what it had taken from the queue goes to another. */
  leaseMs?: number;
  /** Separates several installations on one Redis. */
  prefix?: string;
}>;

const SCHEDULE_QUEUE: QueueName = 'maintenance';
const SCHEDULE_PREFIX = 'schedule ';
const KEEP = { removeOnComplete: { count: 1_000 }, removeOnFail: { count: 1_000 } } as const;

/** Connects; rejects when the queue's database is out of reach, or is a Redis that may evict jobs. */
export async function createTransport(options: TransportOptions): Promise<Transport> {
  const link =
    options.redisUrl === null ? await postgresLink(options) : await redisLink({ ...options, redisUrl: options.redisUrl });
  const queues = new Map(QUEUES.map((name) => [name, link.queue(name)]));
  for (const queue of queues.values()) queue.on('error', (error) => options.logger.warn({ err: error }, 'queue connection'));
  const queueOf = (name: QueueName): Queue => queues.get(name)!;
  return {
    backend: link.backend,
    queues,
    enqueue: (entries) => enqueue(queueOf, entries),
    holds: async ({ queue, jobId, fence }) => isHeld(await queueOf(queue).getJobState(entryId(jobId, fence))),
    syncSchedules: () => syncSchedules(queueOf(SCHEDULE_QUEUE), options.logger),
    serve: (name, serve) => {
      const worker = link.worker(name, (job) => process(job, serve), serve.concurrency);
      worker.on('error', (error) => options.logger.warn({ err: error, queue: name }, 'worker connection'));
      return worker;
    },
    ping: link.ping,
    close: async () => {
      await Promise.allSettled([...queues.values()].map((queue) => queue.close()));
      await link.close();
    },
  };
}

async function enqueue(queueOf: (name: QueueName) => Queue, entries: readonly QueueEntry[]): Promise<void> {
  for (const name of QUEUES) {
    const own = entries.filter(({ queue }) => queue === name);
    if (own.length === 0) continue;
    // attempts 1 and no delay: Postgres alone retries and schedules. Not deduplicated by BullMQ: the id holds row and fence.
    await queueOf(name).addBulk(
      own.map(({ kind, jobId, fence, priority }) => ({
        name: kind,
        data: { jobId, fence },
        opts: { jobId: entryId(jobId, fence), attempts: 1, priority, ...KEEP },
      })),
    );
  }
}

const entryId = (jobId: string, fence: number): string => `${jobId}-${fence}`;

function isHeld(state: string): boolean {
  return state !== 'unknown' && state !== 'completed' && state !== 'failed';
}

async function process(job: Job, { onEntry, onSchedule }: ServeOptions): Promise<void> {
  if (job.name.startsWith(SCHEDULE_PREFIX)) return onSchedule(job.name.slice(SCHEDULE_PREFIX.length) as ScheduleName);
  return onEntry(job.data as { jobId: string; fence: number });
}

async function syncSchedules(queue: Queue, logger: Logger): Promise<void> {
  for (const { key } of await queue.getJobSchedulers()) {
    if (key in SCHEDULES) continue;
    await queue.removeJobScheduler(key);
  }
  for (const [name, { pattern, timeZone }] of Object.entries(SCHEDULES)) {
    const template = { name: SCHEDULE_PREFIX + name, opts: { attempts: 1, ...KEEP } };
    try {
      await queue.upsertJobScheduler(name, { pattern, tz: timeZone }, template);
    } catch (error) {
      // Another worker that starts at the same moment has set the same clock. Were it not there, every worker's timer would still find what is due.
      if ((await queue.getJobScheduler(name)) === undefined)
        logger.warn({ err: error, schedule: name }, 'schedule not on the queue');
    }
  }
}

type Link = Readonly<{
  backend: 'redis' | 'postgres';
  queue: (name: QueueName) => Queue;
  worker: (name: QueueName, processor: (job: Job) => Promise<void>, concurrency: number) => Worker;
  ping: () => Promise<void>;
  close: () => Promise<void>;
}>;

/**
 * An entry whose worker died before it claimed the row has no lease that could run out: its lock is as long, and looked at as often as
 * the rescuer looks at leases. With locks of 30 s such a job waited for 32 s. Who may go on, the row decides.
 */
const workerOptions = ({ leaseMs = 30_000 }: TransportOptions) =>
  ({ lockDuration: leaseMs, stalledInterval: 2_000, maxStalledCount: 10 }) as const;

/**
 * A command without an answer for this long is on a connection that nobody closed and nobody hears: it is given up for a new one.
 * Longer than a worker's wait for the next entry, of 5 to 10 s.
 */
const ANSWER_MS_MAX = 15_000;

async function redisLink(options: TransportOptions & { redisUrl: string }): Promise<Link> {
  const { redisUrl, prefix = 'closebell' } = options;
  // The default back-off grows to 20 s; nobody waits that long after a Redis restart.
  const shared: RedisOptions = { retryStrategy: (tries) => Math.min(tries * 100, 2_000), socketTimeout: ANSWER_MS_MAX };
  const producer = new Redis(redisUrl, { ...shared, maxRetriesPerRequest: 1, commandTimeout: 5_000, lazyConnect: true });
  const consumer = new Redis(redisUrl, { ...shared, maxRetriesPerRequest: null, lazyConnect: true });
  for (const connection of [producer, consumer]) connection.on('error', () => {});
  const disconnect = async (): Promise<void> => {
    producer.disconnect();
    consumer.disconnect();
    return Promise.resolve();
  };
  try {
    await producer.connect();
    await refuseEviction(producer);
    await consumer.connect();
  } catch (cause) {
    await disconnect();
    throw new Error(`Redis at REDIS_URL is not usable: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  const { Queue: RedisQueue, Worker: RedisWorker } = withBackend(createRedisBackend);
  return {
    backend: 'redis',
    queue: (name) => new RedisQueue(name, { connection: producer, prefix, skipWaitingForReady: true }) as unknown as Queue,
    worker: (name, processor, concurrency) =>
      new RedisWorker(name, processor, {
        connection: consumer,
        prefix,
        concurrency,
        ...workerOptions(options),
      }) as unknown as Worker,
    ping: async () => void (await producer.ping()),
    close: disconnect,
  };
}

/** With allkeys-lru, 3,000 acknowledged jobs kept 671: a Redis that evicts is no queue. */
async function refuseEviction(redis: Redis): Promise<void> {
  const policy = /maxmemory_policy:(\S+)/.exec(await redis.info('memory'))?.[1];
  if (policy !== undefined && policy !== 'noeviction') {
    throw new Error(`its maxmemory-policy is ${policy}; set it to noeviction, or queued jobs may vanish`);
  }
}

const POSTGRES_SCHEMA = 'bullmq';

async function postgresLink(options: TransportOptions): Promise<Link> {
  const { databaseUrl, logger, leaseMs = 30_000 } = options;
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    // Every worker holds one connection to listen on; the rest serve the queues' own statements.
    max: QUEUES.length + 5,
    application_name: 'closebell-queue',
    options: `-c search_path=${POSTGRES_SCHEMA}`,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    // A worker that is frozen in the middle of a transaction must not keep the others from the rows it holds.
    idle_in_transaction_session_timeout: leaseMs / 2,
    query_timeout: ANSWER_MS_MAX,
  });
  // Every queue and worker watches the pool they share.
  pool.setMaxListeners(QUEUES.length * 4);
  pool.on('error', (error) => logger.warn({ err: error }, 'queue connection'));
  // A connection in use that is dropped between two statements would end the process; the next statement rejects.
  pool.on('connect', (client) => client.on('error', () => {}));
  try {
    const client = await pool.connect();
    await runMigrations(client, POSTGRES_SCHEMA).finally(() => client.release());
  } catch (cause) {
    await pool.end();
    throw new Error(`the queue's tables could not be prepared: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  const { Queue: PostgresQueue, Worker: PostgresWorker } = withBackend(createPostgresBackend);
  // The library describes a pool more loosely than pg's own types do.
  const connection = pool as unknown as PostgresConnectionOptions;
  return {
    backend: 'postgres',
    queue: (name) => new PostgresQueue(name, { connection }) as unknown as Queue,
    worker: (name, processor, concurrency) =>
      new PostgresWorker(name, processor, { connection, concurrency, ...workerOptions(options) }) as unknown as Worker,
    ping: async () => void (await pool.query('SELECT 1')),
    close: () => pool.end(),
  };
}
