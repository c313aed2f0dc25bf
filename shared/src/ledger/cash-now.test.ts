import { describe, expect, it } from 'vitest';
import { axisOf } from '../calc/price-series.js';
import { xnysCalendar } from '../calendar/trading-calendar.js';
import { cashAtAnchor, cashNow, settledCash, type ClosingCash } from './cash-now.js';
import type { LedgerFlow, LedgerLot } from './ledger.js';
import type { LotSources } from './lots.js';
import { actionEvents, priceBook, type StoredAction } from './price-book.js';

const calendar = xnysCalendar();
/** A Tuesday; 2025-06-19 is a holiday. */
const CLOSE = '2025-06-17';
const TODAY = '2025-06-23';
const E4 = 10_000;

const lot = (terms: Partial<LedgerLot> = {}): LedgerLot => ({
  positionId: 'p',
  symbol: 'A',
  investmentClass: 'PUBLIC',
  investmentSubtype: null,
  quantity: '10',
  entryPrice: '150',
  entryDate: '2025-06-02',
  exitPrice: null,
  exitDate: null,
  underlyingSymbol: null,
  strikePrice: null,
  expirationDate: null,
  optionType: null,
  ...terms,
});

describe('cash now', () => {
  const closing: ClosingCash = { date: CLOSE, cashE4: 10_000 * E4, isEstimated: false };
  const now = (lots: readonly LedgerLot[], flows: readonly LedgerFlow[] = [], actions: readonly StoredAction[] = []) =>
    cashNow({ calendar, today: TODAY, actions: new Map([['A', actionEvents(actions)]]) }, closing, { lots, flows }) / E4;

  it('is that of the close while nothing was entered since', () => {
    expect(now([lot()], [{ date: CLOSE, amount: '500.0000' }])).toBe(10_000);
  });

  it('of 10,000 is 8,500 after buying 10 at 150, and 9,250 after 5 of them were sold at 150', () => {
    expect(now([lot({ entryDate: TODAY })])).toBe(8_500);
    const sold = lot({ entryDate: TODAY, quantity: '5', exitDate: TODAY, exitPrice: '150' });
    expect(now([lot({ entryDate: TODAY, quantity: '5' }), sold])).toBe(9_250);
  });

  it('gets what older lots brought in, in the shares after a split', () => {
    const split = [{ symbol: 'A', exDate: '2025-06-18', type: 'split', numerator: 2, denominator: 1 } as const];
    expect(now([lot({ exitDate: '2025-06-20', exitPrice: '80' })], [], split)).toBe(11_600);
    expect(now([lot({ exitDate: CLOSE, exitPrice: '80' })], [], split)).toBe(10_000);
  });

  it('of a short gets the sale and pays the cover, and a contract counts a hundredfold', () => {
    expect(now([lot({ quantity: '-10', entryDate: '2025-06-18' })])).toBe(11_500);
    expect(now([lot({ quantity: '-10', exitDate: '2025-06-20', exitPrice: '140' })])).toBe(8_600);
    const call = { investmentClass: 'OPTIONS', quantity: '2', entryPrice: '4', underlyingSymbol: 'A' } as const;
    expect(now([lot({ ...call, entryDate: TODAY })])).toBe(9_200);
  });

  it('moves by the flows of days after the close, weekends too', () => {
    expect(
      now(
        [],
        [
          { date: '2025-06-21', amount: '250.0000' },
          { date: TODAY, amount: '-1000.0000' },
        ],
      ),
    ).toBe(9_250);
  });

  it('gets a dividend of shares held at the close before its ex-date, and a short pays it', () => {
    const dividend = [{ symbol: 'A', exDate: '2025-06-20', type: 'dividend', amount: '0.25' } as const];
    // The session before is the 18th.
    expect(now([lot()], [], dividend)).toBe(10_002.5);
    expect(now([lot({ quantity: '-10' })], [], dividend)).toBe(9_997.5);
    expect(now([lot({ entryDate: '2025-06-18' })], [], dividend)).toBe(10_000 - 1_500 + 2.5);
    expect(now([lot({ entryDate: '2025-06-20' })], [], dividend)).toBe(8_500);
    expect(now([lot({ exitDate: '2025-06-18', exitPrice: '150' })], [], dividend)).toBe(11_500);
    expect(now([lot({ exitDate: '2025-06-20', exitPrice: '150' })], [], dividend)).toBe(11_502.5);
    const later = [{ symbol: 'A', exDate: '2025-06-24', type: 'dividend', amount: '0.25' } as const];
    expect(now([lot()], [], later)).toBe(10_000);
  });
});

