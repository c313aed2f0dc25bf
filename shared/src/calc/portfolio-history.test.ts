import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lotValueE4, parseScaled } from './exact-value.js';
import type { Lot, LotPricing } from './lot-history.js';
import { lotHistory } from './lot-history.js';
import { portfolioHistory, type ChainStart, type Flow } from './portfolio-history.js';
import type { PortfolioLot } from './portfolio-sums.js';
import { carryForward, type DividendEvent, type SessionAxis, type SplitEvent, type SymbolCloses } from './price-series.js';

const E4 = 10_000;

function axisOf(length: number): SessionAxis {
  const dateOf = (index: number) => new Date(Date.UTC(2024, 0, 1 + index)).toISOString().slice(0, 10);
  return { sessions: Array.from({ length }, (_, i) => dateOf(100 + i)), firstIndex: 100, dateOf };
}

type LotSpec = Readonly<{
  quantity: string;
  entry: string;
  entryIndex: number;
  exit?: string;
  exitIndex?: number;
  closes?: readonly (string | null)[];
  multiplier?: number;
  splits?: readonly SplitEvent[];
  dividends?: readonly DividendEvent[];
  isOption?: boolean;
}>;

const priceE6 = (price: string) => Number(parseScaled(price, 6));

function runOf({ firstIndex }: SessionAxis, closes: readonly (string | null)[]): SymbolCloses {
  return {
    before: null,
    firstIndex,
    closeE6: Float64Array.from(closes, (close) => (close === null ? Number.NaN : priceE6(close))),
  };
}

function pricing(axis: SessionAxis, { closes = [], splits = [], dividends = [], isOption = false }: LotSpec): LotPricing {
  if (isOption) {
    const markE6 = Float64Array.from(axis.sessions, (_, i) => (closes[i] == null ? Number.NaN : priceE6(closes[i]!)));
    return { by: 'model', markE6, fresh: new Uint8Array(axis.sessions.length).fill(1) };
  }
  return { by: 'close', series: carryForward(axis, runOf(axis, closes), splits, dividends) };
}

function lotOf(axis: SessionAxis, spec: LotSpec): Lot {
  const size = { quantityE8: parseScaled(spec.quantity, 8), multiplier: spec.multiplier ?? 1 };
  return {
    size,
    entryDate: axis.dateOf(axis.firstIndex + spec.entryIndex),
    entryIndex: Math.max(spec.entryIndex, -1),
    entryValueE4: lotValueE4(size, priceE6(spec.entry)),
    exitIndex: spec.exitIndex ?? Infinity,
    exitValueE4: spec.exit === undefined ? 0 : lotValueE4(size, priceE6(spec.exit)),
    pricing: pricing(axis, spec),
  };
}

/** Of sessions 1 … of the axis. */
function pnlOf(spec: LotSpec, length = spec.closes?.length ?? 3): readonly number[] {
  const { first, pnlE4 } = lotHistory(axisOf(length), lotOf(axisOf(length), spec));
  return Array.from({ length: length - 1 }, (_, at) => (pnlE4[at + 1 - first] ?? 0) / E4);
}

