// Phase 6: risk that adds up, covers what it says it covers, and leaves the figures alone when it fails.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inTransaction } from '@closebell/prisma/client';
import { submitImport } from '@closebell/prisma/imports';
import { submitJob } from '@closebell/prisma/jobs';
import { loadPortfolioRisk, type PortfolioRiskRow } from '@closebell/prisma/portfolio-risk';
import { lockStatisticsChanges } from '@closebell/prisma/statistics-changes';
import { loadFactorModel, loadSymbolStatistics } from '@closebell/prisma/symbol-statistics';
import { STRESS_SCENARIOS } from '@closebell/shared/stress/scenarios';
import { figuresOf, type LotRecord, makePortfolio, makeUser, MSFT_PUT } from '../support/ledger.js';
import { until } from '../support/until.js';
import { createWorld, ended, run, withWorker, type TestWorld } from '../support/worker.js';

const SESSION = '2025-06-20';
const BEFORE = '2025-06-18';

const LOTS: readonly LotRecord[] = [
  { symbol: 'AAPL', quantity: '100', entryPrice: '180.5', entryDate: '2024-03-14' },
  { symbol: 'AAPL', quantity: '20', entryPrice: '190', entryDate: '2025-03-14' },
  { symbol: 'MSFT', quantity: '-40.5', entryPrice: '410.25', entryDate: '2025-02-03' },
  { symbol: 'SPAXX', quantity: '5000', entryPrice: '1', entryDate: '2025-01-02', investmentSubtype: 'MUTUAL_FUND' },
  { symbol: 'HOUSE', quantity: '1', entryPrice: '250000', entryDate: '2023-01-02', investmentClass: 'PRIVATE' },
  { symbol: 'NODATA1', quantity: '10', entryPrice: '12.34', entryDate: '2025-01-02' },
  MSFT_PUT,
];
const STOCKS = LOTS.slice(0, 3);

let world: TestWorld;
beforeAll(async () => {
  world = await createWorld({ now: '2025-06-21T15:00:00Z', env: { BATCH_CHUNK_SIZE: '50' } });
});
afterAll(() => world.close());

const calculate = (portfolioId: string, sessionDate = SESSION) =>
  run(world.db, 'calculate-portfolio', { portfolioId, sessionDate });

const riskOf = async (portfolioId: string): Promise<PortfolioRiskRow> =>
  (await loadPortfolioRisk(world.db.pool, portfolioId, SESSION))!;

const lotValues = async (portfolioId: string) => {
  const { rows } = await world.db.pool.query<{ symbol: string; id: string; value: number; delta: number; source: string }>(
    `SELECT coalesce(underlying_symbol, symbol) AS symbol, p.id, market_value::float8 AS value, delta_adjusted_value::float8 AS delta,
       price_source AS source FROM position_values v JOIN positions p ON p.id = position_id WHERE v.portfolio_id = $1`,
    [portfolioId],
  );
  return rows;
};

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

/** A statistics row as a half-written or edited one would be. */
const corrupt = (symbol: string) =>
  world.db.pool.query(`UPDATE symbol_statistics SET betas = '{1,2,3}' WHERE symbol = $1`, [symbol]);

const dirty = (portfolioId: string) =>
  world.db.pool.query(`UPDATE portfolios SET dirty_from = '2024-01-02', generation = generation + 1 WHERE id = $1`, [
    portfolioId,
  ]);

