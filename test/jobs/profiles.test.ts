// Profiles of securities: asked for once, kept field by field, and never a reason for a run to fail or to wait long.
import type { Db } from '@closebell/prisma/client';
import { submitJob } from '@closebell/prisma/jobs';
import { FACTOR_SYMBOLS } from '@closebell/shared/calc/factors';
import { SCHEDULES, type ScheduleName } from '@closebell/shared/jobs';
import type { Answer, MarketDataProvider, SecurityProfile } from '@closebell/shared/market-data/provider';
import { gateProviders } from '@closebell/worker/market-data/provider-gate';
import { dueTimesOf } from '@closebell/worker/schedules';
import { afterEach, describe, expect, test } from 'vitest';
import { barsOf, SECURITIES } from '../providers/invented-market.js';
import { startStandIn } from '../providers/stand-in.js';
import { makePortfolio, type LotRecord } from '../support/ledger.js';
import { scriptedProvider } from '../support/scripted-provider.js';
import { until } from '../support/until.js';
import { createWorld, ended, run, spawnWorker, withWorker, type TestWorld, type WorldOptions } from '../support/worker.js';

const NOW = '2025-03-14T22:00:00Z';
const SESSION = '2025-03-14';
const OPENED = '2025-03-10';
const UNSAID = {
  name: null,
  securityType: null,
  sector: null,
  industry: null,
  exchange: null,
  country: null,
  currency: null,
  marketCap: null,
  beta: null,
} as const;

const lotsOf = (...symbols: readonly string[]): readonly LotRecord[] =>
  symbols.map((symbol) => ({ symbol, quantity: '1', entryPrice: '100', entryDate: OPENED }));

type Answering = (symbol: string, signal: AbortSignal) => Answer<SecurityProfile> | Promise<Answer<SecurityProfile>>;

/** Has profiles and no prices, and keeps which profiles it was asked for. */
const profileProvider = (answer: Answering, plan: Parameters<typeof scriptedProvider>[0] = {}) => {
  const asked: string[] = [];
  const profile: MarketDataProvider['profile'] = async (symbol, signal) => {
    asked.push(symbol);
    return answer(symbol, signal);
  };
  return { ...scriptedProvider(plan), profile, asked };
};
const named: Answering = (symbol) => ({ status: 'ok', value: { ...UNSAID, symbol, name: `The ${symbol} company` } });

let world: TestWorld;
const open = async (options: WorldOptions) => {
  world = await createWorld({ now: NOW, ...options });
};
afterEach(() => world.close());

const prepare = async (portfolioId: string, { sessionDate = SESSION, onboarding = false } = {}) => {
  const job = await withWorker(world, () => run(world.db, 'prepare-portfolio', { portfolioId, sessionDate, onboarding }));
  expect(job).toMatchObject({ status: 'completed' });
  const { warnings } = job.result as Readonly<{ warnings: readonly string[] }>;
  return warnings.filter((warning) => !/^factor |no price|no close|ERR_BATCH/.test(warning));
};
const weekly = () => withWorker(world, () => run(world.db, 'refresh-profiles', {}));
const profileOf = async (db: Db, symbol: string) => {
  const { rows } = await db.pool.query(
    `SELECT name, sector, market_cap, currency, profile_by, profile_at IS NOT NULL AS known,
       round(extract(epoch FROM profile_retry_at - clock_timestamp()) / 3600)::int AS retry_in_hours FROM securities WHERE symbol = $1`,
    [symbol],
  );
  return rows[0];
};
const sorted = (symbols: readonly string[]) => [...symbols].sort((a, b) => (a < b ? -1 : 1));

