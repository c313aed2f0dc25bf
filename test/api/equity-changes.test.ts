// Contributions and withdrawals over HTTP: what they move, until when they may be corrected, and how much can be taken out.
import { timeWeightedReturn } from '@closebell/shared/calc/time-weighted-return';
import { xirr } from '@closebell/shared/calc/xirr';
import type { WorkerContext } from '@closebell/worker/context';
import { simulatedProvider, DEFAULT_SIMULATION_SEED } from '@closebell/worker/market-data/simulated';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type TestApp } from '../support/app.js';
import { makePortfolio } from '../support/ledger.js';
import { ended, withWorker, workerContextBeside } from '../support/worker.js';
import { expectError, fieldsOf, logIn, type Caller } from './caller.js';

/** After the close of a Wednesday: its session is complete. */
const NOW = '2025-06-18T22:00:00.000Z';
const TODAY = '2025-06-18';
const ANCHOR = '2025-06-12';

let app: TestApp;
let user: Caller;
let worker: WorkerContext;

beforeAll(async () => {
  app = await startTestApp({}, () => new Date(NOW));
  worker = workerContextBeside(app.context, [simulatedProvider({ seed: DEFAULT_SIMULATION_SEED })]);
  user = await logIn(app);
});
afterAll(() => app.close());

type Change = Readonly<{
  id: string;
  amount: number;
  figures_from: string;
  moves: string;
  message: string;
  batch_run_id: string;
}>;

const AAPL = { symbol: 'AAPL', quantity: '20', entryPrice: '150', entryDate: '2025-06-09' };
const makeBook = (lots = [AAPL]) =>
  makePortfolio(app.context.db, { userId: user.userId, equity: '10000', asOf: ANCHOR, openedOn: TODAY, lots });
const at = (id: string, change = '') => `/portfolios/${id}/equity-changes${change === '' ? '' : `/${change}`}`;
const entryOf = (change_type: string, amount: number, change_date: string, notes?: string) => ({
  change_type,
  amount,
  change_date,
  ...(notes === undefined ? {} : { notes }),
});
const enter = async (id: string, ...terms: Parameters<typeof entryOf>) =>
  fieldsOf<Change>(await user.post(at(id), entryOf(...terms)), 201);
const rows = async <T>(statement: string, ...values: readonly unknown[]): Promise<readonly T[]> =>
  (await app.context.db.pool.query(statement, [...values])).rows as T[];
const age = (changeId: string, interval: string) =>
  rows(`UPDATE equity_changes SET created_at = clock_timestamp() - $2::interval WHERE id = $1`, changeId, interval);

type Session = Readonly<{ date: string; equity: number; cash: number; pnl: number; earned: number | null; flow: number }>;
/** The sessions of the portfolio once all that was asked for is computed. */
async function calculated(id: string): Promise<readonly Session[]> {
  const { batch_run_id: run } = fieldsOf<{ batch_run_id: string }>(await user.post(`/portfolios/${id}/calculate`), 202);
  await withWorker({ context: worker }, async () =>
    expect((await ended(app.context.db, run)).status).toMatch(/completed|partial/),
  );
  return rows<Session>(
    `SELECT snapshot_date AS date, equity::float8, cash::float8, daily_pnl::float8 AS pnl, daily_return AS earned, capital_flow::float8 AS flow
     FROM portfolio_snapshots WHERE portfolio_id = $1 AND is_complete ORDER BY snapshot_date`,
    id,
  );
}
const differences = (after: readonly Session[], before: readonly Session[]) =>
  after.map(({ date, equity, cash }, k) => [date, round(equity - before[k]!.equity), round(cash - before[k]!.cash)]);
const round = (value: number): number => Math.round(value * 10_000) / 10_000;
const twr = (sessions: readonly Session[]) => timeWeightedReturn(sessions.map(({ earned }) => earned ?? Number.NaN))!.value;
/** Paid in at the start, with each flow, and worth what it is worth at the end. */
function mwr(sessions: readonly Session[]): number {
  const [first, last] = [sessions[0]!, sessions.at(-1)!];
  const flows = sessions.slice(1).map(({ date, flow }) => ({ date, amount: -flow }));
  const found = xirr([{ date: first.date, amount: -first.equity }, ...flows, { date: last.date, amount: last.equity }]);
  if (!found.ok) throw new Error(found.reason);
  return found.rate;
}