describe('the risk of a portfolio', () => {
  test('of SPY alone, imported and calculated, loses what the market loses, direct and correlated', async () => {
    const portfolioId = await withWorker(world, async () => {
      const file = Buffer.from('Symbol,Quantity,Entry Price Per Share,Entry Date\nSPY,100,500,2024-03-14\n');
      const request = {
        portfolio_name: 'Index fund',
        account_name: 'one',
        account_type: 'taxable',
        equity_balance: '60000',
        equity_as_of: null,
        description: null,
        allow_multiple_lots: false,
      };
      const sha256 = createHash('sha256').update(file).digest();
      const userId = await makeUser(world.db);
      const origin = { trigger: 'user' } as const;
      const { importId, jobId } = await submitImport(world.db, { userId, fileName: 'spy.csv', file, sha256, request, origin });
      expect((await ended(world.db, jobId)).status).toBe('completed');
      const { rows } = await world.db.pool.query<{ id: string }>(`SELECT portfolio_id AS id FROM imports WHERE id = $1`, [
        importId,
      ]);
      expect((await calculate(rows[0]!.id)).status).toBe('completed');
      return rows[0]!.id;
    });
    const { stress, exposures, coverage, metrics } = await riskOf(portfolioId);
    const [{ value } = { value: 0 }] = await lotValues(portfolioId);
    const lossOf = (id: string) => stress!.find(({ scenarioId }) => scenarioId === id)!;
    for (const [id, share] of [
      ['market_down_10', -0.1],
      ['market_crash_35', -0.35],
    ] as const) {
      expect(lossOf(id).direct.total / value).toBeCloseTo(share, 12);
      expect(lossOf(id).correlated!.total / value).toBeCloseTo(share, 12);
    }
    expect(exposures![0]! / value).toBeCloseTo(1, 12);
    expect(coverage).toBe(1);
    expect(metrics).toMatchObject({ benchmark: 'SPY', observations: 90, lookback: 90 });
    expect(metrics!.portfolio_beta).toBeGreaterThan(0.5);
  });

  test('adds up: positions to exposures, factors to scenarios, symbols to volatility', async () => {
    const portfolioId = await makePortfolio(world.db, { equity: '400000', asOf: SESSION, lots: LOTS });
    const job = await withWorker(world, () => calculate(portfolioId));
    expect(job).toMatchObject({ status: 'completed' });
    expect(job.phases.at(-1)).toMatchObject({ number: 6, name: 'risk', counts: { portfolios: 1, symbols: 2, scenarios: 22 } });
    const risk = await riskOf(portfolioId);
    expect(risk.failedParts).toEqual({});
    const lots = await lotValues(portfolioId);
    const statistics = await loadSymbolStatistics(world.db.pool, ['AAPL', 'MSFT'], SESSION);
    const covered = lots.filter(({ symbol }) => statistics.has(symbol));
    const { factors } = (await loadFactorModel(world.db.pool, SESSION))!;
    const gross = sum(lots.map(({ delta }) => Math.abs(delta)));
    for (const k of factors.keys()) {
      const expected = sum(covered.map(({ symbol, delta }) => delta * statistics.get(symbol)!.betas![k]!));
      expect(Math.abs(risk.exposures![k]! - expected)).toBeLessThan(1e-9 * gross);
    }
    const isCash = ({ source }: { source: string }) => source === 'par';
    expect(risk.coverage).toBeCloseTo(sum([...covered, ...lots.filter(isCash)].map(({ delta }) => Math.abs(delta))) / gross, 12);
    expect(risk.stress!.map(({ scenarioId }) => scenarioId)).toEqual(STRESS_SCENARIOS.map(({ id }) => id));
    for (const { direct, correlated } of risk.stress!) {
      for (const { total, byFactor, optionRest, priceFloor } of [direct, correlated!]) {
        expect(Math.abs(total - sum([...byFactor, optionRest, priceFloor]))).toBeLessThan(1e-9 * gross);
      }
    }
    expect(sum(Object.values(risk.volatility!.contributions))).toBeCloseTo(risk.volatility!.volatility!, 12);
    expect(risk.valueAtRisk).toMatchObject({ lookback: 504, observations: 503, reason: null, coverage: risk.coverage });
    expect(risk.valueAtRisk!.dollars!.value_at_risk_95! / 400_000).toBe(risk.valueAtRisk!.fractions!.value_at_risk_95);
    expect(sum(risk.concentration!.sectors.map(({ weight }) => weight))).toBeCloseTo(1, 12);
  });

  test('revalues options: a long put gains when the market falls, never loses more than it is worth', async () => {
    const portfolioId = await makePortfolio(world.db, { asOf: SESSION, lots: LOTS.slice(6) });
    await withWorker(world, () => calculate(portfolioId));
    const risk = await riskOf(portfolioId);
    const [{ id, value } = { id: '', value: 0 }] = await lotValues(portfolioId);
    const impacts = risk.optionImpacts[id]!;
    const at = (scenario: string) => STRESS_SCENARIOS.findIndex((one) => one.id === scenario);
    expect(impacts.direct[at('market_crash_35')]).toBe(risk.stress![at('market_crash_35')]!.direct.total);
    expect(impacts.direct[at('market_crash_35')]).toBeGreaterThan(0);
    for (const impact of [...impacts.direct, ...impacts.correlated]) expect(impact).toBeGreaterThanOrEqual(-value);
  });

  test('of private lots alone is not known, and nowhere 0', async () => {
    const portfolioId = await makePortfolio(world.db, { asOf: SESSION, lots: LOTS.slice(4, 5) });
    const job = await withWorker(world, () => calculate(portfolioId));
    expect(job.status).toBe('completed');
    const risk = await riskOf(portfolioId);
    expect(risk).toMatchObject({
      coverage: null,
      exposures: null,
      stress: null,
      valueAtRisk: { dollars: null, fractions: null, coverage: null, reason: 'nothing_covered' },
      volatility: { volatility: null, coverage: null, contributions: {}, reason: 'nothing_covered' },
    });
  });

  test('of cash alone is 0: there is nothing to lose', async () => {
    const portfolioId = await makePortfolio(world.db, { asOf: SESSION, lots: LOTS.slice(3, 4) });
    await withWorker(world, () => calculate(portfolioId));
    const { coverage, exposures, stress, valueAtRisk, volatility } = await riskOf(portfolioId);
    expect(coverage).toBe(1);
    expect([...exposures!].every((dollars) => dollars === 0)).toBe(true);
    expect(stress!.every(({ direct }) => direct.total === 0)).toBe(true);
    expect(valueAtRisk).toMatchObject({ coverage: 1, reason: null });
    expect(volatility).toMatchObject({ volatility: 0, coverage: 1 });
  });

  test('twice is the same to the byte, and a row that is gone is made again without touching the figures', async () => {
    const portfolioId = await makePortfolio(world.db, { asOf: SESSION, lots: LOTS });
    const writtenAt = async () =>
      (
        await world.db.pool.query(`SELECT xmin, snapshot_date FROM portfolio_snapshots WHERE portfolio_id = $1 ORDER BY 2`, [
          portfolioId,
        ])
      ).rows;
    await withWorker(world, async () => {
      await calculate(portfolioId);
      const [first, snapshots] = [await figuresOf(world.db, portfolioId), await writtenAt()];
      expect((await calculate(portfolioId)).result).toMatchObject({ note: 'every figure was there and still holds' });
      await world.db.pool.query(`DELETE FROM portfolio_risk WHERE portfolio_id = $1`, [portfolioId]);
      await world.db.pool.query(`DELETE FROM symbol_statistics WHERE symbol = 'AAPL'`);
      const again = await calculate(portfolioId);
      expect(again).toMatchObject({ status: 'completed', result: { sessions_computed: 0 } });
      expect(await figuresOf(world.db, portfolioId)).toBe(first);
      expect(await writtenAt()).toEqual(snapshots);
    });
  });

  test('goes with the figures it was made of', async () => {
    const portfolioId = await makePortfolio(world.db, { asOf: BEFORE, openedOn: BEFORE, lots: STOCKS });
    await withWorker(world, async () => {
      for (const session of [BEFORE, SESSION]) await calculate(portfolioId, session);
      await world.db.pool.query(`UPDATE portfolios SET dirty_from = $2, generation = generation + 1 WHERE id = $1`, [
        portfolioId,
        SESSION,
      ]);
      await calculate(portfolioId);
      const sessions = async () =>
        (
          await world.db.pool.query(`SELECT session_date AS date FROM portfolio_risk WHERE portfolio_id = $1 ORDER BY 1`, [
            portfolioId,
          ])
        ).rows;
      expect(await sessions()).toEqual([{ date: BEFORE }, { date: SESSION }]);
      await dirty(portfolioId);
      await calculate(portfolioId);
      expect(await sessions()).toEqual([{ date: SESSION }]);
    });
  });
});

