// Bars that can't be, or that nothing explains: they are never priced with, and everything is right once it is known what they were.
import { FenceLostError } from '@closebell/prisma/job-runs';
import { acceptQuarantinedBar, listQuarantinedBars } from '@closebell/prisma/quarantined-bars';
import { inTransaction } from '@closebell/prisma/client';
import type { OhlcvBar } from '@closebell/shared/market-data/provider';
import { storeAnswers } from '@closebell/worker/batch/store-answers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeHold } from '../support/job-hold.js';
import { brokenChains, figuresOf, makePortfolio } from '../support/ledger.js';
import { scriptedProvider, type ScriptedProvider } from '../support/scripted-provider.js';
import { createWorld, run, withWorker, type TestWorld } from '../support/worker.js';

const OPENED = '2025-06-02';
const BEFORE = '2025-06-11';
const JUMP = '2025-06-12';
const LAST = '2025-06-18';
const HELD = ['2025-06-12', '2025-06-13', '2025-06-16', '2025-06-17', '2025-06-18'];
const lots = [{ symbol: 'ACME', quantity: '10', entryPrice: '100', entryDate: OPENED }];
const SPLIT = { type: 'split', symbol: 'ACME', exDate: JUMP, numerator: 2, denominator: 1 } as const;

let world: TestWorld;
let first: ScriptedProvider;
let second: ScriptedProvider;
beforeEach(async () => {
  first = scriptedProvider({ name: 'first' });
  second = scriptedProvider({ name: 'second' });
  world = await createWorld({ now: `${LAST}T22:00:00Z`, providers: [first, second] });
});
afterEach(() => world.close());

/** About a hundred, and from the jump on half of that where it is wanted. */
const list = (provider: ScriptedProvider, { halves = false } = {}) => {
  const sessions = world.context.calendar.sessionsBetween('2025-03-03', LAST);
  provider.closes.set(
    'ACME',
    new Map(sessions.map((session, i) => [session, (100 + i / 8) / (halves && session >= JUMP ? 2 : 1)])),
  );
};
const calculate = async (portfolioId: string, sessionDate = LAST, context = world.context) => {
  const job = await withWorker({ context }, () => run(world.db, 'calculate-portfolio', { portfolioId, sessionDate }));
  expect(job.status).toBe('completed');
  const { rows } = await world.db.pool.query<{ result: { warnings: readonly string[] } }>(
    `SELECT result FROM jobs WHERE parent_id = $1 AND kind = 'prepare-portfolio'`,
    [job.id],
  );
  return rows.flatMap(({ result }) => result.warnings).filter((warning) => warning.startsWith('ACME'));
};
const hold = () => makePortfolio(world.db, { asOf: OPENED, lots });
const restIsOver = () => world.db.pool.query(`UPDATE missing_bars SET retry_at = clock_timestamp() - interval '1 second'`);
const asked = (provider: ScriptedProvider) => provider.asked.filter((request) => request.startsWith('ACME'));
/** The sessions from the jump on, by the provider whose close is stored. */
const pricedBy = async () => {
  const { rows } = await world.db.pool.query<{ provider: string; sessions: readonly string[] }>(
    `SELECT provider, array_agg(session_date::text ORDER BY session_date) AS sessions FROM price_bars
     WHERE symbol = 'ACME' AND session_date >= $1 GROUP BY 1`,
    [JUMP],
  );
  return Object.fromEntries(rows.map(({ provider, sessions }) => [provider, sessions]));
};
const quarantined = async () => {
  const bars = await listQuarantinedBars(world.db.pool, { symbols: ['ACME'], limit: 100 });
  return bars.map(({ provider, sessionDate }) => `${sessionDate} ${provider}`).sort((a, b) => (a < b ? -1 : 1));
};
const snapshots = async (portfolioId: string) => {
  const { rows } = await world.db.pool.query<{ date: string; equity: string; pnl: string; valuation: string }>(
    `SELECT snapshot_date AS date, equity, daily_pnl AS pnl, valuation FROM portfolio_snapshots WHERE portfolio_id = $1 AND snapshot_date >= $2
     ORDER BY 1`,
    [portfolioId, BEFORE],
  );
  return rows;
};
/** The figures had everything been known from the start. */
const figuresHadItBeenKnown = async () => {
  const portfolioId = await hold();
  await calculate(portfolioId);
  return figuresOf(world.db, portfolioId);
};

