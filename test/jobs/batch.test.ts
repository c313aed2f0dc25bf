// The nightly batch: every active portfolio once, none touched by another's failure, counted to the last one.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimPortfolios } from '@closebell/prisma/calculation-claims';
import { readBatchTotals } from '@closebell/prisma/batch-totals';
import { cancelTree } from '@closebell/prisma/job-cancels';
import { rescueJobs } from '@closebell/prisma/job-relay';
import { retryJob } from '@closebell/prisma/job-retries';
import { awaitChildren, claimJob, endJob } from '@closebell/prisma/job-runs';
import { listFailures } from '@closebell/prisma/failures';
import { findChildren, findJob, findTree, submitJob, type JobRow } from '@closebell/prisma/jobs';
import { brokenChains, figuresOf, makePortfolio, makeUser } from '../support/ledger.js';
import { createWorld, ended, run, withWorker, type TestWorld } from '../support/worker.js';

const SESSION = '2025-06-20';
const lots = [{ symbol: 'AAPL', quantity: '10', entryPrice: '190', entryDate: '2025-06-02' }];

let world: TestWorld;
beforeAll(async () => {
  world = await createWorld({ env: { BATCH_CHUNK_SIZE: '2' } });
});
afterAll(() => world.close());

const totalsOf = (job: Readonly<{ result: Record<string, unknown> | null }>) => {
  const { processed, succeeded, partial, failed, cancelled, skipped } = job.result ?? {};
  return { processed, succeeded, partial, failed, cancelled, skipped };
};

describe('a batch', () => {
  test('without portfolios finds nothing to do and says so', async () => {
    const job = await withWorker(world, () => run(world.db, 'run-batch', { sessionDate: SESSION }));
    expect(job.status).toBe('completed');
    expect(totalsOf(job)).toEqual({
      processed: 0,
      succeeded: 0,
      partial: 0,
      failed: 0,
      cancelled: 0,
      skipped: { up_to_date: 0, duplicate_run: 0, deleted: 0 },
    });
  });

  test('computes all, fetches each symbol once, and finds nothing to do the second time', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push(await makePortfolio(world.db, { asOf: SESSION, openedOn: SESSION, lots }));
    await withWorker(world, async () => {
      const first = await run(world.db, 'run-batch', { sessionDate: SESSION });
      expect(totalsOf(first)).toEqual({
        processed: 5,
        succeeded: 5,
        partial: 0,
        failed: 0,
        cancelled: 0,
        skipped: { up_to_date: 0, duplicate_run: 0, deleted: 0 },
      });
      expect(first.result).toMatchObject({ chunks: 3 });
      const figures = await figuresOf(world.db, ids[0]!);
      const second = await run(world.db, 'run-batch', { sessionDate: SESSION });
      expect(totalsOf(second)).toMatchObject({ processed: 5, succeeded: 0, skipped: { up_to_date: 5 } });
      expect(second.result).toMatchObject({ note: 'every figure was there and still holds', session_date: SESSION });
      expect(first.result).not.toHaveProperty('note');
      const prices = second.phases.find(({ number }) => number === 1);
      expect(prices?.counts).toMatchObject({ requests: 0, bars: 0 });
      expect(await figuresOf(world.db, ids[0]!)).toBe(figures);
    });
    expect(await brokenChains(world.db)).toBe(0);
  });

  test('a portfolio that cannot be computed is named and leaves the others alone', async () => {
    const own = await createWorld();
    const userId = await makeUser(own.db);
    const good = await makePortfolio(own.db, { userId, asOf: SESSION, lots });
    // Its quantity times price leaves what can be exact.
    const bad = await makePortfolio(own.db, {
      userId,
      asOf: SESSION,
      lots: [{ ...lots[0]!, quantity: '99999999999', entryPrice: '9999999' }],
    });
    const job = await withWorker(own, () => run(own.db, 'run-batch', { sessionDate: SESSION }));
    expect(job).toMatchObject({ status: 'partial', result: { processed: 2, succeeded: 1, failed: 1 } });
    expect(job.result?.['failures']).toEqual([{ portfolio_id: bad, message: expect.stringContaining('too large') }]);
    expect(await figuresOf(own.db, good)).not.toBe('');
    expect(await figuresOf(own.db, bad)).not.toContain('"is_complete": true');
    await own.close();
  });

  test('leaves out what another job is computing, and counts it', async () => {
    const own = await createWorld();
    const mine = await makePortfolio(own.db, { asOf: SESSION, lots });
    const theirs = await makePortfolio(own.db, { asOf: SESSION, lots });
    const { jobId } = await submitJob(own.db.pool, 'ping', { nonce: 'holds a claim' }, { trigger: 'user' });
    await claimPortfolios(own.db.pool, { id: jobId, fence: 1, leaseMs: 60_000 }, [theirs]);
    const job = await withWorker(own, () => run(own.db, 'run-batch', { sessionDate: SESSION }));
    expect(totalsOf(job)).toMatchObject({ processed: 2, succeeded: 1, skipped: { duplicate_run: 1 } });
    expect(await figuresOf(own.db, mine)).not.toBe('');
    expect(await figuresOf(own.db, theirs)).toBe('');
    await own.close();
  });

  test('cancelled before it starts ends with its whole tree, and a retry computes it all', async () => {
    const own = await createWorld();
    await makePortfolio(own.db, { asOf: SESSION, lots });
    const { jobId } = await submitJob(own.db.pool, 'run-batch', { sessionDate: SESSION }, { trigger: 'admin' });
    expect(await cancelTree(own.db, jobId)).toMatchObject({ ended: 1 });
    expect((await findTree(own.db.pool, jobId)).map(({ status }) => status)).toEqual(['cancelled']);
    expect(await retryJob(own.db, jobId)).toEqual({ outcome: 'queued', runId: jobId });
    expect(await retryJob(own.db, jobId)).toEqual({ outcome: 'not_failed', status: 'queued' });
    const job = await withWorker(own, () => ended(own.db, jobId));
    expect(job).toMatchObject({ status: 'completed', result: { succeeded: 1 } });
    await own.close();
  });
});