describe('a part that fails', () => {
  test('is named, ends the run partial, leaves the figures and the other parts, and is made good by the next run', async () => {
    const portfolioId = await makePortfolio(world.db, { asOf: SESSION, lots: STOCKS });
    await withWorker(world, async () => {
      await calculate(portfolioId);
      const clean = { figures: await figuresOf(world.db, portfolioId), risk: await riskOf(portfolioId) };
      await corrupt('AAPL');
      await dirty(portfolioId);
      const job = await calculate(portfolioId);
      expect(job).toMatchObject({
        status: 'partial',
        result: { failed_parts: { exposures: expect.any(String), stress: expect.any(String) } },
      });
      const risk = await riskOf(portfolioId);
      expect(risk).toMatchObject({ exposures: null, stress: null, coverage: null });
      expect(new Set(Object.keys(risk.failedParts))).toEqual(new Set(['stress', 'exposures']));
      for (const part of ['valueAtRisk', 'volatility', 'concentration', 'metrics'] as const)
        expect(risk[part]).toEqual(clean.risk[part]);
      const { rows } = await world.db.pool.query(`SELECT dirty_from FROM portfolios WHERE id = $1`, [portfolioId]);
      expect(rows).toEqual([{ dirty_from: null }]);
      await world.db.pool.query(`DELETE FROM symbol_statistics WHERE symbol = 'AAPL'`);
      expect((await calculate(portfolioId)).status).toBe('completed');
      expect(await figuresOf(world.db, portfolioId)).toBe(clean.figures);
    });
  });

  test('is counted by the batch, apart from what it computed whole', async () => {
    const own = await createWorld({ now: '2025-06-21T15:00:00Z' });
    const record = { asOf: SESSION, openedOn: SESSION };
    const hit = await makePortfolio(own.db, { ...record, lots: STOCKS.slice(0, 1) });
    await makePortfolio(own.db, { ...record, lots: STOCKS.slice(2) });
    await withWorker(own, async () => {
      await run(own.db, 'run-batch', { sessionDate: SESSION });
      await own.db.pool.query(`UPDATE symbol_statistics SET betas = '{1,2,3}' WHERE symbol = 'AAPL'`);
      await own.db.pool.query(`DELETE FROM portfolio_risk`);
      const batch = await run(own.db, 'run-batch', { sessionDate: SESSION });
      expect(batch).toMatchObject({ status: 'partial', result: { processed: 2, succeeded: 1, partial: 1, failed: 0 } });
      expect(batch.result?.['failures']).toEqual([]);
      expect(batch.result?.['partials']).toEqual([
        { portfolio_id: hit, failed_parts: { exposures: expect.any(String), stress: expect.any(String) } },
      ]);
    });
    await own.close();
  });

  test('where no risk can be worked out at all, the run is tried again, and its last try ends partial with all figures', async () => {
    const own = await createWorld({ now: '2025-06-21T15:00:00Z' });
    const portfolioId = await makePortfolio(own.db, { asOf: SESSION, openedOn: SESSION, lots: STOCKS });
    await own.db.pool.query(`ALTER TABLE symbol_statistics ADD CONSTRAINT none CHECK (symbol = 'none')`);
    await withWorker(own, async () => {
      const { jobId } = await submitJob(
        own.db.pool,
        'calculate-portfolio',
        { portfolioId, sessionDate: SESSION },
        { trigger: 'user' },
      );
      await own.db.pool.query(`UPDATE jobs SET attempts_max = 2 WHERE id = $1`, [jobId]);
      const job = await ended(own.db, jobId);
      expect(job).toMatchObject({ status: 'partial', attempts_made: 2, result: { failed_parts: { risk: expect.any(String) } } });
      const { rows } = await own.db.pool.query(
        `SELECT max(snapshot_date) AS last, bool_and(is_complete) AS whole FROM portfolio_snapshots WHERE portfolio_id = $1`,
        [portfolioId],
      );
      expect(rows).toEqual([{ last: SESSION, whole: true }]);
      await own.db.pool.query(`ALTER TABLE symbol_statistics DROP CONSTRAINT none`);
      const again = await run(own.db, 'calculate-portfolio', { portfolioId, sessionDate: SESSION });
      expect(again.status).toBe('completed');
    });
    await own.close();
  });
});

