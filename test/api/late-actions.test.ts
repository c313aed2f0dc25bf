// Splits and dividends, also when the provider tells of them a week late: figures become those of one who knew at once, exact to the last
// digit, and portfolios that they do not concern stay as they are.
import { listQuarantinedBars } from '@closebell/prisma/quarantined-bars';
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { json } from '../providers/faults.js';
import { brokenChains, figuresOf, makePortfolio, type LotRecord } from '../support/ledger.js';
import { startPriceSite, type PriceSite } from './price-site.js';

const calendar = xnysCalendar();
const OPENED = '2025-06-02';
const EX_DATE = '2025-06-10';
/** A week, as the exchange counts: the action is told of in the night of `TOLD`. */
const NIGHTS = calendar.sessionsBetween(EX_DATE, '2025-06-16');
const TOLD = '2025-06-17';
const LAST = '2025-06-20';
const SESSIONS = calendar.sessionsBetween('2025-03-03', LAST);
const before = (session: string) => session < EX_DATE;
/** Of the shares of before the split. */
const closeOf = (session: string) => 400 + (SESSIONS.indexOf(session) % 9) * 2;

let site: PriceSite;
beforeAll(async () => {
  site = await startPriceSite({ yahooSymbols: ['ACME'] });
});
afterAll(() => site.close());
beforeEach(async () => {
  await site.reset();
  site.use('fmp');
});

type Ratio = Readonly<{ numerator: number; denominator: number }>;

/** What FMP lists: closes as traded, but of no action yet. */
const list = ({ numerator, denominator }: Ratio = { numerator: 1, denominator: 1 }) => {
  const price = (session: string) => (before(session) ? closeOf(session) : (closeOf(session) * denominator) / numerator);
  const closes = new Map(SESSIONS.map((session) => [session, price(session)]));
  site.fmp.listed.set('ACME', { closes, splits: [], dividends: [] });
  site.fmp.listed.set('BETA', { closes: new Map(SESSIONS.map((session) => [session, 50])), splits: [], dividends: [] });
};
const acme = () => site.fmp.listed.get('ACME')!;
const tellSplit = (ratio: Ratio) => acme().splits.push({ exDate: EX_DATE, ...ratio });
const tellDividend = (amount: number) => acme().dividends.push({ exDate: EX_DATE, amount });

const hold = (...lots: readonly Partial<LotRecord>[]) => {
  const whole = lots.map((lot) => ({ symbol: 'ACME', quantity: '10', entryPrice: '390', entryDate: OPENED, ...lot }));
  return makePortfolio(site.db, { userId: site.owner.userId, asOf: OPENED, openedOn: LAST, lots: whole });
};
/** All that a late action can mean to a portfolio. */
const holdAll = async () => ({
  long: await hold({}),
  short: await hold({ quantity: '-7.5' }),
  part: await hold({}, { symbol: 'BETA', quantity: '100', entryPrice: '50' }, { entryDate: '2025-06-12', entryPrice: '101.25' }),
  soldBefore: await hold({ exitDate: '2025-06-09', exitPrice: '401' }),
  without: await hold({ symbol: 'BETA', quantity: '3' }),
});
const CONCERNED = ['long', 'short', 'part'] as const;
const UNCONCERNED = ['soldBefore', 'without'] as const;

