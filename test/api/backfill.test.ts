// Missing snapshots of a range, asked for over HTTP and computed by a real worker.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bookFiguresOf, makePortfolio } from '../support/ledger.js';
import { scriptedProvider } from '../support/scripted-provider.js';
import { createWorld, ended, withWorker, type TestWorld } from '../support/worker.js';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';

/** A Friday after the close. 2025-06-19 was a holiday. */
const NOW = '2025-06-20T22:00:00Z';

type Made = Readonly<{
  batch_run_id: string;
  sessions: number;
  missing: number;
  start_date: string;
  end_date: string;
  message: string;
}>;

let api: DomainApi;
let world: TestWorld;
let owner: Caller;
let portfolioId: string;

beforeAll(async () => {
  api = await startDomainApi(NOW);
  owner = await api.user();
  const provider = scriptedProvider();
  world = await createWorld({ now: NOW, providers: [provider] });
  const sessions = world.context.calendar.sessionsBetween('2025-05-01', '2025-06-20');
  provider.closes.set('ACME', new Map(sessions.map((session, i) => [session, 100 + i])));
});
afterAll(async () => {
  await world.close();
  await api.close();
});
beforeEach(async () => {
  portfolioId = await makePortfolio(api.db, {
    userId: owner.userId,
    equity: '50000',
    asOf: '2025-06-18',
    lots: [
      { symbol: 'ACME', quantity: '10', entryPrice: '100', entryDate: '2025-06-09' },
      { symbol: 'ACME', quantity: '5', entryPrice: '100', entryDate: '2025-06-16', exitPrice: '130', exitDate: '2025-06-17' },
    ],
  });
});

const ask = (start: string, end: string, headers = {}) =>
  owner.post(`/portfolios/${portfolioId}/snapshots/backfill`, { start_date: start, end_date: end }, headers);
async function backfill(start: string, end: string): Promise<Made> {
  const made = fieldsOf<Made>(await ask(start, end), 202);
  await withWorker({ context: { ...world.context, db: api.db } }, async () => {
    expect((await ended(api.db, made.batch_run_id)).status).toBe('completed');
  });
  return made;
}
async function sessionsOf(): Promise<readonly Readonly<{ date: string; equity: string; lots: number }>[]> {
  const { rows } = await api.db.pool.query<{ date: string; equity: string; lots: number }>(
    `SELECT snapshot_date AS date, equity, position_count AS lots FROM portfolio_snapshots WHERE portfolio_id = $1 ORDER BY snapshot_date`,
    [portfolioId],
  );
  return rows;
}

describe('a backfill', () => {
  it('makes one snapshot a session, each of the lots of its own date', async () => {
    const made = await backfill('2025-06-14', '2025-06-18');
    expect(made).toMatchObject({ start_date: '2025-06-16', end_date: '2025-06-18', sessions: 3, missing: 3 });
    const sessions = new Map((await sessionsOf()).map(({ date, lots }) => [date, lots]));
    expect(['2025-06-14', '2025-06-15', '2025-06-16', '2025-06-17', '2025-06-18'].map((date) => sessions.get(date))).toEqual([
      undefined,
      undefined,
      2,
      1,
      1,
    ]);
  });

  it('of sessions that were lost brings back the same figures, and leaves the others as they are', async () => {
    await backfill('2025-06-09', '2025-06-20');
    const before = await bookFiguresOf(api.db, portfolioId);
    await api.db.pool.query(
      `DELETE FROM portfolio_snapshots WHERE portfolio_id = $1 AND snapshot_date IN ('2025-06-12', '2025-06-20')`,
      [portfolioId],
    );
    expect(await backfill('2025-06-11', '2025-06-20')).toMatchObject({ sessions: 7, missing: 2 });
    expect(await bookFiguresOf(api.db, portfolioId)).toBe(before);
    expect(await backfill('2025-06-11', '2025-06-20')).toMatchObject({
      missing: 0,
      message: expect.stringContaining('Every session') as string,
    });
    expect(await bookFiguresOf(api.db, portfolioId)).toBe(before);
  });

  it('begins where the history does and ends with the last complete session, and says so', async () => {
    const made = fieldsOf<Made>(await ask('2020-01-01', '2030-01-01'), 202);
    expect(made).toMatchObject({ start_date: '2025-06-09', end_date: '2025-06-20' });
    expect(made.message).toContain('begins with 2025-06-09');
  });

  it.each([
    ['the history has not begun', '2025-05-01', '2025-06-06'],
    ['there is no session', '2025-06-14', '2025-06-15'],
    ['nothing is complete yet', '2025-06-21', '2025-06-27'],
    ['the end is before the start', '2025-06-18', '2025-06-17'],
  ])('of days on which %s is refused', async (_what, start, end) => {
    expectError(await ask(start, end), 422, 'ERR_REQ_001');
    expect((await api.db.pool.query(`SELECT 1 FROM jobs WHERE payload->>'portfolioId' = $1`, [portfolioId])).rowCount).toBe(0);
  });

  it("is one for one Idempotency-Key, and its owner's alone", async () => {
    const key = { 'Idempotency-Key': randomUUID() };
    const replies = [await ask('2025-06-16', '2025-06-18', key), await ask('2025-06-16', '2025-06-18', key)];
    expect(replies[1]!.json).toEqual(replies[0]!.json);
    const other = await api.user();
    const body = { start_date: '2025-06-16', end_date: '2025-06-18' };
    for (const word of ['portfolio', 'portfolios']) {
      expectError(await other.post(`/${word}/${portfolioId}/snapshots/backfill`, body), 403, 'ERR_OWNER_001');
      expectError(await owner.post(`/${word}/${randomUUID()}/snapshots/backfill`, body), 404, 'ERR_PORT_404');
    }
  });
});
