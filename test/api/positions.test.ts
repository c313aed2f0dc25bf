// Lots entered, changed and removed over HTTP; a real worker makes the figures that follow from them.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { scriptedProvider } from '../support/scripted-provider.js';
import { createWorld, ended, withWorker, type TestWorld } from '../support/worker.js';
import { expectError, fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';

/** A Friday after the close; the Thursday before it was a holiday. */
const NOW = '2025-06-20T22:00:00Z';
const ANCHOR = '2025-06-12';
/** 90 before the anchor, 100 at it, and 10 more in each session since. */
const SINCE = {
  '2025-06-12': 100,
  '2025-06-13': 110,
  '2025-06-16': 120,
  '2025-06-17': 130,
  '2025-06-18': 140,
  '2025-06-20': 150,
};
const LOT = { symbol: 'ACME', quantity: 10, entry_price: 115, entry_date: '2025-06-16' };

type Made = Readonly<{
  positions: readonly Readonly<{ id: string; position_type: string }>[];
  figures_from: string;
  moves: string;
  batch_run_id: string;
  poll_url: string;
}>;
type Session = Readonly<{ snapshot_date: string; equity: number; cash: number }>;

let api: DomainApi;
let world: TestWorld;
let owner: Caller;
let portfolioId: string;

beforeAll(async () => {
  api = await startDomainApi(NOW);
  const provider = scriptedProvider();
  world = await createWorld({ now: NOW, providers: [provider] });
  const before = world.context.calendar
    .sessionsBetween('2025-05-01', '2025-06-11')
    .map((session): [string, number] => [session, 90]);
  provider.closes.set('ACME', new Map([...before, ...Object.entries(SINCE)]));
});
afterAll(async () => {
  await world.close();
  await api.close();
});
beforeEach(async () => {
  owner = await api.user();
  portfolioId = await open(owner);
});

async function open(user: Caller): Promise<string> {
  const terms = {
    portfolio_name: 'Growth',
    account_name: randomUUID(),
    account_type: 'taxable',
    equity_balance: 100_000,
    equity_as_of: ANCHOR,
  };
  return fieldsOf<{ id: string }>(await user.post('/portfolios', terms), 201).id;
}
const path = () => `/portfolios/${portfolioId}/positions`;
const enter = async (body: unknown): Promise<Made> => fieldsOf<Made>(await owner.post(path(), body), 201);
const enterOne = async (body: unknown = LOT): Promise<string> => (await enter(body)).positions[0]!.id;

/** The sessions once the run has ended. */
async function rolled({ batch_run_id: run }: Readonly<{ batch_run_id: string }>): Promise<ReadonlyMap<string, Session>> {
  await withWorker({ context: { ...world.context, db: api.db } }, () => ended(api.db, run));
  const history = fieldsOf<{ snapshots: readonly Session[] }>(await owner.get(`/portfolios/${portfolioId}/history`), 200);
  return new Map(history.snapshots.map((session) => [session.snapshot_date, session]));
}

describe('a lot entered after the stated balance', () => {
  it('moves its session and those after it, and its run makes the figures without being asked for', async () => {
    const made = await enter(LOT);
    expect(made).toMatchObject({ figures_from: '2025-06-16', moves: 'sessions from figures_from on', positions_created: 1 });
    expect((await owner.get(made.poll_url)).status).toBe(200);
    const sessions = await rolled(made);
    expect([...sessions.values()].map(({ snapshot_date: date, equity }) => [date, equity])).toEqual([
      ['2025-06-12', 100_000],
      ['2025-06-13', 100_000],
      ['2025-06-16', 100_050],
      ['2025-06-17', 100_150],
      ['2025-06-18', 100_250],
      ['2025-06-20', 100_350],
    ]);
    expect(sessions.get('2025-06-20')!.cash).toBe(98_850);
    expect((await owner.get(`/portfolios/${portfolioId}`)).json).toMatchObject({
      total_value: 100_350,
      cash_balance: 98_850,
      positions: [
        { symbol: 'ACME', price: 150, price_source: 'close', price_date: '2025-06-20', market_value: 1_500, is_stale: false },
      ],
      figures_current: true,
    });
  });

  it('shares its run with the lots that follow while it waits', async () => {
    const runs = [await enter(LOT), await enter({ ...LOT, entry_date: '2025-06-17' })].map(({ batch_run_id: run }) => run);
    expect(runs[0]).toBe(runs[1]);
  });
});

describe('a lot dated within the stated balance', () => {
  it('never moves that balance, but earlier sessions, and later ones by what it earns there', async () => {
    const made = await enter({ ...LOT, entry_date: '2025-06-09', entry_price: 80 });
    expect(made.moves).toBe('sessions before and after the stated balance');
    const sessions = await rolled(made);
    expect(made.figures_from).toBe([...sessions.keys()][0]);
    expect(['2025-06-11', ANCHOR, '2025-06-20'].map((date) => sessions.get(date)!.equity)).toEqual([99_900, 100_000, 100_500]);
  });

  it('moves earlier sessions only once it was closed within it', async () => {
    const made = await enter({ ...LOT, entry_date: '2025-06-09', entry_price: 80, exit_date: '2025-06-11', exit_price: 95 });
    expect(made.moves).toBe('earlier sessions only');
    const sessions = await rolled(made);
    expect(['2025-06-10', ANCHOR, '2025-06-20'].map((date) => sessions.get(date)!.equity)).toEqual([99_950, 100_000, 100_000]);
  });
});

describe('a list of lots', () => {
  it('is entered in its order, each with its type', async () => {
    const option = {
      underlying_symbol: 'ACME',
      strike_price: '120',
      expiration_date: '2026-01-16',
      entry_price: '2.5',
      entry_date: '2025-06-16',
    };
    const { positions } = await enter({
      positions: [
        LOT,
        { ...LOT, symbol: 'beta', quantity: '-5.5' },
        { ...option, quantity: 1, option_type: 'CALL' },
        { ...option, quantity: -1, option_type: 'PUT' },
      ],
    });
    expect(positions).toMatchObject([
      { symbol: 'ACME', position_type: 'LONG' },
      { symbol: 'BETA', position_type: 'SHORT', quantity: -5.5 },
      { symbol: 'ACME260116C00120000', position_type: 'LC', investment_class: 'OPTIONS' },
      { symbol: 'ACME260116P00120000', position_type: 'SP' },
    ]);
  });

  it('is entered whole or not at all, and all its faults are told by the codes of the file', async () => {
    const reply = await owner.post(path(), {
      positions: [
        LOT,
        { ...LOT, symbol: 'B', quantity: 0 },
        { ...LOT, symbol: 'C', entry_date: '2025-06-23', entry_price: 1.005 },
      ],
    });
    expectError(reply, 400, 'ERR_POS_006');
    const { error } = reply.json as { error: { details: { errors: readonly { row: number; code: string; field: string }[] } } };
    expect(error.details.errors.map(({ row, code, field }) => [row, code, field])).toEqual([
      [2, 'ERR_POS_006', 'quantity'],
      [3, 'ERR_POS_011', 'entry_price'],
      [3, 'ERR_POS_014', 'entry_date'],
    ]);
    expect((await owner.get(path())).json).toMatchObject({ total_count: 0 });
    expect((await api.db.pool.query(`SELECT 1 FROM jobs WHERE payload->>'portfolioId' = $1`, [portfolioId])).rowCount).toBe(0);
  });

  it('refuses a second lot of a security and day, in the list or held, unless it is meant and no copy', async () => {
    expectError(await owner.post(path(), { positions: [LOT, { ...LOT, quantity: 5 }] }), 400, 'ERR_POS_023');
    await enter(LOT);
    expectError(await owner.post(path(), { ...LOT, quantity: 5 }), 400, 'ERR_POS_023');
    expectError(await owner.post(path(), { ...LOT, allow_multiple_lots: true }), 400, 'ERR_POS_023');
    await enter({ ...LOT, quantity: 5, allow_multiple_lots: true });
    expect((await owner.get(path())).json).toMatchObject({ total_count: 2 });
  });

  it('has at most 500 lots, and is not mixed with the fields of one', async () => {
    const positions = Array.from({ length: 501 }, (_, i) => ({ ...LOT, symbol: `S${i}` }));
    expectError(await owner.post(path(), { positions }), 422, 'ERR_REQ_001');
    expectError(await owner.post(path(), { ...LOT, positions: [LOT] }), 422, 'ERR_REQ_001');
    expectError(await owner.post(path(), { positions: [] }), 422, 'ERR_REQ_001');
    expect((await enter({ positions: positions.slice(1) })).positions).toHaveLength(500);
  });

  it('is entered once for one Idempotency-Key', async () => {
    const key = { 'Idempotency-Key': randomUUID() };
    const replies = [await owner.post(path(), LOT, key), await owner.post(path(), LOT, key)];
    expect(replies[1]!.json).toEqual(replies[0]!.json);
    expect((await owner.get(path())).json).toMatchObject({ total_count: 1 });
    expectError(await owner.post(path(), { ...LOT, quantity: 11 }, key), 422, 'ERR_IDEM_001');
  });
});

describe('a change of a lot', () => {
  it('is partial, is checked as a whole lot, and re-rolls the figures from the earlier of both dates', async () => {
    const id = await enterOne();
    const changed = fieldsOf<Made>(
      await owner.put(`/positions/${id}`, { quantity: 20, entry_date: '2025-06-17', entry_price: '125' }),
      200,
    );
    expect(changed).toMatchObject({ id, symbol: 'ACME', quantity: 20, entry_price: 125, figures_from: '2025-06-16' });
    const sessions = await rolled(changed);
    expect(['2025-06-16', '2025-06-17', '2025-06-20'].map((date) => sessions.get(date)!.equity)).toEqual([
      100_000, 100_100, 100_500,
    ]);
    expectError(await owner.put(`/positions/${id}`, { exit_date: '2025-06-18' }), 400, 'ERR_POS_018');
    expectError(await owner.put(`/positions/${id}`, { quantity: null }), 400, 'ERR_POS_004');
  });

  it('that gives an exit counts from the exit on, and null takes it back', async () => {
    const id = await enterOne({ ...LOT, entry_date: '2025-06-09', entry_price: 80 });
    const closed = fieldsOf<Made>(await owner.put(`/positions/${id}`, { exit_date: '2025-06-17', exit_price: 128 }), 200);
    expect(closed).toMatchObject({ figures_from: '2025-06-17', moves: 'sessions from figures_from on', exit_price: 128 });
    expect((await rolled(closed)).get('2025-06-20')!.equity).toBe(100_280);
    expect((await owner.get(path())).json).toMatchObject({ total_count: 0 });
    expect((await owner.get(`${path()}?include_closed=true`)).json).toMatchObject({
      positions: [{ state: 'closed', market_value: null, realized_pnl: 480 }],
    });
    const reopened = await owner.put(`/positions/${id}`, { exit_date: null, exit_price: null });
    expect(reopened.json).toMatchObject({ exit_date: null, figures_from: '2025-06-17' });
  });

  it('keeps what another one at the same time has changed', async () => {
    const id = await enterOne();
    const replies = await Promise.all(
      [{ quantity: 12 }, { entry_price: 116 }, { investment_subtype: 'ETF' }].map((body) => owner.put(`/positions/${id}`, body)),
    );
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await owner.get(`/positions/${id}`)).json).toMatchObject({
      quantity: 12,
      entry_price: 116,
      investment_subtype: 'ETF',
    });
  });

  it('of an option to other terms forgets the marks of the old ones', async () => {
    const option = {
      underlying_symbol: 'ACME',
      strike_price: 120,
      expiration_date: '2026-01-16',
      option_type: 'CALL',
      quantity: 1,
      entry_price: 25,
      entry_date: '2025-06-16',
    };
    const made = await enter(option);
    const id = made.positions[0]!.id;
    await rolled(made);
    const marks = async () => (await api.db.pool.query(`SELECT 1 FROM option_marks WHERE position_id = $1`, [id])).rowCount;
    expect(await marks()).toBeGreaterThan(0);
    fieldsOf(await owner.put(`/positions/${id}`, { quantity: 2 }), 200);
    expect(await marks()).toBeGreaterThan(0);
    fieldsOf(await owner.put(`/positions/${id}`, { symbol: null, strike_price: 200 }), 200);
    expect(await marks()).toBe(0);
  });
});