describe('forecasts', () => {
  const backTests = async (portfolioId: string) =>
    (
      await world.db.pool.query<{ session_date: string; var_95: number; var_99: number; pnl: number }>(
        `SELECT session_date, var_95, var_99, pnl FROM var_backtests WHERE portfolio_id = $1 ORDER BY 1`,
        [portfolioId],
      )
    ).rows;

  test('of a session are set against what the next one brings, and stay when the figures are computed again', async () => {
    const portfolioId = await makePortfolio(world.db, { equity: '90000', asOf: BEFORE, openedOn: BEFORE, lots: STOCKS });
    await withWorker(world, async () => {
      await calculate(portfolioId, BEFORE);
      const forecast = (await loadPortfolioRisk(world.db.pool, portfolioId, BEFORE))!.valueAtRisk!.fractions!;
      expect(await backTests(portfolioId)).toEqual([]);
      await calculate(portfolioId);
      const { rows } = await world.db.pool.query<{ pnl: number }>(
        `SELECT daily_pnl::float8 AS pnl FROM portfolio_snapshots WHERE portfolio_id = $1 AND snapshot_date = $2`,
        [portfolioId, SESSION],
      );
      const [test] = await backTests(portfolioId);
      expect(test).toMatchObject({
        session_date: SESSION,
        var_95: forecast.value_at_risk_95,
        var_99: forecast.value_at_risk_99,
      });
      expect(test!.pnl).toBeCloseTo(rows[0]!.pnl / 90_000, 12);
      await world.db.pool.query(`UPDATE positions SET quantity = quantity * 2 WHERE portfolio_id = $1`, [portfolioId]);
      await dirty(portfolioId);
      await calculate(portfolioId);
      const [renewed] = await backTests(portfolioId);
      expect(renewed).toMatchObject({ var_95: test!.var_95, var_99: test!.var_99 });
      expect(renewed!.pnl).toBeCloseTo(2 * test!.pnl, 9);
    });
  });
});

