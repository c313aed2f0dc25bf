// A file is made once: whoever dies on the way, and however often its job is run.
import { findExportFile, insertExportFile } from '@closebell/prisma/export-files';
import { FenceLostError } from '@closebell/prisma/job-runs';
import { submitJob } from '@closebell/prisma/jobs';
import type { ExportFormat, ExportPart } from '@closebell/shared/export/export-request';
import readXlsxFile from 'read-excel-file/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { spawnFaultyWorker } from '../support/fault-points.js';
import { takeHold } from '../support/job-hold.js';
import { makePortfolio, type LotRecord } from '../support/ledger.js';
import { createWorld, ended, run, spawnWorker, withWorker, type TestWorld } from '../support/worker.js';

const SESSION = '2025-06-20';
const NOW = '2025-06-21T15:00:00Z';
const LOTS: readonly LotRecord[] = [
  { symbol: 'AAPL', quantity: '100.12345678', entryPrice: '180.123456', entryDate: '2025-03-14' },
  { symbol: '-1+CMD', quantity: '1', entryPrice: '250000', entryDate: '2023-01-02', investmentClass: 'PRIVATE' },
  { symbol: '=1+1', quantity: '1', entryPrice: '10', entryDate: '2023-01-02', investmentClass: 'PRIVATE' },
];

let world: TestWorld;
let portfolioId: string;
beforeAll(async () => {
  world = await createWorld({ now: NOW });
  portfolioId = await makePortfolio(world.db, { asOf: SESSION, equity: '400000', lots: LOTS });
  await withWorker(world, () => run(world.db, 'calculate-portfolio', { portfolioId, sessionDate: SESSION }));
});
afterAll(() => world.close());

type Wanted = Readonly<{ id?: string; format?: ExportFormat; parts?: ExportPart[]; generation?: number }>;
const payloadOf = ({ id = portfolioId, format = 'csv', parts = ['positions'], generation = 0 }: Wanted) => ({
  portfolioId: id,
  sessionDate: SESSION,
  generation,
  format,
  parts,
});

async function fileOf(wanted: Wanted): Promise<Buffer> {
  const job = await withWorker(world, () => run(world.db, 'build-export', payloadOf(wanted)));
  expect(job).toMatchObject({ status: 'completed' });
  return Buffer.from((await findExportFile(world.db.pool, job.id))!.file);
}

const countFiles = async (jobId: string): Promise<number> =>
  (await world.db.pool.query(`SELECT 1 FROM export_files WHERE job_id = $1`, [jobId])).rowCount ?? 0;

describe('a file', () => {
  test('that is asked for twice at a time is made by one job', async () => {
    const submit = () => submitJob(world.db.pool, 'build-export', payloadOf({}), { trigger: 'user' });
    const [first, second] = [await submit(), await submit()];
    expect(second).toEqual({ jobId: first.jobId, created: false });
    await withWorker(world, () => ended(world.db, first.jobId));
  });

  test('that is there already is kept when its job runs again', async () => {
    const job = await withWorker(world, () => run(world.db, 'build-export', payloadOf({})));
    const first = await findExportFile(world.db.pool, job.id);
    await world.db.pool.query(`UPDATE positions SET quantity = quantity + 1 WHERE portfolio_id = $1`, [portfolioId]);
    await world.db.pool.query(
      `UPDATE jobs SET status = 'queued', fence = fence + 1, finished_at = NULL, enqueued_at = NULL WHERE id = $1`,
      [job.id],
    );
    expect(await withWorker(world, () => ended(world.db, job.id))).toMatchObject({ status: 'completed', result: job.result });
    expect(await findExportFile(world.db.pool, job.id)).toEqual(first);
    expect(await countFiles(job.id)).toBe(1);
    await world.db.pool.query(`UPDATE positions SET quantity = quantity - 1 WHERE portfolio_id = $1`, [portfolioId]);
  });

  test('is not written by a worker that has lost its job', async () => {
    const hold = await takeHold(world.db);
    await world.db.pool.query(`UPDATE jobs SET fence = fence + 1 WHERE id = $1`, [hold.id]);
    const file = { fileName: 'a.csv', contentType: 'text/csv', file: Buffer.from('late') };
    await expect(insertExportFile(world.db, hold, file)).rejects.toThrow(FenceLostError);
    expect(await countFiles(hold.id)).toBe(0);
  });

  test('of a portfolio that is gone fails its job', async () => {
    const id = await makePortfolio(world.db, { asOf: SESSION });
    await world.db.pool.query(`UPDATE portfolios SET deleted_at = now() WHERE id = $1`, [id]);
    const job = await withWorker(world, () => run(world.db, 'build-export', payloadOf({ id })));
    expect(job).toMatchObject({ status: 'failed', error: { code: 'ERR_JOB_003' } });
    expect(await countFiles(job.id)).toBe(0);
  });

  test('is kept for seven days, its job for thirty', async () => {
    const job = await withWorker(world, () => run(world.db, 'build-export', payloadOf({})));
    const age = (days: number) =>
      world.db.pool.query(`UPDATE export_files SET created_at = now() - make_interval(days => $2) WHERE job_id = $1`, [
        job.id,
        days,
      ]);
    await age(6);
    await withWorker(world, () => run(world.db, 'prune-jobs', {}));
    expect(await countFiles(job.id)).toBe(1);
    await age(8);
    const pruned = await withWorker(world, () => run(world.db, 'prune-jobs', {}));
    expect(pruned.result).toMatchObject({ export_files_deleted: 1 });
    expect(await countFiles(job.id)).toBe(0);
    const { rowCount } = await world.db.pool.query(`SELECT 1 FROM jobs WHERE id = $1`, [job.id]);
    expect(rowCount).toBe(1);
  });
});

