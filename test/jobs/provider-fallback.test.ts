// Providers in trouble: the next one is asked, nobody is asked more than the plan allows or its state makes sense, and nothing is lost.
import { listFetchAttempts } from '@closebell/prisma/fetch-attempts';
import { FAILURES_MAX, forgetRefusedKeys, listProviderCircuits, passCircuit } from '@closebell/prisma/provider-circuits';
import { listProviderBudgets } from '@closebell/prisma/provider-budgets';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import type { MarketDataProvider, Refusal } from '@closebell/shared/market-data/provider';
import { fetchDailyBars } from '@closebell/worker/market-data/fetch-bars';
import { massiveProvider } from '@closebell/worker/market-data/massive';
import { gateProviders } from '@closebell/worker/market-data/provider-gate';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { json } from '../providers/faults.js';
import { startMassive } from '../providers/massive-stand-in.js';
import { makePortfolio } from '../support/ledger.js';
import { scriptedProvider, type ScriptedProvider } from '../support/scripted-provider.js';
import { createWorld, run, withWorker, type TestWorld } from '../support/worker.js';

// Where the calendar begins, a calculation's window is a few sessions.
const calendar = xnysCalendar();
const FIRST = calendar.sessionOnOrAfter(calendar.firstDate);
const LAST = calendar.addSessions(FIRST, 6);
const SESSIONS = calendar.sessionsBetween(FIRST, LAST);
const OPENED = SESSIONS[3]!;
const UNLIMITED = { perMinute: null, perDay: null };
/** Of one gate: under way when a circuit opens, besides the one that opens it. */
const UNDER_WAY = 3;
const MANY = Array.from({ length: 300 }, (_, i) => `S${i}`);

let world: TestWorld;
let first: ScriptedProvider;
let second: ScriptedProvider;
beforeEach(async () => {
  world = await createWorld({ now: `${LAST}T23:00:00Z`, providers: [] });
  first = scriptedProvider({ name: 'first', budget: UNLIMITED });
  second = scriptedProvider({ name: 'second', budget: UNLIMITED });
});
afterEach(() => world.close());

const list = (provider: ScriptedProvider, symbols: readonly string[]) => {
  for (const symbol of symbols) provider.closes.set(symbol, new Map(SESSIONS.map((session, i) => [session, 100 + i])));
};
/** A portfolio of the symbols, and its prices fetched by a worker of its own. */
const fetchFor = async (symbols: readonly string[], providers: readonly MarketDataProvider[] = [first, second]) => {
  const lots = symbols.map((symbol) => ({ symbol, quantity: '1', entryPrice: '100', entryDate: OPENED }));
  const portfolioId = await makePortfolio(world.db, { asOf: OPENED, lots });
  return fetchAgain(portfolioId, providers);
};
const fetchAgain = async (portfolioId: string, providers: readonly MarketDataProvider[] = [first, second]) => {
  const context = { ...world.context, providers: gateProviders(world.db, providers) };
  const job = await withWorker({ context }, () => run(world.db, 'prepare-portfolio', { portfolioId, sessionDate: LAST }));
  expect(job.status).toBe('completed');
  return { portfolioId, warnings: (job.result?.['warnings'] ?? []) as readonly string[] };
};
const askedFor = (provider: ScriptedProvider, symbol: string) => provider.asked.filter((asked) => asked.startsWith(`${symbol} `));
const pricedBy = async () => {
  const { rows } = await world.db.pool.query<{ provider: string; symbols: number }>(
    `SELECT provider, count(DISTINCT symbol) AS symbols FROM price_bars WHERE symbol ~ '^S[0-9]+$' GROUP BY 1 ORDER BY 1`,
  );
  return Object.fromEntries(rows.map(({ provider, symbols }) => [provider, symbols]));
};
const circuitOf = async (name: string) => (await listProviderCircuits(world.db.pool)).find(({ provider }) => provider === name);
const restIsOver = () =>
  world.db.pool.query(
    `UPDATE provider_circuits SET retry_at = clock_timestamp() - interval '1 second' WHERE retry_at IS NOT NULL`,
  );
