// replay, backfill and reconcile-jobs as operators run them: programs of their own beside a live worker, on one database.
import { randomUUID } from 'node:crypto';
import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { submitJob } from '@closebell/prisma/jobs';
import { createLogger } from '@closebell/shared/infra/logger';
import { createTransport, type Transport } from '@closebell/shared/infra/queues';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../support/database.js';
import { addLot, brokenChains, figuresOf, type LotRecord, makePortfolio, MSFT_PUT } from '../support/ledger.js';
import { until } from '../support/until.js';
import { ended } from '../support/worker.js';
import { runProgram, startProgram, type RunningProgram } from './programs.js';

const LATEST = '2025-06-20';
const LOTS: readonly LotRecord[] = [
  { symbol: 'AAPL', quantity: '100', entryPrice: '180.5', entryDate: '2024-03-15' },
  { symbol: 'MSFT', quantity: '-40.5', entryPrice: '410.25', entryDate: '2025-02-03' },
  MSFT_PUT,
];

let db: Db;
let env: Readonly<Record<string, string>>;
let worker: RunningProgram | null = null;

beforeAll(async () => {
  const { url } = await createTestDatabase();
  db = createDb({ databaseUrl: url, poolMax: 3 });
  env = { ENVIRONMENT: 'test', DATABASE_URL: url, CLOSEBELL_NOW: '2025-06-21T15:00:00Z', LOG_LEVEL: 'info' };
  await startWorker();
});
afterAll(async () => {
  await stopWorker();
  await closeDb(db);
});

async function startWorker(): Promise<void> {
  const started = startProgram('worker/dist/main.js', [], env);
  await until('the worker is ready', () => started.output().includes('worker ready'));
  worker = started;
}

async function stopWorker(): Promise<void> {
  worker?.kill('SIGTERM');
  await worker?.ended;
  worker = null;
}

const replay = (...args: string[]) => runProgram('worker/dist/commands/replay.js', args, env);
const backfill = (...args: string[]) => runProgram('worker/dist/commands/backfill.js', args, env);

/** A portfolio whose stated balance is of 3 March, calculated up to the latest session. */
async function calculated(asOf = '2025-03-03'): Promise<string> {
  const portfolioId = await makePortfolio(db, { asOf, lots: LOTS });
  const payload = { portfolioId, sessionDate: LATEST };
  const { jobId } = await submitJob(db.pool, 'calculate-portfolio', payload, { trigger: 'user' });
  expect(await ended(db, jobId)).toMatchObject({ status: 'completed' });
  return portfolioId;
}

/** As a broken disk or a careless hand would: the row still adds up by itself. */
async function damage(portfolioId: string, date: string): Promise<void> {
  await db.pool.query(
    `UPDATE portfolio_snapshots SET equity = equity + 1000, cash = cash + 1000 WHERE portfolio_id = $1 AND snapshot_date = $2`,
    [portfolioId, date],
  );
}

async function stateOf(portfolioId: string): Promise<unknown> {
  const portfolio = await db.pool.query(`SELECT dirty_from, generation FROM portfolios WHERE id = $1`, [portfolioId]);
  const jobs = await db.pool.query(`SELECT count(*) AS jobs FROM jobs WHERE payload->>'portfolioId' = $1`, [portfolioId]);
  return [portfolio.rows, jobs.rows, await figuresOf(db, portfolioId)];
}