/** The batch of that evening, when an hour has passed since anything was asked for in vain. */
const night = async (session: string) => {
  site.setNow(`${session}T22:00:00Z`);
  await site.db.pool.query(`UPDATE missing_bars SET retry_at = least(retry_at, clock_timestamp() - interval '1 second')`);
  expect(await site.runBatch()).toMatchObject({ status: 'completed', failed: 0 });
};
const nights = async (sessions: readonly string[]) => {
  for (const session of sessions) await night(session);
};
const dirtyFrom = async () => {
  const { rows } = await site.db.pool.query<{ id: string; from: string | null }>(
    `SELECT id, dirty_from AS "from" FROM portfolios`,
  );
  return new Map(rows.map(({ id, from }) => [id, from]));
};
type Figures = Readonly<{ date: string; equity: number; pnl: number; daily: number | null; valuation: string }>;
const historyOf = async (portfolioId: string) => {
  const { rows } = await site.db.pool.query<Figures>(
    `SELECT snapshot_date AS date, equity::float8 AS equity, daily_pnl::float8 AS pnl, daily_return AS daily, valuation
     FROM portfolio_snapshots WHERE portfolio_id = $1 ORDER BY 1`,
    [portfolioId],
  );
  return rows;
};
const on = (history: readonly Figures[], session: string) => history.find(({ date }) => date === session)!;
const requests = () => site.fmp.asked.filter((path) => path.includes('historical') && path.includes('symbol=ACME'));
/** Each portfolio against a twin that is computed only now, when everything is known. */
const expectAsIfKnown = async (held: Awaited<ReturnType<typeof holdAll>>) => {
  const twins = await holdAll();
  for (const name of [...CONCERNED, ...UNCONCERNED]) {
    await site.calculate(twins[name]);
    expect(await figuresOf(site.db, held[name]), name).toBe(await figuresOf(site.db, twins[name]));
  }
  expect(await brokenChains(site.db)).toBe(0);
};

const FOUR_TO_ONE = { numerator: 4, denominator: 1 };
/** Moves the price by less than what is held back: its bars are believed before anybody tells of it. */
const FIVE_TO_FOUR = { numerator: 5, denominator: 4 };

describe('known in time', () => {
  test('a split of four for one changes neither equity nor returns, but for the real move', async () => {
    list();
    const whole = await hold({});
    await night(LAST);
    const unsplit = await historyOf(whole);
    await site.reset();
    list(FOUR_TO_ONE);
    tellSplit(FOUR_TO_ONE);
    const split = await hold({});
    await night(LAST);
    expect(await historyOf(split)).toEqual(unsplit);
    expect(on(unsplit, EX_DATE).pnl).toBe(10 * (closeOf(EX_DATE) - closeOf(calendar.previousSession(EX_DATE))));
    expect(await brokenChains(site.db)).toBe(0);
  });

  test('a dividend is income of who held it at the close before, and a cost of who was short', async () => {
    list();
    const plain = [await hold({}), await hold({ quantity: '-7.5' }), await hold({ entryDate: EX_DATE })];
    await night(LAST);
    const without = await Promise.all(plain.map(historyOf));
    await site.reset();
    list();
    tellDividend(1.25);
    const paid = [await hold({}), await hold({ quantity: '-7.5' }), await hold({ entryDate: EX_DATE })];
    await night(LAST);
    const withIt = await Promise.all(paid.map(historyOf));
    const extra = (place: number) => on(withIt[place]!, EX_DATE).pnl - on(without[place]!, EX_DATE).pnl;
    expect([extra(0), extra(1), extra(2)]).toEqual([12.5, -9.375, 0]);
    const equityAfter = (place: number) => on(withIt[place]!, LAST).equity - on(without[place]!, LAST).equity;
    expect([equityAfter(0), equityAfter(1), equityAfter(2)]).toEqual([12.5, -9.375, 0]);
    expect(await brokenChains(site.db)).toBe(0);
  });
});

