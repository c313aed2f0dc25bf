// Statistics of symbols as a job stores them: once for everybody, of the prices that are stored and of no others.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadCorrelations } from '@closebell/prisma/correlations';
import { pruneStatistics } from '@closebell/prisma/statistics-changes';
import { loadFactorModel, loadSymbolStatistics } from '@closebell/prisma/symbol-statistics';
import { pairIndex } from '@closebell/shared/calc/correlation';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makePortfolio } from '../support/ledger.js';
import { closesOf } from '../support/price-records.js';
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
import { run, withWorker } from '../support/worker.js';

let world: StatisticsWorld;
beforeEach(async () => {
  world = await createStatisticsWorld();
});
afterEach(() => world.close());

describe('what is stored', () => {
  test('is what the reference worked out, from closes in the database', async () => {
    const golden = JSON.parse(
      readFileSync(new URL('../../shared/src/calc/golden/invented-returns.json', import.meta.url), 'utf8'),
    ) as Record<'factors' | 'symbols', number[][]> & { regressions: Record<'coefficients' | 'standardErrors', number[]>[] };
    const [market, value, ...others] = golden.factors as [number[], number[], ...number[][]];
    const rates = others.pop()!;
    const spreads = others.map((spread) => spread.map((own, t) => own + market[t]!));
    const funds = [market, value, value.map(() => 0), ...spreads, rates];
    await world.store({
      ACME: closesOf(world.sessions, golden.symbols[0]!),
      ...Object.fromEntries(FUNDS.map((fund, k) => [fund, closesOf(world.sessions, funds[k]!)])),
    });
    expect(await world.ensure(['ACME'])).toEqual({ symbols: 1, pairs: 0 });
    const found = (await loadSymbolStatistics(world.db.pool, ['ACME', 'OTHER'], SESSION)).get('ACME')!;
    const { coefficients, standardErrors } = golden.regressions[0]!;
    coefficients.slice(1).forEach((wanted, k) => expect(found.betas![k]).toBeCloseTo(wanted, 6));
    standardErrors.slice(1).forEach((wanted, k) => expect(found.standardErrors![k]).toBeCloseTo(wanted, 6));
    expect(found).toMatchObject({ observations: 80, isExtreme: false });
    const model = (await loadFactorModel(world.db.pool, SESSION))!;
    expect(model).toMatchObject({
      sessionDate: SESSION,
      observations: 80,
      isShrunk: false,
      proxies: { value: 'VTV', size: 'IWM' },
    });
    expect(model.covariance).toHaveLength(model.factors.length ** 2);
  });

  test('of real prices, IVV for SPY and without TLT, has the betas of an independent regression', async (ctx) => {
    const shared = process.env['CLOSEBELL_SHARED_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
    const oracles = path.join(shared, 'oracles');
    if (!existsSync(path.join(oracles, 'factor_regression_oracle.json'))) ctx.skip();
    type Oracle = { spread_model: { stocks: Record<string, { beta: Record<string, number>; r2: number }> } };
    const oracle = JSON.parse(readFileSync(path.join(oracles, 'factor_regression_oracle.json'), 'utf8')) as Oracle;
    const lines = readFileSync(path.join(oracles, 'factor_regression_prices.csv'), 'utf8').trim().split('\n');
    const [header, ...rows] = lines.map((line) => line.split(',')) as [string[], ...string[][]];
    const symbols = header.slice(1).map((name) => (name === 'MKT' ? 'IVV' : name));
    const last = rows.at(-1)![0]!;
    const closes = symbols.map((symbol, k) => [symbol, new Map(rows.map((row) => [row[0]!, Number(row[k + 1])]))] as const);
    await world.store(Object.fromEntries(closes));
    const stocks = Object.keys(oracle.spread_model.stocks);
    await world.ensure(stocks, last, true);
    const found = await loadSymbolStatistics(world.db.pool, stocks, last);
    expect(found.size).toBe(20);
    for (const [stock, { beta, r2 }] of Object.entries(oracle.spread_model.stocks)) {
      const { betas, rSquared, observations, reasons } = found.get(stock)!;
      Object.values(beta).forEach((wanted, k) => expect(betas![k]).toBeCloseTo(wanted, 10));
      expect(rSquared).toBeCloseTo(r2, 10);
      expect([betas!.length, observations, reasons.tlt_90]).toEqual([6, 252, 'no_rates']);
    }
    expect((await loadFactorModel(world.db.pool, last))!.proxies).toMatchObject({
      market_beta: 'IVV',
      size: 'SIZE',
      interest_rate: null,
    });
    const table = (await loadCorrelations(world.db.pool, last))!;
    expect(table.symbols).toEqual([...stocks].sort((a, b) => (a < b ? -1 : 1)));
    const pair = pairIndex(table.symbols.indexOf('AAPL'), table.symbols.indexOf('MSFT'), table.symbols.length);
    const returnsOf = (name: string) =>
      rows.slice(1).map((row, t) => Number(row[header.indexOf(name)]) / Number(rows[t]![header.indexOf(name)]) - 1);
    expect(table.coefficients[pair]).toBeCloseTo(pearson(returnsOf('AAPL'), returnsOf('MSFT')), 12);
    expect([table.lookback, table.pairCounts[pair]]).toEqual([252, 252]);
  });

  test('says of each symbol what it lacks, and of none that it is 0', async () => {
    const { calendar } = world.context;
    const closes = world.invented([...FUNDS.filter((fund) => fund !== 'TLT'), 'OLD', 'NEW']);
    const delisted = calendar.addSessions(SESSION, -30);
    const listed = calendar.addSessions(SESSION, -40);
    await world.store({
      ...closes,
      OLD: new Map([...closes['OLD']!].filter(([date]) => date <= delisted)),
      NEW: new Map([...closes['NEW']!].filter(([date]) => date >= listed)),
    });
    await world.ensure(['OLD', 'NEW', 'NONE'], SESSION, true);
    const found = await loadSymbolStatistics(world.db.pool, ['OLD', 'NEW', 'NONE'], SESSION);
    expect(found.get('NEW')).toMatchObject({
      betas: null,
      observations: 40,
      reasons: { regression: 'insufficient_observations' },
    });
    expect(found.get('OLD')).toMatchObject({
      observations: 222,
      volatility: { ewma: null },
      reasons: { ewma: 'no_recent_returns' },
    });
    expect(found.get('NONE')).toMatchObject({
      betas: null,
      drawdown: null,
      reasons: { drawdown: 'no_returns', tlt_90: 'no_rates' },
    });
    const { coefficients, pairCounts } = (await loadCorrelations(world.db.pool, SESSION))!;
    // NEW with NONE, NEW with OLD, NONE with OLD: they have 0, 10 and 0 sessions in common.
    expect([...coefficients]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect([...pairCounts]).toEqual([0, 10, 0]);
  });

  test('is as of its session: later bars change nothing', async () => {
    const closes = world.invented([...FUNDS, 'ACME']);
    await world.store(closes);
    await world.ensure(['ACME'], SESSION, true);
    const before = await statisticsRows(world);
    expect(before).toHaveLength(3);
    await world.store({ ACME: new Map([[NEXT, 123]]), SPY: new Map([[NEXT, 123]]) });
    expect(await statisticsRows(world)).toEqual(before);
    await world.db.pool.query(`DELETE FROM symbol_statistics; DELETE FROM factor_models; DELETE FROM correlations`);
    await world.ensure(['ACME'], SESSION, true);
    expect(await statisticsRows(world)).toEqual(before);
  });

  test('is there once: the second time there is nothing to do, and a larger universe takes the table of the smaller', async () => {
    await world.store(world.invented([...FUNDS, 'ACME', 'OTHER']));
    expect(await world.ensure(['ACME', 'ACME'], SESSION, true)).toEqual({ symbols: 1, pairs: 0 });
    expect(await world.ensure(['ACME'], SESSION, true)).toEqual({ symbols: 0, pairs: 0 });
    expect(await world.ensure(['OTHER', 'ACME'], SESSION, true)).toEqual({ symbols: 1, pairs: 1 });
    expect((await loadCorrelations(world.db.pool, SESSION))!.symbols).toEqual(['ACME', 'OTHER']);
  });

  test('by eight at once for overlapping symbols is one set of rows, each stored by one of them', async () => {
    const symbols = Array.from({ length: 12 }, (_, i) => `S${i}`);
    const closes = world.invented([...FUNDS, ...symbols]);
    await world.store(closes);
    const reports = await Promise.all(
      Array.from({ length: 8 }, (_, i) => world.ensure(symbols.slice(i, i + 5), SESSION, i === 0)),
    );
    expect(reports.reduce((sum, report) => sum + report.symbols, 0)).toBe(12);
    const rows = await statisticsRows(world);
    const alone = await rowsHadItBeenKnown([[closes]], async ({ ensure }) => {
      for (const symbol of symbols) await ensure([symbol]);
      await ensure(symbols.slice(0, 5), SESSION, true);
    });
    expect(rows).toEqual(alone);
  });
});

describe('a batch', () => {
  test('stores the statistics of what is held at its session before its chunks, and the correlations of all', async () => {
    const lot = { quantity: '10', entryPrice: '100', entryDate: '2025-06-02' };
    await makePortfolio(world.db, {
      asOf: SESSION,
      lots: [
        { symbol: 'AAPL', ...lot },
        { symbol: 'MSFT', ...lot },
      ],
    });
    await makePortfolio(world.db, {
      asOf: SESSION,
      lots: [
        { symbol: 'SOLD', ...lot, exitPrice: '1', exitDate: '2025-06-10' },
        { symbol: 'House', ...lot, investmentClass: 'PRIVATE' },
        { symbol: 'AAPL', ...lot },
      ],
    });
    const job = await withWorker(world, () => run(world.db, 'run-batch', { sessionDate: SESSION }));
    const phase = job.phases.find(({ name }) => name === 'symbol statistics');
    expect(phase).toMatchObject({ number: 6, status: 'completed', counts: { symbols: 2, pairs: 1 } });
    expect((await loadCorrelations(world.db.pool, SESSION))!.symbols).toEqual(['AAPL', 'MSFT']);
    const found = await loadSymbolStatistics(world.db.pool, ['AAPL', 'MSFT'], SESSION);
    expect([...found.values()].map(({ betas, observations }) => [betas?.length, observations])).toEqual([
      [7, 252],
      [7, 252],
    ]);
  });

  test('keeps detail of the newest five sessions and of month ends', async () => {
    const kept = ['2025-05-30', '2025-06-11', '2025-06-12', '2025-06-13', '2025-06-16', '2025-06-17'];
    for (const session of ['2025-05-29', '2025-06-02', ...kept]) await world.ensure(['ACME'], session, true);
    expect(await pruneStatistics(world.db, world.context.calendar)).toBe(2);
    for (const table of ['factor_models', 'correlations'] as const) expect(await storedSessions(world, table)).toEqual(kept);
    expect(await storedSessions(world, 'symbol_statistics')).toEqual(kept.map((session) => `ACME ${session}`));
    expect(await pruneStatistics(world.db, world.context.calendar)).toBe(0);
  });
});

function pearson(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const products = (a: readonly number[], ma: number, b: readonly number[], mb: number) =>
    a.reduce((sum, value, t) => sum + (value - ma) * (b[t]! - mb), 0);
  return products(x, meanX, y, meanY) / Math.sqrt(products(x, meanX, x, meanX) * products(y, meanY, y, meanY));
}