test('a change of yields is worth what the configured duration and convexity of TLT make of it', async () => {
  const own = await createWorld({ now: '2025-06-21T15:00:00Z', env: { TLT_DURATION_YEARS: '10', TLT_CONVEXITY_YEARS2: '200' } });
  const lots = [{ symbol: 'TLT', quantity: '100', entryPrice: '100', entryDate: '2025-06-16' }];
  const portfolioId = await makePortfolio(own.db, { asOf: SESSION, openedOn: SESSION, lots });
  await withWorker(own, async () => {
    await run(own.db, 'calculate-portfolio', { portfolioId, sessionDate: SESSION });
    const { exposures, stress } = (await loadPortfolioRisk(own.db.pool, portfolioId, SESSION))!;
    const { direct } = stress!.find(({ scenarioId }) => scenarioId === 'rates_up_100bp')!;
    // −10 × 0.01 + ½ × 200 × 0.0001.
    expect(direct.total / exposures!.at(-1)!).toBeCloseTo(-0.09, 12);
  });
  await own.close();
});

describe('many portfolios at once', () => {
  test('have the same risk to the byte as one by one', { timeout: 120_000 }, async () => {
    const own = await createWorld({ now: '2025-06-21T15:00:00Z', env: { BATCH_CHUNK_SIZE: '70' } });
    const symbols = ['AAPL', 'MSFT', 'KO', 'JPM', 'XOM', 'NVDA', 'TLT', 'SPY'];
    const userId = await makeUser(own.db);
    const ids: string[] = [];
    for (let n = 0; n < 200; n++) {
      const lots = symbols
        .filter((_, k) => (n >> (k % 5)) % 2 === k % 2)
        .map((symbol, k) => ({
          symbol,
          quantity: String((n + 3) * (k % 3 === 2 ? -1.25 : 2.5)),
          entryPrice: '100',
          entryDate: '2025-06-16',
        }));
      ids.push(
        await makePortfolio(own.db, {
          userId,
          asOf: SESSION,
          openedOn: SESSION,
          lots: [...lots, ...(n % 20 === 0 ? LOTS.slice(6) : [])],
        }),
      );
    }
    await withWorker(own, async () => {
      const batch = await run(own.db, 'run-batch', { sessionDate: SESSION });
      expect(batch).toMatchObject({ status: 'completed', result: { succeeded: 200, partial: 0 } });
      const inBatch = await Promise.all(ids.map((id) => figuresOf(own.db, id)));
      await own.db.pool.query(`DELETE FROM portfolio_risk`);
      await own.db.pool.query(`DELETE FROM symbol_statistics`);
      await own.db.pool.query(`DELETE FROM factor_models`);
      for (let n = 0; n < ids.length; n += 20) {
        expect((await run(own.db, 'calculate-portfolio', { portfolioId: ids[n]!, sessionDate: SESSION })).status).toBe(
          'completed',
        );
        expect(await figuresOf(own.db, ids[n]!)).toBe(inBatch[n]);
      }
    });
    await own.close();
  });
});

