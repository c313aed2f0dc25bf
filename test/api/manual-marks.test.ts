// Marks of private positions over HTTP: what they value, and who may set them on what.
import type { WorkerContext } from '@closebell/worker/context';
import { simulatedProvider, DEFAULT_SIMULATION_SEED } from '@closebell/worker/market-data/simulated';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.js';
import { makePortfolio, type LotRecord } from '../support/ledger.js';
import { overtaken } from '../support/overtaken.js';
import { ended, withWorker, workerContextBeside } from '../support/worker.js';
import { expectError, fieldsOf, logIn, type Caller } from './caller.js';

const NOW = '2025-06-18T22:00:00.000Z';
const TODAY = '2025-06-18';
const HOUSE: LotRecord = {
  symbol: 'HOUSE',
  quantity: '2',
  entryPrice: '100',
  entryDate: '2025-06-10',
  investmentClass: 'PRIVATE',
};

let app: TestApp;
let user: Caller;
let worker: WorkerContext;

beforeAll(async () => {
  app = await startTestApp({}, () => new Date(NOW));
  worker = workerContextBeside(app.context, [simulatedProvider({ seed: DEFAULT_SIMULATION_SEED })]);
  user = await logIn(app);
});
afterAll(() => app.close());

async function makeLot(lot: LotRecord): Promise<Readonly<{ portfolioId: string; id: string }>> {
  const { db } = app.context;
  const record = { userId: user.userId, equity: '1000', asOf: '2025-06-12', openedOn: TODAY, lots: [lot] };
  const portfolioId = await makePortfolio(db, record);
  const { rows } = await db.pool.query<{ id: string }>(`SELECT id FROM positions WHERE portfolio_id = $1`, [portfolioId]);
  return { portfolioId, id: rows[0]!.id };
}
const mark = (id: string, mark_date: string, price: number) => user.post(`/positions/${id}/marks`, { mark_date, price });
const marksOf = async (id: string, query = '') =>
  fieldsOf<{ marks: readonly { mark_date: string; price: number }[]; next_cursor: string | null }>(
    await user.get(`/positions/${id}/marks${query}`),
    200,
  );
async function valuesOf(portfolioId: string, run: string): Promise<readonly (readonly [string, number, number])[]> {
  const { db } = app.context;
  await withWorker({ context: worker }, async () => expect((await ended(db, run)).status).toMatch(/completed|partial/));
  const { rows } = await db.pool.query<{ date: string; net: number; equity: number }>(
    `SELECT snapshot_date AS date, net_value::float8 AS net, equity::float8 FROM portfolio_snapshots
     WHERE portfolio_id = $1 AND snapshot_date >= '2025-06-12' ORDER BY snapshot_date`,
    [portfolioId],
  );
  return rows.map(({ date, net, equity }) => [date, net, equity]);
}

