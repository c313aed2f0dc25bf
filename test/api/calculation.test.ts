import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { endJob, insertClose, insertLot, insertPortfolio } from './records.js';

// Sunday: the last complete session is Friday's.
const NOW = '2025-03-16T15:00:00Z';
const SESSION = '2025-03-14';

let api: DomainApi;
let user: Caller;
let portfolioId: string;

beforeAll(async () => {
  api = await startDomainApi(NOW);
  user = await api.user();
});
afterAll(() => api.close());
beforeEach(async () => {
  portfolioId = await insertPortfolio(api.db, { userId: user.userId, accountName: randomUUID() });
});

type Started = Readonly<{ status: string; batch_run_id: string; poll_url: string; calculation_date: string }>;

const calculate = async (query = '') => fieldsOf<Started>(await user.post(`/portfolio/${portfolioId}/calculate${query}`), 202);
const dirt = async () =>
  (await api.db.pool.query(`SELECT dirty_from, generation FROM portfolios WHERE id = $1`, [portfolioId])).rows[0] as unknown;

const phase = (number: number, status = 'completed') => ({
  number,
  name: `phase ${number}`,
  status,
  started_at: NOW,
  duration_ms: status === 'running' ? null : 1_500,
  counts: { symbols: 2 },
});

describe('calculate', () => {
  it('submits one run for the last complete session, and says where to follow it', async () => {
    const reply = await user.post(`/portfolio/${portfolioId}/calculate`);
    const started = fieldsOf<Started>(reply, 202);
    expect(started).toMatchObject({ status: 'started', portfolio_id: portfolioId, calculation_date: SESSION });
    expect(reply.headers.get('location')).toBe(started.poll_url);
    expect(reply.headers.get('retry-after')).toBe('1');
    expect((await user.get(started.poll_url)).json).toMatchObject({ batch_run_id: started.batch_run_id, status: 'queued' });
    const { rows } = await api.db.pool.query(`SELECT kind, payload, trigger, requested_by FROM jobs WHERE id = $1`, [
      started.batch_run_id,
    ]);
    expect(rows).toEqual([
      {
        kind: 'calculate-portfolio',
        payload: { portfolioId, sessionDate: SESSION, onboarding: true },
        trigger: 'user',
        requested_by: user.userId,
      },
    ]);
    expect(await dirt()).toEqual({ dirty_from: null, generation: 0 });
  });

  it('asked 500 times at once makes one run, and every answer names it', async () => {
    const replies = await Promise.all(Array.from({ length: 500 }, () => user.post(`/portfolio/${portfolioId}/calculate`)));
    const answers = replies.map((reply) => fieldsOf<Started>(reply, 202));
    expect(new Set(answers.map(({ batch_run_id: id }) => id)).size).toBe(1);
    expect(answers.filter(({ status }) => status === 'started')).toHaveLength(1);
    const { rows } = await api.db.pool.query(`SELECT count(*)::int AS n FROM jobs WHERE payload->>'portfolioId' = $1`, [
      portfolioId,
    ]);
    expect(rows).toEqual([{ n: 1 }]);
  });

  it('starts another run once the one before has ended', async () => {
    const first = await calculate();
    await endJob(api.db, first.batch_run_id, {
      status: 'failed',
      error: { code: 'ERR_SYS_001', message: 'x', fingerprint: 'x' },
    });
    const second = await calculate();
    expect(second.status).toBe('started');
    expect(second.batch_run_id).not.toBe(first.batch_run_id);
  });

  it('with force voids the whole history, also of a run that is under way', async () => {
    const first = await calculate();
    const second = await calculate('?force=true');
    expect(second).toMatchObject({ status: 'already_running', batch_run_id: first.batch_run_id });
    expect(await dirt()).toEqual({ dirty_from: '1990-01-02', generation: 1 });
  });

  it('with force does not wait for the worker that is writing the figures', async () => {
    const { batch_run_id: runId } = await calculate();
    const worker = await api.db.pool.connect();
    try {
      await worker.query('BEGIN');
      await worker.query(`UPDATE jobs SET status = 'running', lease_until = clock_timestamp() WHERE id = $1`, [runId]);
      expect((await calculate('?force=true')).batch_run_id).toBe(runId);
    } finally {
      await worker.query('ROLLBACK');
      worker.release();
    }
  });

  it('works under its plural name alike', async () => {
    const started = fieldsOf<Started>(await user.post(`/portfolios/${portfolioId}/calculate`), 202);
    expect((await calculate()).batch_run_id).toBe(started.batch_run_id);
    expect((await user.get(`/portfolios/${portfolioId}/batch-status/${started.batch_run_id}`)).status).toBe(200);
    expect((await user.get(`/portfolios/${portfolioId}/readiness`)).status).toBe(200);
  });

  it('refuses a flag that is none and an id that is none', async () => {
    expectError(await user.post(`/portfolio/${portfolioId}/calculate?force=perhaps`), 422, 'ERR_REQ_001');
    expectError(await user.post('/portfolio/12/calculate'), 422, 'ERR_REQ_001');
  });
});

