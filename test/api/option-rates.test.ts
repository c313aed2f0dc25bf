// The rate of option marks: what was published on or before the session when it was first marked, for good.
import { submitJob } from '@closebell/prisma/jobs';
import { listProviderCircuits } from '@closebell/prisma/provider-circuits';
import { continuousRate } from '@closebell/shared/calc/published-rate';
import { fredProvider } from '@closebell/worker/market-data/fred';
import { gateProviders } from '@closebell/worker/market-data/provider-gate';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { json } from '../providers/faults.js';
import { startStandIn, type StandIn } from '../providers/stand-in.js';
import { figuresOf, makePortfolio, type LotRecord } from '../support/ledger.js';
import { scriptedProvider } from '../support/scripted-provider.js';
import { createWorld, ended, testConfig, withWorker, type TestWorld } from '../support/worker.js';
import { fieldsOf, type Caller } from './caller.js';
import { startDomainApi, type DomainApi } from './domain-api.js';

const NOW = '2025-06-18T22:00:00Z';
const OPENED = '2025-06-12';
const OPTION: LotRecord = {
  symbol: 'ACME260116C00100000',
  quantity: '2',
  entryPrice: '12.5',
  entryDate: OPENED,
  investmentClass: 'OPTIONS',
  underlyingSymbol: 'ACME',
  strikePrice: '100',
  expirationDate: '2026-01-16',
  optionType: 'CALL',
};

/** What FRED has published, by date. */
let published: Map<string, string>;
let fred: StandIn;
let api: DomainApi;
let owner: Caller;
let world: TestWorld;

beforeAll(async () => {
  fred = await startStandIn(({ searchParams }) => {
    const [from, to] = [searchParams.get('observation_start') ?? '', searchParams.get('observation_end') ?? ''];
    const inRange = [...published].filter(([date]) => date >= from && date <= to);
    return { body: { observations: inRange.map(([date, value]) => ({ date, value })) } };
  });
});
afterAll(() => fred.close());
beforeEach(async () => {
  // Friday 13 June has no value, and a session's own is published a day later.
  published = new Map([
    ['2025-06-11', '4.40'],
    ['2025-06-12', '4.30'],
    ['2025-06-13', '.'],
    ['2025-06-16', '4.50'],
    ['2025-06-17', '4.20'],
  ]);
  fred.asked.splice(0);
  api = await startDomainApi(NOW);
  owner = await api.user();
  const provider = scriptedProvider();
  world = await createWorld({ now: NOW, providers: [provider] });
  const { calendar } = world.context;
  const sessions = calendar.sessionsBetween('2025-03-03', '2025-06-20');
  provider.closes.set('ACME', new Map(sessions.map((session, i) => [session, 90 + (i % 9)])));
});
afterEach(async () => {
  fred.failWith(null);
  await world.close();
  await api.close();
});

const calculate = async (portfolioId: string, sessionDate: string) => {
  const config = testConfig({ DATABASE_URL: api.db.url, FRED_API_KEY: 'key' });
  const [rates] = gateProviders(api.db, [fredProvider({ baseUrl: fred.url, apiKey: 'key' })]);
  const context = { ...world.context, db: api.db, config, rates: rates! };
  return withWorker({ context }, async () => {
    const { jobId } = await submitJob(api.db.pool, 'calculate-portfolio', { portfolioId, sessionDate }, { trigger: 'user' });
    const job = await ended(api.db, jobId);
    expect(job).toMatchObject({ status: 'completed' });
    const { rows } = await api.db.pool.query<{ warnings: readonly string[] }>(
      `SELECT result->'warnings' AS warnings FROM jobs WHERE parent_id = $1`,
      [jobId],
    );
    return rows[0]!.warnings.filter((warning) => warning.startsWith('Treasury rate'));
  });
};
const hold = (lots: readonly LotRecord[] = [OPTION]) => makePortfolio(api.db, { userId: owner.userId, asOf: OPENED, lots });
const marks = async () => {
  const { rows } = await api.db.pool.query<{ session: string; rate: number; revision: number }>(
    `SELECT session_date AS session, rate, revision FROM option_marks ORDER BY 1, revision`,
  );
  return rows;
};
const rates = async () => Object.fromEntries((await marks()).map(({ session, rate }) => [session, rate]));
const isVerified = async (portfolioId: string, date: string) =>
  fieldsOf<{ verified: boolean }>(await owner.get(`/portfolio/${portfolioId}/snapshots/${date}`), 200).verified;
const makeDirty = (portfolioId: string) =>
  api.db.pool.query(`UPDATE portfolios SET dirty_from = '1990-01-02', generation = generation + 1 WHERE id = $1`, [portfolioId]);