describe('a mark', () => {
  it('values a private lot from its session on, until the next one, and equity with it', async () => {
    const { portfolioId, id } = await makeLot(HOUSE);
    const first = fieldsOf<{ replaced: boolean; figures_from: string }>(await mark(id, '2025-06-14', 110), 200);
    // A Saturday: it counts on Monday.
    expect(first).toMatchObject({ replaced: false, figures_from: '2025-06-16' });
    const { batch_run_id: run } = fieldsOf<{ batch_run_id: string }>(await mark(id, TODAY, 90.5), 200);
    expect(await valuesOf(portfolioId, run)).toEqual([
      ['2025-06-12', 200, 1_000],
      ['2025-06-13', 200, 1_000],
      ['2025-06-16', 220, 1_020],
      ['2025-06-17', 220, 1_020],
      ['2025-06-18', 181, 981],
    ]);
  });

  it('replaces one of the same day, and when it is taken back the one before it holds on', async () => {
    const { portfolioId, id } = await makeLot(HOUSE);
    await mark(id, '2025-06-13', 110);
    await mark(id, '2025-06-17', 500);
    expect(fieldsOf(await mark(id, '2025-06-17', 0), 200)).toMatchObject({ replaced: true, price: 0 });
    expect((await marksOf(id)).marks.map(({ mark_date: date, price }) => [date, price])).toEqual([
      ['2025-06-17', 0],
      ['2025-06-13', 110],
    ]);
    const gone = fieldsOf<{ batch_run_id: string }>(await user.delete(`/positions/${id}/marks/2025-06-17`), 200);
    expect((await valuesOf(portfolioId, gone.batch_run_id)).at(-1)).toEqual([TODAY, 220, 1_020]);
    expectError(await user.delete(`/positions/${id}/marks/2025-06-17`), 404, 'ERR_MARK_001');
  });

  it('is listed once, page by page', async () => {
    const { id } = await makeLot(HOUSE);
    for (const day of ['2025-06-11', '2025-06-12', '2025-06-13']) await mark(id, day, 1);
    const first = await marksOf(id, '?limit=2');
    const second = await marksOf(id, `?limit=2&cursor=${first.next_cursor}`);
    const days = [...first.marks, ...second.marks].map(({ mark_date: date }) => date);
    expect(days).toEqual(['2025-06-13', '2025-06-12', '2025-06-11']);
    expect(second.next_cursor).toBeNull();
  });

  it('sent twice with one Idempotency-Key is set once', async () => {
    const { id } = await makeLot(HOUSE);
    const headers = { 'Idempotency-Key': randomUUID() };
    const send = () => user.post(`/positions/${id}/marks`, { mark_date: TODAY, price: 5 }, headers);
    const first = await send();
    expect((await send()).text).toBe(first.text);
    expect(first.json).toMatchObject({ replaced: false });
  });
});

describe('a request', () => {
  it.each([
    ['a public lot', { ...HOUSE, symbol: 'AAPL', investmentClass: 'PUBLIC' as const }],
    ['private cash', { ...HOUSE, symbol: 'CASH_USD', investmentSubtype: 'CASH' }],
  ])('to mark %s is 422', async (_, lot) => {
    expectError(await mark((await makeLot(lot)).id, TODAY, 5), 422, 'ERR_MARK_002');
  });

  it.each([
    ['a day to come', '2025-06-19', 5],
    ['a day before the entry', '2025-06-09', 5],
    ['a price below 0', TODAY, -1],
    ['a price beyond any', TODAY, 1e7],
    ['too many decimals', TODAY, 0.0000001],
  ])('with %s is 422', async (_, date, price) => {
    expectError(await mark((await makeLot(HOUSE)).id, date, price), 422, 'ERR_REQ_001');
  });

  it('to mark a lot that is removed meanwhile is 404, and one that is closed meanwhile is marked up to its exit', async () => {
    const markOvertaken = async (statement: string) => {
      const { portfolioId, id } = await makeLot(HOUSE);
      return overtaken(app.context.db, portfolioId, { request: () => mark(id, TODAY, 5), statement, id });
    };
    const remove = `UPDATE positions SET deleted_at = clock_timestamp() WHERE id = $1`;
    expectError(await markOvertaken(remove), 404, 'ERR_POSITION_404');
    const close = `UPDATE positions SET exit_date = '2025-06-17', exit_price = 100 WHERE id = $1`;
    expectError(await markOvertaken(close), 422, 'ERR_REQ_001');
  });

  it('about the position of someone else is 404 to read and 403 to write, and 404 about none', async () => {
    const { id } = await makeLot(HOUSE);
    await mark(id, TODAY, 5);
    const other = await logIn(app);
    expectError(await other.get(`/positions/${id}/marks`), 404, 'ERR_POSITION_404');
    expectError(await other.post(`/positions/${id}/marks`, { mark_date: TODAY, price: 6 }), 403, 'ERR_OWNER_001');
    expectError(await other.delete(`/positions/${id}/marks/${TODAY}`), 403, 'ERR_OWNER_001');
    expectError(await mark(randomUUID(), TODAY, 5), 404, 'ERR_POSITION_404');
    expect((await marksOf(id)).marks).toMatchObject([{ price: 5 }]);
  });
});
