// docker-compose.yml without Docker: every command of it run as written, with its own environment, against services of this machine.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDb, closeDb } from '@closebell/prisma/client';
import { submitJob } from '@closebell/prisma/jobs';
import { freePort } from '@closebell/shared/infra/free-port';
import { hasRedis, startPostgres } from '../support/services.js';
import { ROOT, spawnProgram, type Program } from '../support/programs.js';
import type { TestService } from '../support/test-service.js';
import { until } from '../support/until.js';
import { ended } from '../support/worker.js';

type Service = Readonly<{
  command?: readonly string[];
  environment?: Readonly<Record<string, string>>;
  healthcheck?: Readonly<{ test: readonly string[] }>;
}>;

const compose = parse(readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as Readonly<{
  services: Readonly<Record<string, Service>>;
}>;
const withRedis = await hasRedis({ ours: true });

const SECRETS: Readonly<Record<string, string>> = {
  POSTGRES_PASSWORD: 'pw',
  JWT_SECRET: 'a-secret-of-more-than-32-characters',
  BETA_INVITE_CODE: 'COMPOSE',
};

describe.skipIf(!withRedis)('docker-compose.yml', () => {
  let postgres: TestService;
  let redisPort: number;
  let apiPort: number;
  const running: Program[] = [];

  beforeAll(async () => {
    postgres = await startPostgres({ ours: true });
    redisPort = await freePort();
    apiPort = await freePort();
  });
  afterAll(async () => {
    for (const program of running.toReversed()) await program.kill('SIGTERM');
    await postgres.stop();
  });

  /** The service's environment as compose would fill it in, with this machine's addresses for the names of its network. */
  const environmentOf = (name: string): Record<string, string> => {
    const filled = Object.entries(compose.services[name]?.environment ?? {}).map(
      ([key, value]) => [key, interpolate(String(value))] as const,
    );
    const folder = mkdtempSync(path.join(tmpdir(), 'closebell-market-data-'));
    const local = {
      DATABASE_URL: postgres.url,
      REDIS_URL: `redis://127.0.0.1:${redisPort}`,
      MARKET_DATA_DIR: folder,
      MARKET_DATA_PROVIDERS: 'files',
    };
    return { ...Object.fromEntries(filled), ...local, ...(name === 'api' ? { HOST: '127.0.0.1', PORT: String(apiPort) } : {}) };
  };
  const commandOf = (name: string): readonly string[] => compose.services[name]?.command ?? [];

  test('demands every secret', () => {
    const demanded = [...readFileSync(path.join(ROOT, 'docker-compose.yml'), 'utf8').matchAll(/\$\{(\w+):\?/g)].map(
      ([, name]) => name,
    );
    expect(new Set(demanded)).toEqual(new Set(Object.keys(SECRETS)));
  });

  test('redis: never evicts, and appends to a file', async () => {
    const cwd = mkdtempSync(path.join(tmpdir(), 'closebell-redis-'));
    const redis = spawnProgram([...commandOf('redis'), '--port', String(redisPort)], {
      cwd,
      readyWhen: 'Ready to accept connections',
    });
    running.push(redis);
    await redis.ready;
    const client = new Redis({ port: redisPort });
    expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await client.config('GET', 'appendonly')).toEqual(['appendonly', 'yes']);
    client.disconnect();
  });

  test('migrate: ends well, and has nothing to do the second time', async () => {
    for (const said of ['applied ', 'migrations were there']) {
      const migrate = spawnProgram(commandOf('migrate'), { env: environmentOf('migrate') });
      expect(await migrate.gone, migrate.output()).toBe(0);
      expect(migrate.output()).toContain(said);
    }
  });

  test('api: starts in production and is healthy by its own health check', async () => {
    const api = spawnProgram(commandOf('api'), { env: environmentOf('api') });
    running.push(api);
    await until('the API answers', async () => (await health(apiPort)) === 200);
    const [, ...check] = compose.services['api']?.healthcheck?.test ?? [];
    const checked = spawnProgram(check.map((part) => part.replace(':3000', `:${apiPort}`)));
    expect(await checked.gone, checked.output()).toBe(0);
  });

  test('worker: starts in production and does a job', async () => {
    const worker = spawnProgram(commandOf('worker'), { env: environmentOf('worker'), readyWhen: 'worker ready' });
    running.push(worker);
    await worker.ready;
    const db = createDb({ databaseUrl: postgres.url });
    const { jobId } = await submitJob(db.pool, 'ping', { nonce: 'compose' }, { trigger: 'admin' });
    expect((await ended(db, jobId)).status).toBe('completed');
    await closeDb(db);
  });
});

/** ${NAME:?why} and ${NAME:-default}, as compose reads them. */
function interpolate(value: string): string {
  return value.replaceAll(/\$\{(\w+):([?-])([^}]*)\}/g, (_, name: string, kind: string, rest: string) => {
    const given = SECRETS[name];
    if (given === undefined && kind === '?') throw new Error(`${name}: ${rest}`);
    return given ?? rest;
  });
}

async function health(port: number): Promise<number> {
  return fetch(`http://127.0.0.1:${port}/health`).then(
    ({ status }) => status,
    () => 0,
  );
}
