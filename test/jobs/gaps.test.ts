// Which gaps are asked for, when, and what becomes of symbols that trade no more.
import { storeFetchedBars } from '@closebell/prisma/price-inserts';
import { loadReadiness } from '@closebell/prisma/price-coverage';
import { fetchWantedBars } from '@closebell/worker/batch/market-data';
import { gateProviders } from '@closebell/worker/market-data/provider-gate';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeHold } from '../support/job-hold.js';
import { makePortfolio } from '../support/ledger.js';
import { scriptedProvider, type ScriptedProvider } from '../support/scripted-provider.js';
import { createWorld, run, withWorker, type TestWorld } from '../support/worker.js';

const LAST = '2025-06-18';
/** What a request for the last session spans: ten sessions are checked again with it. */
const NEWEST = `2025-06-04..${LAST}`;

let world: TestWorld;
let provider: ScriptedProvider;
beforeEach(async () => {
  provider = scriptedProvider();
  world = await createWorld({ now: `${LAST}T22:00:00Z`, providers: [provider] });
});
afterEach(() => world.close());

const between = (from: string, to: string) => world.context.calendar.sessionsBetween(from, to);
const list = (symbols: readonly string[], sessions: readonly string[], on = provider) => {
  for (const symbol of symbols) on.closes.set(symbol, new Map(sessions.map((session, i) => [session, 100 + i / 4])));
};
const fetchBars = async (symbols: readonly string[], sessions: readonly string[], providers = world.context.providers) =>
  fetchWantedBars(
    { ...world.context, providers },
    symbols.map((symbol) => ({ symbol, sessions })),
    {
      targetSession: sessions.at(-1)!,
      hold: await takeHold(world.db),
      signal: AbortSignal.any([]),
      onProgress: () => {},
    },
  );

describe('history that is missing beside the newest session', () => {
  const symbols = ['A', 'B', 'C', 'D', 'E'];

  test('is asked for in a second request, and the bars between in none', async () => {
    list(symbols, between('2024-01-02', LAST));
    await fetchBars(symbols, between('2024-06-03', '2025-06-17'));
    provider.asked.length = 0;
    await fetchBars(symbols, between('2024-01-02', LAST));
    expect(provider.asked.slice(0, 5).sort()).toEqual(symbols.map((symbol) => `${symbol} ${NEWEST}`));
    expect(provider.asked.slice(5).sort()).toEqual(symbols.map((symbol) => `${symbol} 2024-01-02..2024-05-31`));
  });

  test('takes no request of a small plan while a newest close waits for one', async () => {
    const planned = (perDay: number) => {
      const small = { ...scriptedProvider({ name: 'small', budget: { perMinute: null, perDay } }), closes: provider.closes };
      list(symbols, between('2024-01-02', LAST), small);
      return small;
    };
    list(symbols, between('2024-01-02', LAST));
    await fetchBars(symbols, between('2024-06-03', '2025-06-17'));

    const small = planned(3);
    const report = await fetchBars(symbols, between('2024-01-02', LAST), gateProviders(world.db, [small]));
    expect(small.asked.map((asked) => asked.slice(2))).toEqual(Array.from({ length: 3 }, () => NEWEST));
    const text = 'no closes from 2024-01-02 to 2024-05-31 yet; they are asked for in the next run';
    expect(report.warnings.filter((warning) => warning.includes(text))).toHaveLength(5);

    const larger = planned(100);
    const whole = await fetchBars(symbols, between('2024-01-02', LAST), gateProviders(world.db, [larger]));
    expect(larger.asked.map((asked) => asked.slice(2))).toEqual([
      ...Array.from({ length: 2 }, () => NEWEST),
      ...Array.from({ length: 5 }, () => '2024-01-02..2024-05-31'),
    ]);
    expect(whole.warnings).toEqual([]);
  });
});