describe('a jump that nobody explains', () => {
  beforeEach(() => list(first, { halves: true }));

  test('is never valued: the lot stands at the last close before, the figures say so, and the user reads why', async () => {
    const portfolioId = await hold();
    const warnings = await calculate(portfolioId);
    expect(await pricedBy()).toEqual({});
    expect(await quarantined()).toEqual(HELD.map((session) => `${session} first`));
    const [before, ...held] = await snapshots(portfolioId);
    expect(held.map(({ date }) => date)).toEqual(HELD);
    for (const snapshot of held) expect(snapshot).toMatchObject({ equity: before!.equity, pnl: '0.0000', valuation: 'partial' });
    const { rows } = await world.db.pool.query(
      `SELECT price_source, price_date, age_sessions FROM position_values WHERE portfolio_id = $1`,
      [portfolioId],
    );
    expect(rows).toEqual([{ price_source: 'stale', price_date: BEFORE, age_sessions: 5 }]);
    const why = /close \S+ is 0\.50\d times that of 2025-06-11 \(\S+\), and no split explains it/;
    expect(warnings[0]).toMatch(/^ACME: held back since 2025-06-12, .*; its lots stand at the close of 2025-06-11 until/);
    expect(warnings[0]).toMatch(why);
    const { rows: missing } = await world.db.pool.query<{ reason: string }>(
      `SELECT reason FROM missing_bars WHERE symbol = 'ACME' AND session_date >= $1 ORDER BY session_date`,
      [JUMP],
    );
    expect(missing).toHaveLength(HELD.length);
    expect(missing[0]!.reason).toMatch(/^quarantined: close .* \(first\)$/);
    expect(missing[0]!.reason).toMatch(why);
  });

  test('is told of as long as it lasts, also by runs that ask nobody', async () => {
    const portfolioId = await hold();
    await calculate(portfolioId);
    const requests = asked(first).length;
    expect(await calculate(portfolioId)).toEqual([expect.stringContaining('ACME: held back since 2025-06-12')]);
    expect(asked(first)).toHaveLength(requests);
  });

  test('is asked for again with all that follows it, in one request a night and within an hour', async () => {
    const portfolioId = await hold();
    await calculate(portfolioId, '2025-06-17');
    const { rows } = await world.db.pool.query(
      `SELECT count(*) AS sessions FROM missing_bars WHERE symbol = 'ACME' AND session_date >= $1
         AND retry_at <= clock_timestamp() + interval '1 hour'`,
      [JUMP],
    );
    expect(rows).toEqual([{ sessions: 4 }]);
    await restIsOver();
    await calculate(portfolioId);
    expect(asked(first).slice(1)).toEqual([`ACME 2025-05-29..${LAST}`]);
    expect(await quarantined()).toHaveLength(HELD.length);
  });

  test('that turns out to be a split: the figures become those it would have given at once', async () => {
    const portfolioId = await hold();
    await calculate(portfolioId);
    first.actions.push(SPLIT);
    await restIsOver();
    await calculate(portfolioId);
    expect(await pricedBy()).toEqual({ first: HELD });
    expect(await figuresOf(world.db, portfolioId)).toBe(await figuresHadItBeenKnown());
    expect((await snapshots(portfolioId)).every(({ valuation }) => valuation === 'full')).toBe(true);
    expect(await brokenChains(world.db)).toBe(0);
  });

  test('that an admin accepts is taken by the next run with all that follows it, without waiting for their rest', async () => {
    const portfolioId = await hold();
    await calculate(portfolioId);
    const bar = { symbol: 'ACME', sessionDate: JUMP, provider: 'first' };
    const accepted = await inTransaction(world.db, (client) => acceptQuarantinedBar(client, world.context.calendar, bar));
    expect(accepted.status).toBe('accepted');
    await calculate(portfolioId);
    expect(await pricedBy()).toEqual({ first: HELD });
    expect(await figuresOf(world.db, portfolioId)).toBe(await figuresHadItBeenKnown());
    expect(await brokenChains(world.db)).toBe(0);
  });

  test('that an admin accepted is held back again when the provider changes the close', async () => {
    const portfolioId = await hold();
    await calculate(portfolioId);
    const bar = { symbol: 'ACME', sessionDate: JUMP, provider: 'first' };
    await inTransaction(world.db, (client) => acceptQuarantinedBar(client, world.context.calendar, bar));
    first.closes.get('ACME')!.set(JUMP, 40);
    await calculate(portfolioId);
    expect(await pricedBy()).toEqual({});
    const [row] = (await listQuarantinedBars(world.db.pool, { limit: 100 })).filter(({ sessionDate }) => sessionDate === JUMP);
    expect(row).toMatchObject({ close: 40, acceptedAt: null, hasClose: false });
  });

  test('is counted once however often it is seen', async () => {
    const counted: string[] = [];
    const context = {
      ...world.context,
      metrics: {
        ...world.context.metrics,
        count: (name: string, labels: object, by = 1) => {
          if (name === 'closebell_bars_quarantined_total') counted.push(`${JSON.stringify(labels)} ${by}`);
        },
      },
    };
    const portfolioId = await hold();
    await calculate(portfolioId, LAST, context);
    await restIsOver();
    await calculate(portfolioId, LAST, context);
    expect(counted).toEqual(HELD.map(() => '{"provider":"first"} 1'));
  });
});