describe('a replay', () => {
  it('says what it would do and does nothing without --apply', async () => {
    const portfolioId = await calculated();
    const before = await stateOf(portfolioId);
    const { code, output } = await replay('--portfolio', portfolioId, '--after', '2025-05-30');
    expect(output).toMatch(/: equity [\d.]+ on 2025-05-30; 14 session\(s\) from 2025-06-02 to 2025-06-20 are computed again/);
    expect(output).toContain('Nothing was changed.');
    expect(code, output).toBe(0);
    expect(await stateOf(portfolioId)).toEqual(before);
  });

  it('beside a live worker gives every byte as it was, and leaves an audit entry', async () => {
    const portfolioId = await calculated();
    const before = await figuresOf(db, portfolioId);
    const { code, output } = await replay('--portfolio', portfolioId, '--after', '2025-05-30', '--apply');
    expect(output).toMatch(/ {2}all 14 sessions equal to the byte$/m);
    expect(code, output).toBe(0);
    expect(await figuresOf(db, portfolioId)).toBe(before);
    const { rows } = await db.pool.query(
      `SELECT actor_id, action, details->>'after' AS after FROM audit_log WHERE subject = $1`,
      [portfolioId],
    );
    expect(rows).toEqual([{ actor_id: null, action: 'replay', after: '2025-05-30' }]);
  });

  it('finds a damaged session, names its columns, and mends it', async () => {
    const portfolioId = await calculated();
    const before = await figuresOf(db, portfolioId);
    await damage(portfolioId, '2025-06-10');
    expect(await brokenChains(db)).toBeGreaterThan(0);
    const { code, output } = await replay('--portfolio', portfolioId, '--after', '2025-05-30', '--apply');
    expect(output).toMatch(/1 session\(s\) differ:\n +2025-06-10 cash \S+ → \S+, equity \S+ → \S+$/m);
    expect(code, output).toBe(0);
    expect(await figuresOf(db, portfolioId)).toBe(before);
    expect(await brokenChains(db)).toBe(0);
  });

  it('computes the whole history where the stated balance is of a later session, and says so', async () => {
    const portfolioId = await calculated(LATEST);
    const before = await figuresOf(db, portfolioId);
    const { code, output } = await replay('--portfolio', portfolioId, '--after', '2025-06-18', '--apply');
    expect(output).toContain('251 session(s) from 2024-06-20 to 2025-06-20 are computed again');
    expect(output).toContain(`the whole history: the stated balance is of ${LATEST}`);
    expect(output).toMatch(/all 251 sessions equal to the byte/);
    expect(code, output).toBe(0);
    expect(await figuresOf(db, portfolioId)).toBe(before);
  });

  it('removes snapshots that no session explains', async () => {
    const portfolioId = await calculated();
    const before = await figuresOf(db, portfolioId);
    for (const date of ['2025-06-21', '2025-06-25']) {
      await db.pool.query(
        `INSERT INTO portfolio_snapshots SELECT (jsonb_populate_record(s, jsonb_build_object('snapshot_date', $2::text))).*
         FROM portfolio_snapshots s WHERE portfolio_id = $1 AND snapshot_date = $3`,
        [portfolioId, date, LATEST],
      );
    }
    const { code, output } = await replay('--portfolio', portfolioId, '--after', '2025-06-18', '--apply');
    expect(output).toContain('2 snapshot(s) that no session explains are removed: 2025-06-21, 2025-06-25');
    expect(output).toMatch(/2025-06-21 removed\n +2025-06-25 removed$/m);
    expect(code, output).toBe(0);
    expect(await figuresOf(db, portfolioId)).toBe(before);
  });

  it('loses nothing when no worker is there, and says who will compute', async () => {
    const portfolioId = await calculated();
    const before = await figuresOf(db, portfolioId);
    await stopWorker();
    const { code, output } = await replay('--portfolio', portfolioId, '--after', '2025-05-30', '--apply');
    expect(output).toMatch(/no worker takes it: the next one that starts does \(run [0-9a-f-]+\)/);
    expect(code, output).toBe(2);
    expect(await figuresOf(db, portfolioId)).toBe(before);
    await startWorker();
    await ended(db, /run ([0-9a-f-]{36})/.exec(output)![1]!);
    expect(await figuresOf(db, portfolioId)).toBe(before);
  });

  it('of all portfolios leaves alone which have nothing to replay', async () => {
    const empty = await makePortfolio(db, { asOf: LATEST });
    const { code, output } = await replay('--all', '--after', '2025-06-18', '--apply');
    expect(output).toContain(`portfolio ${empty}: it has no snapshots yet: calculate it first; left alone`);
    expect(output.match(/sessions equal to the byte$/gm)!.length).toBeGreaterThan(3);
    expect(output).not.toContain('differ');
    expect(code, output).toBe(0);
  });

  it('that fails leaves every figure where it was', async () => {
    const portfolioId = await calculated();
    const before = await figuresOf(db, portfolioId);
    const tooLarge = { symbol: 'HOUSE', quantity: '900000000', entryPrice: '9000000', entryDate: '2025-06-16' };
    await addLot(db, portfolioId, { ...tooLarge, investmentClass: 'PRIVATE' });
    const { code, output } = await replay('--portfolio', portfolioId, '--after', '2025-05-30', '--apply');
    expect(output).toMatch(/the run [0-9a-f-]+ failed: .*; the figures before are still there/);
    expect(code, output).toBe(2);
    expect(await figuresOf(db, portfolioId)).toBe(before);
    await db.pool.query(`UPDATE portfolios SET deleted_at = now() WHERE id = $1`, [portfolioId]);
  });

  it('refuses to guess, in one line that says what is wrong', { timeout: 30_000 }, async () => {
    const portfolioId = await calculated();
    const before = await stateOf(portfolioId);
    const one = ['--portfolio', portfolioId];
    const refusals: readonly (readonly [args: readonly string[], line: RegExp])[] = [
      [['--after', LATEST], /^Say which: either --portfolio <id> or --all$/],
      [
        [...one, '--after', '2025-06-19'],
        /^--after: 2025-06-19 is no session; the sessions around it are 2025-06-18 and 2025-06-20$/,
      ],
      [[...one, '--after', LATEST], /nothing comes after 2025-06-20: its last snapshot is of 2025-06-20$/],
      [['--portfolio', randomUUID(), '--after', '2025-06-18'], /^There is no portfolio/],
      [[...one, '--before', LATEST], /^Unknown option '--before'/],
    ];
    for (const [args, line] of refusals) {
      const { code, output } = await replay(...args, '--apply');
      expect(output.trim()).toMatch(line);
      expect(output.trim().split('\n')).toHaveLength(1);
      expect(code).toBe(1);
    }
    expect(await stateOf(portfolioId)).toEqual(before);
  });
});