describe('a run', () => {
  test('asks once for what it prices and for the factors: underlyings too, never cash or what is private', async () => {
    const provider = profileProvider(named);
    await open({ providers: [provider] });
    const option = { investmentClass: 'OPTIONS', strikePrice: '100', expirationDate: '2026-01-16', optionType: 'CALL' } as const;
    const lots = [
      ...lotsOf('ACME', 'SPAXX', 'CASH_USD'),
      { ...lotsOf('BCOR260116C00100000')[0]!, ...option, underlyingSymbol: 'BCOR' },
      { ...lotsOf('MY-STARTUP')[0]!, investmentClass: 'PRIVATE' as const },
    ];
    const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots });
    expect(await prepare(portfolioId)).toEqual([]);
    const profiles = provider.asked.splice(0).filter((asked) => !asked.includes('..'));
    expect(sorted(profiles)).toEqual(sorted(['ACME', 'BCOR', ...FACTOR_SYMBOLS]));
    expect(await profileOf(world.db, 'BCOR')).toMatchObject({ name: 'The BCOR company', profile_by: 'scripted', known: true });
    await prepare(portfolioId);
    expect(provider.asked.filter((asked) => !asked.includes('..'))).toEqual([]);
  });

  test('for an earlier session asks for none, unless it is an onboarding', async () => {
    const provider = profileProvider(named);
    await open({ providers: [provider] });
    const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots: lotsOf('ACME') });
    await prepare(portfolioId, { sessionDate: '2025-03-13' });
    expect(await profileOf(world.db, 'ACME')).toMatchObject({ known: false });
    await prepare(portfolioId, { sessionDate: '2025-03-13', onboarding: true });
    expect(await profileOf(world.db, 'ACME')).toMatchObject({ known: true });
  });

  test('does not ask every night for what nobody knows, and for an hour not who is in trouble', async () => {
    const provider = profileProvider((symbol, signal) => {
      if (symbol === 'NOBODY') return { status: 'unknown_symbol', reason: 'never heard of it' };
      return symbol === 'DOWN' ? { status: 'unavailable', reason: 'answered 503' } : named(symbol, signal);
    });
    await open({ providers: [provider] });
    const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots: lotsOf('NOBODY', 'DOWN') });
    expect(await prepare(portfolioId)).toEqual([
      'security profiles: none of DOWN (scripted: answered 503); asked for again in an hour or later',
    ]);
    expect(await profileOf(world.db, 'NOBODY')).toMatchObject({ known: false, retry_in_hours: 7 * 24 });
    expect(await profileOf(world.db, 'DOWN')).toMatchObject({ known: false, retry_in_hours: 1 });
    await prepare(portfolioId);
    expect(provider.asked.filter((asked) => asked === 'NOBODY' || asked === 'DOWN')).toHaveLength(2);
  });

  test('leaves a small plan to the prices, and the weekly job asks', async () => {
    const provider = profileProvider(named, { name: 'small', budget: { perMinute: 5, perDay: null } });
    await open({ providers: [provider] });
    const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots: lotsOf('ACME') });
    const [warning, ...others] = await prepare(portfolioId);
    expect(others).toEqual([]);
    expect(warning).toMatch(/are missing; the plan of small is kept for prices, the weekly job asks for them/);
    expect(await weekly()).toMatchObject({ status: 'completed', result: { due: 1 + FACTOR_SYMBOLS.length, warnings: [] } });
    expect(await profileOf(world.db, 'ACME')).toMatchObject({ profile_by: 'small' });
  });

  test('waits for a provider that hangs 20 seconds at most', { timeout: 60_000 }, async () => {
    const hanging: Answering = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    await open({ providers: [profileProvider(hanging)] });
    const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots: lotsOf('ACME') });
    const job = await withWorker(world, () => run(world.db, 'calculate-portfolio', { portfolioId, sessionDate: SESSION }));
    expect(job).toMatchObject({ status: 'completed' });
    const { rows } = await world.db.pool.query<{ phase: { duration_ms: number }; warnings: readonly string[] }>(
      `SELECT phases->0 AS phase, result->'warnings' AS warnings FROM jobs WHERE parent_id = $1`,
      [job.id],
    );
    expect(rows[0]!.phase).toMatchObject({ number: 0, name: 'security profiles', status: 'completed' });
    expect(rows[0]!.phase.duration_ms).toBeLessThan(25_000);
    expect(rows[0]!.warnings).toContainEqual(expect.stringMatching(/no answer for \d+ within 20 s; the next run goes on/));
    expect(await profileOf(world.db, 'ACME')).toMatchObject({ known: false, retry_in_hours: null });
  });

  test('names a security that is not quoted in dollars', async () => {
    const currency = (symbol: string) => (symbol === 'VOD.L' ? 'GBX' : 'USD');
    await open({
      providers: [profileProvider((symbol) => ({ status: 'ok', value: { ...UNSAID, symbol, currency: currency(symbol) } }))],
    });
    const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots: lotsOf('ACME', 'VOD.L') });
    expect(await prepare(portfolioId)).toEqual([
      'VOD.L is quoted in GBX, which is not converted: its lots are valued as if that were USD',
    ]);
  });

  test('stores what fits of a profile with impossible fields', async () => {
    const value = { ...UNSAID, name: 'Ac\0me', currency: 'dollars', marketCap: 1e30, beta: Number.NaN, sector: 'Industrials' };
    await open({ providers: [profileProvider((symbol) => ({ status: 'ok', value: { ...value, symbol } }))] });
    await prepare(await makePortfolio(world.db, { asOf: OPENED, lots: lotsOf('ACME') }));
    expect(await profileOf(world.db, 'ACME')).toMatchObject({
      name: 'Acme',
      sector: 'Industrials',
      currency: null,
      market_cap: null,
    });
  });
});