describe('a jump and a second provider', () => {
  test('that has the same closes: they are believed, under the name of the first', async () => {
    list(first, { halves: true });
    list(second, { halves: true });
    await calculate(await hold());
    expect(await pricedBy()).toEqual({ first: HELD });
    expect(await quarantined()).toEqual([]);
    expect(asked(second)).toHaveLength(1);
  });

  test('that has none: its bars are used, those of the first are quarantined, and the figures never see them', async () => {
    list(first, { halves: true });
    list(second);
    const portfolioId = await hold();
    const warnings = await calculate(portfolioId);
    expect(await pricedBy()).toEqual({ second: HELD });
    expect(await quarantined()).toEqual(HELD.map((session) => `${session} first`));
    expect(warnings[0]).toContain('second is used instead');
    for (const { pnl } of await snapshots(portfolioId)) expect(Math.abs(Number(pnl))).toBeLessThan(5);
  });

  test('that knows the split: its answer is used, split and all, in the night of the split as well', async () => {
    list(first, { halves: true });
    list(second, { halves: true });
    second.actions.push(SPLIT);
    const portfolioId = await hold();
    await calculate(portfolioId, BEFORE);
    await calculate(portfolioId, JUMP);
    expect(await pricedBy()).toEqual({ second: [JUMP] });
    expect(await quarantined()).toEqual([]);
    for (const { pnl } of await snapshots(portfolioId)) expect(Math.abs(Number(pnl))).toBeLessThan(5);
  });

  test('is not asked as long as there is none', async () => {
    list(first);
    list(second);
    await calculate(await hold());
    expect(asked(second)).toEqual([]);
  });
});

