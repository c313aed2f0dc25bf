import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { impliedActions, type AdjustedHistory } from './implied-actions.js';
import type { CorporateAction, Dividend, Split } from './provider.js';

const SHARED_DATA = process.env['CLOSEBELL_SHARED_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const DAILY_RAW_AND_ADJUSTED = `${SHARED_DATA}/prices/ohlcv_lean_Apache2.csv`;
const ETF_RAW_AND_ADJUSTED = `${SHARED_DATA}/prices/etf_ohlcv_optimalhorizon_MIT.csv`;

describe('synthetic histories', () => {
  test('a constant factor, whatever the rounding, implies no action', () => {
    fc.assert(
      fc.property(
        closesArbitrary(),
        fc.double({ min: 0.05, max: 1, noNaN: true }),
        fc.integer({ min: 2, max: 6 }),
        (closes, factor, decimals) => {
          const adjustedCloses = closes.map((close) => Number((close * factor).toFixed(decimals)));
          fc.pre(adjustedCloses.every((adjusted) => adjusted > 0));
          expect(impliedActions(history(closes, adjustedCloses))).toEqual({ actions: [], warnings: [] });
        },
      ),
    );
  });

  test('dividends and splits put into a series are found again: dates, ratios and amounts', () => {
    fc.assert(
      fc.property(closesArbitrary(60), plannedActionsArbitrary(), (drift, planned) => {
        const { closes, adjustedCloses, actions } = seriesWith(drift, planned);
        const found = impliedActions(history(closes, adjustedCloses)).actions;
        expect(found.map(({ type, exDate }) => `${type} ${exDate}`)).toEqual(
          actions.map(({ type, exDate }) => `${type} ${exDate}`),
        );
        found.forEach((action, i) => expectAlike(action, actions[i] as CorporateAction));
      }),
    );
  });

  test('a split and a dividend of one day are told apart, and the dividend is per old share', () => {
    const closes = [100, 100, 50.5, 50];
    const before = 0.5 * (1 - 0.8 / 100);
    const { actions } = impliedActions(history(closes, [closes[0]! * before, closes[1]! * before, 50.5, 50].map(to4)));
    expect(actions.map(({ type }) => type)).toEqual(['split', 'dividend']);
    expect(actions[0]).toMatchObject({ numerator: 2, denominator: 1, exDate: day(2) });
    expect((actions[1] as Dividend).amount).toBeCloseTo(0.8, 2);
  });

  test('a factor that falls without a split is a warning, not a negative dividend', () => {
    const { actions, warnings } = impliedActions(history([10, 10, 10, 10], [10, 10, 9, 9]));
    expect(actions).toEqual([]);
    expect(warnings.map(({ sessionDate }) => sessionDate)).toEqual([day(2)]);
  });

  test('a factor that doubles while the price stands still is no split', () => {
    const { actions } = impliedActions(history([10, 10, 10, 10.1], [5, 5, 10, 10.1]));
    expect(actions.filter(({ type }) => type === 'split')).toEqual([]);
  });

  test.each([
    [4, 1],
    [7, 1],
    [3, 2],
    [1, 8],
    [5, 4],
    [20, 1],
    [1, 50],
  ])('%i:%i is told as it is', (numerator, denominator) => {
    const ratio = numerator / denominator;
    const { actions } = impliedActions(
      history([100, 101, 102 / ratio, 103 / ratio].map(to4), [100 / ratio, 101 / ratio, 102 / ratio, 103 / ratio].map(to4)),
    );
    expect(actions).toEqual([{ type: 'split', symbol: 'X', exDate: day(2), numerator, denominator }]);
  });

  test('arrays of unequal length are refused', () => {
    expect(() => impliedActions(history([1, 2], [1]))).toThrow(RangeError);
  });
});

describe('published histories', () => {
  test('AAPL split 7:1 on 2014-06-09 and 4:1 on 2020-08-31, and nothing else', (ctx) => {
    const { actions } = impliedActions(readHistory(ctx, DAILY_RAW_AND_ADJUSTED, 'AAPL'));
    expect(splits(actions)).toEqual(['2014-06-09 7:1', '2020-08-31 4:1']);
  });

  test('AAPL paid every quarter since 2012-08-09, in the amounts published then', (ctx) => {
    const { actions, warnings } = impliedActions(readHistory(ctx, DAILY_RAW_AND_ADJUSTED, 'AAPL'));
    const paid = new Map(dividends(actions).map(({ exDate, amount }) => [exDate, amount]));
    expect(warnings).toEqual([]);
    expect([...paid.keys()][0]).toBe('2012-08-09');
    expect(paid.size).toBe(35);
    const published = {
      '2012-08-09': 2.65,
      '2014-05-08': 3.29,
      '2014-08-07': 0.47,
      '2018-05-11': 0.73,
      '2020-05-08': 0.82,
      '2020-11-06': 0.205,
    };
    for (const [exDate, amount] of Object.entries(published)) expect(paid.get(exDate), exDate).toBeCloseTo(amount, 3);
  });

  test('USO split 1:8 on 2020-04-29 and paid nothing', (ctx) => {
    const { actions } = impliedActions(readHistory(ctx, DAILY_RAW_AND_ADJUSTED, 'USO'));
    expect(actions).toEqual([{ type: 'split', symbol: 'USO', exDate: '2020-04-29', numerator: 1, denominator: 8 }]);
  });

  test('BAC dividends of one cent are not lost in rounding', (ctx) => {
    const { actions } = impliedActions(readHistory(ctx, DAILY_RAW_AND_ADJUSTED, 'BAC'));
    const paid = dividends(actions);
    expect(paid).toHaveLength(45);
    expect(paid[0]?.amount).toBeCloseTo(0.01, 4);
  });

  test('closes that carry four decimals imply no dividends out of noise', (ctx) => {
    const financials = dividends(impliedActions(readHistory(ctx, ETF_RAW_AND_ADJUSTED, 'XLF')).actions);
    expect(financials.length).toBeGreaterThanOrEqual(40);
    expect(financials.length).toBeLessThanOrEqual(43);
    const small = impliedActions(readHistory(ctx, ETF_RAW_AND_ADJUSTED, 'SLY')).actions;
    expect(splits(small)).toEqual(['2018-06-13 2:1']);
  });

  test('raw closes and implied actions rebuild every adj_close ratio within its rounding', (ctx) => {
    for (const file of [DAILY_RAW_AND_ADJUSTED, ETF_RAW_AND_ADJUSTED]) {
      for (const one of readHistories(ctx, file).values()) expectRebuilt(one);
    }
  });
});

/** The provider's adjustment reinvests at C₋ − D, so its ratio on an ex-date is C · split / (C₋ − D). */
function expectRebuilt({ symbol, sessionDates, closes, adjustedCloses }: AdjustedHistory): void {
  const implied = impliedActions({ symbol, sessionDates, closes, adjustedCloses }).actions;
  for (let i = 1; i < closes.length; i += 1) {
    const actions = implied.filter(({ exDate }) => exDate === sessionDates[i]);
    const split = actions.find((action): action is Split => action.type === 'split');
    const paid = actions.find((action): action is Dividend => action.type === 'dividend');
    const ratio =
      (closes[i]! * (split === undefined ? 1 : split.numerator / split.denominator)) / (closes[i - 1]! - (paid?.amount ?? 0));
    const printed = adjustedCloses[i]! / adjustedCloses[i - 1]!;
    // Two adjusted closes rounded at the fourth decimal, and a close of the odd fund rounded at half a cent (told from nothing).
    const rounding =
      ratio *
      (0.00006 / adjustedCloses[i]! +
        0.00006 / adjustedCloses[i - 1]! +
        (actions.length === 0 ? 0.0008 : 0.0012) / closes[i - 1]!);
    if (Math.abs(ratio - printed) > rounding) expect.fail(`${symbol} ${sessionDates[i]}: rebuilt ${ratio}, printed ${printed}`);
  }
}

type Planned = Readonly<{ row: number; dividend: number; split: readonly [number, number] | null }>;

function plannedActionsArbitrary(): fc.Arbitrary<readonly Planned[]> {
  const one = fc.record({
    row: fc.integer({ min: 2, max: 58 }),
    dividend: fc.constantFrom(0, 0.05, 0.2, 0.5),
    split: fc.constantFrom<readonly [number, number] | null>(null, null, null, [2, 1], [3, 2], [4, 1], [1, 4]),
  });
  return fc.uniqueArray(one, { maxLength: 4, selector: ({ row }) => row });
}

/** Raw closes that walk by `drift` and fall by what is planned, with adjusted closes printed to 6 decimals. */
function seriesWith(drift: readonly number[], planned: readonly Planned[]) {
  const actions: CorporateAction[] = [];
  const closes = [200];
  const factors = [1];
  for (let row = 1; row < drift.length; row += 1) {
    const plan = planned.find((one) => one.row === row);
    const ratio = plan?.split ? plan.split[0] / plan.split[1] : 1;
    const previous = closes[row - 1]!;
    const paid = plan === undefined || plan.dividend > previous * 0.015 ? 0 : plan.dividend;
    if (plan?.split)
      actions.push({ type: 'split', symbol: 'X', exDate: day(row), numerator: plan.split[0], denominator: plan.split[1] });
    if (paid > 0) actions.push({ type: 'dividend', symbol: 'X', exDate: day(row), amount: paid });
    const move = 1 + (drift[row]! / 500 - 0.5) * 0.04;
    closes.push(Number((((previous - paid) / ratio) * move).toFixed(2)));
    factors.push((factors[row - 1]! * ratio) / (1 - paid / previous));
  }
  const last = factors.at(-1)!;
  return { closes, adjustedCloses: closes.map((close, row) => Number(((close * factors[row]!) / last).toFixed(6))), actions };
}

function expectAlike(found: CorporateAction, planned: CorporateAction): void {
  if (found.type === 'split') expect(found).toEqual(planned);
  else expect(found.amount).toBeCloseTo((planned as Dividend).amount, 2);
}

function closesArbitrary(length = 30): fc.Arbitrary<number[]> {
  return fc.array(
    fc.integer({ min: 100, max: 50_000 }).map((cents) => cents / 100),
    { minLength: length, maxLength: length },
  );
}

function history(closes: readonly number[], adjustedCloses: readonly number[]): AdjustedHistory {
  return { symbol: 'X', sessionDates: closes.map((_, row) => day(row)), closes, adjustedCloses };
}

function day(row: number): string {
  return `day-${String(row).padStart(3, '0')}`;
}

function to4(price: number): number {
  return Number(price.toFixed(4));
}

function splits(actions: readonly CorporateAction[]): readonly string[] {
  return actions
    .filter((action): action is Split => action.type === 'split')
    .map(({ exDate, numerator, denominator }) => `${exDate} ${numerator}:${denominator}`);
}

function dividends(actions: readonly CorporateAction[]): readonly Dividend[] {
  return actions.filter((action): action is Dividend => action.type === 'dividend');
}

type Skippable = Readonly<{ skip: (note?: string) => never }>;

function readHistory(ctx: Skippable, file: string, symbol: string): AdjustedHistory {
  const found = readHistories(ctx, file).get(symbol);
  if (found === undefined) throw new Error(`${symbol} is not in ${file}`);
  return found;
}

function readHistories(ctx: Skippable, file: string): ReadonlyMap<string, AdjustedHistory> {
  if (!existsSync(file)) {
    console.warn(`SKIPPED: price histories not found at ${file}; set CLOSEBELL_SHARED_DATA`);
    ctx.skip('price histories absent');
  }
  const histories = new Map<string, { symbol: string; sessionDates: string[]; closes: number[]; adjustedCloses: number[] }>();
  for (const line of readFileSync(file, 'utf8').trim().split('\n').slice(1)) {
    const [symbol = '', date = '', , , , close = '', adjusted = ''] = line.split(',');
    const one = histories.get(symbol) ?? { symbol, sessionDates: [], closes: [], adjustedCloses: [] };
    histories.set(symbol, one);
    one.sessionDates.push(date);
    one.closes.push(Number(close));
    one.adjustedCloses.push(Number(adjusted));
  }
  return histories;
}
