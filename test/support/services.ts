// The databases that tests run against are real. Where from: a URL in the environment (TEST_DATABASE_URL, TEST_REDIS_URL: both are
// overwritten), else Docker, else processes of our own. TEST_SERVICES=process leaves out Docker.
import { spawnSync } from 'node:child_process';
import type { TestService } from './test-service.js';

/**
 * A Postgres with an empty database. `ours` demands a server that a test may kill and freeze, even where the environment names one.
 * Tests that only need a database take `createTestDatabase`: those share one server.
 */
export async function startPostgres({ ours = false }: ServiceOptions = {}): Promise<TestService> {
  const url = process.env['TEST_DATABASE_URL'];
  if (url && !ours) return givenService('TEST_DATABASE_URL', url);
  if ((await serviceSource()) === 'docker') return await (await import('./containers.js')).startPostgresContainer();
  return await (await import('./private-postgres.js')).startPrivatePostgres();
}

/**
 * A Redis of the settings that jobs need (noeviction, append-only file), empty except where the environment names one.
 * Throws where there is none: guard such tests with `describe.skipIf(!(await hasRedis()))`.
 */
export async function startRedis({ ours = false }: ServiceOptions = {}): Promise<TestService> {
  const url = process.env['TEST_REDIS_URL'];
  if (url && !ours) return givenService('TEST_REDIS_URL', url);
  if ((await serviceSource()) === 'docker') return await (await import('./containers.js')).startRedisContainer();
  return await (await import('./private-redis.js')).startPrivateRedis();
}

/** Whether `startRedis` can give one. With CI=true it throws where it cannot: a run that skips these tests proves too little. */
export async function hasRedis({ ours = false }: ServiceOptions = {}): Promise<boolean> {
  if (process.env['TEST_REDIS_URL'] && !ours) return true;
  if ((await serviceSource()) === 'docker' || hasRedisServer()) return true;
  if (process.env['CI'] === 'true') throw new Error(NO_REDIS);
  console.warn(`SKIPPED, with every test that needs Redis: ${NO_REDIS}`);
  return false;
}

/** Where services come from. The answer is kept in the environment, so that test workers need not ask Docker again. */
export async function serviceSource(): Promise<'docker' | 'process'> {
  process.env['TEST_SERVICES'] ??= (await answersDocker()) ? 'docker' : 'process';
  return process.env['TEST_SERVICES'] === 'docker' ? 'docker' : 'process';
}

type ServiceOptions = Readonly<{ ours?: boolean }>;

const NO_REDIS =
  'there is neither Docker nor a redis-server on the PATH (Debian: apt-get install redis-server; macOS: brew install redis).';

async function answersDocker(): Promise<boolean> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  return await getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
}

function hasRedisServer(): boolean {
  return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
}

function givenService(variable: string, url: string): TestService {
  const refuse = (): Promise<never> =>
    Promise.reject(new Error(`${variable} names a server that is not the tests' to stop; ask for { ours: true }`));
  return { url, kill: refuse, restart: refuse, pause: refuse, resume: refuse, stop: () => Promise.resolve() };
}
