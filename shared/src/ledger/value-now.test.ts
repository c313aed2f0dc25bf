import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { lotHistory } from '../calc/lot-history.js';
import { portfolioHistory } from '../calc/portfolio-history.js';
import { axisOf } from '../calc/price-series.js';
import { xnysCalendar } from '../calendar/trading-calendar.js';
import { bookedFlows } from './flows.js';
import type { LedgerFlow, LedgerLot } from './ledger.js';
import { buildLots } from './lots.js';
import { actionEvents, priceBook, type StoredAction } from './price-book.js';
import { valueNow, type CurrentQuote, type LotSince, type NowSources, type PortfolioSince } from './value-now.js';

const calendar = xnysCalendar();
const SNAPSHOT = '2025-06-17';
/** Three sessions later: 2025-06-19 is a holiday. */
const TODAY = '2025-06-23';
const NOW = calendar.closeInstant(TODAY);
const RATE = 0.04;

const lot = (terms: Partial<LedgerLot> = {}): LedgerLot => ({
  positionId: 'p',
  symbol: 'A',
  investmentClass: 'PUBLIC',
  investmentSubtype: null,
  quantity: '10',
  entryPrice: '90',
  entryDate: '2025-06-02',
  exitPrice: null,
  exitDate: null,
  underlyingSymbol: null,
  strikePrice: null,
  expirationDate: null,
  optionType: null,
  ...terms,
});

const quote = (price: number, session = TODAY, terms: Partial<CurrentQuote> = {}): CurrentQuote => ({
  priceE6: Math.round(price * 1e6),
  currency: 'USD',
  quotedAt: calendar.closeInstant(session),
  session,
  isStale: false,
  ...terms,
});

const held = (entry: LedgerLot, closeValue: number, mark: LotSince['mark'] = null): LotSince => ({
  entry,
  closeValueE4: closeValue * 1e4,
  mark,
});
const opened = (entry: LedgerLot): LotSince => ({ entry, closeValueE4: null, mark: null });

function valued(
  lots: readonly LotSince[],
  quotes: Readonly<Record<string, CurrentQuote>>,
  { actions = [], flows = [] }: { actions?: readonly StoredAction[]; flows?: readonly LedgerFlow[] } = {},
) {
  const portfolio: PortfolioSince = { currency: 'USD', snapshotDate: SNAPSHOT, equityE4: 5_000 * 1e4, lots, flows };
  const { valueE4, coverage, oldestQuoteAt } = valueNow(
    { calendar, now: NOW, quotes: new Map(Object.entries(quotes)), actions: new Map([['A', actionEvents(actions)]]) },
    portfolio,
  );
  return { value: valueE4 / 1e4, coverage, oldestQuoteAt };
}

describe('a lot held at the snapshot', () => {
  it('earns its quote against its close', () => {
    expect(valued([held(lot(), 1_000)], { A: quote(103.5) })).toEqual({ value: 5_035, coverage: 1, oldestQuoteAt: NOW });
    expect(valued([held(lot({ quantity: '-10' }), -1_000)], { A: quote(103.5) }).value).toBe(4_965);
  });

  it('stays at its close without a quote of a later session, and covers nothing', () => {
    for (const quotes of [{}, { A: quote(103.5, SNAPSHOT) }, { B: quote(1) }])
      expect(valued([held(lot(), 1_000)], quotes)).toEqual({ value: 5_000, coverage: 0, oldestQuoteAt: null });
  });

  it('stays at its close when the quote is in pence or another currency', () => {
    expect(valued([held(lot(), 1_000)], { A: quote(10_350, TODAY, { currency: 'GBX' }) }).value).toBe(5_000);
  });

  it('is valued at a stale quote, which covers nothing', () => {
    expect(valued([held(lot(), 1_000)], { A: quote(103.5, TODAY, { isStale: true }) })).toMatchObject({
      value: 5_035,
      coverage: 0,
    });
  });

  it('and split since has more shares, not a cliff', () => {
    const actions: StoredAction[] = [{ symbol: 'A', type: 'split', exDate: '2025-06-20', numerator: 4, denominator: 1 }];
    expect(valued([held(lot(), 1_000)], { A: quote(25.5) }, { actions }).value).toBe(5_020);
  });

  it('and closed since earned its exit price, and then no more', () => {
    const sold = lot({ exitPrice: '104', exitDate: '2025-06-20' });
    expect(valued([held(sold, 1_000)], { A: quote(300) })).toEqual({ value: 5_040, coverage: 1, oldestQuoteAt: null });
  });

  it('and sold on a Saturday to come is still held', () => {
    const sold = lot({ exitPrice: '104', exitDate: '2025-06-28' });
    expect(valued([held(sold, 1_000)], { A: quote(101) }).value).toBe(5_010);
  });
});

