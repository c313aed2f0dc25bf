// Prices fetched for symbols rather than for a calculation: what is missing of their windows, and what becomes of those who hold them.
import { listDirtyHolders, requestPriceRefresh } from '@closebell/prisma/price-refreshes';
import { REFRESH_SYMBOLS_MAX } from '@closebell/shared/jobs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bookFiguresOf, brokenChains, figuresOf, makePortfolio } from '../support/ledger.js';
import { scriptedProvider, type ScriptedProvider } from '../support/scripted-provider.js';
import { createWorld, ended, run, withWorker, type TestWorld } from '../support/worker.js';

const OPENED = '2025-06-02';
const LAST = '2025-06-18';
const lots = [{ symbol: 'ACME', quantity: '10', entryPrice: '100', entryDate: OPENED }];

let world: TestWorld;
let provider: ScriptedProvider;
beforeEach(async () => {
  provider = scriptedProvider();
  world = await createWorld({ now: `${LAST}T22:00:00Z`, providers: [provider] });
  const { calendar } = world.context;
  const sessions = calendar.sessionsBetween(calendar.addSessions(LAST, -600), LAST);
  for (const symbol of ['ACME', 'OTHER', 'SPY'])
    provider.closes.set(symbol, new Map(sessions.map((date, i) => [date, 100 + i / 100])));
});
afterEach(() => world.close());

const submit = (symbols: readonly string[], { sessionDate = LAST, force = false } = {}) =>
  requestPriceRefresh(world.db.pool, { symbols, sessionDate, force }, { trigger: 'admin' });
const refresh = async (symbols: readonly string[], options = {}) => {
  const jobId = (await submit(symbols, options))[0]!.jobId;
  const job = await withWorker(world, () => ended(world.db, jobId));
  expect(job.status, JSON.stringify(job.error)).toBe('completed');
  return job.result as Readonly<Record<string, unknown>>;
};
const calculate = (portfolioId: string) =>
  withWorker(world, () => run(world.db, 'calculate-portfolio', { portfolioId, sessionDate: LAST }));
const askedFor = (symbol: string) => provider.asked.filter((request) => request.startsWith(`${symbol} `));
const closesOf = async (symbol: string) => {
  const { rows } = await world.db.pool.query<{ count: number }>(`SELECT count(*) AS count FROM price_bars WHERE symbol = $1`, [
    symbol,
  ]);
  return rows[0]!.count;
};

describe('a refresh', () => {
  test('fetches the windows of its symbols and of no others, and the second time nothing', async () => {
    expect(await refresh(['ACME', 'SPY'])).toMatchObject({ symbols_count: 2, bars_revised: 0, dirtied: 0, warnings: [] });
    expect([await closesOf('ACME'), await closesOf('SPY'), await closesOf('OTHER')]).toEqual([504, 601, 0]);
    const before = provider.asked.length;
    expect(await refresh(['ACME', 'SPY'])).toMatchObject({ requests: 0, bars_inserted: 0 });
    expect(provider.asked).toHaveLength(before);
  });

  test('shows its phase with what it did', async () => {
    const jobId = (await submit(['ACME']))[0]!.jobId;
    const job = await withWorker(world, () => ended(world.db, jobId));
    expect(job.phases).toMatchObject([{ number: 1, status: 'completed', counts: { symbols: 1, bars: 504, revised: 0 } }]);
  });

  test('leaves alone what was asked for in vain; one that is forced asks again', async () => {
    provider.closes.get('ACME')!.delete(LAST);
    expect(await refresh(['ACME', 'GONE'])).toMatchObject({
      without_data_count: 1,
      without_data: [{ symbol: 'GONE', reason: 'scripted: never heard of it' }],
    });
    const { closes } = provider;
    closes.get('ACME')!.set(LAST, 175);
    closes.set('GONE', new Map([[LAST, 5]]));
    expect(await refresh(['ACME', 'GONE'])).toMatchObject({ requests: 0, bars_inserted: 0 });
    expect(await refresh(['ACME', 'GONE'], { force: true })).toMatchObject({ bars_inserted: 2, without_data_count: 0 });
    expect(askedFor('ACME').at(-1)).toBe(`ACME 2025-06-04..${LAST}`);
  });

  test('does not wait for a provider that is down, and says why there is nothing', async () => {
    provider.down.add('ACME');
    const { warnings } = await refresh(['ACME']);
    expect(warnings).toEqual([expect.stringContaining('answered 503')]);
  });

  test('leaves the portfolios that it made dirty to the next run, and says how many: each once, whatever it holds', async () => {
    const both = [...lots, { ...lots[0]!, symbol: 'OTHER' }];
    const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots: both });
    const bystander = await makePortfolio(world.db, { asOf: OPENED, lots: [{ ...lots[0]!, symbol: 'SPY' }] });
    for (const symbol of ['ACME', 'OTHER']) provider.closes.get(symbol)!.delete('2025-06-11');
    await calculate(portfolioId);
    await calculate(bystander);
    const before = await bookFiguresOf(world.db, portfolioId);
    for (const symbol of ['ACME', 'OTHER']) provider.closes.get(symbol)!.set('2025-06-11', 171.5);
    expect(await refresh(['ACME', 'OTHER', 'SPY'], { force: true })).toMatchObject({ bars_inserted: 2, dirtied: 1 });
    expect(await listDirtyHolders(world.db.pool, ['ACME', 'OTHER', 'SPY'])).toEqual([portfolioId]);
    expect(await bookFiguresOf(world.db, portfolioId)).toBe(before);
    expect(await refresh(['ACME', 'OTHER'], { force: true }), 'they are dirty already').toMatchObject({ dirtied: 0 });
    await calculate(portfolioId);
    expect(await listDirtyHolders(world.db.pool, ['ACME'])).toEqual([]);
    const late = await makePortfolio(world.db, { asOf: OPENED, lots: both });
    await calculate(late);
    expect(await figuresOf(world.db, portfolioId)).toBe(await figuresOf(world.db, late));
    expect(await brokenChains(world.db)).toBe(0);
  });
});

describe('the job of a refresh', () => {
  test('is joined by the same symbols in another order, and by no other wish', async () => {
    const [first] = await submit(['ACME', 'OTHER', 'ACME']);
    const joined = [await submit(['OTHER', 'ACME']), await submit(['OTHER', 'ACME'], { force: true }), await submit(['OTHER'])];
    expect(joined.map(([each]) => [each!.created, each!.jobId === first!.jobId])).toEqual([
      [false, true],
      [true, false],
      [true, false],
    ]);
    const [earlier] = await submit(['OTHER', 'ACME'], { sessionDate: '2025-06-17' });
    expect(earlier!.created).toBe(true);
  });

  test('has a key that an index can hold, however long the symbols are', async () => {
    const symbols = Array.from({ length: REFRESH_SYMBOLS_MAX }, (_, i) => `${'X'.repeat(90)}${i}`);
    expect(await submit(symbols)).toMatchObject([{ created: true, symbolsCount: REFRESH_SYMBOLS_MAX }]);
    expect(await submit(symbols)).toMatchObject([{ created: false }]);
  });
});