describe('the status of a run', () => {
  it('shows the phases of prices and figures as one list, and what preparing found', async () => {
    const { batch_run_id: runId, poll_url: pollUrl } = await calculate();
    const result = {
      symbols_count: 2,
      prices_bootstrapped: 504,
      price_coverage_percentage: 50,
      ready_for_batch: false,
      warnings: ['ERR_BATCH_001: one of two'],
      providers: ['files'],
    };
    await api.db.pool.query(
      `INSERT INTO jobs (kind, queue, payload, dedupe_key, attempts_max, parent_id, run_id, trigger, status, result, phases, started_at, finished_at)
       VALUES ('prepare-portfolio', 'preprocessing', $2, $3, 5, $1, $1, 'user', 'completed', $4, $5, now(), now())`,
      [
        runId,
        { portfolioId, sessionDate: SESSION, onboarding: true },
        randomUUID(),
        result,
        JSON.stringify([phase(1), phase(0)]),
      ],
    );
    await api.db.pool.query(
      `UPDATE jobs SET status = 'running', started_at = now() - interval '10 seconds', phases = $2, progress = $3 WHERE id = $1`,
      [
        runId,
        JSON.stringify([phase(3, 'running')]),
        { phase: 3, phase_name: 'phase 3', done: 1, total: 2, unit: 'sessions', reached: 3.5 },
      ],
    );
    const { providers: _providers, ...shown } = result;
    expect((await user.get(pollUrl)).json).toMatchObject({
      portfolio_id: portfolioId,
      status: 'running',
      triggered_by: 'user',
      calculation_date: SESSION,
      finished_at: null,
      elapsed_seconds: 10,
      progress: { percent: 50, phase: 3, phase_name: 'phase 3', done: 1, total: 2, unit: 'sessions', eta_seconds: 10 },
      phases: [
        { number: 0, status: 'completed', duration_seconds: 1.5, counts: { symbols: 2 } },
        { number: 1 },
        { number: 3, status: 'running', duration_seconds: null },
      ],
      preprocessing: shown,
      result: null,
      error: null,
    });
  });

  it('stays running while the run waits for its next turn, and hides the error of a try that is repeated', async () => {
    const { batch_run_id: runId, poll_url: pollUrl } = await calculate();
    await api.db.pool.query(
      `UPDATE jobs SET started_at = now(), error = '{"code": "ERR_SYS_001", "message": "x", "fingerprint": "x"}' WHERE id = $1`,
      [runId],
    );
    expect((await user.get(pollUrl)).json).toMatchObject({ status: 'running', error: null });
  });

  it('of a failed run says why, and nothing internal', async () => {
    const { batch_run_id: runId, poll_url: pollUrl } = await calculate();
    await endJob(api.db, runId, {
      status: 'failed',
      error: { code: 'ERR_JOB_002', message: 'It took too long.', fingerprint: 'secret' },
    });
    const reply = await user.get(pollUrl);
    expect(reply.json).toMatchObject({ status: 'failed', error: { code: 'ERR_JOB_002', message: 'It took too long.' } });
    expect(reply.text).not.toContain('secret');
  });

  it('answers 304 to its own ETag while nothing changes', async () => {
    const { poll_url: pollUrl } = await calculate();
    const etag = (await user.get(pollUrl)).headers.get('etag');
    expect(etag).toBeTruthy();
    // Node's fetch adds no-cache to conditional requests unless told otherwise, and that asks for the whole answer.
    const headers = { 'If-None-Match': etag ?? '', 'Cache-Control': 'max-age=0' };
    expect((await user.get(pollUrl, headers)).status).toBe(304);
  });

  it('is ERR_BATCH_003 for a run of another portfolio, a job of another kind and an unknown one', async () => {
    const { batch_run_id: runId } = await calculate();
    const other = await insertPortfolio(api.db, { userId: user.userId, accountName: randomUUID() });
    const { rows } = await api.db.pool.query<{ id: string }>(
      `INSERT INTO jobs (id, kind, queue, payload, dedupe_key, attempts_max, run_id, trigger)
       SELECT id, 'ping', 'maintenance', $1, id::text, 5, id, 'user' FROM (SELECT gen_random_uuid() AS id) AS new RETURNING id`,
      [{ nonce: 'x', portfolioId }],
    );
    expectError(await user.get(`/portfolio/${other}/batch-status/${runId}`), 404, 'ERR_BATCH_003');
    expectError(await user.get(`/portfolio/${portfolioId}/batch-status/${rows[0]?.id}`), 404, 'ERR_BATCH_003');
    expectError(await user.get(`/portfolio/${portfolioId}/batch-status/${randomUUID()}`), 404, 'ERR_BATCH_003');
  });
});