describe('a backfill', () => {
  it('makes the missing sessions as they were, and finds nothing to do the second time', async () => {
    const portfolioId = await calculated();
    const before = await figuresOf(db, portfolioId);
    await db.pool.query(
      `DELETE FROM portfolio_snapshots WHERE portfolio_id = $1 AND (snapshot_date IN ('2025-05-13', '2025-05-14') OR snapshot_date > '2025-06-18')`,
      [portfolioId],
    );
    const range = ['--portfolio', portfolioId, '--from', '2025-05-12', '--to', LATEST];
    const dry = await backfill(...range);
    expect(dry.output).toContain('3 session(s) are missing: 2025-05-13, 2025-05-14, 2025-06-20');
    expect(dry.code).toBe(0);
    const { code, output } = await backfill(...range, '--apply');
    expect(output).toMatch(/3 session\(s\) differ:\n +2025-05-13 added\n +2025-05-14 added\n +2025-06-20 added$/m);
    expect(code, output).toBe(0);
    expect(await figuresOf(db, portfolioId)).toBe(before);
    const again = await backfill(...range, '--apply');
    expect(again.output).toContain('it has every session from 2025-05-12 to 2025-06-20');
    expect(again.code).toBe(0);
  });

  it('refuses a range that is none, or begins before the history', async () => {
    const portfolioId = await calculated();
    const refusals: readonly (readonly [from: string, to: string, line: RegExp])[] = [
      ['2025-06-18', '2025-06-17', /^--from 2025-06-18 is after --to 2025-06-17$/],
      ['2024-01-02', '2025-06-18', /its history begins with 2024-03-15, after 2024-01-02$/],
    ];
    for (const [from, to, line] of refusals) {
      const { code, output } = await backfill('--portfolio', portfolioId, '--from', from, '--to', to, '--apply');
      expect(output.trim()).toMatch(line);
      expect(code).toBe(1);
    }
  });
});