describe('P&L of a lot', () => {
  test.each<[string, LotSpec, readonly number[]]>([
    ['2 long calls 4 → 5', { quantity: '2', multiplier: 100, entry: '3', entryIndex: -1, closes: ['4', '5'] }, [200]],
    ['10 shares 20 → 21', { quantity: '10', entry: '15', entryIndex: -1, closes: ['20', '21'] }, [10]],
    [
      'a lot opened in the session earns from its entry',
      { quantity: '100', entry: '150', entryIndex: 1, closes: ['149', '151', '152'] },
      [100, 100],
    ],
    [
      '40 bought at 150 and sold at 160 in one session',
      { quantity: '40', entry: '150', entryIndex: 1, exit: '160', exitIndex: 1, closes: ['1', '2', '3'] },
      [400, 0],
    ],
    [
      'short 100 at 200, covered at 180',
      { quantity: '-100', entry: '200', entryIndex: 1, exit: '180', exitIndex: 2, closes: ['210', '190', '185'] },
      [1000, 1000],
    ],
    ['short 10 at 50 → 48', { quantity: '-10', entry: '50', entryIndex: 0, closes: ['50', '48'] }, [20]],
    [
      'a missed close carries forward and is made up for later',
      { quantity: '3', entry: '100', entryIndex: -1, closes: ['100', null, '95'] },
      [0, -15],
    ],
    [
      'after its exit a lot earns nothing',
      { quantity: '1', entry: '1', entryIndex: -1, exit: '3', exitIndex: 1, closes: ['2', '9', '9'] },
      [1, 0],
    ],
    [
      '5 calls entry 2.50 at 3.75',
      { quantity: '5', multiplier: 100, entry: '2.50', entryIndex: 1, closes: ['0', '3.75'], isOption: true },
      [625],
    ],
    [
      'a lot without any close stays at its entry price',
      { quantity: '5', entry: '20', entryIndex: -1, closes: [null, null, '21'] },
      [0, 5],
    ],
  ])('%s', (_, spec, expected) => {
    expect(pnlOf(spec)).toEqual(expected);
  });

  test('a 4:1 split changes the quantity on read and earns nothing', () => {
    const axis = axisOf(3);
    const splits = [{ exDate: axis.sessions[1]!, ratio: { numerator: 4, denominator: 1 } }];
    expect(pnlOf({ quantity: '10', entry: '400', entryIndex: -1, closes: ['400', '100', '101'], splits })).toEqual([0, 40]);
  });

  test('a close carried over a split is not taken for a price after it', () => {
    const axis = axisOf(3);
    const splits = [{ exDate: axis.sessions[1]!, ratio: { numerator: 4, denominator: 1 } }];
    expect(pnlOf({ quantity: '10', entry: '400', entryIndex: -1, closes: ['400', null, '101'], splits })).toEqual([0, 40]);
  });

  test('a dividend is income on the ex-date for who held the shares before, and a cost to a short', () => {
    const axis = axisOf(3);
    const dividends = [{ exDate: axis.sessions[1]!, amountE8: parseScaled('0.82', 8) }];
    const closes = ['100', '99.18', '99.18'];
    expect(pnlOf({ quantity: '10', entry: '100', entryIndex: -1, closes, dividends })).toEqual([0, 0]);
    expect(pnlOf({ quantity: '-10', entry: '100', entryIndex: -1, closes, dividends })).toEqual([0, 0]);
    expect(pnlOf({ quantity: '10', entry: '99', entryIndex: 1, closes, dividends })).toEqual([1.8, 0]);
    expect(pnlOf({ quantity: '10', entry: '99', entryIndex: -1, exit: '100', exitIndex: 1, closes, dividends })).toEqual([
      8.2, 0,
    ]);
  });
});

function portfolioOf(axis: SessionAxis, specs: readonly LotSpec[], start: ChainStart, flows: readonly Flow[] = []) {
  const lots: PortfolioLot[] = specs.map((spec) => ({
    lot: lotOf(axis, spec),
    isOption: spec.isOption ?? false,
    isPrivate: false,
    deltaE4: null,
  }));
  return portfolioHistory(axis, { lots, flows, start }).figures;
}

