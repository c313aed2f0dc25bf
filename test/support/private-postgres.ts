import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '@closebell/shared/infra/embedded-postgres';
import { endWithUs, freeze, isAlive, killHard, thaw } from './processes.js';
import type { TestService } from './test-service.js';

/** The embedded Postgres in a folder of its own; it ends with this process, however that ends. */
export async function startPrivatePostgres(): Promise<TestService> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'closebell-postgres-'));
  // Started by root it runs as another user, who must be able to enter.
  await chmod(dataDir, 0o755);
  const end = endWithUs({ pidFile: path.join(dataDir, 'cluster', 'postmaster.pid'), dir: dataDir });
  let server = await startEmbeddedPostgres({ dataDir, durable: false });
  const port = Number(new URL(server.url).port);
  const kill = async (): Promise<void> => {
    if (isAlive(server.pid)) await killHard(server.pid);
  };
  return {
    url: server.url,
    kill,
    restart: async () => {
      await kill();
      server = await startEmbeddedPostgres({ dataDir, durable: false, port });
    },
    pause: async () => freeze(server.pid),
    resume: async () => thaw(server.pid),
    stop: end,
  };
}
