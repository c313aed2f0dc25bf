// What an installation holds on to at rest.
import { QUEUES } from '@closebell/shared/jobs';
import { Redis } from 'ioredis';
import { execFileSync } from 'node:child_process';
import type { Fleet } from './fleet.js';

export type Resources = Readonly<{
  /** Resident memory of the largest worker, and of the API, in MB. */
  workerMb: number;
  apiMb: number;
  /** Without the entries of ended jobs, of which the queues keep a bounded number. */
  redisKeys: number;
  /** To the database, of whatever program. */
  connections: number;
}>;

export async function readResources(
  fleet: Pick<Fleet, 'db' | 'api' | 'worker' | 'places'>,
  redisUrl: string,
): Promise<Resources> {
  const { rows } = await fleet.db.pool.query<{ count: number }>(
    `SELECT count(*) AS count FROM pg_stat_activity WHERE datname = current_database()`,
  );
  return {
    workerMb: Math.max(...fleet.places.map((place) => residentMb(fleet.worker(place).child.pid!))),
    apiMb: residentMb(fleet.api().child.pid!),
    redisKeys: await countKeys(redisUrl),
    connections: rows[0]!.count,
  };
}

/** How many connections each program holds, and in what state. */
export async function connectionsByProgram({ db }: Pick<Fleet, 'db'>): Promise<Readonly<Record<string, number>>> {
  const { rows } = await db.pool.query<{ program: string; count: number }>(
    `SELECT application_name || ', ' || coalesce(state, 'starting') AS program, count(*) AS count
     FROM pg_stat_activity WHERE datname = current_database() GROUP BY 1 ORDER BY 1`,
  );
  return Object.fromEntries(rows.map(({ program, count }) => [program, count]));
}

function residentMb(pid: number): number {
  return Math.round(Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' })) / 1_024);
}

async function countKeys(redisUrl: string): Promise<number> {
  const redis = new Redis(redisUrl);
  try {
    const ended = QUEUES.flatMap((queue) => ['completed', 'failed'].map((state) => redis.zcard(`closebell:${queue}:${state}`)));
    return (await Promise.all(ended)).reduce((keys, count) => keys - count, await redis.dbsize());
  } finally {
    redis.disconnect();
  }
}