describe('a portfolio', () => {
  test('adds exposures up by sign, options also on their own', () => {
    const axis = axisOf(2);
    const option = { multiplier: 100, entryIndex: -1, isOption: true } as const;
    const [figures] = portfolioOf(
      axis,
      [
        { quantity: '100', entry: '100', entryIndex: -1, closes: ['100', '100'] },
        { quantity: '-50', entry: '100', entryIndex: -1, closes: ['100', '100'] },
        { ...option, quantity: '10', entry: '3', closes: ['3', '3'] },
        { ...option, quantity: '-10', entry: '2', closes: ['2', '2'] },
      ],
      { from: 'anchor', index: 1, equityE4: 50_000 * E4 },
    );
    expect(figures).toMatchObject({
      grossE4: 20_000 * E4,
      netE4: 6_000 * E4,
      longE4: 13_000 * E4,
      shortE4: -7_000 * E4,
      optionsE4: 5_000 * E4,
      cashE4: 44_000 * E4,
      longCount: 2,
      shortCount: 2,
      optionCount: 2,
      positionCount: 4,
    });
  });

  test('continues from a stored session: 150,000 and P&L 2,000 are 152,000, return 0.013333, cumulative 7,000', () => {
    const axis = axisOf(2);
    const specs = [{ quantity: '1000', entry: '8', entryIndex: -1, closes: ['10', '12'] }];
    const start = { from: 'previous', equityE4: 150_000 * E4, cumulativePnlE4: 5_000 * E4 } as const;
    const [figures] = portfolioOf(axis, specs, start);
    expect(figures).toMatchObject({ equityE4: 152_000 * E4, cumulativePnlE4: 7_000 * E4 });
    expect(figures!.dailyReturn).toBeCloseTo(0.013333, 6);
    const [withFlow] = portfolioOf(axis, specs, start, [{ index: 1, amountE4: 10_000 * E4 }]);
    expect(withFlow).toMatchObject({ equityE4: 162_000 * E4, flowE4: 10_000 * E4 });
    expect(withFlow!.dailyReturn).toBe(2_000 / 160_000);
  });

  test('a withdrawal moves equity and is no base of the return', () => {
    const start = { from: 'previous', equityE4: 150_000 * E4, cumulativePnlE4: 0 } as const;
    const [figures] = portfolioOf(axisOf(2), [], start, [{ index: 1, amountE4: -150_000 * E4 }]);
    expect(figures).toMatchObject({ equityE4: 0, cashE4: 0, dailyReturn: 0 });
  });

  test('says what is stale and how much is covered', () => {
    const [figures] = portfolioOf(
      axisOf(2),
      [
        { quantity: '3', entry: '100', entryIndex: -1, closes: ['100', '100'] },
        { quantity: '1', entry: '100', entryIndex: -1, closes: ['100', null] },
      ],
      { from: 'anchor', index: 1, equityE4: 1_000 * E4 },
    );
    expect(figures).toMatchObject({ valuation: 'partial', coverage: 0.75, oldestCloseIndex: 100 });
  });

  const price = fc.integer({ min: 1, max: 10 ** 6 }).map((cents) => (cents / 100).toFixed(2));
  const anyLot = fc
    .record({
      quantity: fc
        .integer({ min: -(10 ** 8), max: 10 ** 8 })
        .filter((q) => q !== 0)
        .map((q) => (q / 1000).toFixed(3)),
      entry: price,
      exit: price,
      entryIndex: fc.integer({ min: -1, max: 9 }),
      days: fc.option(fc.integer({ min: 0, max: 9 })),
      closes: fc.array(fc.option(price), { minLength: 10, maxLength: 10 }),
    })
    .map(({ days, exit, ...lot }): LotSpec =>
      days === null ? lot : { ...lot, exit, exitIndex: Math.max(lot.entryIndex, 0) + days },
    );
  const flows = fc.array(
    fc.record({ index: fc.integer({ min: 1, max: 9 }), amountE4: fc.integer({ min: -(10 ** 9), max: 10 ** 9 }) }),
    { maxLength: 3 },
  );

  test('chains equity exactly on both sides of the anchor, whatever the lots and flows', () => {
    fc.assert(
      fc.property(fc.array(anyLot, { maxLength: 6 }), flows, fc.integer({ min: 1, max: 9 }), (lots, moves, index) => {
        const figures = portfolioOf(axisOf(10), lots, { from: 'anchor', index, equityE4: 123_456_789 }, moves);
        expect(figures[index - 1]!.equityE4).toBe(123_456_789);
        for (let i = 1; i < figures.length; i++) {
          const { equityE4, pnlE4, flowE4, cashE4, netE4 } = figures[i]!;
          expect(equityE4).toBe(figures[i - 1]!.equityE4 + pnlE4 + flowE4);
          expect(cashE4).toBe(equityE4 - netE4);
        }
      }),
    );
  });

  test('continued from any session it gives the very figures of the whole history', () => {
    fc.assert(
      fc.property(fc.array(anyLot, { minLength: 1, maxLength: 5 }), fc.integer({ min: 1, max: 8 }), (lots, cut) => {
        const whole = portfolioOf(axisOf(10), lots, { from: 'anchor', index: 1, equityE4: 5_000_000 });
        const last = whole[cut - 1]!;
        const full = axisOf(10);
        const axis = { ...full, sessions: full.sessions.slice(cut), firstIndex: full.firstIndex + cut };
        // The same lots, seen from an axis that begins later: closes before it are its base, exits before it are past.
        const built = lots.map((spec) => {
          const lot = lotOf(full, spec);
          const known = runOf(full, spec.closes ?? []);
          const shifted = {
            ...lot,
            entryIndex: Math.max(lot.entryIndex - cut, -1),
            exitIndex: Math.max(lot.exitIndex - cut, -1),
          };
          return {
            lot: { ...shifted, pricing: { by: 'close' as const, series: carryForward(axis, known) } },
            isOption: false,
            isPrivate: false,
            deltaE4: null,
          };
        });
        const start = { from: 'previous', equityE4: last.equityE4, cumulativePnlE4: last.cumulativePnlE4 } as const;
        expect(portfolioHistory(axis, { lots: built, flows: [], start }).figures).toEqual(whole.slice(cut));
      }),
    );
  });

  test('the order of the lots changes no digit', () => {
    fc.assert(
      fc.property(fc.array(anyLot, { minLength: 2, maxLength: 6 }), (lots) => {
        const start = { from: 'anchor', index: 5, equityE4: 10_000_000 } as const;
        const money = (specs: readonly LotSpec[]) =>
          portfolioOf(axisOf(10), specs, start).map((figures) => ({ ...figures, coverage: null }));
        expect(money(lots.toReversed())).toEqual(money(lots));
      }),
    );
  });
});
