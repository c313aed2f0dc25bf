// Prices on their way into figures: only gaps are fetched, nothing is overwritten, and what comes late is made good exactly.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { addLot, brokenChains, figuresOf, makePortfolio } from '../support/ledger.js';
import { scriptedProvider, type ScriptedProvider } from '../support/scripted-provider.js';
import { createWorld, run, withWorker, type TestWorld } from '../support/worker.js';

const OPENED = '2025-06-02';
const LAST = '2025-06-18';
const lots = [{ symbol: 'ACME', quantity: '10', entryPrice: '100', entryDate: OPENED }];

let world: TestWorld;
let provider: ScriptedProvider;

beforeEach(async () => {
  provider = scriptedProvider();
  world = await createWorld({ now: '2025-06-18T22:00:00Z', providers: [provider] });
  const sessions = world.context.calendar.sessionsBetween('2025-03-03', LAST);
  provider.closes.set('ACME', new Map(sessions.map((session, i) => [session, 100 + i])));
});
afterEach(() => world.close());

const calculate = (portfolioId: string, sessionDate = LAST) =>
  withWorker(world, () => run(world.db, 'calculate-portfolio', { portfolioId, sessionDate }));
const ownRequests = () => provider.asked.filter((request) => request.startsWith('ACME'));
/** What asking again later finds: the rest period of known gaps is over. */
const restIsOver = () => world.db.pool.query(`UPDATE missing_bars SET retry_at = clock_timestamp() - interval '1 second'`);
const dirtyFrom = async (portfolioId: string) => {
  const { rows } = await world.db.pool.query<{ dirty_from: string | null }>(`SELECT dirty_from FROM portfolios WHERE id = $1`, [
    portfolioId,
  ]);
  return rows[0]!.dirty_from;
};

describe('fetching', () => {
  test('asks for each symbol once, the next day for one session and the ten before it, and on a holiday for nothing', async () => {
    const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots });
    await calculate(portfolioId, '2025-06-17');
    expect(ownRequests()).toHaveLength(1);
    await calculate(portfolioId, '2025-06-17');
    expect(ownRequests()).toHaveLength(1);
    await calculate(portfolioId, '2025-06-18');
    expect(ownRequests().slice(1)).toEqual(['ACME 2025-06-04..2025-06-18']);
    // Thursday 19 June 2025 is a holiday: its target session is the day before.
    world.setNow('2025-06-19T22:00:00Z');
    await calculate(portfolioId, world.context.calendar.latestCompleteSession(world.context.clock()));
    expect(ownRequests()).toHaveLength(2);
  });

  test('does not ask every night for a symbol nobody knows, nor for sessions before a listing', async () => {
    const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots: [...lots, { ...lots[0]!, symbol: 'GONE' }] });
    const job = await calculate(portfolioId, '2025-06-17');
    expect(job.status).toBe('completed');
    await calculate(portfolioId);
    expect(provider.asked.filter((request) => request.startsWith('GONE'))).toHaveLength(1);
    const { rows } = await world.db.pool.query(`SELECT listed_from FROM securities WHERE symbol = 'ACME'`);
    expect(rows).toEqual([{ listed_from: '2025-03-03' }]);
  });

  test('goes on without a symbol whose provider is down, says so, and asks again', async () => {
    provider.closes.set('DOWN', new Map([[LAST, 50]]));
    provider.down.add('DOWN');
    const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots: [...lots, { ...lots[0]!, symbol: 'DOWN' }] });
    const job = await calculate(portfolioId);
    expect(job.status).toBe('completed');
    const { rows } = await world.db.pool.query<{ result: Record<string, unknown> }>(
      `SELECT result FROM jobs WHERE parent_id = $1`,
      [job.id],
    );
    expect(rows[0]!.result).toMatchObject({ price_coverage_percentage: 50, ready_for_batch: false });
    expect(JSON.stringify(rows[0]!.result['warnings'])).toContain('answered 503');
    provider.down.clear();
    await calculate(portfolioId);
    const { rows: bars } = await world.db.pool.query(`SELECT close FROM price_bars WHERE symbol = 'DOWN'`);
    expect(bars).toEqual([{ close: '50.000000' }]);
  });
});

