import { describe, expect, it } from 'vitest';
import { priceOption, yearsToExpiry } from '../calc/option-pricing.js';
import { xnysCalendar } from '../calendar/trading-calendar.js';
import type { LedgerLot } from './ledger.js';
import { positionNow, type OptionStanding, type PriceSources } from './position-now.js';

/** In the session of Friday 2025-06-20; Wednesday's is the last complete one, Thursday was a holiday. */
const NOW = new Date('2025-06-20T15:00:00Z');
const LAST = '2025-06-18';
const OPTION: LedgerLot = {
  positionId: 'a',
  symbol: 'ACME260116C00100000',
  investmentClass: 'OPTIONS',
  investmentSubtype: 'CALL',
  quantity: '-2',
  entryPrice: '12.5',
  entryDate: '2025-06-02',
  exitPrice: null,
  exitDate: null,
  underlyingSymbol: 'ACME',
  strikePrice: '100',
  expirationDate: '2026-01-16',
  optionType: 'CALL',
};
const SHARES: LedgerLot = {
  ...OPTION,
  symbol: 'ACME',
  investmentClass: 'PUBLIC',
  investmentSubtype: null,
  quantity: '3',
  entryPrice: '100',
  underlyingSymbol: null,
  strikePrice: null,
  expirationDate: null,
  optionType: null,
};
const MODEL: OptionStanding = { sessionDate: LAST, priceE6: 14e6, priceSource: 'model', volatility: 0.3, rate: 0.04 };

const sources = (quote: { price: number; currency?: string; session?: string } | null, now = NOW): PriceSources => ({
  calendar: xnysCalendar(),
  now,
  today: '2025-06-20',
  latestSession: xnysCalendar().latestCompleteSession(now),
  quotes: new Map(
    quote === null
      ? []
      : [
          [
            'ACME',
            {
              priceE6: quote.price * 1e6,
              currency: quote.currency ?? 'USD',
              quotedAt: now,
              session: quote.session ?? '2025-06-20',
              isStale: false,
            },
          ],
        ],
  ),
  actions: new Map(),
  closes: new Map([['ACME', { symbol: 'ACME', sessionDate: LAST, closeE6: 104e6 }]]),
});
const held = (lot: LedgerLot, given: PriceSources, model: OptionStanding | null = null) =>
  positionNow(given, { entry: lot, currency: 'USD', manualPriceE6: null, model });

describe('an option', () => {
  it('stands at its model at a quote of the underlying, with the volatility of its last mark', () => {
    const years = yearsToExpiry(NOW, '2026-01-16');
    const { price } = priceOption({ type: 'call', strike: 100, spot: 110, years, volatility: 0.3, rate: 0.04 });
    const { held: now } = held(OPTION, sources({ price: 110 }), MODEL);
    expect(now).toMatchObject({ priceSource: 'quote', quantityE8: -2_00000000n, priceDate: '2025-06-20' });
    expect(now!.priceE6).toBe(Math.round(price * 1e6));
    expect(now!.valueE4).toBe(-Math.round(price * 1e6) * 2);
  });

  it('stands at that mark without a quote, and at its premium without either', () => {
    expect(held(OPTION, sources(null), MODEL).held).toMatchObject({
      priceSource: 'model',
      priceE6: 14e6,
      valueE4: -2_800e4,
      isStale: false,
    });
    expect(held(OPTION, sources({ price: 110 })).held).toMatchObject({ priceSource: 'no_price', priceE6: 12.5e6, isStale: true });
  });

  it('is held on the day it expires until that session is complete', () => {
    const lot = { ...OPTION, expirationDate: '2025-06-20' };
    expect(held(lot, sources(null), MODEL).state).toBe('open');
    expect(held(lot, sources(null, new Date('2025-06-20T20:31:00Z')), MODEL)).toMatchObject({
      state: 'expired',
      held: null,
      realisedE4: null,
    });
  });
});

describe('shares', () => {
  it('stand at the close where a quote is older than it, or of another currency', () => {
    for (const quote of [
      { price: 200, session: LAST },
      { price: 200, currency: 'EUR' },
    ]) {
      expect(held(SHARES, sources(quote)).held).toMatchObject({ priceSource: 'close', priceE6: 104e6, valueE4: 312e4 });
    }
    expect(held(SHARES, sources({ price: 105 })).held).toMatchObject({ priceSource: 'quote', valueE4: 315e4 });
  });

  it('bought since the last close stand at what they cost', () => {
    expect(held({ ...SHARES, entryDate: '2025-06-20' }, sources(null)).held).toMatchObject({
      priceSource: 'no_price',
      valueE4: 300e4,
    });
  });

  it('once sold have made their exit against their entry', () => {
    const sold = held({ ...SHARES, exitDate: LAST, exitPrice: '104.5' }, sources(null));
    expect(sold).toEqual({ state: 'closed', held: null, costE4: 300e4, realisedE4: 13.5e4 });
  });
});
