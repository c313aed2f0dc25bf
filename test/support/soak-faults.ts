// The faults of the soak. Each does its harm, and brings back what it took down; what it broke must heal by itself.
import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';
import { end, FLEET_LEASE_SECONDS, type Fleet } from './fleet.js';
import type { HalfOpenProxy } from './half-open-proxy.js';
import type { TestService } from './test-service.js';

export type Site = Readonly<{
  fleet: Fleet;
  postgres: TestService;
  redis: TestService;
  roads: Readonly<{ postgres: HalfOpenProxy; redis: HalfOpenProxy }>;
}>;

type Fault = (site: Site, random: () => number) => Promise<void>;

const PAST_LEASE_MS = (FLEET_LEASE_SECONDS + 2) * 1_000;

export const FAULTS = {
  'worker SIGKILL': ({ fleet }, random) => restartWorker(fleet, place(fleet, random), 'SIGKILL'),
  'worker SIGTERM': ({ fleet }, random) => restartWorker(fleet, place(fleet, random), 'SIGTERM'),
  'worker frozen past its lease': async ({ fleet }, random) => {
    const { child } = fleet.worker(place(fleet, random));
    child.kill('SIGSTOP');
    await sleep(PAST_LEASE_MS);
    child.kill('SIGCONT');
  },
  'API SIGKILL': async ({ fleet }) => {
    await end(fleet.api(), 'SIGKILL');
    await fleet.startApi();
  },
  'Redis killed, back empty': async ({ redis }, random) => {
    await redis.kill();
    await sleep(random() * 4_000);
    await redis.restart();
  },
  'Redis flushed': async ({ redis }) => {
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
  },
  'Redis frozen': async ({ redis }, random) => {
    await redis.pause();
    await sleep(1_000 + random() * 5_000);
    await redis.resume();
  },
  'Postgres killed and restarted': ({ postgres }) => postgres.restart(),
  'road to Redis half open': ({ roads }, random) => interrupt(roads.redis, random),
  'road to Postgres half open': ({ roads }, random) => interrupt(roads.postgres, random),
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;

function place({ places }: Fleet, random: () => number): number {
  return Math.floor(random() * places.length);
}

async function restartWorker(fleet: Fleet, at: number, signal: NodeJS.Signals): Promise<void> {
  await end(fleet.worker(at), signal);
  await fleet.startWorker(at);
}

async function interrupt(road: HalfOpenProxy, random: () => number): Promise<void> {
  road.stall();
  await sleep(1_000 + random() * PAST_LEASE_MS);
  road.heal(random() < 0.5 ? 'resumed' : 'forgotten');
}
