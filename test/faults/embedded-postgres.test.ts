import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { hasEmbeddedPostgres, removeEmbeddedPostgres, startEmbeddedPostgres } from '@closebell/shared/infra/embedded-postgres';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { endWithUs, isAlive, killHard } from '../support/processes.js';
import { until } from '../support/until.js';

const TEST_PACKAGE = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

describe('the embedded Postgres', () => {
  let dataDir: string;
  let cleanUp: () => Promise<void>;
  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'closebell-embedded-'));
    await chmod(dataDir, 0o755);
    cleanUp = endWithUs({ pidFile: path.join(dataDir, 'cluster', 'postmaster.pid'), dir: dataDir });
  });
  afterEach(() => cleanUp());

  it('is one server for all who ask for a folder at the same moment', async () => {
    const all = await Promise.all([1, 2, 3].map(() => startEmbeddedPostgres({ dataDir, durable: false })));
    expect(new Set(all.map(({ pid, url }) => `${pid} ${url}`)).size).toBe(1);
    expect(await query(all[0]!.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    for (const { stop } of all) await stop();
    expect(await answers(all[0]!.url)).toBe(false);
  });

  it('keeps its data, address and password from one start to the next', async () => {
    const first = await startEmbeddedPostgres({ dataDir, durable: false });
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.stop();
    const second = await startEmbeddedPostgres({ dataDir });
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await second.stop();
  });

  it('is stopped by its starter alone, or by who finds it when that one was killed', async () => {
    const starter = await startInAnotherProcess(dataDir);
    const user = await startEmbeddedPostgres({ dataDir });
    await user.stop();
    expect(await answers(starter.url)).toBe(true);

    starter.process.kill('SIGKILL');
    await once(starter.process, 'exit');
    const finder = await startEmbeddedPostgres({ dataDir });
    expect(finder.url).toBe(starter.url);
    await finder.stop();
    expect(await answers(starter.url)).toBe(false);
  });

  it('starts again after it was killed itself', async () => {
    const first = await startEmbeddedPostgres({ dataDir, durable: false });
    await killHard(first.pid);
    const second = await startEmbeddedPostgres({ dataDir });
    expect(await query(second.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await second.stop();
  });

  it('takes another port when its own is taken meanwhile', async () => {
    const first = await startEmbeddedPostgres({ dataDir, durable: false });
    await first.stop();
    const squatter = createServer().listen(Number(new URL(first.url).port), '127.0.0.1');
    await once(squatter, 'listening');
    const second = await startEmbeddedPostgres({ dataDir });
    expect(second.url).not.toBe(first.url);
    expect(await query(second.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
    await second.stop();
    squatter.close();
  });

  it('lets nobody in without the password', async () => {
    const server = await startEmbeddedPostgres({ dataDir, durable: false });
    const stranger = new URL(server.url);
    stranger.password = 'guess';
    await expect(query(stranger.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
    await server.stop();
  });

  it('stands where Postgres may go when root keeps the data in a home of its own, is found again there, and removed', async (ctx) => {
    if (process.getuid?.() !== 0) ctx.skip('only root runs Postgres as another user');
    const barred = path.join(dataDir, 'barred');
    await mkdir(barred, { mode: 0o700 });
    const own = path.join(barred, 'postgres');
    const first = await startEmbeddedPostgres({ dataDir: own, durable: false });
    await query(first.url, 'CREATE TABLE kept (id int)');
    await first.stop();
    const second = await startEmbeddedPostgres({ dataDir: own });
    expect(await query(second.url, 'SELECT * FROM kept')).toEqual([]);
    expect(await hasEmbeddedPostgres(own)).toBe(true);
    await removeEmbeddedPostgres(own);
    await until('the server is gone', () => !isAlive(second.pid));
    expect(await hasEmbeddedPostgres(own)).toBe(false);
    await rm(barred, { recursive: true, force: true });
  });
});

async function startInAnotherProcess(dataDir: string): Promise<{ url: string; process: ReturnType<typeof spawn> }> {
  const program = `
    import { hasEmbeddedPostgres, removeEmbeddedPostgres, startEmbeddedPostgres } from '@closebell/shared/infra/embedded-postgres';
    const { url } = await startEmbeddedPostgres({ dataDir: process.argv[1], durable: false });
    console.log(url);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program, dataDir], {
    cwd: TEST_PACKAGE,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { url, process: child };
}

async function answers(url: string): Promise<boolean> {
  return await query(url, 'SELECT 1').then(
    () => true,
    () => false,
  );
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