describe('what comes late', () => {
  /** The figures had everything been known from the start. */
  const figuresHadItBeenKnown = async () => {
    const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots });
    await calculate(portfolioId);
    return figuresOf(world.db, portfolioId);
  };

  test('a bar: the figures become those it would have given at once', async () => {
    provider.closes.get('ACME')!.delete('2025-06-11');
    const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots });
    await calculate(portfolioId);
    const { rows } = await world.db.pool.query(
      `SELECT valuation, coverage FROM portfolio_snapshots WHERE portfolio_id = $1 AND snapshot_date = '2025-06-11'`,
      [portfolioId],
    );
    expect(rows).toEqual([{ valuation: 'partial', coverage: 0 }]);
    provider.closes.get('ACME')!.set('2025-06-11', 171.5);
    await restIsOver();
    await calculate(portfolioId);
    expect(await dirtyFrom(portfolioId)).toBeNull();
    expect(await figuresOf(world.db, portfolioId)).toBe(await figuresHadItBeenKnown());
  });

  test('a corrected close: a new revision beside the old one, and figures of the new one', async () => {
    const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots });
    await calculate(portfolioId, '2025-06-17');
    provider.closes.get('ACME')!.set('2025-06-12', 168.5);
    // The request for the next session spans the corrected one.
    await calculate(portfolioId);
    const { rows } = await world.db.pool.query(
      `SELECT revision, close FROM price_bars WHERE symbol = 'ACME' AND session_date = '2025-06-12' ORDER BY 1`,
    );
    expect(rows).toEqual([
      { revision: 0, close: '171.000000' },
      { revision: 1, close: '168.500000' },
    ]);
    expect(await figuresOf(world.db, portfolioId)).toBe(await figuresHadItBeenKnown());
    expect(await brokenChains(world.db)).toBe(0);
  });

  test('a close of another provider is no correction', async () => {
    const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots });
    await calculate(portfolioId, '2025-06-17');
    await world.db.pool.query(`UPDATE price_bars SET provider = 'another' WHERE session_date = '2025-06-12'`);
    provider.closes.get('ACME')!.set('2025-06-12', 168.5);
    await calculate(portfolioId);
    const { rows } = await world.db.pool.query(`SELECT 1 FROM price_bars WHERE revision > 0`);
    expect(rows).toEqual([]);
    expect(await dirtyFrom(portfolioId)).toBeNull();
  });

  test.each([
    ['a split', { type: 'split', symbol: 'ACME', exDate: '2025-06-10', numerator: 4, denominator: 3 } as const],
    ['a dividend', { type: 'dividend', symbol: 'ACME', exDate: '2025-06-10', amount: 0.5 } as const],
  ])('%s: the chain stays exact and the figures become those it would have given at once', async (_, action) => {
    const closes = provider.closes.get('ACME')!;
    const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots });
    closes.delete(LAST);
    await calculate(portfolioId);
    // A week later the provider knows: the action comes with the bar that was missing.
    closes.set(LAST, 175);
    provider.actions.push(action);
    await restIsOver();
    await world.db.pool.query(`DELETE FROM price_bars WHERE symbol = 'ACME' AND session_date = '2025-06-09'`);
    await calculate(portfolioId);
    expect(await figuresOf(world.db, portfolioId)).toBe(await figuresHadItBeenKnown());
    expect(await brokenChains(world.db)).toBe(0);
  });

  test('a lot of a portfolio that never held the symbol is left alone', async () => {
    const other = await makePortfolio(world.db, { asOf: OPENED });
    await calculate(other);
    const before = await figuresOf(world.db, other);
    const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots });
    await addLot(world.db, portfolioId, { ...lots[0]!, quantity: '1' });
    await calculate(portfolioId);
    expect(await dirtyFrom(other)).toBeNull();
    expect(await figuresOf(world.db, other)).toBe(before);
  });
});