describe('a batch in pieces', () => {
  const LEASE_MS = 60_000;
  const claim = async (own: TestWorld, jobId: string): Promise<JobRow> => {
    const { fence } = (await findJob(own.db.pool, jobId))!;
    return (await claimJob(own.db.pool, jobId, fence, LEASE_MS))!;
  };
  const holdOf = ({ id, fence }: JobRow) => ({ id, fence, leaseMs: LEASE_MS });
  const totals = async (own: TestWorld, runId: string) => (await readBatchTotals(own.db.pool, [runId])).get(runId);

  /** A batch that waits for one chunk per list of portfolios. */
  async function fanOut(own: TestWorld, chunks: readonly (readonly string[])[]) {
    const { jobId } = await submitJob(own.db.pool, 'run-batch', { sessionDate: SESSION }, { trigger: 'admin' });
    const batch = await claim(own, jobId);
    const children = chunks.map((portfolioIds, chunk) => ({
      kind: 'calculate-chunk' as const,
      payload: { runId: jobId, chunk, sessionDate: SESSION, portfolioIds: [...portfolioIds] },
    }));
    await awaitChildren(own.db, holdOf(batch), batch, children);
    const made = await findChildren(own.db.pool, jobId);
    return { runId: jobId, chunkIds: made.toSorted((a, b) => chunkNumber(a) - chunkNumber(b)).map(({ id }) => id) };
  }
  const chunkNumber = ({ payload }: JobRow) => payload['chunk'] as number;

  test('counts what has ended while the rest still runs, and what was cancelled as not looked at', async () => {
    const own = await createWorld();
    const ids = Array.from({ length: 5 }, () => crypto.randomUUID());
    const { runId, chunkIds } = await fanOut(own, [ids.slice(0, 2), ids.slice(2, 3), ids.slice(3)]);
    expect(await totals(own, runId)).toMatchObject({ portfolios: 5, processed: 0, succeeded: 0, chunks: 3 });
    const result = { processed: 2, succeeded: 1, partial: 0, failed: 0, skipped: { up_to_date: 1 }, sessions: 7, failures: [] };
    await endJob(own.db, holdOf(await claim(own, chunkIds[0]!)), { status: 'completed', result });
    const halfWay = { portfolios: 5, processed: 2, succeeded: 1, failed: 0, cancelled: 0, sessions: 7 };
    expect(await totals(own, runId)).toMatchObject({ ...halfWay, skipped: { up_to_date: 1, duplicate_run: 0, deleted: 0 } });
    const running = holdOf(await claim(own, chunkIds[1]!));
    await cancelTree(own.db, runId);
    await endJob(own.db, running, { status: 'cancelled' });
    expect(await findJob(own.db.pool, runId)).toMatchObject({ status: 'cancelled' });
    expect(await totals(own, runId)).toMatchObject({ ...halfWay, cancelled: 3 });
    await own.close();
  });

  test('loses only the portfolios of a chunk that lost its worker five times, and a retry makes them good', async () => {
    const own = await createWorld();
    const userId = await makeUser(own.db);
    const [safe, lost] = [
      await makePortfolio(own.db, { userId, asOf: SESSION, lots }),
      await makePortfolio(own.db, { userId, asOf: SESSION, lots }),
    ];
    const { runId, chunkIds } = await fanOut(own, [[safe], [lost]]);
    for (let start = 1; start <= 5; start++) {
      await claim(own, chunkIds[1]!);
      await own.db.pool.query(`UPDATE jobs SET lease_until = '-infinity' WHERE id = $1`, [chunkIds[1]]);
      await rescueJobs(own.db, { enqueuedForMs: 60_000, limit: 10, holds: () => Promise.resolve(true) });
    }
    expect(await listFailures(own.db.pool, 10), 'the batch goes on').toEqual([]);
    const batch = await withWorker(own, () => ended(own.db, runId));
    expect(batch).toMatchObject({ status: 'partial', result: { processed: 2, succeeded: 1, failed: 1 } });
    expect(batch.result?.['failures']).toEqual([{ portfolio_id: lost, message: expect.stringContaining('worker was lost') }]);
    expect(await figuresOf(own.db, safe)).not.toBe('');
    expect(await listFailures(own.db.pool, 10)).toMatchObject([{ kind: 'calculate-chunk', job_ids: [chunkIds[1]] }]);
    expect(await retryJob(own.db, chunkIds[1]!)).toEqual({ outcome: 'queued', runId });
    expect(await listFailures(own.db.pool, 10)).toEqual([]);
    const again = await withWorker(own, () => ended(own.db, runId));
    expect(again).toMatchObject({ status: 'completed', result: { processed: 2, failed: 0 } });
    expect(await totals(own, runId), 'the failed try counts no more').toMatchObject({ portfolios: 2, failed: 0 });
    await own.close();
  });
});