describe('over HTTP', () => {
  /** Of any symbol: a close of every session. */
  const fmpBars = (query: URLSearchParams) =>
    barsOf(SECURITIES[1]!, query.get('from') ?? '', query.get('to') ?? '')
      .map(({ date, close }) => ({
        symbol: query.get('symbol'),
        date,
        adjOpen: close,
        adjHigh: close,
        adjLow: close,
        adjClose: close,
        volume: 1,
      }))
      .toReversed();

  test('with the profiles of a provider down a calculation completes with prices, and says so', async () => {
    const fmp = await startStandIn(({ pathname, searchParams }) => {
      if (pathname === '/stable/profile') return { status: 500, body: { message: 'out of order' } };
      return { body: pathname.includes('historical-price') ? fmpBars(searchParams) : [] };
    });
    try {
      const env = { MARKET_DATA_PROVIDERS: 'fmp', FMP_API_KEY: 'key', FMP_BASE_URL: fmp.url, FMP_REQUESTS_PER_DAY: '0' };
      await open({ env });
      const context = { ...world.context, providers: gateProviders(world.db, world.context.providers) };
      const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots: lotsOf('ACME', 'BRK.B') });
      const job = await withWorker({ context }, () =>
        run(world.db, 'calculate-portfolio', { portfolioId, sessionDate: SESSION }),
      );
      expect(job).toMatchObject({ status: 'completed', result: { lots_valued: 2 } });
      const { rows } = await world.db.pool.query<{ result: Readonly<Record<string, unknown>> }>(
        `SELECT result FROM jobs WHERE parent_id = $1`,
        [job.id],
      );
      expect(rows[0]!.result).toMatchObject({ price_coverage_percentage: 100 });
      expect(rows[0]!.result['warnings']).toContainEqual(
        expect.stringMatching(/^security profiles: none of ACME, BRK\.B, .* and \d+ more \(fmp: .*500.*\); asked for again/),
      );
      // Once the circuit is open nobody is asked.
      expect(fmp.asked.filter((path) => path.startsWith('/stable/profile')).length).toBeLessThan(10);
    } finally {
      await fmp.close();
    }
  });
});