describe('after equity_as_of', () => {
  it('a contribution and a withdrawal move equity and cash from their sessions on, and no P&L', async () => {
    const id = await makeBook();
    const before = await calculated(id);
    const made = await enter(id, 'CONTRIBUTION', 1_000, '2025-06-14');
    expect(made).toMatchObject({ figures_from: '2025-06-16', moves: 'sessions from figures_from on' });
    await enter(id, 'WITHDRAWAL', 250.5, '2025-06-17');
    const after = await calculated(id);
    // The 14th was a Saturday: it counts on Monday.
    expect(differences(after, before).filter(([, moved]) => moved !== 0)).toEqual([
      ['2025-06-16', 1_000, 1_000],
      ['2025-06-17', 749.5, 749.5],
      ['2025-06-18', 749.5, 749.5],
    ]);
    expect(after.map(({ pnl }) => pnl)).toEqual(before.map(({ pnl }) => pnl));
    expect(after.find(({ date }) => date === ANCHOR)!.equity).toBe(10_000);
  });

  it('flows leave the time-weighted return as it is made of returns on what was there, and move the money-weighted one', async () => {
    const id = await makeBook();
    const before = await calculated(id);
    await enter(id, 'WITHDRAWAL', 5_000, '2025-06-16');
    const out = await calculated(id);
    await enter(id, 'CONTRIBUTION', 5_000, '2025-06-17');
    const after = await calculated(id);
    const expected = compounded(after);
    expect(twr(after)).toBeCloseTo(expected, 12);
    expect(mwr(after)).not.toBeCloseTo(mwr(before), 4);
    expect(mwr(out)).not.toBeCloseTo(mwr(before), 4);
  });

  it('of cash alone the time-weighted return stays 0 through every flow', async () => {
    const id = await makeBook([]);
    await enter(id, 'CONTRIBUTION', 90_000, '2025-06-16');
    await enter(id, 'WITHDRAWAL', 50_000, '2025-06-17');
    const sessions = await calculated(id);
    expect(twr(sessions.slice(1))).toBe(0);
    expect(sessions.at(-1)!.equity).toBe(50_000);
  });
});

/** What one dollar became, from P&L and equity alone: each session's earnings on what was there before it and came in with it. */
function compounded(sessions: readonly Session[]): number {
  return (
    sessions.slice(1).reduce((level, { pnl, flow }, k) => level * (1 + pnl / (sessions[k]!.equity + Math.max(flow, 0))), 1) - 1
  );
}

describe('at or before equity_as_of', () => {
  it('a change moves earlier sessions only, and the answer says so', async () => {
    const id = await makeBook();
    const before = await calculated(id);
    const made = await enter(id, 'CONTRIBUTION', 1_000, '2025-06-11');
    expect(made.moves).toBe('earlier sessions only');
    expect(made.message).toContain('never that balance');
    expect(differences(await calculated(id), before)).toEqual(
      before.map(({ date }) => (date < '2025-06-11' ? [date, -1_000, -1_000] : [date, 0, 0])),
    );
  });

  it('a withdrawal may be larger than the stated balance: that is what it left', async () => {
    const id = await makeBook();
    await enter(id, 'WITHDRAWAL', 50_000, ANCHOR);
    const sessions = await calculated(id);
    expect(sessions.find(({ date }) => date === ANCHOR)!.equity).toBe(10_000);
    expect(sessions.find(({ date }) => date === '2025-06-11')!.equity).toBeGreaterThan(59_000);
  });
});

describe('a withdrawal', () => {
  it('may be as large as the equity, and not larger', async () => {
    const id = await makeBook([]);
    const over = await user.post(at(id), entryOf('WITHDRAWAL', 10_000.01, TODAY));
    expectError(over, 422, 'ERR_EQUITY_003');
    expect(over.json).toMatchObject({ error: { details: { need: 10_000.01, have: 10_000 } } });
    await enter(id, 'WITHDRAWAL', 10_000, TODAY);
    expectError(await user.post(at(id), entryOf('WITHDRAWAL', 0.01, TODAY)), 422, 'ERR_EQUITY_003');
    expect((await calculated(id)).at(-1)!.equity).toBe(0);
  });

  it('of an earlier day leaves what was taken out since: later sessions do not fall below 0', async () => {
    const id = await makeBook([]);
    await calculated(id);
    await enter(id, 'WITHDRAWAL', 8_000, '2025-06-17');
    await calculated(id);
    expectError(await user.post(at(id), entryOf('WITHDRAWAL', 2_000.01, '2025-06-13')), 422, 'ERR_EQUITY_003');
    await enter(id, 'WITHDRAWAL', 2_000, '2025-06-13');
  });

  it('at once with others takes out what there is and no more', async () => {
    const id = await makeBook([]);
    const all = await Promise.all(Array.from({ length: 8 }, () => user.post(at(id), entryOf('WITHDRAWAL', 3_000, TODAY))));
    expect(all.filter(({ status }) => status === 201)).toHaveLength(3);
  });
});

