// Prices that change after statistics were made of them, and while they are: no row outlives its prices.
import { inTransaction } from '@closebell/prisma/client';
import { dropStatistics, lockStatisticsChanges } from '@closebell/prisma/statistics-changes';
import { insertSymbolStatistics, loadSymbolStatistics } from '@closebell/prisma/symbol-statistics';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makePortfolio } from '../support/ledger.js';
import {
  createStatisticsWorld,
  FUNDS,
  NEXT,
  rowsHadItBeenKnown,
  SESSION,
  statisticsRows,
  storedSessions,
  type StatisticsWorld,
} from '../support/statistics-records.js';
import { until } from '../support/until.js';

let world: StatisticsWorld;
beforeEach(async () => {
  world = await createStatisticsWorld();
});
afterEach(() => world.close());

describe('prices that change', () => {
  const EARLIER = '2025-06-16';
  const BEFORE = '2025-06-13';
  const FIRST = '2025-06-12';

  const computed = async (): Promise<void> => {
    for (const session of [FIRST, BEFORE, EARLIER, SESSION]) await world.ensure(['ACME', 'OTHER'], session, true);
    const portfolioId = await makePortfolio(world.db, {
      asOf: FIRST,
      lots: [{ symbol: 'ACME', quantity: '1', entryPrice: '1', entryDate: FIRST }],
    });
    await world.db.pool.query(
      `INSERT INTO portfolio_risk (portfolio_id, session_date, equity, metrics) SELECT $1, date, 1, '{}' FROM unnest($2::date[]) AS date`,
      [portfolioId, [FIRST, SESSION]],
    );
  };

  beforeEach(async () => {
    const closes = world.invented([...FUNDS, 'ACME', 'OTHER']);
    closes['ACME'] = new Map([...closes['ACME']!].filter(([date]) => date !== BEFORE));
    await world.store(closes);
    await computed();
  });

  test('of one symbol take its statistics and tables from that session on, and the risk figures of who holds it', async () => {
    await world.store({ ACME: new Map([[BEFORE, 100_500]]) });
    expect(await storedSessions(world, 'symbol_statistics')).toEqual([
      `ACME ${FIRST}`,
      ...[FIRST, BEFORE, EARLIER, SESSION].map((session) => `OTHER ${session}`),
    ]);
    expect(await storedSessions(world, 'correlations')).toEqual([FIRST]);
    expect(await storedSessions(world, 'factor_models')).toEqual([FIRST, BEFORE, EARLIER, SESSION]);
    expect(await storedSessions(world, 'portfolio_risk')).toEqual([FIRST]);
  });

  test('of a symbol that a portfolio does not hold leave its risk figures alone', async () => {
    await world.store({ OTHER: new Map([[BEFORE, 1]]) });
    expect(await storedSessions(world, 'portfolio_risk')).toEqual([FIRST, SESSION]);
  });

  test('of what may stand for a factor take the models, statistics and risk figures of everybody', async () => {
    await world.store({ IVV: new Map([[BEFORE, 500]]) });
    expect(await storedSessions(world, 'factor_models')).toEqual([FIRST]);
    expect(await storedSessions(world, 'symbol_statistics')).toEqual([`ACME ${FIRST}`, `OTHER ${FIRST}`]);
    expect(await storedSessions(world, 'portfolio_risk')).toEqual([FIRST]);
  });

  test('by the nightly session take nothing', async () => {
    const rows = await statisticsRows(world);
    await world.store({ SPY: new Map([[NEXT, 1]]), ACME: new Map([[NEXT, 1]]) });
    expect(await statisticsRows(world)).toEqual(rows);
    expect(await storedSessions(world, 'portfolio_risk')).toEqual([FIRST, SESSION]);
  });

  test('long before any window take nothing', async () => {
    const rows = await statisticsRows(world);
    await world.store({ ACME: new Map([['2019-06-03', 1]]), SPY: new Map([['2019-06-03', 1]]) });
    expect(await statisticsRows(world)).toEqual(rows);
  });

  test('by a late split: statistics come out as had it been known', async () => {
    const halved = new Map(
      [...world.invented(['SPLIT'], 9)['SPLIT']!].map(([date, close]) => [date, date >= BEFORE ? close / 2 : close]),
    );
    await world.store({ SPLIT: new Map(halved) });
    await world.ensure(['SPLIT'], SESSION, true);
    const wrong = (await loadSymbolStatistics(world.db.pool, ['SPLIT'], SESSION)).get('SPLIT')!;
    expect(wrong.drawdown!.max_drawdown).toBeLessThan(-0.5);
    const split = { type: 'split', symbol: 'SPLIT', exDate: BEFORE, numerator: 2, denominator: 1 } as const;
    await world.store({ SPLIT: halved }, [split]);
    expect(await storedSessions(world, 'symbol_statistics')).not.toContain(`SPLIT ${SESSION}`);
    await world.ensure(['SPLIT'], SESSION, true);
    const right = (await loadSymbolStatistics(world.db.pool, ['SPLIT'], SESSION)).get('SPLIT')!;
    expect(right.drawdown!.max_drawdown).toBeGreaterThan(-0.3);
    expect(right.volatility.realized_21! / wrong.volatility.realized_21!).toBeLessThan(0.5);
  });
});

