// A world whose prices the test writes, and the statistics that a job makes of them.
import type { JobHold } from '@closebell/prisma/job-runs';
import { ensureSymbolStatistics, type StatisticsReport } from '@closebell/worker/batch/symbol-statistics';
import { takeHold } from './job-hold.js';
import { closesOf, storeCloses, type Closes } from './price-records.js';
import { createWorld, type TestWorld } from './worker.js';

/** The session of the statistics, and the one after it. */
export const SESSION = '2025-06-18';
export const NEXT = '2025-06-20';

export const FUNDS = ['SPY', 'VTV', 'VUG', 'MTUM', 'QUAL', 'IWM', 'USMV', 'TLT'];

const RETURNS = 300;

export type StatisticsWorld = TestWorld &
  Readonly<{
    hold: JobHold;
    /** Those that invented closes are of: 301 up to the session. */
    sessions: readonly string[];
    ensure: (symbols: readonly string[], sessionDate?: string, isUniverse?: boolean) => Promise<StatisticsReport>;
    store: (...prices: StoredPrices) => ReturnType<typeof storeCloses>;
    /** Closes that look random and are the same in every run. */
    invented: (symbols: readonly string[], seed?: number) => Record<string, Closes>;
  }>;

/** Closes by symbol, and actions. */
type StoredPrices = Readonly<Parameters<typeof storeCloses> extends [unknown, unknown, ...infer Rest] ? Rest : never>;

export async function createStatisticsWorld(): Promise<StatisticsWorld> {
  const world = await createWorld({ now: `${SESSION}T22:00:00Z` });
  const hold = await takeHold(world.db);
  const { calendar } = world.context;
  const { signal } = new AbortController();
  const sessions = calendar.sessionsBetween(calendar.addSessions(SESSION, -RETURNS), SESSION);
  return {
    ...world,
    hold,
    sessions,
    ensure: (symbols, sessionDate = SESSION, isUniverse = false) =>
      ensureSymbolStatistics(world.context, { symbols, sessionDate, hold, signal, isUniverse }),
    store: (...prices) => storeCloses(world.db, hold, ...prices),
    invented: (symbols, seed = 1) =>
      Object.fromEntries(symbols.map((symbol, i) => [symbol, closesOf(sessions, inventedReturns(seed + i))])),
  };
}

function inventedReturns(seed: number): readonly number[] {
  return Array.from(
    { length: RETURNS },
    (_, t) => 0.02 * Math.sin(seed * 12.9898 + t * (3.1 + seed)) * Math.cos(t * t * 0.37 + seed),
  );
}

/** Every row of statistics as text, but for the time it was made. */
export async function statisticsRows({ db }: Pick<TestWorld, 'db'>): Promise<readonly string[]> {
  const tables = ['factor_models', 'symbol_statistics', 'correlations'];
  const lists = await Promise.all(
    tables.map((table) =>
      db.pool.query<{ line: string }>(`SELECT (to_jsonb(t) - 'computed_at')::text AS line FROM ${table} t ORDER BY 1`),
    ),
  );
  return lists.flatMap(({ rows }) => rows.map(({ line }) => line));
}

/** What a world has that knew the prices from the start. */
export async function rowsHadItBeenKnown(
  prices: readonly StoredPrices[],
  work: (world: StatisticsWorld) => Promise<unknown>,
): Promise<readonly string[]> {
  const world = await createStatisticsWorld();
  try {
    for (const one of prices) await world.store(...one);
    await work(world);
    return await statisticsRows(world);
  } finally {
    await world.close();
  }
}

/** The sessions that a table has rows of, ascending; of statistics with their symbols. */
export async function storedSessions(
  { db }: Pick<TestWorld, 'db'>,
  table: 'symbol_statistics' | 'factor_models' | 'correlations' | 'portfolio_risk',
): Promise<readonly string[]> {
  const name = table === 'symbol_statistics' ? `symbol || ' ' || session_date` : `session_date::text`;
  const { rows } = await db.pool.query<{ name: string }>(`SELECT ${name} AS name FROM ${table} ORDER BY 1`);
  return rows.map((row) => row.name);
}