describe('a bar that can not be', () => {
  const spoil = (provider: ScriptedProvider, session: string, change: Partial<OhlcvBar>): ScriptedProvider => ({
    ...provider,
    dailyBars: async (symbol, range, signal) => {
      const answer = await provider.dailyBars(symbol, range, signal);
      if (answer.status !== 'ok') return answer;
      return { ...answer, bars: answer.bars.map((bar) => (bar.sessionDate === session ? { ...bar, ...change } : bar)) };
    },
  });
  const WRONG = { high: 90, low: 110 };

  test('is of the second provider, under its name, and the others stay with the first', async () => {
    list(first);
    list(second);
    const providers = [spoil(first, JUMP, WRONG), second];
    await calculate(await hold(), LAST, { ...world.context, providers });
    expect(await pricedBy()).toEqual({ first: HELD.slice(1), second: [JUMP] });
    expect(await quarantined()).toEqual([`${JUMP} first`]);
    expect(asked(second)).toEqual([`ACME ${JUMP}..${JUMP}`]);
    const [bar] = await listQuarantinedBars(world.db.pool, { symbols: ['ACME'], limit: 1 });
    expect(bar).toMatchObject({ high: 90, low: 110, reason: 'high 90 is below low 110', hasClose: true });
    const { rows } = await world.db.pool.query(`SELECT 1 FROM missing_bars WHERE symbol = 'ACME' AND session_date >= $1`, [JUMP]);
    expect(rows).toEqual([]);
  });

  test('stays missing when nobody has a good one: flagged, with what each gave, and not asked for every night', async () => {
    list(first);
    list(second);
    const providers = [spoil(first, JUMP, WRONG), spoil(second, JUMP, { close: Number.NaN })];
    const portfolioId = await hold();
    await calculate(portfolioId, '2025-06-17', { ...world.context, providers });
    const { rows } = await world.db.pool.query(
      `SELECT reason, retry_at > clock_timestamp() + interval '6 days' AS rests FROM missing_bars WHERE symbol = 'ACME' AND session_date = $1`,
      [JUMP],
    );
    expect(rows).toEqual([
      { reason: 'quarantined: high 90 is below low 110 (first); close NaN is no price (second)', rests: true },
    ]);
    expect((await snapshots(portfolioId)).map(({ valuation }) => valuation)).toEqual(['full', 'partial', 'full', 'full', 'full']);
    expect(await quarantined()).toEqual([`${JUMP} first`, `${JUMP} second`]);
    await calculate(portfolioId, LAST, { ...world.context, providers });
    expect(asked(first).slice(1)).toEqual([`ACME 2025-06-04..${LAST}`]);
  });

  test('of a closed day is kept for admins, and no price', async () => {
    list(first);
    first.closes.get('ACME')!.set('2025-06-14', 105);
    await calculate(await hold());
    expect(await quarantined()).toEqual(['2025-06-14 first']);
    expect(await pricedBy()).toEqual({ first: HELD });
  });

  test('that is all there is leaves the session missing with the reason, and the newest is asked for again soon', async () => {
    list(first);
    const portfolioId = await hold();
    await calculate(portfolioId, '2025-06-17');
    const providers = [spoil(first, LAST, { close: 0 })];
    await calculate(portfolioId, LAST, { ...world.context, providers });
    const { rows } = await world.db.pool.query(
      `SELECT reason, retry_at < clock_timestamp() + interval '2 hours' AS soon FROM missing_bars WHERE symbol = 'ACME' AND session_date = $1`,
      [LAST],
    );
    expect(rows).toEqual([{ reason: 'quarantined: close 0 is no price (first)', soon: true }]);
    expect(await quarantined()).toEqual([`${LAST} first`]);
  });
});

test('a worker that lost its job writes none of it', async () => {
  const lost = await takeHold(world.db);
  await world.db.pool.query(`UPDATE jobs SET fence = fence + 1 WHERE id = $1`, [lost.id]);
  const bar = { symbol: 'ACME', sessionDate: JUMP, open: null, high: null, low: null, close: 0, volume: null };
  const answer = {
    symbol: 'ACME',
    asked: [JUMP],
    answers: [],
    quarantined: [{ ...bar, provider: 'first', reason: 'close 0 is no price' }],
  };
  const stored = storeAnswers(world.context, [answer], { targetSession: LAST, hold: lost });
  await expect(stored).rejects.toThrow(FenceLostError);
  expect(await quarantined()).toEqual([]);
});
