// Jobs as their requester sees them, with no worker there: what is pending, cancelled, failed, or kept no longer; and files of trades.
import type { JobOrigin } from '@closebell/prisma/jobs';
import { submitJob } from '@closebell/prisma/jobs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';
import { endJob, insertPortfolio, insertSnapshot } from './records.js';

const ASYNC = { Prefer: 'respond-async' };

let api: DomainApi;
let user: Caller;
let portfolioId: string;

beforeAll(async () => {
  api = await startDomainApi('2025-03-12T22:00:00Z');
  user = await api.user();
  portfolioId = await insertPortfolio(api.db, { userId: user.userId });
});
afterAll(() => api.close());

type Pending = Readonly<{ job_id: string; poll_url: string; result_url: string; status: string }>;
const pending = async (query = ''): Promise<Pending> =>
  fieldsOf<Pending>(await user.get(`/export/portfolio/${portfolioId}?${query}`, ASYNC), 202);
const submit = async (origin: Omit<JobOrigin, 'trigger'>): Promise<string> => {
  const payload = { portfolioId, sessionDate: '2025-03-12' };
  return (await submitJob(api.db.pool, 'calculate-portfolio', payload, { trigger: 'user', ...origin })).jobId;
};
/** So that another one may be asked for. */
const end = (id: string) => endJob(api.db, id, { status: 'cancelled' });