describe('the removal of a lot', () => {
  it('is as if the lot had never been, and of two at once one finds none', async () => {
    const id = await enterOne({ ...LOT, entry_date: '2025-06-09', entry_price: 80 });
    const replies = await Promise.all([owner.delete(`/positions/${id}`), owner.delete(`/positions/${id}`)]);
    expect(replies.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 404]);
    const sessions = await rolled(replies.find(({ status }) => status === 200)!.json as Made);
    expect([...new Set([...sessions.values()].map(({ equity }) => equity))]).toEqual([100_000]);
    expectError(await owner.get(`/positions/${id}`), 404, 'ERR_POSITION_404');
  });
});

it('a lot that a trade has made is changed by trades only', async () => {
  const id = await enterOne();
  await api.db.pool.query(
    `WITH trade AS (INSERT INTO trades (portfolio_id, symbol, side, quantity, price, trade_date, total, price_source)
       VALUES ($1, 'ACME', 'buy', 10, 115, '2025-06-16', 1150, 'given') RETURNING id)
     UPDATE positions SET opened_by_trade = trade.id FROM trade WHERE positions.id = $2`,
    [portfolioId, id],
  );
  expectError(await owner.put(`/positions/${id}`, { quantity: 1 }), 409, 'ERR_POSITION_001');
  expectError(await owner.delete(`/positions/${id}`), 409, 'ERR_POSITION_001');
});

describe("someone else's positions", () => {
  it('are not there to be read, and not to be written', async () => {
    const id = await enterOne();
    const other = await api.user();
    const before = await owner.get(path());
    for (const at of [path(), path().replace('portfolios', 'portfolio')]) {
      expectError(await other.get(at), 404, 'ERR_PORT_404');
      expectError(await other.post(at, LOT), 403, 'ERR_OWNER_001');
      expectError(await api.nobody.post(at, LOT), 401, 'ERR_AUTH_001');
    }
    expectError(await other.get(`/positions/${id}`), 404, 'ERR_POSITION_404');
    expectError(await other.put(`/positions/${id}`, { quantity: 1 }), 403, 'ERR_OWNER_001');
    expectError(await other.delete(`/positions/${id}`), 403, 'ERR_OWNER_001');
    expectError(await owner.put(`/positions/${randomUUID()}`, {}), 404, 'ERR_POSITION_404');
    expectError(await owner.get('/positions/bulk'), 422, 'ERR_REQ_001');
    expect({ ...((await owner.get(path())).json as object), valued_at: '' }).toEqual({
      ...(before.json as object),
      valued_at: '',
    });
  });
});