const cachedSymbols = async () => {
  const { rows } = await world.db.pool.query<{ symbol: string; days: number }>(
    `SELECT symbol, round(extract(epoch FROM no_data_until - clock_timestamp()) / 86400)::int AS days FROM securities
     WHERE no_data_until IS NOT NULL AND symbol ~ '^S[0-9]+$'`,
  );
  return rows;
};

describe('a provider that is down', () => {
  const DOWN = { status: 'unavailable', reason: 'answered 503' } as const;

  test('is asked until its circuit opens and not per symbol; the next gives all 300', async () => {
    first.refuse(DOWN);
    list(second, MANY);
    await fetchFor(MANY);
    expect(await pricedBy()).toEqual({ second: 300 });
    expect(first.asked.length).toBeGreaterThanOrEqual(FAILURES_MAX);
    expect(first.asked.length).toBeLessThanOrEqual(FAILURES_MAX + UNDER_WAY);
    expect(await circuitOf('first')).toMatchObject({ state: 'open', lastErrorStatus: 'unavailable', lastError: 'answered 503' });
    expect(await circuitOf('second')).toMatchObject({ state: 'closed', failures: 0 });
  });

  test('is tried by one request after its rest: a failure lengthens the rest, an answer ends it', async () => {
    first.refuse(DOWN);
    list(first, MANY);
    list(second, MANY);
    await fetchFor(MANY.slice(0, 20));
    const asked = first.asked.length;
    const rest = (await circuitOf('first'))!.retryAt!.getTime();
    await restIsOver();
    await fetchFor(MANY.slice(20, 40));
    expect(first.asked).toHaveLength(asked + 1);
    expect((await circuitOf('first'))!.retryAt!.getTime()).toBeGreaterThan(rest + 15_000);
    await restIsOver();
    expect(await circuitOf('first')).toMatchObject({ state: 'half_open' });
    first.refuse(null);
    await fetchFor(MANY.slice(40, 80));
    expect(await circuitOf('first')).toMatchObject({ state: 'closed', failures: 0, retryAt: null });
    const { first: byFirst = 0, second: bySecond = 0 } = await pricedBy();
    expect(byFirst).toBeGreaterThan(20);
    expect(byFirst + bySecond).toBe(80);
  });

  test('while half-open is tried by one worker, however many would', async () => {
    first.refuse(DOWN);
    await fetchFor(MANY.slice(0, 20));
    await restIsOver();
    const before = first.asked.length;
    const fleets = [1, 2, 3].map(() => ({ ...world.context, providers: gateProviders(world.db, [first]) }));
    await Promise.all(fleets.flatMap((context) => MANY.slice(0, 5).map((symbol) => ask(context, symbol))));
    expect(first.asked).toHaveLength(before + 1);
  });

  test('is waited for by all who ask while it is tried, so that one that is well again gives every symbol', async () => {
    first.refuse(DOWN);
    list(first, MANY);
    await fetchFor(MANY.slice(0, 20));
    await restIsOver();
    first.refuse(null);
    const slow: MarketDataProvider = {
      ...first,
      dailyBars: async (symbol, range, signal) => {
        await world.db.pool.query('SELECT pg_sleep(0.2)');
        return first.dailyBars(symbol, range, signal);
      },
    };
    await fetchFor(MANY.slice(20, 40), [slow]);
    expect(await pricedBy()).toEqual({ first: 20 });
  });

  test('is tried by another worker when the one that tried is gone', async () => {
    first.refuse(DOWN);
    await fetchFor(MANY.slice(0, 20));
    await restIsOver();
    const pass = () => passCircuit(world.db.pool, 'first', 'dailyBars');
    expect(await pass()).toBeNull();
    expect(await pass()).toMatchObject({ status: 'unavailable', lastError: 'answered 503' });
    await world.db.pool.query(`UPDATE provider_circuits SET probe_until = clock_timestamp() - interval '1 second'`);
    expect(await pass()).toBeNull();
  });
});

