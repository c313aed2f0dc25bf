// What fetching costs: the requests exactly, the time with room for a busy machine (`test/bench/market-data.ts` prints what it takes on a
// quiet one). The provider is asked over HTTP through its real client.
import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { submitJob } from '@closebell/prisma/jobs';
import { storeFetchedBars, type FetchedBars } from '@closebell/prisma/price-inserts';
import { loadCloses } from '@closebell/prisma/prices';
import { dayNumber, isoDate } from '@closebell/shared/calendar/calendar-date';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { createLogger } from '@closebell/shared/infra/logger';
import { fetchWantedBars, type FetchReport } from '@closebell/worker/batch/market-data';
import { windowSessions } from '@closebell/worker/batch/wanted-sessions';
import { connectContext, type OpenedContext } from '@closebell/worker/connect-context';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startChartServer, type ChartServer } from '../support/chart-server.js';
import { createTestDatabase } from '../support/database.js';
import { takeHold } from '../support/job-hold.js';
import { freeze } from '../support/processes.js';
import { until } from '../support/until.js';
import { ended, spawnWorker, testConfig } from '../support/worker.js';

const LATENCY_MS = 20;
/** Times of a quiet machine are the demand; a busy one may take so many times as long. */
const ROOM = 4;
const LAST = '2025-06-17';
const SESSIONS = 504;
/** Of one process. */
const REQUESTS_AT_ONCE = 4;
const calendar = xnysCalendar();
const NEXT = calendar.nextSession(LAST);
const sessionsTo = (last: string) => calendar.sessionsBetween(calendar.addSessions(last, 1 - SESSIONS), last);
const named = (count: number) => Array.from({ length: count }, (_, i) => `S${i}`);

let databaseUrl: string;
let db: Db;
let server: ChartServer;
beforeEach(async () => {
  ({ url: databaseUrl } = await createTestDatabase());
  db = createDb({ databaseUrl });
  server = await startChartServer({ sessions: sessionsTo(NEXT), latencyMs: LATENCY_MS });
});
afterEach(async () => {
  await server.close();
  await closeDb(db);
});

const env = () => ({ MARKET_DATA_PROVIDERS: 'yahoo', YAHOO_BASE_URL: server.url });
const connect = () => {
  const config = testConfig(env());
  return connectContext(config, { databaseUrl, poolMax: 8, logger: createLogger({ name: 'test', level: config.logLevel }) });
};
const fetchBars = async ({ context }: OpenedContext, symbols: readonly string[], targetSession: string): Promise<FetchReport> => {
  const [hold, wanted] = [await takeHold(db), windowSessions(calendar, symbols, targetSession)];
  return fetchWantedBars(context, wanted, { targetSession, hold, signal: AbortSignal.any([]), onProgress: () => {} });
};
const barsOf = async (symbols: readonly string[]) => {
  const { rows } = await db.pool.query<{ symbol: string; bars: number }>(
    `SELECT symbol, count(*) AS bars FROM price_bars WHERE symbol = ANY($1) GROUP BY 1`,
    [symbols],
  );
  return new Map(rows.map(({ symbol, bars }) => [symbol, bars]));
};
const askedOnce = (symbols: readonly string[]) => [...symbols].sort((a, b) => (a < b ? -1 : 1));
const askedSince = (before: number) =>
  server.asked
    .slice(before)
    .map(({ symbol }) => symbol)
    .sort((a, b) => (a < b ? -1 : 1));

describe('300 symbols from a provider 20 ms away', () => {
  test('take one request each, the next night one for the new session and the ten before it, and on a holiday none', async () => {
    const symbols = named(300);
    const worker = await connect();
    try {
      const start = performance.now();
      const cold = await fetchBars(worker, symbols, LAST);
      expect(performance.now() - start).toBeLessThan(ROOM * 10_000);
      expect(cold).toMatchObject({ requested: 300, withoutData: [], warnings: [] });
      expect(askedSince(0)).toEqual(askedOnce(symbols));
      // The oldest session is one before those the server has.
      expect(cold.barsInserted).toBe(300 * (SESSIONS - 1));

      const next = await fetchBars(worker, symbols, NEXT);
      expect(next).toMatchObject({ requested: 300, barsInserted: 300, barsRevised: 0 });
      expect(askedSince(300)).toEqual(askedOnce(symbols));
      // Yahoo is asked for ten days more, by which a spin-off is valued.
      const rechecked = isoDate(dayNumber(calendar.addSessions(NEXT, -10)) - 10);
      expect(new Set(server.asked.slice(300).map(({ from }) => from))).toEqual(new Set([rechecked]));

      const onHoliday = calendar.latestCompleteSession(new Date('2025-06-19T22:00:00Z'));
      expect(await fetchBars(worker, symbols, onHoliday)).toMatchObject({ requested: 0, barsInserted: 0 });
      expect(server.asked).toHaveLength(600);
    } finally {
      await worker.close();
    }
  }, 90_000);
});