describe('prices that change while risk is worked out', () => {
  test('are those it is made of in the end', async () => {
    const portfolioId = await makePortfolio(world.db, { asOf: SESSION, lots: STOCKS });
    const isWaiting = async () =>
      (
        await world.db.pool.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
      ).rowCount === 1;
    await withWorker(world, async () => {
      await calculate(portfolioId);
      const outdated = await riskOf(portfolioId);
      await world.db.pool.query(`DELETE FROM portfolio_risk WHERE portfolio_id = $1`, [portfolioId]);
      const payload = { portfolioId, sessionDate: SESSION };
      const jobId = await inTransaction(world.db, async (client) => {
        await lockStatisticsChanges(client);
        const submitted = await submitJob(world.db.pool, 'calculate-portfolio', payload, { trigger: 'user' });
        await until('the row is about to be written', isWaiting);
        // A close before the portfolio's own history, in the window of its risk.
        await client.query(
          `INSERT INTO price_bars (symbol, session_date, revision, close, provider) SELECT symbol, session_date, 1, close * 1.2, provider
           FROM price_bars WHERE symbol = 'MSFT' AND session_date = '2024-02-01'`,
        );
        await client.query(`DELETE FROM symbol_statistics WHERE symbol = 'MSFT'`);
        return submitted.jobId;
      });
      expect((await ended(world.db, jobId)).status).toBe('completed');
      const written = await figuresOf(world.db, portfolioId);
      expect((await riskOf(portfolioId)).valueAtRisk).not.toEqual(outdated.valueAtRisk);
      await world.db.pool.query(`DELETE FROM portfolio_risk WHERE portfolio_id = $1`, [portfolioId]);
      await calculate(portfolioId);
      expect(await figuresOf(world.db, portfolioId)).toBe(written);
    });
  });
});