describe('a provider with a rate limit', () => {
  test('that asks to wait two seconds, for a while: everybody waits, and all 300 symbols get their bars', async () => {
    list(first, MANY);
    const saidAt: number[] = [];
    const soonAfter: number[] = [];
    const limited: MarketDataProvider = {
      ...first,
      dailyBars: (symbol, range, signal) => {
        const now = performance.now();
        if (saidAt.some((said) => now - said > 200 && now - said < 1_900)) soonAfter.push(now);
        if (now - (saidAt[0] ?? now) > 3_500) return first.dailyBars(symbol, range, signal);
        saidAt.push(now);
        return Promise.resolve({ status: 'rate_limited', symbol, reason: 'answered 429', retryAfterMs: 2_000 });
      },
    };
    const { warnings } = await fetchFor(MANY, [limited]);
    expect(await pricedBy()).toEqual({ first: 300 });
    expect(soonAfter).toEqual([]);
    expect(saidAt.length).toBeLessThanOrEqual(2 * (UNDER_WAY + 1));
    expect(warnings.filter((warning) => warning.startsWith('S'))).toEqual([]);
  });

  test('that never lets up rests like one that is down, and the next gives all', async () => {
    first.refuse({ status: 'rate_limited', reason: 'answered 429', retryAfterMs: 1 });
    list(second, MANY);
    await fetchFor(MANY);
    expect(await pricedBy()).toEqual({ second: 300 });
    expect(await circuitOf('first')).toMatchObject({ state: 'open', lastErrorStatus: 'rate_limited' });
    expect(first.asked.length).toBeLessThan(60);
  });

  test('is never asked more than its plan by two workers together, and the plan is spent', async () => {
    const plan = { name: 'first', budget: { perMinute: 20, perDay: null }, requests: { dailyBars: 3 } };
    const [one, other] = [scriptedProvider(plan), scriptedProvider(plan)];
    const contexts = [one, other].map((provider) => ({ ...world.context, providers: gateProviders(world.db, [provider]) }));
    const answers = await Promise.all(contexts.flatMap((context) => MANY.slice(0, 30).map((symbol) => ask(context, symbol))));
    expect(one.asked.length + other.asked.length).toBe(6);
    const limited = answers.filter(({ attempts }) => attempts[0]?.status === 'rate_limited');
    expect(limited).toHaveLength(54);
    expect(limited[0]).toMatchObject({
      status: 'unavailable',
      attempts: [{ reason: expect.stringMatching(/^rate limited until .* UTC$/) }],
    });
    expect(await listProviderBudgets(world.db.pool)).toMatchObject([{ provider: 'first', left: { perMinute: 2, perDay: null } }]);
  });

  test('whose day is spent leaves the rest to the next, or for later with a warning that says until when', async () => {
    const daily = scriptedProvider({ name: 'daily', budget: { perMinute: null, perDay: 40 } });
    list(daily, MANY);
    const { portfolioId, warnings } = await fetchFor(MANY.slice(0, 60), [daily]);
    const { daily: priced = 0 } = await pricedBy();
    expect(daily.asked).toHaveLength(40);
    expect(warnings.filter((each) => /^S\d+: no price \(daily: rate limited until .* UTC\)$/.test(each))).toHaveLength(
      60 - priced,
    );
    expect(await cachedSymbols()).toEqual([]);
    list(second, MANY);
    await fetchAgain(portfolioId, [daily, second]);
    expect(await pricedBy()).toEqual({ daily: priced, second: 60 - priced });
    expect(daily.asked).toHaveLength(40);
  });
});

test('a key that is refused is shown by its name and rests for an hour, others are used, and a new start tries it again', async () => {
  const standIn = await startMassive();
  standIn.failWith(json(401, { error: 'Unknown API Key' }));
  const massive = massiveProvider({ baseUrl: standIn.url, apiKey: 'wrong', requestsPerMinute: 1_000 });
  list(second, MANY);
  try {
    await fetchFor(MANY.slice(0, 40), [massive, second]);
    expect(await pricedBy()).toEqual({ second: 40 });
    const forBars = standIn.asked.filter((path) => path.startsWith('/v2/aggs'));
    expect(forBars.length).toBeLessThanOrEqual(1 + UNDER_WAY);
    expect(standIn.asked.length - forBars.length, 'for profiles').toBeLessThanOrEqual(1 + UNDER_WAY);
    const circuit = (await circuitOf('massive'))!;
    expect(circuit).toMatchObject({ state: 'open', lastErrorStatus: 'unauthorized' });
    expect(circuit.lastError).toContain('MASSIVE_API_KEY');
    expect(circuit.retryAt!.getTime() - Date.now()).toBeGreaterThan(59 * 60_000);
    await forgetRefusedKeys(world.db.pool);
    expect(await circuitOf('massive')).toMatchObject({ state: 'closed' });
  } finally {
    await standIn.close();
  }
});