describe('a correction', () => {
  it('changes the fields it names for 7 days', async () => {
    const id = await makeBook();
    const { id: change } = await enter(id, 'CONTRIBUTION', 100, '2025-06-17', 'salary');
    await age(change, '6 days 23 hours');
    const edited = fieldsOf<Change>(await user.put(at(id, change), { amount: 150.25, change_date: '2025-06-16' }), 200);
    expect(edited).toMatchObject({ amount: 150.25, notes: 'salary', change_type: 'CONTRIBUTION', figures_from: '2025-06-16' });
    expect(fieldsOf(await user.put(at(id, change), { notes: null }), 200)).toMatchObject({ notes: null, amount: 150.25 });
    await age(change, '7 days 1 minute');
    expectError(await user.put(at(id, change), { amount: 1 }), 409, 'ERR_EQUITY_006');
  });

  it('moves the figures from the earlier of both days on', async () => {
    const id = await makeBook();
    const before = await calculated(id);
    const { id: change } = await enter(id, 'CONTRIBUTION', 100, '2025-06-16');
    await calculated(id);
    await user.put(at(id, change), { change_date: '2025-06-18', amount: 40 });
    expect(differences(await calculated(id), before).filter(([, moved]) => moved !== 0)).toEqual([['2025-06-18', 40, 40]]);
  });

  it('of its notes alone is possible whatever has become of the equity', async () => {
    const id = await makeBook([]);
    const { id: contribution } = await enter(id, 'CONTRIBUTION', 5_000, TODAY);
    const { id: withdrawal } = await enter(id, 'WITHDRAWAL', 15_000, TODAY);
    expect((await user.delete(at(id, contribution))).status).toBe(200);
    expect((await user.put(at(id, withdrawal), { notes: 'house' })).json).toMatchObject({ notes: 'house', amount: 15_000 });
    expectError(await user.put(at(id, withdrawal), { amount: 15_001 }), 422, 'ERR_EQUITY_003');
  });

  it('of a withdrawal may use what it gave back', async () => {
    const id = await makeBook([]);
    const { id: change } = await enter(id, 'WITHDRAWAL', 9_000, TODAY);
    await calculated(id);
    expect((await user.put(at(id, change), { amount: 10_000 })).status).toBe(200);
    expectError(await user.put(at(id, change), { amount: 10_000.01 }), 422, 'ERR_EQUITY_003');
  });

  it('takes a change back for 30 days, and with it all it moved', async () => {
    const id = await makeBook();
    const before = await calculated(id);
    const { id: change } = await enter(id, 'WITHDRAWAL', 100, '2025-06-16');
    await calculated(id);
    await age(change, '29 days 23 hours');
    expect(fieldsOf(await user.delete(at(id, change)), 200)).toMatchObject({
      id: change,
      deleted: true,
      figures_from: '2025-06-16',
    });
    expect(await calculated(id)).toEqual(before);
    expectError(await user.get(at(id, change)), 404, 'ERR_EQUITY_008');
    expectError(await user.delete(at(id, change)), 404, 'ERR_EQUITY_008');
    const { id: old } = await enter(id, 'CONTRIBUTION', 100, '2025-06-16');
    await age(old, '30 days 1 minute');
    expectError(await user.delete(at(id, old)), 409, 'ERR_EQUITY_007');
  });
});