describe('the weekly job', () => {
  test('renews what is a week old, and no silence takes away what is known', async () => {
    const provider = profileProvider((symbol) => ({
      status: 'ok',
      value: { ...UNSAID, symbol, name: 'Acme Renamed', marketCap: 5e9 },
    }));
    await open({ providers: [provider] });
    await makePortfolio(world.db, { asOf: OPENED, lots: lotsOf('ACME', 'FRESH') });
    await world.db.pool.query(
      `INSERT INTO securities (symbol, name, sector, market_cap, currency, profile_by, profile_at) VALUES
         ('ACME', 'Acme', 'Industrials', 4e9, 'USD', 'yahoo', clock_timestamp() - interval '7 days' + interval '1 hour'),
         ('FRESH', 'Fresh', NULL, NULL, NULL, 'yahoo', clock_timestamp() - interval '2 days')`,
    );
    expect(await weekly()).toMatchObject({ status: 'completed', result: { symbols: 2 + FACTOR_SYMBOLS.length } });
    expect(provider.asked).not.toContain('FRESH');
    expect(await profileOf(world.db, 'ACME')).toMatchObject({
      name: 'Acme Renamed',
      sector: 'Industrials',
      market_cap: '5000000000.00',
      currency: 'USD',
      profile_by: 'scripted',
    });
  });

  test('killed and run again asks for nothing that it had stored', { timeout: 90_000 }, async () => {
    const HANGS_AFTER = 40;
    const askedFor: string[] = [];
    const standIn = await startStandIn(({ searchParams }) => {
      const symbol = searchParams.get('symbol') ?? '';
      askedFor.push(symbol);
      if (askedFor.length === HANGS_AFTER) standIn.failWith(() => {});
      return { body: symbol.startsWith('S') ? [{ symbol, companyName: `The ${symbol} company` }] : [] };
    });
    await open({});
    const symbols = Array.from({ length: 60 }, (_, i) => `S${i}`);
    await makePortfolio(world.db, { asOf: OPENED, lots: lotsOf(...symbols) });
    await nothingElseIsDue(world);
    const { jobId } = await submitJob(world.db.pool, 'refresh-profiles', {}, { trigger: 'schedule' });
    const env = {
      DATABASE_URL: world.context.config.databaseUrl!,
      CLOSEBELL_NOW: NOW,
      JOB_LEASE_SECONDS: '2',
      WORKER_THREADS: '1',
      MARKET_DATA_PROVIDERS: 'fmp',
      FMP_API_KEY: 'key',
      FMP_BASE_URL: standIn.url,
      FMP_REQUESTS_PER_DAY: '0',
    };
    const first = spawnWorker(env);
    const workers = [first];
    try {
      await first.ready;
      await until(
        'some are stored and some under way',
        async () => askedFor.length >= HANGS_AFTER && (await settled()).length > 0,
      );
      await first.kill('SIGKILL');
      const before = await settled();
      const twice = () => askedFor.filter((symbol, at) => askedFor.indexOf(symbol) !== at);
      expect(twice()).toEqual([]);
      standIn.failWith(null);
      workers.push(spawnWorker(env));
      expect(await ended(world.db, jobId, 60_000)).toMatchObject({ status: 'completed' });
      expect(twice().filter((symbol) => before.includes(symbol))).toEqual([]);
      expect(sorted([...new Set(askedFor)])).toEqual(sorted([...symbols, ...FACTOR_SYMBOLS]));
      expect(await settled()).toHaveLength(symbols.length + FACTOR_SYMBOLS.length);
    } finally {
      await Promise.all(workers.map(({ kill }) => kill('SIGKILL')));
      await standIn.close();
    }
  });

  /** Symbols that have a profile, or are known to have none for now. */
  const settled = async () => {
    const { rows } = await world.db.pool.query<{ symbol: string }>(
      `SELECT symbol FROM securities WHERE profile_at IS NOT NULL OR profile_retry_at IS NOT NULL`,
    );
    return rows.map(({ symbol }) => symbol);
  };
});

/** As if every schedule had been acted upon: a worker begins with none. */
async function nothingElseIsDue({ db }: TestWorld): Promise<void> {
  for (const name of Object.keys(SCHEDULES) as ScheduleName[]) {
    for (const dueAt of dueTimesOf(name, new Date(NOW))) {
      await db.pool.query(`INSERT INTO schedule_ticks (schedule, due_at, job_id) VALUES ($1, $2, gen_random_uuid())`, [
        name,
        dueAt,
      ]);
    }
  }
}