describe('a symbol without data', () => {
  test('is left alone until its retry date once every provider said that it has none', async () => {
    const { portfolioId, warnings } = await fetchFor(['S1']);
    expect(await cachedSymbols()).toEqual([{ symbol: 'S1', days: 7 }]);
    expect(warnings.find((warning) => warning.startsWith('S1'))).toContain(
      'S1: no price (first: never heard of it; second: never heard of it)',
    );
    await fetchAgain(portfolioId);
    expect(askedFor(first, 'S1')).toHaveLength(1);
  });

  test.each<Refusal>([
    { status: 'rate_limited', reason: 'answered 429', retryAfterMs: 3_600_000 },
    { status: 'garbage', reason: 'sent HTML' },
    { status: 'unavailable', reason: 'answered 503' },
  ])('is not taken for unknown while another provider is $status, and is asked for again', async (refusal) => {
    first.refuse(refusal);
    const { portfolioId, warnings } = await fetchFor(['S1']);
    expect(await cachedSymbols()).toEqual([]);
    expect(warnings.find((warning) => warning.startsWith('S1: no price (first'))).toMatch(
      /^S1: no price \(first: (rate limited until .* UTC|sent HTML.*|answered 503.*); second: never heard of it\)$/,
    );
    await fetchAgain(portfolioId);
    expect(askedFor(second, 'S1')).toHaveLength(2);
  });

  test('a refused key has no say beside a provider that knows', async () => {
    first.refuse({ status: 'unauthorized', reason: 'answered 401' });
    await fetchFor(['S1']);
    expect(await cachedSymbols()).toEqual([{ symbol: 'S1', days: 7 }]);
  });
});

test('what each provider said last is kept for each symbol', async () => {
  first.down.add('S1');
  list(second, ['S1']);
  await fetchFor(['S1']);
  expect(await listFetchAttempts(world.db.pool, 'dailyBars', ['S1'])).toMatchObject([
    { symbol: 'S1', provider: 'first', outcome: 'unavailable', reason: 'answered 503' },
    { symbol: 'S1', provider: 'second', outcome: 'ok', reason: null },
  ]);
});

describe('the gate', () => {
  test('takes a provider that throws for one that is down', async () => {
    const broken = { ...first, dailyBars: () => Promise.reject(new Error('socket closed')) };
    const answer = await ask({ ...world.context, providers: gateProviders(world.db, [broken]) }, 'S1');
    expect(answer).toMatchObject({ status: 'unavailable', attempts: [{ status: 'unavailable', reason: 'socket closed' }] });
  });

  test('asks no more than four requests at once', async () => {
    let atOnce = 0;
    let most = 0;
    const slow: MarketDataProvider = {
      ...first,
      dailyBars: async (symbol, range, signal) => {
        most = Math.max(most, (atOnce += 1));
        await world.db.pool.query('SELECT pg_sleep(0.02)');
        atOnce -= 1;
        return first.dailyBars(symbol, range, signal);
      },
    };
    const context = { ...world.context, providers: gateProviders(world.db, [slow]) };
    await Promise.all(MANY.slice(0, 12).map((symbol) => ask(context, symbol)));
    expect(most).toBe(4);
  });

  test('keeps no books on a provider without a budget', async () => {
    await ask({ ...world.context, providers: gateProviders(world.db, [scriptedProvider()]) }, 'S1');
    expect(await listProviderCircuits(world.db.pool)).toEqual([]);
    expect(await listProviderBudgets(world.db.pool)).toEqual([]);
  });
});

function ask(context: Parameters<typeof fetchDailyBars>[0], symbol: string) {
  return fetchDailyBars(context, symbol, { from: FIRST, to: LAST }, new AbortController().signal);
}