describe('told of a week late', () => {
  /** `income`: of the long lot on the ex-date, beside what the price itself moved. */
  const actions = [
    { action: 'a dividend', tell: () => tellDividend(1.25), ratio: undefined, income: 12.5 },
    { action: 'a split within what a day may move', tell: () => tellSplit(FIVE_TO_FOUR), ratio: FIVE_TO_FOUR, income: 0 },
  ];

  test.each(actions)('$action makes its holders dirty from the ex-date on, and nobody else', async ({ tell, ratio }) => {
    list(ratio);
    const held = await holdAll();
    await nights(NIGHTS);
    tell();
    site.setNow(`${TOLD}T22:00:00Z`);
    await site.fetchPrices();
    const from = await dirtyFrom();
    expect(CONCERNED.map((name) => from.get(held[name]))).toEqual(CONCERNED.map(() => EX_DATE));
    expect(UNCONCERNED.map((name) => from.get(held[name]))).toEqual(UNCONCERNED.map(() => null));
  });

  test.each(actions)(
    '$action is learned with the next night’s closes, by the same request, and mended by that batch',
    async (each) => {
      list(each.ratio);
      const held = await holdAll();
      await nights(NIGHTS);
      const moved = 10 * (closeOf(EX_DATE) - closeOf(calendar.previousSession(EX_DATE)));
      expect(on(await historyOf(held.long), EX_DATE).pnl).not.toBe(moved + each.income);
      const histories = await Promise.all(UNCONCERNED.map((name) => historyOf(held[name])));
      const asked = requests().length;
      each.tell();
      await night(TOLD);
      expect(requests()).toHaveLength(asked + 1);
      expect(on(await historyOf(held.long), EX_DATE).pnl).toBe(moved + each.income);
      const later = await Promise.all(UNCONCERNED.map((name) => historyOf(held[name])));
      expect(later.map((history) => history.slice(0, -1))).toEqual(histories);
      await expectAsIfKnown(held);
    },
  );

  test('a split that halts the price: lots stand at the close before it, flagged, until it is told, and then all is exact', async () => {
    list(FOUR_TO_ONE);
    const held = await holdAll();
    await nights(NIGHTS);
    const halted = await historyOf(held.long);
    const last = on(halted, calendar.previousSession(EX_DATE));
    for (const session of NIGHTS)
      expect(on(halted, session)).toMatchObject({ equity: last.equity, pnl: 0, daily: 0, valuation: 'partial' });
    const quarantined = async () => (await listQuarantinedBars(site.db.pool, { symbols: ['ACME'], limit: 100 })).length;
    expect(await quarantined()).toBe(NIGHTS.length);
    tellSplit(FOUR_TO_ONE);
    await night(TOLD);
    const mended = await historyOf(held.long);
    expect(mended.every(({ valuation }) => valuation === 'full')).toBe(true);
    expect(on(mended, TOLD).equity - last.equity).toBe(10 * (closeOf(TOLD) - closeOf(last.date)));
    await expectAsIfKnown(held);
    const { rows } = await site.db.pool.query(`SELECT 1 FROM missing_bars WHERE symbol = 'ACME' AND session_date >= $1`, [
      EX_DATE,
    ]);
    expect(rows).toEqual([]);
  });

  test('a dividend that another provider dates a day apart counts once', async () => {
    list();
    const { closes } = acme();
    site.yahoo.listed.set('ACME', { closes, splits: [], dividends: [{ exDate: '2025-06-09', amount: 1.25 }] });
    site.use('fmp', 'yahoo');
    const held = await hold({});
    await nights(['2025-06-06', '2025-06-09']);
    site.fmp.failWith(json(500, {}));
    await night(EX_DATE);
    const income = on(await historyOf(held), '2025-06-09').pnl - 10 * (closeOf('2025-06-09') - closeOf('2025-06-06'));
    expect(income).toBe(12.5);
    site.fmp.failWith(null);
    tellDividend(1.25);
    await night('2025-06-11');
    const { rows } = await site.db.pool.query(`SELECT ex_date, provider FROM corporate_actions WHERE symbol = 'ACME'`);
    expect(rows).toEqual([{ ex_date: '2025-06-09', provider: 'yahoo' }]);
    expect(on(await historyOf(held), EX_DATE).pnl).toBe(10 * (closeOf(EX_DATE) - closeOf('2025-06-09')));
  });
});

test('a night without news asks once for each symbol, adds the new session alone, and changes nothing else; a holiday asks nothing', async () => {
  list();
  const held = await holdAll();
  await nights([...NIGHTS, TOLD]);
  const firstNight = (await historyOf(held.long)).at(-1)!;
  const count = async () =>
    (await site.db.pool.query<{ bars: number }>(`SELECT count(*)::int AS bars FROM price_bars WHERE symbol IN ('ACME', 'BETA')`))
      .rows[0]!.bars;
  const bars = await count();
  const asked = requests().length;
  await night('2025-06-18');
  expect(requests()).toHaveLength(asked + 1);
  expect(await count()).toBe(bars + 2);
  expect(on(await historyOf(held.long), firstNight.date)).toEqual(firstNight);
  // Thursday 19 June 2025 is a holiday.
  await night('2025-06-19');
  expect(requests()).toHaveLength(asked + 1);
});
