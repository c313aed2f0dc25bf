// What users see when providers fail, told as a table in docs/market-data.md: never a wrong figure that does not say so, nobody else's
// figures touched, and everything right once the trouble is over.
import { xnysCalendar } from '@closebell/shared/calendar/trading-calendar';
import { FACTOR_SYMBOLS } from '@closebell/shared/calc/factors';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fieldsOf } from './caller.js';
import { json, text } from '../providers/faults.js';
import type { Failure } from '../providers/stand-in.js';
import { brokenChains, bookFiguresOf, makePortfolio, type LotRecord } from '../support/ledger.js';
import { startPriceSite, type Listed, type PriceSite, type PriceSource } from './price-site.js';

const LAST = '2025-06-18';
const BEFORE = '2025-06-17';
const OPENED = '2025-06-02';
const SESSIONS = xnysCalendar().sessionsBetween('2025-03-03', LAST);
const BASES: Readonly<Record<string, number>> = { ACME: 100, BETA: 50, GAMMA: 20 };
const MARKET = [...Object.keys(BASES), ...FACTOR_SYMBOLS];

let site: PriceSite;
let clean: Portfolios<string>;
beforeAll(async () => {
  site = await startPriceSite({ yahooSymbols: MARKET });
  await prepare();
  site.use('fmp');
  const held = await holdAll();
  await site.runBatch();
  clean = await figuresOfAll(held);
}, 60_000);
afterAll(() => site.close());
beforeEach(() => prepare());

/** The market as both providers have it, of which everything before the last session is stored. */
const prepare = async () => {
  await site.reset();
  site.setNow(`${LAST}T22:00:00Z`);
  for (const symbol of MARKET) for (const source of [site.fmp, site.yahoo]) source.listed.set(symbol, listing(symbol));
  await store(MARKET, BEFORE);
};
const listing = (symbol: string): Listed => ({
  closes: new Map(SESSIONS.map((session, i) => [session, (BASES[symbol] ?? 200) + (i % 7) / 4])),
  splits: [],
  dividends: [],
});
/** As FMP gave it in earlier nights. */
const store = async (symbols: readonly string[], to: string) => {
  const rows = symbols.flatMap((symbol) => [...listing(symbol).closes].map(([session, close]) => ({ symbol, session, close })));
  const kept = rows.filter(({ session }) => session <= to);
  await site.db.pool.query(
    `INSERT INTO price_bars (symbol, session_date, close, provider) SELECT *, 'fmp' FROM unnest($1::text[], $2::date[], $3::numeric[])`,
    [kept.map(({ symbol }) => symbol), kept.map(({ session }) => session), kept.map(({ close }) => close)],
  );
  await site.db.pool.query(
    `INSERT INTO securities (symbol, listed_from, profile_at) SELECT symbol, $2, clock_timestamp() FROM unnest($1::text[]) AS symbol`,
    [symbols, SESSIONS[0]],
  );
};
const closesOf = (source: PriceSource, symbol: string) => source.listed.get(symbol)!.closes;

/** One holds the symbol that tests trouble, one others of the same market, one nothing that a provider sees. */
type Portfolios<T> = Readonly<{ struck: T; other: T; unlisted: T }>;

const lot = (symbol: string): LotRecord => ({ symbol, quantity: '10', entryPrice: '60', entryDate: OPENED });
const hold = (...lots: readonly LotRecord[]) => makePortfolio(site.db, { userId: site.owner.userId, asOf: OPENED, lots });
const holdAll = async (): Promise<Portfolios<string>> => ({
  struck: await hold(lot('ACME'), lot('BETA')),
  other: await hold(lot('BETA'), { ...lot('GAMMA'), quantity: '-30' }),
  unlisted: await hold({ ...lot('SECRET_FUND'), investmentClass: 'PRIVATE' }, { ...lot('CASH_USD'), investmentSubtype: 'CASH' }),
});
const figuresOfAll = async ({ struck, other, unlisted }: Portfolios<string>): Promise<Portfolios<string>> => ({
  struck: await bookFiguresOf(site.db, struck),
  other: await bookFiguresOf(site.db, other),
  unlisted: await bookFiguresOf(site.db, unlisted),
});

type Seen = Readonly<{ valuation: string; coverage: number }>;
const overviewOf = async (id: string) => fieldsOf<Seen>(await site.owner.get(`/analytics/portfolio/${id}/overview`), 200);
/** What is worse than no figure: one that differs from that of a clean run and does not say that it is partial. */
const silentlyWrong = async (held: Portfolios<string>) => {
  const figures = await figuresOfAll(held);
  const wrong = [];
  for (const name of ['struck', 'other', 'unlisted'] as const) {
    if (figures[name] === clean[name]) continue;
    const { valuation, coverage } = await overviewOf(held[name]);
    if (valuation !== 'partial' || coverage >= 1) wrong.push(name);
  }
  return wrong;
};