describe('a symbol that trades no more', () => {
  const DIED = '2025-05-30';
  const nights = () => between('2025-06-02', '2025-07-31');
  const night = (session: string) => fetchBars(['GONE'], between('2025-01-02', session));
  const delistedOn = async () => {
    const { rows } = await world.db.pool.query<{ delisted_on: string | null }>(`SELECT delisted_on FROM securities`);
    return rows.map(({ delisted_on: date }) => date);
  };
  const weekIsOver = () =>
    world.db.pool.query(`UPDATE securities SET no_data_until = clock_timestamp() - interval '1 second' WHERE symbol = 'GONE'`);
  const die = async () => {
    list(['GONE'], between('2025-01-02', DIED));
    await night(DIED);
    for (const session of nights().slice(0, 10)) await night(session);
  };

  test('is taken for delisted after ten sessions in vain, and asked for weekly from then on', async () => {
    list(['GONE'], between('2025-01-02', DIED));
    await night(DIED);
    for (const session of nights().slice(0, 9)) await night(session);
    expect(await delistedOn()).toEqual([null]);
    await night(nights()[9]!);
    expect(await delistedOn()).toEqual([DIED]);
    expect(provider.asked).toHaveLength(11);
    for (const session of nights().slice(10, 15)) await night(session);
    expect(provider.asked).toHaveLength(11);
    await weekIsOver();
    for (const session of nights().slice(15, 20)) await night(session);
    expect(provider.asked.slice(11)).toEqual([`GONE ${nights()[10]}..${nights()[15]}`]);
    expect(await delistedOn()).toEqual([DIED]);
  });

  test('says since when, and what happens next', async () => {
    await die();
    const lot = { symbol: 'GONE', investmentClass: 'PUBLIC', investmentSubtype: null, underlyingSymbol: null } as const;
    const lots = [{ ...lot, exitDate: null, expirationDate: null }];
    const { warnings } = await loadReadiness(world.db.pool, world.context.calendar, lots, nights()[9]!);
    expect(warnings).toContain(
      'GONE: no trades since 2025-05-30: delisted? Its lots stand at that close, and it is asked for again once a week',
    );
  });

  test('is listed again as soon as a bar comes', async () => {
    await die();
    provider.closes.get('GONE')!.set(nights()[10]!, 90);
    await weekIsOver();
    await night(nights()[10]!);
    expect(await delistedOn()).toEqual([null]);
    await night(nights()[11]!);
    expect(provider.asked.at(-1)).toBe(`GONE ${nights()[1]}..${nights()[11]}`);
  });

  test('is still asked for history that somebody needs, and stays delisted', async () => {
    list(['GONE'], between('2024-06-03', DIED));
    await night(DIED);
    for (const session of nights().slice(0, 10)) await night(session);
    provider.asked.length = 0;
    await fetchBars(['GONE'], between('2024-06-03', nights()[10]!));
    expect(provider.asked).toEqual(['GONE 2024-06-03..2024-12-31']);
    expect(await delistedOn()).toEqual([DIED]);
  });

  test('is not taken for delisted while its provider is down', async () => {
    list(['GONE'], between('2025-01-02', DIED));
    await night(DIED);
    provider.down.add('GONE');
    for (const session of nights().slice(0, 12)) await night(session);
    expect(await delistedOn()).toEqual([null]);
  });
});

test('bars of several symbols that come late together make each holder dirty from its own first one', async () => {
  const sessions = between('2025-03-03', LAST);
  list(['A', 'B'], sessions);
  provider.closes.get('A')!.delete('2025-06-10');
  provider.closes.get('B')!.delete('2025-06-12');
  const lot = { quantity: '10', entryPrice: '100', entryDate: '2025-06-02' };
  const portfolio = (symbols: readonly string[]) =>
    makePortfolio(world.db, { asOf: '2025-06-02', lots: symbols.map((symbol) => ({ ...lot, symbol })) });
  const ids = [await portfolio(['A', 'B']), await portfolio(['B']), await portfolio([])];
  await withWorker(world, async () => {
    for (const portfolioId of ids) await run(world.db, 'calculate-portfolio', { portfolioId, sessionDate: LAST });
  });
  const barOn = (symbol: string, sessionDate: string) => ({
    symbol,
    asked: [sessionDate],
    answers: [
      {
        provider: 'scripted',
        bars: [{ symbol, sessionDate, open: null, high: null, low: null, close: 99, volume: null }],
        actions: [],
      },
    ],
  });
  const late = [barOn('A', '2025-06-10'), barOn('B', '2025-06-12')];
  expect(await storeFetchedBars(world.db, await takeHold(world.db), late, LAST)).toMatchObject({ inserted: 2, dirtied: 2 });
  const { rows } = await world.db.pool.query<{ id: string; dirty_from: string | null }>(`SELECT id, dirty_from FROM portfolios`);
  const dirtyFrom = new Map(rows.map(({ id, dirty_from: date }) => [id, date]));
  expect(ids.map((id) => dirtyFrom.get(id))).toEqual(['2025-06-10', '2025-06-12', null]);
});
