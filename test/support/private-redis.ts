import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '@closebell/shared/infra/free-port';
import { endWithUs, freeze, isAlive, killHard, thaw } from './processes.js';
import { redisAnswers } from './redis-answers.js';
import type { TestService } from './test-service.js';
import { until } from './until.js';

/** A redis-server from the PATH with a port and a folder of its own; it ends with this process, however that ends. Without `appendOnly` a kill empties it. */
export async function startPrivateRedis({ appendOnly = true }: Readonly<{ appendOnly?: boolean }> = {}): Promise<TestService> {
  const dir = await mkdtemp(path.join(tmpdir(), 'closebell-redis-'));
  const pidFile = path.join(dir, 'redis.pid');
  const end = endWithUs({ pidFile, dir });
  const port = await freePort();
  let pid = await runRedis({ dir, pidFile, port, appendOnly });
  const kill = async (): Promise<void> => {
    if (isAlive(pid)) await killHard(pid);
  };
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    restart: async () => {
      await kill();
      pid = await runRedis({ dir, pidFile, port, appendOnly });
    },
    pause: async () => freeze(pid),
    resume: async () => thaw(pid),
    stop: end,
  };
}

type RedisPlace = Readonly<{ dir: string; pidFile: string; port: number; appendOnly: boolean }>;

/** Resolves with the process when the server answers, its data loaded. */
async function runRedis({ dir, pidFile, port, appendOnly }: RedisPlace): Promise<number> {
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    pidfile: pidFile,
    save: '',
    appendonly: appendOnly ? 'yes' : 'no',
    'maxmemory-policy': 'noeviction',
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const server = spawn('redis-server', args, { stdio: 'ignore', detached: true });
  server.unref();
  let failure: Error | null = null;
  server.on('error', (error) => (failure = error));
  server.on('exit', (code) => (failure ??= new Error(`redis-server ended at once (exit code ${code})`)));
  await until('redis-server answers', async () => {
    if (failure) throw failure;
    return await redisAnswers(`redis://127.0.0.1:${port}`);
  });
  return server.pid!;
}