type Quality = Readonly<{
  symbols: readonly Readonly<{ symbol: string; message: string | null; closes_by_provider: Readonly<Record<string, number>> }>[];
  stale_lots: readonly Readonly<{ symbol: string; last_close_date: string }>[];
  newest_snapshot: Seen;
}>;
const qualityOf = async (id: string) => fieldsOf<Quality>(await site.owner.get(`/data/portfolio/${id}/data-quality`), 200);
const messageOf = async (id: string, symbol: string) =>
  (await qualityOf(id)).symbols.find((each) => each.symbol === symbol)?.message ?? null;

type AdminQuality = Readonly<{
  providers: readonly Readonly<{ name: string; blocked_until: string | null; capabilities: readonly Capability[] }>[];
  stale: Readonly<{ count: number; symbols: readonly Readonly<{ symbol: string }>[] }>;
  without_data: Readonly<{ symbols: readonly Readonly<{ symbol: string; retry_at: string | null }>[] }>;
  quarantined: Readonly<{ bars: readonly Readonly<{ symbol: string; session_date: string; provider: string }>[] }>;
  revised: Readonly<{ bars: readonly Readonly<Record<string, unknown>>[] }>;
}>;
type Capability = Readonly<{ capability: string; state: string; last_error: string | null }>;
const adminQuality = async () => fieldsOf<AdminQuality>(await site.admin.get('/admin/data-quality'), 200);
const healthOf = async (name: string) => {
  const provider = (await adminQuality()).providers.find((each) => each.name === name);
  return provider?.capabilities.find(({ capability }) => capability === 'dailyBars');
};

/** The trouble ends, and so does whatever rested because of it. */
const recover = async () => {
  for (const source of [site.fmp, site.yahoo]) source.failWith(null);
  const over = `clock_timestamp() - interval '1 second'`;
  await site.db.pool.query(`UPDATE missing_bars SET retry_at = ${over}`);
  await site.db.pool.query(`UPDATE securities SET no_data_until = ${over} WHERE no_data_until IS NOT NULL`);
  await site.db.pool.query(`UPDATE provider_circuits SET retry_at = ${over} WHERE retry_at IS NOT NULL`);
  await site.db.pool.query(`DELETE FROM provider_budgets`);
};
const expectAllRight = async (held: Portfolios<string>) => {
  expect(await figuresOfAll(held)).toEqual(clean);
  expect((await overviewOf(held.struck)).valuation).toBe('full');
  expect(await brokenChains(site.db)).toBe(0);
};
const warningsOf = async (portfolioId: string, symbol: string) => {
  const { status, preprocessing } = await site.calculate(portfolioId);
  return { status, warnings: preprocessing!.warnings.filter((warning) => new RegExp(`^(${symbol}|fmp|yahoo)\\b`).test(warning)) };
};

type Trouble = Readonly<{
  fault: string;
  failure: Failure;
  /** What the owner reads, and the admin as well unless that is said. */
  says: RegExp;
  adminSays?: RegExp;
  /** Of all that FMP is asked, or of ACME alone, while it answers for the rest. */
  of: 'the provider' | 'ACME';
}>;

const TROUBLES: readonly Trouble[] = [
  {
    fault: '429 with a Retry-After of an hour',
    failure: (response) => response.writeHead(429, { 'retry-after': '3600' }).end('{}'),
    says: /rate limited until .*\d\d:\d\d UTC/,
    adminSays: /FMP answered 429/,
    of: 'the provider',
  },
  { fault: '401', failure: json(401, {}), says: /FMP answered 401 \(FMP_API_KEY\)/, of: 'the provider' },
  { fault: '500s', failure: json(500, {}), says: /FMP answered 500/, of: 'the provider' },
  { fault: '500 for one symbol', failure: json(500, {}), says: /FMP answered 500/, of: 'ACME' },
  { fault: 'a time-out', failure: () => {}, says: /FMP did not answer within 1000 ms/, of: 'ACME' },
  {
    fault: 'half a JSON',
    failure: text(200, '[{"date":"2025-06-'),
    says: /FMP sent broken JSON where JSON was expected/,
    of: 'ACME',
  },
  {
    fault: 'HTML instead of JSON',
    failure: text(200, '<!doctype html><title>Hello</title>'),
    says: /FMP sent HTML where JSON was expected/,
    of: 'ACME',
  },
];