describe('the mark of an option', () => {
  test('uses the newest value published for its session or before, continuously compounded', async () => {
    await calculate(await hold(), '2025-06-18');
    expect(await rates()).toEqual({
      '2025-06-12': continuousRate(4.3),
      '2025-06-13': continuousRate(4.3),
      '2025-06-16': continuousRate(4.5),
      '2025-06-17': continuousRate(4.2),
      '2025-06-18': continuousRate(4.2),
    });
    // The premium implied the volatility at the rate of its own session, and so comes out again.
    const { rows } = await api.db.pool.query(`SELECT price::float8 FROM option_marks WHERE session_date = $1`, [OPENED]);
    expect(rows[0]).toEqual({ price: expect.closeTo(12.5, 5) });
  });

  test('keeps its rate after a later publication, in a whole recalculation too; the next session has the new one', async () => {
    const portfolioId = await hold();
    await calculate(portfolioId, '2025-06-18');
    const [before, figures] = [await marks(), await figuresOf(api.db, portfolioId)];
    published.set('2025-06-18', '3.90');
    world.setNow('2025-06-20T22:00:00Z');
    await calculate(portfolioId, '2025-06-20');
    await makeDirty(portfolioId);
    await calculate(portfolioId, '2025-06-20');
    const after = await marks();
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.slice(before.length)).toEqual([{ session: '2025-06-20', rate: continuousRate(3.9), revision: 0 }]);
    // The lots' values behind them are those of the last session only.
    const restated = await figuresOf(api.db, portfolioId);
    for (const snapshot of figures.split('\n').slice(0, before.length)) expect(restated).toContain(snapshot);
    for (const date of ['2025-06-13', '2025-06-18', '2025-06-20']) expect(await isVerified(portfolioId, date), date).toBe(true);
  });

  test('keeps the rate of its session when a corrected close gives it another price', async () => {
    const portfolioId = await hold();
    await calculate(portfolioId, '2025-06-18');
    await api.db.pool.query(`UPDATE interest_rates SET percent = 9`);
    await api.db.pool.query(
      `INSERT INTO price_bars (symbol, session_date, revision, close, provider) VALUES ('ACME', '2025-06-16', 1, 99.5, 'test')`,
    );
    await makeDirty(portfolioId);
    await calculate(portfolioId, '2025-06-18');
    expect((await marks()).filter(({ session }) => session === '2025-06-16')).toEqual([
      { session: '2025-06-16', rate: continuousRate(4.5), revision: 0 },
      { session: '2025-06-16', rate: continuousRate(4.5), revision: 1 },
    ]);
  });
});

describe('FRED', () => {
  const ranges = () =>
    fred.asked.map((path) => {
      const { searchParams } = new URL(path, fred.url);
      return [searchParams.get('observation_start'), searchParams.get('observation_end')];
    });

  test('is asked once a session, first for all there is and then for what is new', async () => {
    const [portfolioId, other] = [await hold(), await hold()];
    await calculate(portfolioId, '2025-06-17');
    await calculate(other, '2025-06-18');
    expect(ranges()).toEqual([[world.context.calendar.firstDate, '2025-06-18']]);
    // Thursday 19 June 2025 is a holiday.
    world.setNow('2025-06-19T22:00:00Z');
    await calculate(portfolioId, '2025-06-18');
    expect(fred.asked).toHaveLength(1);
    world.setNow('2025-06-20T22:00:00Z');
    await calculate(portfolioId, '2025-06-20');
    await calculate(other, '2025-06-20');
    expect(ranges().slice(1)).toEqual([['2025-06-18', '2025-06-20']]);
  });

  test('is not asked for a portfolio without options', async () => {
    await calculate(await hold([{ symbol: 'ACME', quantity: '1', entryPrice: '90', entryDate: OPENED }]), '2025-06-18');
    expect(fred.asked).toEqual([]);
  });

  test.each([
    ['down', json(503, 'Service Unavailable'), /no value is known \(fred: .*503.*\); new option marks use the configured 4.5 %/],
    [
      'talking nonsense',
      json(200, { observations: [{ date: '2025-06-17', value: '4370' }] }),
      /fred gave 4370 percent for 2025-06-17/,
    ],
  ])('%s: the run goes on with the configured rate, says so, and the next one asks again', async (_, failure, warning) => {
    fred.failWith(failure);
    const portfolioId = await hold();
    expect(await calculate(portfolioId, '2025-06-17')).toEqual([expect.stringMatching(warning)]);
    expect(new Set(Object.values(await rates()))).toEqual(new Set([0.045]));
    fred.failWith(null);
    expect(await calculate(portfolioId, '2025-06-18')).toEqual([]);
    expect(await rates()).toMatchObject({ '2025-06-17': 0.045, '2025-06-18': continuousRate(4.2) });
  });

  test('down later: new marks use the last value known, and the warning says which', async () => {
    const portfolioId = await hold();
    await calculate(portfolioId, '2025-06-18');
    fred.failWith(json(503, 'Service Unavailable'));
    world.setNow('2025-06-20T22:00:00Z');
    const warnings = await calculate(portfolioId, '2025-06-20');
    expect(warnings).toEqual([expect.stringMatching(/no value after 2025-06-17 is known .* use the rate of 2025-06-17/)]);
    expect(await rates()).toMatchObject({ '2025-06-20': continuousRate(4.2) });
    expect(await listProviderCircuits(api.db.pool)).toContainEqual(
      expect.objectContaining({ provider: 'fred', capability: 'rates' }),
    );
  });
});