describe('reconcile-jobs', () => {
  let idle: Db;
  let idleEnv: Readonly<Record<string, string>>;
  let transport: Transport;
  beforeAll(async () => {
    const { url } = await createTestDatabase();
    idle = createDb({ databaseUrl: url, poolMax: 3 });
    idleEnv = { ENVIRONMENT: 'test', DATABASE_URL: url };
    transport = await createTransport({
      redisUrl: null,
      databaseUrl: url,
      logger: createLogger({ name: 'test', level: 'silent' }),
    });
  });
  afterAll(async () => {
    await transport.close();
    await closeDb(idle);
  });

  const reconcile = (...args: string[]) => runProgram('worker/dist/commands/reconcile-jobs.js', args, idleEnv);

  async function job(columns = '', parent?: Readonly<{ id: string; runId: string }>): Promise<string> {
    const origin = { trigger: 'user' as const, ...(parent === undefined ? {} : { parent }) };
    const { jobId } = await submitJob(idle.pool, 'ping', { nonce: randomUUID() }, origin);
    if (columns !== '') await idle.pool.query(`UPDATE jobs SET ${columns} WHERE id = $1`, [jobId]);
    return jobId;
  }

  const ENDED = `status = 'completed', finished_at = now()`;
  const WAITING = `status = 'running', lease_until = NULL`;

  /** One of everything that it looks for. */
  async function breakEverything(): Promise<void> {
    await job(`enqueued_at = now() - interval '1 hour'`);
    await job(`status = 'running', attempts_made = 1, lease_until = now() - interval '1 minute'`);
    await job(`${WAITING}, open_children = 0`);
    const miscounting = await job(`${WAITING}, open_children = 2`);
    await job('', { id: miscounting, runId: miscounting });
    const over = await job(ENDED);
    await job('', { id: over, runId: over });
    const portfolioId = await makePortfolio(idle, { asOf: LATEST });
    await idle.pool.query(
      `INSERT INTO calculation_claims (portfolio_id, fence, lease_until, job_id) VALUES ($1, 1, now() + interval '1 hour', $2)`,
      [portfolioId, over],
    );
    const other = await makePortfolio(idle, { asOf: LATEST });
    await idle.pool.query(`INSERT INTO portfolio_snapshots (portfolio_id, snapshot_date) VALUES ($1, $2)`, [other, LATEST]);
    await idle.pool.query(
      `INSERT INTO imports (user_id, file_name, file, sha256, request) SELECT user_id, 'a.csv', '', '', '{}' FROM portfolios WHERE id = $1`,
      [portfolioId],
    );
    await transport.enqueue([{ queue: 'maintenance', jobId: randomUUID(), fence: 1, kind: 'ping', priority: 1 }]);
  }

  const jobRows = async () => (await idle.pool.query(`SELECT * FROM jobs ORDER BY id`)).rows;

  it('names each thing that is wrong, mends it with --apply, and then finds nothing', { timeout: 60_000 }, async () => {
    await breakEverything();
    const before = await jobRows();
    const dry = await reconcile();
    for (const title of [
      'live jobs of a run that has ended',
      'running jobs whose worker is gone',
      'parents that count their children wrongly',
      'parents that wait for nobody',
      'queued jobs that the queue does not know',
      'queue entries whose job has ended or is gone',
      'portfolios claimed by a job that has ended',
      'incomplete snapshots that nobody computes',
      'imports without a job',
    ]) {
      expect(dry.output).toMatch(new RegExp(`^1 ${title} \\(--apply: `, 'm'));
    }
    expect(dry.output).toContain('9 to mend. Nothing was changed.');
    expect(dry.code).toBe(1);
    expect(await jobRows()).toEqual(before);

    const { code, output } = await reconcile('--apply');
    expect(output).toContain('9 to mend before, 0 after.');
    expect(code, output).toBe(0);
    const mended = await jobRows();
    const again = await reconcile('--apply');
    expect(again.output).toBe('Rows and queue agree.\n');
    expect(again.code).toBe(0);
    expect(await jobRows()).toEqual(mended);
  });

  it('takes a row in motion for healthy', async () => {
    const jobId = await job(`status = 'running', attempts_made = 1, lease_until = now() - interval '1 minute'`);
    const command = startProgram('worker/dist/commands/reconcile-jobs.js', [], idleEnv);
    let isOver = false;
    void command.ended.then(() => (isOver = true));
    await until('the command has looked twice', async () => {
      await idle.pool.query(`UPDATE jobs SET fence = fence + 1 WHERE id = $1`, [jobId]);
      return isOver;
    });
    expect(await command.ended).toEqual({ code: 0, output: 'Rows and queue agree.\n' });
  });
});
