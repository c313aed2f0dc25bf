// The same services from Docker, for machines that have it. Imported only there: testcontainers takes 0.4 s to load.
import { freePort } from '@closebell/shared/infra/free-port';
import pg from 'pg';
import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers';
import { redisAnswers } from './redis-answers.js';
import type { TestService } from './test-service.js';
import { until } from './until.js';

const PASSWORD = 'closebell';

export async function startPostgresContainer(): Promise<TestService> {
  return await startContainer({
    image: 'postgres:18',
    port: 5432,
    environment: { POSTGRES_USER: 'closebell', POSTGRES_DB: 'closebell', POSTGRES_PASSWORD: PASSWORD },
    command: ['postgres', '-c', 'max_connections=200', '-c', 'fsync=off'],
    url: (address) => `postgresql://closebell:${PASSWORD}@${address}/closebell`,
    answers: postgresAnswers,
  });
}

export async function startRedisContainer(): Promise<TestService> {
  return await startContainer({
    image: 'redis:8',
    port: 6379,
    environment: {},
    command: ['redis-server', '--appendonly', 'yes', '--save', '', '--maxmemory-policy', 'noeviction'],
    url: (address) => `redis://${address}`,
    answers: redisAnswers,
  });
}

type ContainerPlan = Readonly<{
  image: string;
  port: number;
  environment: Record<string, string>;
  command: string[];
  url: (address: string) => string;
  answers: (url: string) => Promise<boolean>;
}>;

async function startContainer(plan: ContainerPlan): Promise<TestService> {
  // Docker gives a restarted container another port unless it was told which one to take.
  const hostPort = await freePort();
  const container = await new GenericContainer(plan.image)
    .withExposedPorts({ container: plan.port, host: hostPort })
    .withEnvironment(plan.environment)
    .withCommand(plan.command)
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  const url = plan.url(`${container.getHost()}:${hostPort}`);
  const ready = (): Promise<void> => until(`${plan.image} answers`, () => plan.answers(url), 60_000);
  await ready();
  const handle = (await getContainerRuntimeClient()).container.getById(container.getId());
  const kill = async (): Promise<void> => {
    const { State } = await handle.inspect();
    if (State.Running) await handle.kill();
  };
  return {
    url,
    kill,
    restart: async () => {
      await kill();
      await handle.start();
      await ready();
    },
    pause: async () => void (await handle.pause()),
    resume: async () => void (await handle.unpause()),
    stop: async () => void (await container.stop()),
  };
}

async function postgresAnswers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