describe.each(TROUBLES)('$fault', ({ failure, says, adminSays, of }) => {
  const isWhole = of === 'the provider';
  const strike = () => site.fmp.failWith(failure, isWhole ? '' : 'symbol=ACME');

  test('of one of two providers: the other is asked, and the figures are those of any other night', async () => {
    site.use('fmp', 'yahoo');
    strike();
    const held = await holdAll();
    expect(await warningsOf(held.struck, 'ACME')).toEqual({ status: 'completed', warnings: [] });
    await site.runBatch();
    await expectAllRight(held);
    const { symbols } = await qualityOf(held.struck);
    expect(symbols.find(({ symbol }) => symbol === 'ACME')!.closes_by_provider).toMatchObject({ yahoo: 1 });
  });

  test('of the only provider: the lots stand at the close before and say so, others are right, and the next run mends it', async () => {
    site.use('fmp');
    strike();
    const held = await holdAll();
    const { status, warnings } = await warningsOf(held.struck, 'ACME');
    expect(status).toBe('completed');
    expect(warnings.join('\n')).toContain(`ACME: no close on ${LAST}; its lots stand at the close of ${BEFORE}`);
    expect(warnings.join('\n')).toMatch(says);
    expect(await overviewOf(held.struck)).toMatchObject({ valuation: 'partial', coverage: isWhole ? 0 : expect.any(Number) });
    expect(await qualityOf(held.struck)).toMatchObject({
      stale_lots: expect.arrayContaining([expect.objectContaining({ symbol: 'ACME', last_close_date: BEFORE })]),
      newest_snapshot: { valuation: 'partial' },
    });
    const message = await messageOf(held.struck, 'ACME');
    expect(message).toMatch(says);
    expect(message).toMatch(/^ACME: no close since 2025-06-17, for 1 session, .* It is asked for again in the next run\.$/);

    expect(await site.runBatch()).toMatchObject({ status: 'completed', failed: 0 });
    expect(await silentlyWrong(held)).toEqual([]);
    const figures = await figuresOfAll(held);
    expect(figures.unlisted).toBe(clean.unlisted);
    if (!isWhole) expect(figures.other).toBe(clean.other);
    expect((await adminQuality()).stale.symbols.map(({ symbol }) => symbol)).toContain('ACME');
    expect((await healthOf('fmp'))?.last_error).toMatch(adminSays ?? says);

    await recover();
    await site.runBatch();
    await expectAllRight(held);
  });
});

test('429 with a Retry-After of a second: it is waited for, and nobody else is asked', async () => {
  site.use('fmp', 'yahoo');
  let refusals = 0;
  site.fmp.failWith((response) => {
    refusals += 1;
    if (refusals === 2) site.fmp.failWith(null);
    response.writeHead(429, { 'retry-after': '1' }).end('{}');
  });
  const held = await holdAll();
  expect(await warningsOf(held.struck, 'ACME')).toEqual({ status: 'completed', warnings: [] });
  await site.runBatch();
  await expectAllRight(held);
  expect(site.yahoo.asked).toEqual([]);
});