describe('a lot opened since', () => {
  it('earns its quote against its entry price', () => {
    expect(valued([opened(lot({ entryDate: TODAY }))], { A: quote(92) }).value).toBe(5_020);
  });
  it('earns nothing at a quote from before it was opened, or when it opens later', () => {
    expect(valued([opened(lot({ entryDate: TODAY }))], { A: quote(92, '2025-06-20') }).value).toBe(5_000);
    expect(valued([opened(lot({ entryDate: '2025-06-24' }))], { A: quote(92) }).value).toBe(5_000);
  });
});

describe('what has no quotes', () => {
  it('cash covers, private does not, and neither moves', () => {
    const cash = held(lot({ symbol: 'CASH_USD', investmentSubtype: 'CASH' }), 600);
    const fund = held(lot({ symbol: 'FUND', investmentClass: 'PRIVATE' }), 400);
    expect(valued([cash, fund], { CASH_USD: quote(7), FUND: quote(7) })).toMatchObject({ value: 5_000, coverage: 0.6 });
  });
  it('nothing at all is covered whole', () => expect(valued([], {})).toMatchObject({ value: 5_000, coverage: 1 }));
});

describe('an option', () => {
  const call = lot({
    symbol: 'A250919C00100000',
    investmentClass: 'OPTIONS',
    quantity: '2',
    underlyingSymbol: 'A',
    strikePrice: '100',
    expirationDate: '2025-09-19',
    optionType: 'CALL',
  });
  const mark = { volatility: 0.3, rate: RATE };

  it("moves with its underlying's quote, less than the shares do", () => {
    const { value, coverage } = valued([held(call, 1_300, mark)], { A: quote(105) });
    expect(value).toBeGreaterThan(5_000);
    expect(value).toBeLessThan(5_000 + 200 * 5);
    expect(coverage).toBe(1);
  });
  it('never marked stays at its value, and so does one that has expired', () => {
    expect(valued([held(call, 1_300)], { A: quote(105) })).toMatchObject({ value: 5_000, coverage: 0 });
    const expired = lot({ ...call, expirationDate: '2025-06-20' });
    expect(valued([held(expired, 1_300, mark)], { A: quote(105) })).toMatchObject({ value: 5_000, coverage: 0 });
  });
});

it('flows since the snapshot are in it, those of a day to come are not', () => {
  const flows = [
    { date: SNAPSHOT, amount: '7' },
    { date: '2025-06-21', amount: '100.5' },
    { date: TODAY, amount: '-40' },
    { date: '2025-06-24', amount: '9' },
  ];
  expect(valued([], {}, { flows }).value).toBe(5_060.5);
});

/** Amounts with all the digits the ledger keeps. */
const decimal = (min: number, max: number, places: number) =>
  fc.integer({ min: min * 10 ** places, max: max * 10 ** places }).map((units) => (units / 10 ** places).toFixed(places));
const session = fc.constantFrom(...calendar.sessionsBetween('2025-06-10', TODAY));
const day = fc.integer({ min: 0, max: 12 }).map((days) => new Date(Date.UTC(2025, 5, 11 + days)).toISOString().slice(0, 10));

const anyLot = fc
  .record({
    symbol: fc.constantFrom('A', 'B', 'C'),
    kind: fc.constantFrom('market', 'market', 'private', 'cash', 'call'),
    quantity: fc.tuple(fc.constantFrom('', '-'), decimal(0.01, 900, 4)).map((parts) => parts.join('')),
    entryPrice: decimal(0.01, 500, 4),
    entryDate: day,
    exit: fc.option(fc.tuple(day, decimal(0.01, 500, 4))),
  })
  .map(({ kind, symbol, exit, ...terms }): LedgerLot => {
    const [exitDate, exitPrice] = exit !== null && exit[0] >= terms.entryDate ? exit : [null, null];
    const base = lot({ ...terms, symbol, exitDate, exitPrice });
    if (kind === 'private') return { ...base, investmentClass: 'PRIVATE' };
    if (kind === 'cash') return { ...base, investmentSubtype: 'CASH' };
    if (kind === 'market') return base;
    const contract = { strikePrice: '100', expirationDate: '2025-09-19', optionType: 'CALL' } as const;
    return { ...base, ...contract, investmentClass: 'OPTIONS', underlyingSymbol: symbol, entryDate: '2025-06-10' };
  });

const anyAction = fc.oneof(
  fc.record({
    type: fc.constant('split' as const),
    exDate: session,
    numerator: fc.integer({ min: 1, max: 4 }),
    denominator: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ type: fc.constant('dividend' as const), exDate: session, amount: decimal(0.01, 5, 4) }),
);

const SYMBOLS = ['A', 'B', 'C'] as const;
const anyPortfolio = fc.record({
  lots: fc.array(anyLot, { maxLength: 12 }).map((lots) => lots.map((each, at) => ({ ...each, positionId: `${at}` }))),
  flows: fc.array(fc.record({ date: day, amount: decimal(-900, 900, 4) }), { maxLength: 4 }),
  closes: fc.array(fc.array(decimal(1, 500, 6), { minLength: 9, maxLength: 9 }), { minLength: 3, maxLength: 3 }),
  actions: fc.array(fc.array(anyAction, { maxLength: 3 }), { minLength: 3, maxLength: 3 }),
  equity: decimal(-1_000, 1_000_000, 4),
});
type Portfolio = typeof anyPortfolio extends fc.Arbitrary<infer T> ? T : never;