/** Whoever waits for another's change of statistics or prices. */
const waiting = async (): Promise<number> => {
  const { rows } = await world.db.pool.query<{ count: number }>(
    `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return rows[0]!.count;
};

describe('a race', () => {
  const closes = () => world.invented([...FUNDS, 'ACME']);
  const late = new Map([['2025-06-16', 99_000]]);

  test('a computation that has read prices which then change stores nothing made of them', async () => {
    await world.store(closes());
    let ensured: Promise<unknown> = Promise.resolve();
    await inTransaction(world.db, async (changer) => {
      await lockStatisticsChanges(changer);
      ensured = world.ensure(['ACME'], SESSION, true);
      await until('the computation has read and wants to insert', async () => (await waiting()) === 1);
      await changer.query(
        `INSERT INTO price_bars (symbol, session_date, revision, close, provider) VALUES ('ACME', '2025-06-16', 1, 99000, 'test')`,
      );
      await dropStatistics(changer, [new Map([['ACME', ['2025-06-16']]])]);
    });
    await ensured;
    expect(await statisticsRows(world)).toEqual(
      await rowsHadItBeenKnown([[closes()], [{ ACME: late }]], ({ ensure }) => ensure(['ACME'], SESSION, true)),
    );
  });

  test('bars that are stored while statistics are inserted delete them once they are there', async () => {
    await world.store(closes());
    await world.ensure(['ACME']);
    const stale = await loadSymbolStatistics(world.db.pool, ['ACME'], SESSION);
    await world.db.pool.query(`DELETE FROM symbol_statistics`);
    let stored: Promise<unknown> = Promise.resolve();
    await inTransaction(world.db, async (inserter) => {
      await lockStatisticsChanges(inserter);
      await insertSymbolStatistics(inserter, SESSION, [...stale.values()]);
      stored = world.store({ ACME: late });
      await until('the bars are in and wait', async () => (await waiting()) === 1);
    });
    await stored;
    expect(await storedSessions(world, 'symbol_statistics')).toEqual([]);
  });

  test(
    'between twenty changes and as many computations ends with the statistics of the last prices',
    { timeout: 60_000 },
    async () => {
      await world.store(closes());
      const changes = Array.from({ length: 20 }, (_, i) => ({
        [i % 4 === 0 ? 'QUAL' : 'ACME']: new Map([['2025-06-16', 90_000 + 500 * i]]),
      }));
      const changing = (async () => {
        for (const change of changes) await world.store(change);
      })();
      await Promise.all([
        changing,
        ...changes.map((_, i) => world.ensure(['ACME'], i % 2 === 0 ? SESSION : '2025-06-17', i % 3 === 0)),
      ]);
      const all = async ({ ensure }: StatisticsWorld) => {
        for (const session of ['2025-06-17', SESSION]) await ensure(['ACME'], session, true);
      };
      await all(world);
      expect(await statisticsRows(world)).toEqual(
        await rowsHadItBeenKnown([[closes()], ...changes.map((change) => [change] as const)], all),
      );
    },
  );
});