describe('a symbol', () => {
  test('that no provider knows stands at its entry price, by its name, and is left alone for a week', async () => {
    site.use('fmp', 'yahoo');
    const held = await holdAll();
    const portfolioId = await hold(lot('ACME'), lot('NOPE'));
    const { status, warnings } = await warningsOf(portfolioId, 'NOPE');
    expect(status).toBe('completed');
    expect(warnings).toEqual([
      expect.stringMatching(
        /^NOPE: no price \(fmp: FMP does not know NOPE; yahoo: .*\); its lots stand at their last close or entry price$/,
      ),
    ]);
    expect(await overviewOf(portfolioId)).toMatchObject({ valuation: 'partial' });
    expect(await messageOf(portfolioId, 'NOPE')).toMatch(
      /^NOPE: there is no price, so its lots stand at their entry price\. fmp on .* It is asked for again in the first run after .* UTC\.$/,
    );
    const { symbols } = (await adminQuality()).without_data;
    expect(symbols).toEqual([expect.objectContaining({ symbol: 'NOPE', retry_at: expect.any(String) })]);
    await site.runBatch();
    await expectAllRight(held);
    const asked = site.fmp.asked.length;
    await site.calculate(portfolioId);
    expect(site.fmp.asked).toHaveLength(asked);
  });

  test('that trades no more stands at its last close, says since when, and is asked for weekly', async () => {
    site.use('fmp', 'yahoo');
    const died = SESSIONS.at(-13)!;
    await site.db.pool.query(`DELETE FROM price_bars WHERE symbol = 'ACME' AND session_date > $1`, [died]);
    for (const source of [site.fmp, site.yahoo])
      for (const session of SESSIONS.slice(-12)) closesOf(source, 'ACME').delete(session);
    const held = await holdAll();
    const { warnings } = await warningsOf(held.struck, 'ACME');
    expect(warnings).toEqual([
      `ACME: no trades since ${died}: delisted? Its lots stand at that close, and it is asked for again once a week`,
    ]);
    expect(await messageOf(held.struck, 'ACME')).toMatch(
      new RegExp(`^ACME: it has not traded since ${died}, and its lots stand`),
    );
    expect(await overviewOf(held.struck)).toMatchObject({ valuation: 'partial' });
    await site.runBatch();
    expect(await silentlyWrong(held)).toEqual([]);
    expect((await figuresOfAll(held)).other).toBe(clean.other);
    const asked = site.fmp.asked.length;
    await site.calculate(held.struck);
    expect(site.fmp.asked).toHaveLength(asked);
  });

  test('that is missing among 300 is named, and the 299 are right', async () => {
    site.use('fmp');
    const symbols = Array.from({ length: 300 }, (_, i) => `S${i}`);
    await store(symbols, BEFORE);
    for (const symbol of symbols) if (symbol !== 'S123') site.fmp.listed.set(symbol, listing(symbol));
    const portfolioId = await hold(...symbols.map(lot));
    const { status, preprocessing } = await site.calculate(portfolioId);
    expect(status).toBe('completed');
    expect(preprocessing).toMatchObject({ price_coverage_percentage: 99.67, ready_for_batch: true });
    expect(preprocessing!.warnings.filter((warning) => /^S\d/.test(warning))).toEqual([
      `S123: no close on ${LAST}; its lots stand at the close of ${BEFORE}`,
    ]);
    const { rows } = await site.db.pool.query(
      `SELECT price_source, price_date, count(*) AS lots, min(market_value) AS value FROM position_values WHERE portfolio_id = $1 GROUP BY 1, 2 ORDER BY 3`,
      [portfolioId],
    );
    const valueOn = (session: string) => (10 * listing('S1').closes.get(session)!).toFixed(4);
    expect(rows).toEqual([
      { price_source: 'stale', price_date: BEFORE, lots: 1, value: valueOn(BEFORE) },
      { price_source: 'close', price_date: LAST, lots: 299, value: valueOn(LAST) },
    ]);
    const { valuation, coverage } = await overviewOf(portfolioId);
    expect(valuation).toBe('partial');
    expect(coverage).toBeCloseTo(299 / 300, 3);
    expect((await qualityOf(portfolioId)).stale_lots.map(({ symbol }) => symbol)).toEqual(['S123']);
  }, 60_000);
});