/** The nightly calculation of the sessions after the snapshot, and what is known of the same portfolio at the last close before. */
function tonight({ lots: entries, flows, closes, actions, equity }: Portfolio) {
  const sessions = calendar.sessionsBetween('2025-06-10', TODAY);
  const axis = axisOf(calendar, SNAPSHOT, TODAY);
  const stored = new Map(
    SYMBOLS.map((symbol, s): [string, Float64Array] => [
      symbol,
      Float64Array.from(sessions, (_, i) => Math.round(Number(closes[s]![i]) * 1e6)),
    ]),
  );
  const known = new Map(
    SYMBOLS.map((symbol, s): [string, StoredAction[]] => [
      symbol,
      actions[s]!.map((action) => ({ symbol, ...action })).sort((a, b) => (a.exDate < b.exDate ? -1 : 1)),
    ]),
  );
  const first = '2025-06-10';
  const dated = SYMBOLS.map((symbol) => ({ symbol, sessionDate: first, closeE6: stored.get(symbol)![0]!, asOf: first }));
  const firstIndex = calendar.sessionIndex(first);
  const run = new Map([...stored].map(([symbol, closeE6]) => [symbol, { before: null, firstIndex, closeE6 }]));
  const prices = priceBook(calendar, run, known, dated);
  const marks = new Map(
    entries
      .filter(({ optionType }) => optionType !== null)
      .map((entry) => {
        const volatility = { volatility: 0.3, rate: RATE, source: 'entry' as const };
        const basis = { sessionDate: '2025-06-10', priceE6: 1, delta: 0.5, underlyingCloseE6: 0 };
        return [
          entry.positionId,
          new Map([['2025-06-10', { ...basis, entryCloseE6: prices.closeOn(entry.symbol, '2025-06-10'), ...volatility }]]),
        ];
      }),
  );
  const sources = { calendar, axis, prices, marks, manualMarks: new Map(), optionRateOn: () => RATE };
  const lots = buildLots(sources, entries);
  const equityE4 = Math.round(Number(equity) * 1e4);
  const history = portfolioHistory(axis, {
    lots,
    flows: bookedFlows(sources, flows),
    start: { from: 'previous', equityE4, cumulativePnlE4: 0 },
  });
  const since = lots.flatMap(({ entry, lot: { entryIndex, exitIndex }, isOption }, k): LotSince[] => {
    if (exitIndex <= 0) return [];
    const closeValueE4 = entryIndex <= 0 ? lotHistory(axis, lots[k]!.lot).valueE4[0]! : null;
    return [{ entry, closeValueE4, mark: isOption ? { volatility: 0.3, rate: RATE } : null }];
  });
  const quotes = new Map(SYMBOLS.map((symbol) => [symbol, quote(stored.get(symbol)!.at(-1)! / 1e6)]));
  const events = new Map([...known].map(([symbol, list]) => [symbol, actionEvents(list)]));
  const now: NowSources = { calendar, now: NOW, quotes, actions: events };
  const portfolio: PortfolioSince = { currency: 'USD', snapshotDate: SNAPSHOT, equityE4, lots: since, flows };
  return { equityE4: history.figures.at(-1)!.equityE4, now, portfolio };
}

test('at quotes that become the closes, the value is to the digit what the night computes', () => {
  fc.assert(
    fc.property(anyPortfolio, (any) => {
      const { equityE4, now, portfolio } = tonight(any);
      expect(valueNow(now, portfolio).valueE4).toBe(equityE4);
    }),
    { numRuns: 400 },
  );
});

test('without a quote newer than the snapshot the value is its equity, to the digit', () => {
  fc.assert(
    fc.property(anyPortfolio, (any) => {
      const { now, portfolio } = tonight(any);
      const quotes = new Map([...now.quotes].map(([symbol, each]) => [symbol, { ...each, session: SNAPSHOT }]));
      const untouched = portfolio.lots.filter(({ closeValueE4, entry }) => closeValueE4 !== null && entry.exitDate === null);
      expect(valueNow({ ...now, quotes }, { ...portfolio, lots: untouched, flows: [] }).valueE4).toBe(portfolio.equityE4);
    }),
  );
});

test('the order of lots and flows does not matter', () => {
  fc.assert(
    fc.property(anyPortfolio, (any) => {
      const { now, portfolio } = tonight(any);
      const turned = { ...portfolio, lots: portfolio.lots.toReversed(), flows: portfolio.flows.toReversed() };
      expect(valueNow(now, turned)).toEqual(valueNow(now, portfolio));
    }),
  );
});