describe('the cells of a file', () => {
  test('keep every digit, and no spreadsheet runs one of them', async () => {
    const text = (await fileOf({})).toString();
    expect(text).toContain('\r\nAAPL,100.12345678,180.123456,2025-03-14,');
    expect(text).toContain("\r\n'-1+CMD,1,250000,");
    expect(text).toContain("\r\n'=1+1,1,10,");
  });

  test('are plain texts in a spreadsheet, whatever they begin with', async () => {
    const [book] = await readXlsxFile(await fileOf({ format: 'xlsx' }));
    expect(new Set(book!.data.map(([symbol]) => symbol))).toEqual(new Set(['Symbol', '-1+CMD', '=1+1', 'AAPL']));
  });

  test('say what is missing where nothing has been calculated', async () => {
    const id = await makePortfolio(world.db, { asOf: SESSION, lots: LOTS });
    const file = await fileOf({ id, format: 'json', parts: ['positions', 'history', 'analytics'] });
    expect(JSON.parse(file.toString())).toMatchObject({
      snapshot_date: null,
      history: [],
      positions: expect.arrayContaining([expect.objectContaining({ symbol: 'AAPL', market_value: null })]),
      analytics: { overview: { available: false, reason: 'no_calculation_available' }, stress_test: { available: false } },
    });
  });
});

describe('a worker killed while it keeps a file', () => {
  const submit = (generation: number) =>
    submitJob(world.db.pool, 'build-export', payloadOf({ generation, format: 'xlsx' }), { trigger: 'user' });
  const env = () => ({ DATABASE_URL: world.db.url, CLOSEBELL_NOW: NOW, JOB_LEASE_SECONDS: '2', LOG_LEVEL: 'info' });
  let statements: readonly string[];

  beforeAll(async () => {
    const rehearsal = await spawnFaultyWorker(env(), null);
    await ended(world.db, (await submit(1)).jobId);
    await rehearsal.kill('SIGKILL');
    statements = rehearsal.statements();
  });

  test.each([
    ['before', 'INSERT', 0],
    ['before', 'COMMIT', 0],
    ['after', 'COMMIT', 1],
  ] as const)('%s its %s leaves %d, and the next worker ends the job with one', async (when, statement, left) => {
    const name = statements.find((each) => each.startsWith(`insertExportFile: ${statement}`))!;
    const faulty = await spawnFaultyWorker(env(), { point: { name, occurrence: 1, when }, does: 'kill' });
    const { jobId } = await submit(2);
    await faulty.gone;
    expect(await countFiles(jobId)).toBe(left);
    const successor = spawnWorker(env());
    try {
      expect(await ended(world.db, jobId)).toMatchObject({ status: 'completed', attempts_made: 2 });
    } finally {
      await successor.kill('SIGKILL');
    }
    expect(await countFiles(jobId)).toBe(1);
  });
}, 60_000);