describe('cash at the anchor', () => {
  const firstIndex = calendar.sessionIndex('2025-06-16');
  const known = new Map([['A', { before: null, firstIndex, closeE6: Float64Array.of(150e6, 160e6) }]]);
  const at = (lots: readonly LedgerLot[], closes: Parameters<typeof priceBook>[1] = known) =>
    cashAtAnchor(sourcesOf('2025-06-16', CLOSE, closes), { lots, equityAsOf: CLOSE, equityBalance: '10000.0000' });

  it('is the stated balance without what the lots were worth at its close, those of that session too', () => {
    const bought = lot({ entryDate: CLOSE, quantity: '1', entryPrice: '155' });
    expect(at([lot(), bought])).toEqual({ date: CLOSE, cashE4: 8_240 * E4, isEstimated: false });
  });

  it('leaves out lots that were closed by then', () => {
    expect(at([lot({ exitDate: CLOSE, exitPrice: '1' })]).cashE4).toBe(10_000 * E4);
  });

  it('is estimated while a lot has no close: it stands at its entry price', () => {
    expect(at([lot({ entryPrice: '140' })], new Map())).toEqual({ date: CLOSE, cashE4: 8_600 * E4, isEstimated: true });
  });
});

describe('the settlement of options', () => {
  const call = (terms: Partial<LedgerLot>) =>
    lot({
      symbol: 'A250620C00150000',
      investmentClass: 'OPTIONS',
      quantity: '2',
      entryPrice: '4',
      underlyingSymbol: 'A',
      strikePrice: '150',
      expirationDate: '2025-06-20',
      optionType: 'CALL',
      ...terms,
    });
  const closes = new Map([
    ['A', { before: null, firstIndex: calendar.sessionIndex(CLOSE), closeE6: Float64Array.of(150e6, 155e6, 160e6, 165e6) }],
  ]);
  const settled = (from: string, to: string, terms: Partial<LedgerLot> = {}) =>
    settledCash(sourcesOf(from, to, closes), [call(terms)]) / E4;

  it('brings in the intrinsic value at the close of the expiry: 2 calls at 150 with the share at 160 are 2,000', () => {
    expect(settled(CLOSE, TODAY)).toBe(2_000);
    expect(settled(CLOSE, TODAY, { quantity: '-2' })).toBe(-2_000);
    expect(settled(CLOSE, TODAY, { strikePrice: '170' })).toBe(0);
  });

  it('counts once, in its own session, and not for a lot that its owner closed', () => {
    expect(settled(CLOSE, '2025-06-18')).toBe(0);
    expect(settled('2025-06-20', TODAY)).toBe(0);
    expect(settled(CLOSE, TODAY, { exitDate: '2025-06-18', exitPrice: '9' })).toBe(0);
  });
});

function sourcesOf(from: string, to: string, closes: Parameters<typeof priceBook>[1]): LotSources {
  const dated = ['2025-06-02', '2025-06-20'].map((asOf) => ({ symbol: 'A', sessionDate: asOf, asOf, closeE6: 160e6 }));
  const prices = priceBook(calendar, closes, new Map(), dated);
  return { calendar, axis: axisOf(calendar, from, to), prices, marks: new Map(), manualMarks: new Map(), optionRateOn: () => 0 };
}
