// npm run demo as a stranger's machine runs it: real processes, an empty folder, nothing in the environment but a folder and a port.
import { startEmbeddedPostgres } from '@closebell/shared/infra/embedded-postgres';
import { freePort } from '@closebell/shared/infra/free-port';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endWithUs, isAlive } from '../support/processes.js';
import { until } from '../support/until.js';
import { runProgram, startProgram, type ProgramEnd } from './programs.js';

const DEMO = 'worker/dist/demo/main.js';
const NAMES = ['demo-individual', 'demo-high-net-worth', 'demo-long-short', 'demo-cash'];

describe('the demo', () => {
  let dataDir: string;
  let port: number;
  let first: ProgramEnd;
  let second: ProgramEnd;
  let removeFolder: () => Promise<void>;
  // Providers unset, as with a newcomer: that its prices are simulated is the demo's own doing.
  const env = () => ({ CLOSEBELL_DATA_DIR: dataDir, PORT: String(port), MARKET_DATA_PROVIDERS: '' });

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'closebell-demo-'));
    // Started by root, Postgres runs as another user, who must be able to enter.
    await chmod(dataDir, 0o755);
    removeFolder = endWithUs({ pidFile: path.join(dataDir, 'postgres', 'cluster', 'postmaster.pid'), dir: dataDir });
    port = await freePort();
    first = await runProgram(DEMO, ['--once'], env());
    second = await runProgram(DEMO, ['--once'], env());
  });
  afterAll(() => removeFolder());

  it('ends with code 0 and a row for each of its four portfolios, all of one session, and their total', () => {
    expect(first.code, first.output).toBe(0);
    const rows = tableOf(first.output);
    expect([...rows.keys()]).toEqual([...NAMES, 'TOTAL']);
    expect(new Set([...rows.values()].map((cells) => cells.at(-1))).size).toBe(1);
    expect([...rows.values()].map(([equity]) => equity)).toEqual(['450,000', '5,600,000', '4,600,000', '10,000', '10,660,000']);
  });

  it('says that its prices are simulated, and where to go from here', () => {
    expect(first.output).toContain('Prices are SIMULATED (seed 20240102): no real market data');
    for (const place of ['/api/v1', '/docs', '/admin/queues']) expect(first.output).toContain(`http://127.0.0.1:${port}${place}`);
  });

  it('has one password, which it shows every time and keeps to itself', async () => {
    const file = path.join(dataDir, 'demo.json');
    const { password } = JSON.parse(await readFile(file, 'utf8')) as { password: string };
    for (const { output } of [first, second]) expect(output).toContain(`demo@closebell.local with password ${password}`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('finds its portfolios the second time and makes none twice', async () => {
    expect(second.code, second.output).toBe(0);
    expect(second.output.match(/: found$/gm)).toHaveLength(3);
    expect(tableOf(second.output)).toEqual(tableOf(first.output));
    const kept = await inDatabase(dataDir, {
      portfolios: 'SELECT account_name FROM portfolios ORDER BY account_name',
      watchlist: 'SELECT count(*)::int AS n FROM watchlist',
      superusers: 'SELECT count(*)::int AS n FROM users WHERE is_superuser',
    });
    expect(kept['portfolios']!.map((row) => row['account_name'])).toEqual(NAMES.toSorted());
    expect(kept['watchlist']).toEqual([{ n: 10 }]);
    expect(kept['superusers']).toEqual([{ n: 0 }]);
  });

  it('leaves histories in which equity(t) = equity(t-1) + pnl(t) + flow(t) to the last digit, for every pair of sessions', async () => {
    const kept = await inDatabase(dataDir, {
      pairs: `SELECT count(*)::int AS pairs, count(*) FILTER (WHERE equity IS DISTINCT FROM before + daily_pnl + capital_flow)::int AS broken
        FROM (SELECT equity, daily_pnl, capital_flow, lag(equity) OVER (PARTITION BY portfolio_id ORDER BY snapshot_date) AS before,
            lag(1) OVER (PARTITION BY portfolio_id ORDER BY snapshot_date) AS has_before
          FROM portfolio_snapshots WHERE is_complete) AS chain WHERE has_before = 1`,
    });
    const { pairs, broken } = kept['pairs']![0] as { pairs: number; broken: number };
    expect(broken).toBe(0);
    // Three histories of a year; the balance without positions begins with the day it was made.
    expect(pairs).toBeGreaterThan(3 * 240);
  });

  it('takes the next port when its own is taken, and says so; killed, it takes its processes with it', async () => {
    const squatter = createServer().listen(port, '127.0.0.1');
    const demo = startProgram(DEMO, [], env());
    try {
      await until('the demo stays up', () => demo.output().includes('stays up until Ctrl-C'), 60_000);
      const url = /The API answers at (\S+)\./.exec(demo.output())![1]!;
      expect(demo.output()).toContain(`Port ${port} is taken, so the API takes ${new URL(url).port}.`);
      expect((await fetch(`${url}/health`)).status).toBe(200);

      const refused = await runProgram(DEMO, ['--reset', '--once'], env());
      expect(refused.output).toContain(`A demo already runs on ${dataDir}: process ${demo.pid}`);
      expect(refused.code).toBe(1);

      const children = demo.children();
      expect(children).toHaveLength(2);
      demo.kill('SIGKILL');
      await until('its processes have ended', () => !children.some(isAlive), 15_000);
    } finally {
      demo.kill('SIGKILL');
      squatter.close();
    }
  }, 90_000);

  it('does not reset a folder that it did not make', async () => {
    const foreign = await mkdtemp(path.join(tmpdir(), 'closebell-foreign-'));
    await writeFile(path.join(foreign, 'thesis.txt'), 'years of work');
    const { code, output } = await runProgram(DEMO, ['--reset', '--once'], { CLOSEBELL_DATA_DIR: foreign });
    expect(output).toContain(`${foreign} was not made by the demo`);
    expect(code).toBe(1);
    expect(await readFile(path.join(foreign, 'thesis.txt'), 'utf8')).toBe('years of work');
    await rm(foreign, { recursive: true });
  });

  it('refuses production', async () => {
    const { code, output } = await runProgram(DEMO, ['--once'], { ENVIRONMENT: 'production', CLOSEBELL_DATA_DIR: dataDir });
    expect(output).toContain('JWT_SECRET');
    expect(code).toBe(1);
  });
});

/** The rows of the table at the end: the first cell to the others. */
function tableOf(output: string): ReadonlyMap<string, readonly string[]> {
  const rows = output.split('\n').filter((line) => /^(demo-\S+|TOTAL) +-?\d/.test(line));
  return new Map(rows.map((line) => [line.split(/ +/)[0]!, line.trim().split(/ {2,}/).slice(1)]));
}

/** What statements answer in the demo's own database, which the demo has stopped. */
async function inDatabase(
  dataDir: string,
  statements: Readonly<Record<string, string>>,
): Promise<Record<string, Record<string, unknown>[]>> {
  const server = await startEmbeddedPostgres({ dataDir: path.join(dataDir, 'postgres') });
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    const answers: Record<string, Record<string, unknown>[]> = {};
    for (const [name, sql] of Object.entries(statements)) answers[name] = (await client.query<Record<string, unknown>>(sql)).rows;
    return answers;
  } finally {
    await client.end();
    await server.stop();
  }
}