describe('a bar', () => {
  const changeLast = (source: PriceSource, close: number) => closesOf(source, 'ACME').set(LAST, close);
  const trueClose = () => listing('ACME').closes.get(LAST)!;
  const heldBack = async () =>
    (await adminQuality()).quarantined.bars.map((bar) => `${bar.symbol} ${bar.session_date} ${bar.provider}`);

  test.each([
    ['a dividend taken for a price', 0.24, /close 0\.24 is 0\.002 times that of 2025-06-17/],
    ['half of the price', 51, /close 51 is 0\.50\d times that of 2025-06-17/],
  ])('%s is not used: the lot stands at the close before, and everybody reads why', async (_, wrong, why) => {
    site.use('fmp');
    changeLast(site.fmp, wrong);
    const held = await holdAll();
    const { status, warnings } = await warningsOf(held.struck, 'ACME');
    expect(status).toBe('completed');
    expect(warnings[0]).toMatch(/^ACME: held back since 2025-06-18, .*; its lots stand at the close of 2025-06-17 until/);
    expect(warnings[0]).toMatch(why);
    expect(await overviewOf(held.struck)).toMatchObject({ valuation: 'partial' });
    expect(await messageOf(held.struck, 'ACME')).toContain('1 bar that cannot be right is not used.');
    expect(await heldBack()).toEqual([`ACME ${LAST} fmp`]);
    await site.runBatch();
    expect(await silentlyWrong(held)).toEqual([]);
    expect((await figuresOfAll(held)).other).toBe(clean.other);

    changeLast(site.fmp, trueClose());
    await recover();
    await site.runBatch();
    await expectAllRight(held);
  });

  test.each([
    ['a dividend taken for a price', 0.24],
    ['half of the price', 51],
  ])('%s gives way to that of a provider who disagrees', async (_, wrong) => {
    site.use('fmp', 'yahoo');
    changeLast(site.fmp, wrong);
    const held = await holdAll();
    const { warnings } = await warningsOf(held.struck, 'ACME');
    expect(warnings).toEqual([
      expect.stringMatching(/^ACME 2025-06-18: the bar of fmp is held back, close .*; yahoo is used instead$/),
    ]);
    await site.runBatch();
    await expectAllRight(held);
    expect(await heldBack()).toEqual([`ACME ${LAST} fmp`]);
    expect((await qualityOf(held.struck)).symbols[0]!.closes_by_provider).toMatchObject({ yahoo: 1 });
  });

  test('after a split of yesterday is of four times as many shares: nothing is held back, nobody gains or loses by it', async () => {
    site.use('fmp');
    const split = { exDate: LAST, numerator: 4, denominator: 1 };
    changeLast(site.fmp, trueClose() / 4);
    site.fmp.listed.get('ACME')!.splits.push(split);
    const held = await holdAll();
    expect(await warningsOf(held.struck, 'ACME')).toEqual({ status: 'completed', warnings: [] });
    expect(await heldBack()).toEqual([]);
    await site.runBatch();
    expect(await equitiesOf(held.struck)).toEqual(equitiesIn(clean.struck));
    expect((await figuresOfAll(held)).other).toBe(clean.other);
  });

  test('after a split of which only the second provider tells is of that one, split and all', async () => {
    site.use('fmp', 'yahoo');
    for (const source of [site.fmp, site.yahoo]) changeLast(source, trueClose() / 4);
    site.yahoo.listed.get('ACME')!.splits.push({ exDate: LAST, numerator: 4, denominator: 1 });
    const held = await holdAll();
    expect(await warningsOf(held.struck, 'ACME')).toEqual({ status: 'completed', warnings: [] });
    await site.runBatch();
    expect(await equitiesOf(held.struck)).toEqual(equitiesIn(clean.struck));
  });

  test('that its provider corrects becomes a revision, shown to all, and the figures since are computed again', async () => {
    site.use('fmp');
    const corrected = '2025-06-12';
    site.setNow(`${BEFORE}T22:00:00Z`);
    const held = await holdAll();
    await site.runBatch();
    const before = await bookFiguresOf(site.db, held.other);
    const [old, better] = [closesOf(site.fmp, 'ACME').get(corrected)!, 96.5];
    closesOf(site.fmp, 'ACME').set(corrected, better);
    site.setNow(`${LAST}T22:00:00Z`);
    await site.runBatch();
    const { rows } = await site.db.pool.query(
      `SELECT revision, close::float8 AS close FROM price_bars WHERE symbol = 'ACME' AND session_date = $1 ORDER BY 1`,
      [corrected],
    );
    expect(rows).toEqual([
      { revision: 0, close: old },
      { revision: 1, close: better },
    ]);
    const knownAtOnce = await hold(lot('ACME'), lot('BETA'));
    await site.calculate(knownAtOnce);
    expect(await bookFiguresOf(site.db, held.struck)).toBe(await bookFiguresOf(site.db, knownAtOnce));
    expect(await brokenChains(site.db)).toBe(0);
    const revision = { session_date: corrected, from: old, to: better, provider: 'fmp' };
    expect((await adminQuality()).revised.bars).toMatchObject([{ symbol: 'ACME', ...revision }]);
    const { symbols } = await qualityOf(held.struck);
    expect(symbols[0]).toMatchObject({ symbol: 'ACME', revised: [revision] });
    expect((await bookFiguresOf(site.db, held.other)).startsWith(before.slice(0, before.indexOf('\n')))).toBe(true);
  });

  test('that two providers close a little apart is that of the first, whoever answers later', async () => {
    site.use('fmp', 'yahoo');
    for (const [session, close] of closesOf(site.yahoo, 'ACME'))
      if (session < LAST) closesOf(site.yahoo, 'ACME').set(session, close + 0.25);
    site.fmp.failWith(json(500, {}));
    const held = await holdAll();
    await site.runBatch();
    await expectAllRight(held);
    expect((await adminQuality()).revised.bars).toEqual([]);
  });
});

/** Equity of each session. */
const equitiesOf = async (portfolioId: string) => equitiesIn(await bookFiguresOf(site.db, portfolioId));
const equitiesIn = (figures: string) => [...figures.matchAll(/"equity": ([-\d.]+)/g)].map(([, equity]) => equity);