describe('cancelling a run', () => {
  it('ends one that waits at once', async () => {
    const { poll_url: pollUrl } = await calculate();
    expect((await user.post(`${pollUrl}/cancel`)).json).toMatchObject({ status: 'cancelled', poll_url: pollUrl });
    expect((await user.get(pollUrl)).json).toMatchObject({ status: 'cancelled' });
  });

  it('asks one that runs to stop', async () => {
    const { batch_run_id: runId, poll_url: pollUrl } = await calculate();
    await api.db.pool.query(`UPDATE jobs SET status = 'running', started_at = now() WHERE id = $1`, [runId]);
    const reply = await user.post(`${pollUrl}/cancel`);
    expect(reply.json).toMatchObject({ status: 'running' });
    expect(reply.status).toBe(202);
    expect((await user.get(pollUrl)).json).toMatchObject({ status: 'running', cancel_requested_at: expect.any(String) });
  });

  it('leaves one that has ended as it is', async () => {
    const { batch_run_id: runId, poll_url: pollUrl } = await calculate();
    await endJob(api.db, runId, { status: 'completed', result: {} });
    expect((await user.post(`${pollUrl}/cancel`)).json).toMatchObject({ status: 'completed' });
  });
});

describe('readiness', () => {
  it('names what needs a price and has none of the session, and nothing else', async () => {
    await insertLot(api.db, { portfolioId, symbol: 'READY' });
    await insertLot(api.db, { portfolioId, symbol: 'READY' });
    await insertLot(api.db, { portfolioId, symbol: 'LATE' });
    await insertLot(api.db, { portfolioId, symbol: 'CALL', investmentClass: 'OPTIONS', underlying: 'UNDER' });
    await insertLot(api.db, { portfolioId, symbol: 'CASH_USD' });
    await insertLot(api.db, { portfolioId, symbol: 'SPAXX' });
    await insertLot(api.db, { portfolioId, symbol: 'FUND', investmentClass: 'PRIVATE' });
    await insertClose(api.db, { symbol: 'READY', date: SESSION, close: 100 });
    await insertClose(api.db, { symbol: 'LATE', date: '2025-03-13', close: 100 });
    await api.db.pool.query(`INSERT INTO securities (symbol, profile_by, profile_at) VALUES ('READY', 'yahoo', now())`);
    await api.db.pool.query(`INSERT INTO securities (symbol) VALUES ('LATE')`);
    const reply = await user.get(`/portfolio/${portfolioId}/readiness`);
    expect(reply.json).toMatchObject({
      calculation_date: SESSION,
      ready_for_batch: false,
      symbols_count: 3,
      price_coverage_percentage: 33.33,
      missing_prices: [
        { symbol: 'LATE', latest_close_date: '2025-03-13' },
        { symbol: 'UNDER', latest_close_date: null },
      ],
      missing_profiles: ['LATE', 'UNDER'],
    });
    const { factors, warnings } = reply.json as { factors: { stands_for_it: string | null }[]; warnings: string[] };
    expect(factors.map((factor) => factor.stands_for_it)).toEqual(Array(8).fill(null));
    expect(warnings[0]).toContain('ERR_BATCH_001');
  });

  it('of a portfolio that needs no prices is complete', async () => {
    expect((await user.get(`/portfolio/${portfolioId}/readiness`)).json).toMatchObject({
      ready_for_batch: true,
      price_coverage_percentage: 100,
      missing_prices: [],
    });
  });
});