describe('the sweep', () => {
  test('makes a batch, a run of its own, that computes who lacks the session and no one else', async () => {
    const own = await createWorld();
    const ready = await makePortfolio(own.db, { asOf: SESSION, lots });
    const figures = await withWorker(own, async () => {
      await run(own.db, 'calculate-portfolio', { portfolioId: ready, sessionDate: SESSION });
      await makePortfolio(own.db, { asOf: SESSION, lots });
      const before = await figuresOf(own.db, ready);
      const sweep = await run(own.db, 'sweep-snapshots', { sessionDate: SESSION });
      expect(sweep).toMatchObject({ status: 'completed', result: { incomplete: 1 } });
      const batch = await ended(own.db, sweep.result!['batch_id'] as string);
      expect(batch).toMatchObject({
        run_id: batch.id,
        trigger: sweep.trigger,
        result: { succeeded: 1, skipped: { up_to_date: 1 } },
      });
      expect((await run(own.db, 'sweep-snapshots', { sessionDate: SESSION })).result).toMatchObject({ incomplete: 0 });
      return before;
    });
    expect(await figuresOf(own.db, ready)).toBe(figures);
    await own.close();
  });
});

describe('a job that fails', () => {
  test('is tried again, ends failed, and is found by its cause; a retry is refused while a new one lives', async () => {
    const own = await createWorld();
    const { jobId } = await submitJob(own.db.pool, 'import-positions', { importId: crypto.randomUUID() }, { trigger: 'user' });
    const failed = await withWorker(own, () => ended(own.db, jobId));
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'ERR_JOB_003', message: 'the upload is gone' } });
    expect(await listFailures(own.db.pool, 10)).toMatchObject([
      { kind: 'import-positions', code: 'ERR_JOB_003', count: 1, job_ids: [jobId] },
    ]);
    const again = await submitJob(own.db.pool, 'import-positions', failed.payload as never, { trigger: 'user' });
    expect(again.created).toBe(true);
    expect(await retryJob(own.db, jobId)).toEqual({ outcome: 'already_live', liveJobId: again.jobId });
    expect(await findJob(own.db.pool, jobId)).toMatchObject({ status: 'failed' });
    await own.close();
  });
});
