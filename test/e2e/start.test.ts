// npm start: two processes that live and die together, with the settings of the environment and of .env.
import { freePort } from '@closebell/shared/infra/free-port';
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { endWithUs, isAlive } from '../support/processes.js';
import { until } from '../support/until.js';
import { ROOT, runProgram, startProgram } from './programs.js';

const START = 'worker/dist/commands/start.js';

describe('npm start', () => {
  let dataDir: string;
  let port: number;
  let removeFolder: () => Promise<void>;
  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'closebell-start-'));
    await chmod(dataDir, 0o755);
    removeFolder = endWithUs({ pidFile: path.join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), dir: dataDir });
    port = await freePort();
  });
  afterAll(() => removeFolder());

  const start = async (env: Readonly<Record<string, string>> = {}) => {
    const all = startProgram(START, [], { CLOSEBELL_DATA_DIR: dataDir, PORT: String(port), ...env });
    await until('API and worker are ready', async () => all.output().includes('worker ready') && (await isReady(port)), 60_000);
    return { all, children: all.children() };
  };

  it('runs both on one embedded database, and on SIGTERM ends both within 10 s with code 0', async () => {
    const { all, children } = await start();
    expect(children).toHaveLength(2);
    expect(all.output().match(/making a new database folder/g)).toHaveLength(1);
    const askedAt = performance.now();
    all.kill('SIGTERM');
    const { code, output } = await all.ended;
    expect(code, output).toBe(0);
    expect(performance.now() - askedAt).toBeLessThan(10_000);
    expect(output).toContain('Prices are SIMULATED (seed 20240102): no real market data.');
    expect(output).toContain('api stops');
    expect(output).toContain('worker stops');
    expect(children.some(isAlive)).toBe(false);
  }, 90_000);

  it('takes its prices from Yahoo unless told otherwise, says so, and says how to do without a network', async () => {
    // Nobody listens there: a test asks nobody on the internet.
    const { all } = await start({ MARKET_DATA_PROVIDERS: '', YAHOO_BASE_URL: `http://127.0.0.1:${await freePort()}` });
    all.kill('SIGTERM');
    const { output } = await all.ended;
    expect(output).toContain(
      'Prices come from yahoo. To try Closebell without a network: MARKET_DATA_PROVIDERS=simulated npm start',
    );
    expect(output).toMatch(/"providers":\["yahoo"\].*"worker ready"/);
  }, 90_000);

  it('ends both with code 1 when one dies, and says which', async () => {
    const { all, children } = await start();
    process.kill(children[1]!, 'SIGKILL');
    const { code, output } = await all.ended;
    expect(code).toBe(1);
    expect(output).toMatch(/The (api|worker) was ended by SIGKILL, so all of Closebell stops/);
    expect(children.some(isAlive)).toBe(false);
  }, 90_000);

  it('prints every fault of the configuration, once, and starts nothing', async () => {
    const { code, output } = await runProgram(START, [], { ENVIRONMENT: 'production', CLOSEBELL_DATA_DIR: dataDir });
    expect(code).toBe(1);
    for (const name of ['JWT_SECRET', 'BETA_INVITE_CODE', 'DATABASE_URL']) {
      expect(output.match(new RegExp(`^  ${name}:`, 'gm')), name).toHaveLength(1);
    }
  });
});

describe('the runner of the npm scripts', () => {
  let folder: string;
  const run = (args: readonly string[]) => runProgram(path.join(folder, 'scripts', 'run.mjs'), args, { PORT: '4002' });
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'closebell-run-'));
    await mkdir(path.join(folder, 'scripts'));
    await copyFile(path.join(ROOT, 'scripts', 'run.mjs'), path.join(folder, 'scripts', 'run.mjs'));
    await writeFile(path.join(folder, 'scripts', 'setup.mjs'), 'process.exitCode = 0;');
    await writeFile(path.join(folder, '.env'), 'PORT=4001\nHOST=from-file\n');
    await writeFile(path.join(folder, 'show.mjs'), 'console.log(process.env.HOST, process.env.PORT, ...process.argv.slice(2));');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('gives a program the variables of .env, and leaves those that the environment has', async () => {
    expect(await run(['show.mjs', '--flag'])).toEqual({ code: 0, output: 'from-file 4002 --flag\n' });
  });

  it('leaves .env alone when told to', async () => {
    expect(await run(['--without-env-file', 'show.mjs', '--flag'])).toEqual({ code: 0, output: 'undefined 4002 --flag\n' });
  });

  it('runs nothing when the setup failed, and passes its code on', async () => {
    await writeFile(path.join(folder, 'scripts', 'setup.mjs'), 'process.exitCode = 3;');
    expect(await run(['show.mjs'])).toEqual({ code: 3, output: '' });
  });
});

async function isReady(port: number): Promise<boolean> {
  return await fetch(`http://127.0.0.1:${port}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}
