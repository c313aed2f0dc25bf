// Real daily histories, as they come with all their oddities, through the provider `files` into the database: what is honest is stored
// whole, and what is not believed is known by name.
import { inTransaction } from '@closebell/prisma/client';
import { findGaps, type Gap } from '@closebell/prisma/price-gaps';
import { acceptQuarantinedBar, listQuarantinedBars } from '@closebell/prisma/quarantined-bars';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { fetchWantedBars, type FetchReport } from '@closebell/worker/batch/market-data';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { takeHold } from '../support/job-hold.js';
import { createWorld, type TestWorld } from '../support/worker.js';

const SHARED = process.env['CLOSEBELL_SHARED_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const PRICES = path.join(SHARED, 'prices');
const isThere = existsSync(PRICES);
if (!isThere) console.warn(`SKIPPED: ${PRICES} is not there; set CLOSEBELL_SHARED_DATA to run the test of real histories`);

const calendar = xnysCalendar();
const LOAD_MS = 120_000;

/** By symbol the first bar that is not believed. */
type Doubts = Readonly<Record<string, Readonly<{ from: string; isJump: boolean; reason: string }>>>;

const HISTORIES: readonly Readonly<{
  file: string;
  symbols: number;
  gaps: Readonly<Record<string, readonly string[]>>;
  doubts: Doubts;
}>[] = [
  {
    file: 'etf_ohlcv_optimalhorizon_MIT.csv',
    symbols: 29,
    gaps: { IWB: ['2023-04-06'], IWD: ['2023-04-06'] },
    doubts: { SPLV: { from: '2024-04-19', isJump: false, reason: 'close 63.7 is above high 63.69' } },
  },
  {
    file: 'ohlcv_lean_Apache2.csv',
    symbols: 12,
    gaps: {},
    // A second share for each one was given out, for which the file has neither a split nor a factor: its prices are of other shares from then on.
    doubts: {
      GOOG: {
        from: '2014-04-03',
        isJump: true,
        reason: 'close 569.74 is 0.502 times that of 2014-04-02 (1135.1), and no split explains it',
      },
    },
  },
  { file: 'adjclose_skfolio_BSD3.csv', symbols: 26, gaps: {}, doubts: {} },
  { file: 'adjclose_pyportfolioopt_MIT.csv', symbols: 21, gaps: {}, doubts: {} },
];

describe.skipIf(!isThere).each(HISTORIES)('$file', ({ file, symbols, gaps, doubts }) => {
  let world: TestWorld;
  let folder: string;
  let wanted: readonly Gap[];
  let report: FetchReport;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'real-histories-'));
    await symlink(path.join(PRICES, file), path.join(folder, file));
    world = await createWorld({ env: { MARKET_DATA_PROVIDERS: 'files', MARKET_DATA_DIR: folder } });
    wanted = wantedOf(file);
    report = await fetchAll();
  }, LOAD_MS);
  const fetchAll = async () =>
    fetchWantedBars(world.context, wanted, {
      targetSession: wanted.reduce((last, { sessions }) => (sessions.at(-1)! > last ? sessions.at(-1)! : last), ''),
      hold: await takeHold(world.db, LOAD_MS),
      signal: new AbortController().signal,
      onProgress: () => {},
    });
  afterAll(async () => {
    await world.close();
    await rm(folder, { recursive: true });
  });

  test('every symbol is stored, each session but those known to be missing, and no day without a session', async () => {
    expect(report).toMatchObject({ symbols, requested: symbols, withoutData: [] });
    const { rows } = await world.db.pool.query<{ symbol: string; sessions: string }>(
      `SELECT symbol, string_agg(session_date::text, ',' ORDER BY session_date) AS sessions FROM price_bars GROUP BY 1`,
    );
    const stored = new Map(rows.map(({ symbol, sessions }) => [symbol, sessions.split(',')]));
    for (const { symbol, sessions } of wanted) {
      const missing = new Set([...(gaps[symbol] ?? []), ...heldBack(symbol, sessions)]);
      const expected = sessions.filter((session) => !missing.has(session));
      expect(stored.get(symbol), symbol).toEqual(expected);
    }
    expect(stored.size).toBe(symbols);
  });

  test('the sessions without a bar are noted, rest, and are found again as gaps when their rest is over', async () => {
    const missing = wanted
      .map(({ symbol, sessions }) => ({ symbol, sessions: [...(gaps[symbol] ?? []), ...heldBack(symbol, sessions)] }))
      .filter(({ sessions }) => sessions.length > 0);
    expect(await findGaps(world.db.pool, calendar, wanted)).toEqual([]);
    await world.db.pool.query(`UPDATE missing_bars SET retry_at = clock_timestamp() - interval '1 second'`);
    expect(await findGaps(world.db.pool, calendar, wanted)).toEqual(missing);
  });

  test('what is held back is that and nothing else, each with its reason', async () => {
    const bars = await listQuarantinedBars(world.db.pool, { limit: 10_000 });
    expect(new Set(bars.map(({ symbol }) => symbol))).toEqual(new Set(Object.keys(doubts)));
    for (const [symbol, { from, reason }] of Object.entries(doubts)) {
      const own = bars.filter((bar) => bar.symbol === symbol).sort((a, b) => (a.sessionDate < b.sessionDate ? -1 : 1));
      expect(own.map(({ sessionDate }) => sessionDate)).toEqual(heldBack(symbol, sessionsOf(symbol)));
      expect(own[0]).toMatchObject({ sessionDate: from, provider: 'files', reason, hasClose: false });
    }
  });

  test('an accepted jump lets in all that was held back behind it', async () => {
    const jumps = Object.entries(doubts).filter(([, { isJump }]) => isJump);
    for (const [symbol, { from }] of jumps)
      await inTransaction(world.db, (client) =>
        acceptQuarantinedBar(client, calendar, { symbol, sessionDate: from, provider: 'files' }),
      );
    await fetchAll();
    for (const [symbol, { from }] of jumps) {
      const { rows } = await world.db.pool.query(
        `SELECT count(*) AS bars FROM price_bars WHERE symbol = $1 AND session_date >= $2`,
        [symbol, from],
      );
      expect(rows, symbol).toEqual([{ bars: heldBack(symbol, sessionsOf(symbol)).length }]);
    }
  });

  const sessionsOf = (symbol: string) => wanted.find((gap) => gap.symbol === symbol)!.sessions;
  /** A jump holds back all that follows it; a bar that contradicts itself only itself. */
  const heldBack = (symbol: string, sessions: readonly string[]): readonly string[] => {
    const doubt = doubts[symbol];
    if (doubt === undefined) return [];
    return sessions.filter((session) => (doubt.isJump ? session >= doubt.from : session === doubt.from));
  };
});

/** Of each symbol the sessions from its first row with a close to its last. */
function wantedOf(file: string): readonly Gap[] {
  const spans = new Map<string, [from: string, to: string]>();
  for (const line of readFileSync(path.join(PRICES, file), 'utf8').trim().split('\n').slice(1)) {
    const [symbol = '', date = '', , , , close, adjusted] = line.split(',');
    if (!close && !adjusted) continue;
    const [from, to] = spans.get(symbol) ?? [date, date];
    spans.set(symbol, [date < from ? date : from, date > to ? date : to]);
  }
  return [...spans].map(([symbol, [from, to]]) => ({ symbol, sessions: calendar.sessionsBetween(from, to) }));
}