describe('an export that nobody makes yet', () => {
  it('is answered 202, with addresses that work as given', async () => {
    const reply = await user.get(`/export/portfolio/${portfolioId}`, ASYNC);
    const { job_id: id, poll_url: poll, result_url: result } = fieldsOf<Pending>(reply, 202);
    expect(reply.headers.get('location')).toBe(poll);
    expect(reply.headers.get('retry-after')).toBe('1');
    const job = fieldsOf(await user.get(poll), 200);
    expect(job).toMatchObject({ job_id: id, kind: 'build-export', status: 'queued', file: null, result_url: null, error: null });
    const waiting = await user.get(result);
    expect(waiting.status).toBe(202);
    expect(waiting.json).toEqual(job);
    await end(id);
  });

  it('is joined by who asks for the same, and not by who asks for another one', async () => {
    const first = await pending('format=json&include=history,positions');
    expect((await pending('format=json&include=positions,history')).job_id).toBe(first.job_id);
    const others = [await pending('format=json&include=history'), await pending('format=xlsx&include=positions,history')];
    await insertSnapshot(api.db, { portfolioId, date: '2025-03-12' });
    const later = await pending('format=json&include=history,positions');
    await api.db.pool.query(`UPDATE portfolios SET generation = generation + 1 WHERE id = $1`, [portfolioId]);
    const changed = await pending('format=json&include=history,positions');
    const ids = [first, ...others, later, changed].map(({ job_id: id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) await end(id);
  });

  it('answers 304 to a poll while nothing changes', async () => {
    const { job_id: id, poll_url: poll } = await pending();
    const etag = (await user.get(poll)).headers.get('etag')!;
    expect((await user.get(poll, { 'If-None-Match': etag })).status).toBe(304);
    await end(id);
    expect((await user.get(poll, { 'If-None-Match': etag })).status).toBe(200);
  });

  it('is cancelled at once, and has no file from then on', async () => {
    const { job_id: id, poll_url: poll, result_url: result } = await pending();
    const { cancel_url: cancel } = fieldsOf<{ cancel_url: string }>(await user.get(poll), 200);
    expect(fieldsOf(await user.post(cancel), 202)).toMatchObject({ job_id: id, status: 'cancelled', cancel_url: null });
    expectError(await user.get(result), 409, 'ERR_EXPORT_001');
    expect(fieldsOf(await user.post(cancel), 202)).toMatchObject({ status: 'cancelled' });
  });
});

describe('a job that has ended', () => {
  it('in failure says why, where its file was to be', async () => {
    const { job_id: id, poll_url: poll, result_url: result } = await pending();
    const error = { code: 'ERR_JOB_002', message: 'It took too long.', fingerprint: 'f' };
    await endJob(api.db, id, { status: 'failed', error });
    expect(fieldsOf(await user.get(poll), 200)).toMatchObject({ error: { code: 'ERR_JOB_002', message: 'It took too long.' } });
    const reply = await user.get(result);
    expectError(reply, 409, 'ERR_EXPORT_001');
    expect(reply.json).toMatchObject({ error: { details: { status: 'failed', error: { code: 'ERR_JOB_002' } } } });
    expect(reply.text).not.toContain('fingerprint');
  });

  it('without a file, or with one that is kept no longer, says so', async () => {
    const { job_id: id, result_url: result } = await pending();
    await endJob(api.db, id, { status: 'completed', result: { file_name: 'gone.csv' } });
    expectError(await user.get(result), 404, 'ERR_EXPORT_404');
  });
});

describe('a job', () => {
  it('of any kind is seen by who asked for it', async () => {
    const id = await submit({ requestedBy: user.userId });
    expect(fieldsOf(await user.get(`/system/jobs/${id}`), 200)).toMatchObject({ kind: 'calculate-portfolio' });
    await end(id);
  });

  it('that a superuser asked for in a user’s place is the user’s', async () => {
    const admin = await api.user();
    const id = await submit({ requestedBy: admin.userId, actingAs: user.userId });
    expectError(await admin.get(`/system/jobs/${id}`), 404, 'ERR_BATCH_003');
    expectError(await admin.post(`/system/jobs/${id}/cancel`), 403, 'ERR_OWNER_001');
    expect((await user.post(`/system/jobs/${id}/cancel`)).status).toBe(202);
  });

  it('that nobody asked for is no user’s', async () => {
    const id = await submit({});
    expectError(await user.get(`/system/jobs/${id}`), 404, 'ERR_BATCH_003');
    expectError(await user.post(`/system/jobs/${id}/cancel`), 403, 'ERR_OWNER_001');
    await end(id);
  });
});

describe('a file of trades', () => {
  const TRADES = [
    { symbol: ' brk/b ', side: 'buy', quantity: 10.5, price: 150.25 },
    { symbol: '-X', side: 'sell', quantity: 0.000_000_5 },
  ];

  it('in CSV has the totals, every digit written out and no cell that a spreadsheet runs', async () => {
    const { status, text, headers } = await user.post('/export/trades', { trades: TRADES });
    expect(status).toBe(200);
    expect(headers.get('content-disposition')).toBe('attachment; filename="closebell_trades.csv"');
    expect(text).toBe("symbol,side,quantity,price,total\r\nBRK.B,buy,10.5,150.25,1577.625\r\n'-X,sell,0.0000005,,\r\n");
  });

  it('as order lines has a limit where there is a price', async () => {
    const { text } = await user.post('/export/trades', { trades: TRADES, format: 'generic' });
    expect(text.split('\r\n').slice(1, 3)).toEqual(['BUY,BRK.B,10.5,LIMIT,150.25,DAY', "SELL,'-X,0.0000005,MARKET,,DAY"]);
  });

  it('in JSON sums what is bought and sold', async () => {
    const { json } = await user.post('/export/trades', { trades: TRADES, format: 'json' });
    expect(json).toMatchObject({ count: 2, total_bought: 1577.625, total_sold: 0, without_price: 1 });
  });

  it.each([
    ['none', []],
    ['5,001', Array.from({ length: 5_001 }, () => ({ symbol: 'A', side: 'buy', quantity: 1 }))],
    ['of no quantity', [{ symbol: 'A', side: 'buy', quantity: 0 }]],
    ['short', [{ symbol: 'A', side: 'short', quantity: 1 }]],
    ['of more than any can come to', [{ symbol: 'A', side: 'buy', quantity: 1e8, price: 1e4 }]],
    ['of a formula', [{ symbol: '=1+1', side: 'buy', quantity: 1 }]],
  ])('is refused: %s', async (_, trades) => {
    expectError(await user.post('/export/trades', { trades }), 422, 'ERR_REQ_001');
  });
});
