// What market data costs, on a Postgres of its own: `node test/dist/bench/market-data.js` prints the table, with what each must keep to.
import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { migrateAndSeed } from '@closebell/prisma/migrate';
import { storeFetchedBars, type FetchedBars } from '@closebell/prisma/price-inserts';
import { loadActions, loadCloses } from '@closebell/prisma/prices';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { parseConfig, type Config } from '@closebell/shared/config';
import { createLogger } from '@closebell/shared/infra/logger';
import { priceBook } from '@closebell/shared/ledger/price-book';
import { fetchWantedBars, type FetchReport } from '@closebell/worker/batch/market-data';
import { windowSessions } from '@closebell/worker/batch/wanted-sessions';
import { connectContext } from '@closebell/worker/connect-context';
import type { WorkerContext } from '@closebell/worker/context';
import { loadavg } from 'node:os';
import { startChartServer } from '../support/chart-server.js';
import { takeHold } from '../support/job-hold.js';
import { startPrivatePostgres } from '../support/private-postgres.js';

type Figure = Readonly<{ what: string; figure: string; demand: string }>;

const LATENCY_MS = 20;
const LAST = '2025-06-20';
const SESSIONS = 504;
/** As a worker's thread has. */
const POOL_MAX = 8;
const calendar = xnysCalendar();
const sessionsTo = (last: string): readonly string[] => calendar.sessionsBetween(calendar.addSessions(last, 1 - SESSIONS), last);
const named = (prefix: string, count: number): readonly string[] => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

const postgres = await startPrivatePostgres();
try {
  await migrateAndSeed(postgres.url);
  const db = createDb({ databaseUrl: postgres.url });
  const figures = [...(await fetching(postgres.url)), await writing(db), await loading(db)];
  await closeDb(db);
  console.log(tableOf(figures));
} finally {
  await postgres.stop();
}

/** 300 symbols from a provider on the network, cold; then the night after, and a holiday. */
async function fetching(databaseUrl: string): Promise<readonly Figure[]> {
  const symbols = named('COLD', 300);
  const next = calendar.nextSession(LAST);
  const server = await startChartServer({ sessions: sessionsTo(next), latencyMs: LATENCY_MS });
  const config = configOf(server.url);
  const logger = createLogger({ name: 'bench', level: config.logLevel });
  const { context, close } = await connectContext(config, { databaseUrl, poolMax: POOL_MAX, logger });
  const night = async (session: string): Promise<string> => {
    const before = server.asked.length;
    const { ms, result } = await timed(() => fetchSymbols(context, symbols, session));
    const requests = server.asked.length - before;
    return `${seconds(ms)}, ${requests} requests, ${result.barsInserted.toLocaleString('en-US')} bars`;
  };
  try {
    return [
      {
        what: `${symbols.length} symbols cold, ${LATENCY_MS} ms away`,
        figure: await night(LAST),
        demand: '< 10 s, 300 requests',
      },
      { what: 'the next night', figure: await night(next), demand: '300 requests' },
      { what: 'a holiday', figure: await night(next), demand: '0 requests' },
    ];
  } finally {
    await close();
    await server.close();
  }
}

async function fetchSymbols(context: WorkerContext, symbols: readonly string[], targetSession: string): Promise<FetchReport> {
  const hold = await takeHold(context.db);
  const wanted = windowSessions(calendar, symbols, targetSession);
  return fetchWantedBars(context, wanted, { targetSession, hold, signal: AbortSignal.any([]), onProgress: () => {} });
}

/** As the fetching phase stores: the answers for some symbols in one transaction. */
async function writing(db: Db): Promise<Figure> {
  const [symbols, atOnce] = [named('WRITTEN', 300), 16];
  const fetched = symbols.map((symbol) => fetchedBars(symbol, sessionsTo(LAST)));
  const hold = await takeHold(db);
  const { ms } = await timed(async () => {
    for (let at = 0; at < fetched.length; at += atOnce) await storeFetchedBars(db, hold, fetched.slice(at, at + atOnce), LAST);
  });
  const perSecond = Math.round((symbols.length * SESSIONS * 1_000) / ms);
  return {
    what: `bars written, ${atOnce} symbols at a time`,
    figure: `${perSecond.toLocaleString('en-US')}/s`,
    demand: '≥ 50,000/s',
  };
}

function fetchedBars(symbol: string, sessions: readonly string[]): FetchedBars {
  const bars = sessions.map((sessionDate, at) => {
    const close = 100 + (at % 50) / 4;
    return { symbol, sessionDate, open: close - 0.5, high: close + 1, low: close - 1, close, volume: 1_000_000n + BigInt(at) };
  });
  return { symbol, answers: [{ provider: 'bench', bars, actions: [] }], asked: sessions };
}

/** Closes and actions as calculations read them. The best of some: the first one meets a cold cache. */
async function loading(db: Db): Promise<Figure> {
  const [symbols, sessions] = [named('LOADED', 500), sessionsTo(LAST)];
  const hold = await takeHold(db);
  for (const symbol of symbols) await storeFetchedBars(db, hold, [fetchedBars(symbol, sessions)], LAST);
  await db.pool.query('ANALYZE price_bars');
  const all: number[] = [];
  for (let time = 0; time < 7; time += 1) {
    const { ms } = await timed(async () => {
      const [closes, actions] = await Promise.all([
        loadCloses(db.pool, calendar, symbols, { from: sessions[0]!, to: LAST }),
        loadActions(db.pool, symbols, LAST),
      ]);
      return priceBook(calendar, closes, actions, []);
    });
    all.push(ms);
  }
  all.sort((a, b) => a - b);
  const figure = `${Math.round(all[0]!)} ms, median ${Math.round(all[Math.floor(all.length / 2)]!)} ms`;
  return { what: `${symbols.length} symbols × ${SESSIONS} sessions loaded`, figure, demand: '≤ 300 ms' };
}

function configOf(yahooBaseUrl: string): Config {
  const parsed = parseConfig({
    ENVIRONMENT: 'test',
    LOG_LEVEL: 'silent',
    MARKET_DATA_PROVIDERS: 'yahoo',
    YAHOO_BASE_URL: yahooBaseUrl,
  });
  if (!parsed.ok) throw new Error(parsed.faults.join('; '));
  return parsed.config;
}

async function timed<T>(work: () => Promise<T>): Promise<Readonly<{ ms: number; result: T }>> {
  const start = performance.now();
  const result = await work();
  return { ms: performance.now() - start, result };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function tableOf(figures: readonly Figure[]): string {
  const rows = [{ what: 'what', figure: 'measured', demand: 'must be' }, ...figures];
  const width = (column: keyof Figure): number => Math.max(...rows.map((row) => row[column].length));
  const lines = rows.map(
    ({ what, figure, demand }) => `${what.padEnd(width('what'))}  ${figure.padEnd(width('figure'))}  ${demand}`,
  );
  return [...lines, '', `load average ${loadavg()[0]!.toFixed(1)}`].join('\n');
}