describe('a request', () => {
  it.each([
    ['an amount of 0', { amount: 0 }, 'ERR_EQUITY_001'],
    ['an amount below 0', { amount: -5 }, 'ERR_EQUITY_001'],
    ['a day to come', { change_date: '2025-06-19' }, 'ERR_EQUITY_002'],
    ['a day over 100 years ago', { change_date: '1925-06-17' }, 'ERR_REQ_001'],
    ['another type', { change_type: 'GIFT' }, 'ERR_REQ_001'],
    ['a text for a number', { amount: '5' }, 'ERR_REQ_001'],
    ['too many decimals', { amount: 0.00001 }, 'ERR_REQ_001'],
    ['an amount beyond any', { amount: 1e9 }, 'ERR_REQ_001'],
    ['no day', { change_date: undefined }, 'ERR_REQ_001'],
    ['notes too long', { notes: 'x'.repeat(1_001) }, 'ERR_REQ_001'],
  ])('with %s is 422', async (_, terms, code) => {
    const entry = { ...entryOf('CONTRIBUTION', 5, TODAY), ...terms };
    expectError(await user.post(at(await makeBook([])), entry), 422, code);
  });

  it('to correct nothing is 422, and to correct into a fault too', async () => {
    const id = await makeBook([]);
    const { id: change } = await enter(id, 'CONTRIBUTION', 5, TODAY);
    expectError(await user.put(at(id, change), {}), 422, 'ERR_REQ_001');
    expectError(await user.put(at(id, change), { amount: -1 }), 422, 'ERR_EQUITY_001');
    expectError(await user.put(at(id, change), { change_date: '2025-06-19' }), 422, 'ERR_EQUITY_002');
  });

  it('about the portfolio of someone else is 404 to read and 403 to write; a change is of its own portfolio only', async () => {
    const [id, sibling] = [await makeBook([]), await makeBook([])];
    const { id: change } = await enter(id, 'CONTRIBUTION', 5, TODAY);
    const other = await logIn(app);
    for (const path of [at(id), at(id, 'summary'), at(id, change)]) expectError(await other.get(path), 404, 'ERR_PORT_404');
    expectError(await other.post(at(id), entryOf('CONTRIBUTION', 5, TODAY)), 403, 'ERR_OWNER_001');
    expectError(await other.put(at(id, change), { amount: 1 }), 403, 'ERR_OWNER_001');
    expectError(await other.delete(at(id, change)), 403, 'ERR_OWNER_001');
    expectError(await user.get(at(sibling, change)), 404, 'ERR_EQUITY_008');
    expectError(await user.delete(at(sibling, change)), 404, 'ERR_EQUITY_008');
  });

  it('sent twice with one Idempotency-Key is one change', async () => {
    const id = await makeBook([]);
    const headers = { 'Idempotency-Key': randomUUID() };
    const first = await user.post(at(id), entryOf('CONTRIBUTION', 5, TODAY), headers);
    expect((await user.post(at(id), entryOf('CONTRIBUTION', 5, TODAY), headers)).text).toBe(first.text);
    expect(fieldsOf(await user.get(at(id, 'summary')), 200)).toMatchObject({ contributions_count: 1 });
  });
});

it('the list has every change once, the latest date first, page by page; the summary adds them up', async () => {
  const id = await makeBook([]);
  expect(fieldsOf(await user.get(at(id, 'summary')), 200)).toMatchObject({ net_change: 0, last_change: null });
  const second = await enter(id, 'CONTRIBUTION', 0.1, '2025-06-16');
  const first = await enter(id, 'WITHDRAWAL', 1_000.5, '2025-06-17');
  const third = await enter(id, 'CONTRIBUTION', 0.2, '2025-06-10');
  type Page = { equity_changes: readonly { id: string }[]; next_cursor: string | null };
  const page = async (query: string) => fieldsOf<Page>(await user.get(`${at(id)}?${query}`), 200);
  const one = await page('limit=2');
  const two = await page(`limit=2&cursor=${one.next_cursor}`);
  expect([...one.equity_changes, ...two.equity_changes].map((each) => each.id)).toEqual([first.id, second.id, third.id]);
  expect(two.next_cursor).toBeNull();
  expect((await page('change_type=CONTRIBUTION&from=2025-06-11')).equity_changes.map((each) => each.id)).toEqual([second.id]);
  expect(fieldsOf(await user.get(at(id, 'summary')), 200)).toMatchObject({
    total_contributions: 0.3,
    total_withdrawals: 1_000.5,
    net_change: -1_000.2,
    contributions_count: 2,
    withdrawals_count: 1,
    last_change: { id: first.id },
  });
});