describe('two runs that need the same symbols at once', () => {
  test('ask for each once, and both go on with its bars', async () => {
    const symbols = named(40);
    const [one, other] = await Promise.all([connect(), connect()]);
    try {
      const reports = await Promise.all([fetchBars(one, symbols, LAST), fetchBars(other, [...symbols].reverse(), LAST)]);
      expect(askedSince(0)).toEqual(askedOnce(symbols));
      expect(reports.map(({ withoutData }) => withoutData)).toEqual([[], []]);
      expect(reports[0]!.requested + reports[1]!.requested).toBe(40);
      expect(new Set((await barsOf(symbols)).values())).toEqual(new Set([SESSIONS - 1]));
    } finally {
      await Promise.all([one.close(), other.close()]);
    }
  });
});

describe('a worker that ends in the middle', () => {
  test.each(['killed', 'frozen'] as const)(
    'when %s leaves to the next one only what it had not stored',
    async (how) => {
      const symbols = named(200);
      const processEnv = { ...env(), DATABASE_URL: databaseUrl, CLOSEBELL_NOW: `${LAST}T23:00:00Z`, JOB_LEASE_SECONDS: '2' };
      const first = spawnWorker(processEnv);
      await first.ready;
      const payload = { symbols, symbolsHash: 'all', sessionDate: LAST };
      const { jobId } = await submitJob(db.pool, 'refresh-prices', payload, { trigger: 'admin' });
      await until('some symbols are stored', async () => (await barsOf(symbols)).size >= 32);
      if (how === 'killed') await first.kill('SIGKILL');
      else freeze(first.child.pid!);
      const [stored, before] = [await barsOf(symbols), server.asked.length];
      expect(stored.size).toBeLessThan(200);
      // Long enough for a busy machine: a second takeover would ask again as well.
      const second = spawnWorker({ ...processEnv, JOB_LEASE_SECONDS: '10' });
      try {
        expect((await ended(db, jobId, 60_000)).status).toBe('completed');
        const again = askedSince(before);
        expect(again.filter((symbol) => stored.has(symbol))).toEqual([]);
        // Besides, requests of the first worker that were on their way when it ended.
        expect(again.length).toBeLessThanOrEqual(200 - stored.size + REQUESTS_AT_ONCE);
        const bars = await barsOf(symbols);
        expect(bars.size).toBe(200);
        expect(new Set(bars.values())).toEqual(new Set([SESSIONS - 1]));
      } finally {
        if (how === 'frozen') await first.kill('SIGKILL');
        await second.kill('SIGKILL');
      }
    },
    90_000,
  );
});

describe('in bulk', () => {
  const barsFor = (symbol: string): FetchedBars => {
    const sessions = sessionsTo(LAST);
    const bars = sessions.map((sessionDate, at) => {
      const close = 100 + (at % 50) / 4;
      return { symbol, sessionDate, open: close - 0.5, high: close + 1, low: close - 1, close, volume: 1_000_000n };
    });
    return { symbol, answers: [{ provider: 'test', bars, actions: [] }], asked: sessions };
  };

  test('bars of many symbols are written in one transaction', async () => {
    const [symbols, hold] = [named(500), await takeHold(db)];
    const times: number[] = [];
    for (let at = 0; at < symbols.length; at += 20) {
      const fetched = symbols.slice(at, at + 20).map(barsFor);
      const start = performance.now();
      expect((await storeFetchedBars(db, hold, fetched, LAST)).inserted).toBe(20 * SESSIONS);
      times.push(performance.now() - start);
    }
    const msAtFiftyThousandPerSecond = (20 * SESSIONS) / 50;
    expect(Math.min(...times)).toBeLessThan(ROOM * msAtFiftyThousandPerSecond);
  }, 60_000);

  test('closes of 500 symbols are read at once', async () => {
    await db.pool.query(
      `INSERT INTO price_bars (symbol, session_date, revision, close, provider)
       SELECT symbol, session, 0, 100.75, 'test' FROM unnest($1::text[]) AS symbol, unnest($2::date[]) AS session`,
      [named(500), sessionsTo(LAST)],
    );
    await db.pool.query(
      `INSERT INTO price_bars (symbol, session_date, revision, close, provider) VALUES ('S7', $1, 1, 99.123456, 'test')`,
      [LAST],
    );
    const times: number[] = [];
    let closes: Awaited<ReturnType<typeof loadCloses>> = new Map();
    for (let time = 0; time < 5; time += 1) {
      const start = performance.now();
      closes = await loadCloses(db.pool, calendar, named(500), { from: sessionsTo(LAST)[1]!, to: LAST });
      times.push(performance.now() - start);
    }
    expect(Math.min(...times)).toBeLessThan(ROOM * 300);
    expect(closes.size).toBe(500);
    expect([...closes.values()].every(({ closeE6 }) => closeE6.length === SESSIONS - 1 && closeE6[0] === 100_750_000)).toBe(true);
    const earlier = { sessionIndex: calendar.sessionIndex(sessionsTo(LAST)[0]!), closeE6: 100_750_000 };
    expect(closes.get('S8')!.before).toEqual(earlier);
    // Of a session's revisions the newest counts.
    expect(closes.get('S7')!.closeE6.slice(-2)).toEqual(Float64Array.of(100_750_000, 99_123_456));
  }, 60_000);
});
