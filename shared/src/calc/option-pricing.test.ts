import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { xnysCalendar } from '../calendar/trading-calendar.js';
import { priceOption, yearsToExpiry, type OptionFigures, type OptionType, type PricedOption } from './option-pricing.js';

type HaugRow = PricedOption & Readonly<{ value: number }>;
type Haug = Readonly<{ prices: readonly HaugRow[]; greeks: readonly (HaugRow & Readonly<{ greek: string }>)[] }>;
type LadderFigures = Readonly<Record<'price' | 'delta' | 'gamma' | 'theta' | 'vega' | 'rho', number>>;
type LadderRow = Omit<PricedOption, 'type'> & Readonly<Record<OptionType, LadderFigures>>;

const readGolden = (name: string): unknown => JSON.parse(readFileSync(new URL(`./golden/${name}.json`, import.meta.url), 'utf8'));
const haug = readGolden('haug-european-options') as Haug;
const ladder = (readGolden('spot-ladder') as Readonly<{ rows: readonly LadderRow[] }>).rows;

describe('priceOption', () => {
  it.each(haug.prices)(
    'prices a $type, spot $spot, strike $strike, $years years, at the printed $value',
    ({ value, ...option }) => {
      expect(Math.abs(priceOption(option).price - value)).toBeLessThanOrEqual(1e-4);
    },
  );

  it.each(haug.greeks)('gives the printed $greek of a $type, strike $strike', ({ greek, value, ...option }) => {
    expect(Math.abs(greekPerYearAndUnit(priceOption(option), greek) - value)).toBeLessThanOrEqual(1e-4);
  });

  it.each(ladder)('agrees with an independent library at spot $spot, strike $strike, $years years', (row) => {
    for (const type of ['call', 'put'] as const) {
      const actual = priceOption({ ...row, type });
      expect(Math.abs(actual.price - row[type].price)).toBeLessThanOrEqual(1e-6);
      for (const greek of ['delta', 'gamma', 'theta', 'vega', 'rho'] as const) {
        expect(Math.abs(greekPerYearAndUnit(actual, greek) - row[type][greek]), `${type} ${greek}`).toBeLessThanOrEqual(1e-6);
      }
    }
  });

  it('gives the hand-checked figures of the 30-day option at the money, a day, a point and a per cent at a time', () => {
    const terms = { spot: 150, strike: 150, years: 30 / 365, volatility: 0.25, rate: 0.05 };
    const call = priceOption({ ...terms, type: 'call' });
    expect(rounded(call)).toEqual({
      price: 4.594,
      delta: 0.5371,
      gamma: 0.03695,
      thetaPerDay: -0.0816,
      vegaPerVolPoint: 0.1708,
      rhoPerPct: 0.0624,
    });
    const put = priceOption({ ...terms, type: 'put' });
    expect(rounded(put)).toEqual({
      price: 3.979,
      delta: -0.4629,
      gamma: 0.03695,
      thetaPerDay: -0.0611,
      vegaPerVolPoint: 0.1708,
      rhoPerPct: -0.0603,
    });
  });

  it('is intrinsic value with the delta of the shares and no other Greek once expired', () => {
    const terms = { spot: 110, strike: 100, volatility: 0.3, rate: 0.05, dividendYield: 0.02 };
    const nothing = { price: 0, delta: 0, gamma: 0, thetaPerDay: 0, vegaPerVolPoint: 0, rhoPerPct: 0 };
    for (const years of [0, -0.5]) {
      expect(priceOption({ ...terms, type: 'call', years })).toEqual({ ...nothing, price: 10, delta: 1 });
      expect(priceOption({ ...terms, type: 'put', years })).toEqual(nothing);
      expect(priceOption({ ...terms, type: 'put', strike: 120, years })).toEqual({ ...nothing, price: 10, delta: -1 });
      expect(priceOption({ ...terms, type: 'call', strike: 110, years })).toEqual(nothing);
    }
  });

  it('has a finite limit at a spot of 0 and at a volatility of 0', () => {
    const terms = { strike: 100, years: 1, rate: 0.05, dividendYield: 0.01 };
    for (const type of ['call', 'put'] as const) {
      for (const [spot, volatility] of [
        [0, 0.3],
        [0, 0],
        [90, 0],
        [100, 0],
        [110, 0],
      ] as const) {
        expect(
          Object.values(priceOption({ ...terms, type, spot, volatility })).every(Number.isFinite),
          `${type} ${spot} ${volatility}`,
        ).toBe(true);
      }
    }
    expect(priceOption({ ...terms, type: 'put', spot: 0, volatility: 0.3 }).price).toBeCloseTo(100 * Math.exp(-0.05), 12);
    expect(priceOption({ ...terms, type: 'call', spot: 110, volatility: 0 }).price).toBeCloseTo(
      110 * Math.exp(-0.01) - 100 * Math.exp(-0.05),
      12,
    );
  });

  it('refuses figures no option can have', () => {
    const option: PricedOption = { type: 'call', spot: 100, strike: 100, years: 1, volatility: 0.2, rate: 0.05 };
    for (const wrong of [{ spot: -1 }, { strike: 0 }, { volatility: -0.1 }, { rate: Number.NaN }, { years: Infinity }]) {
      expect(() => priceOption({ ...option, ...wrong })).toThrow(RangeError);
    }
  });
});

describe('for any option', () => {
  const terms = fc.record({
    spot: fc.double({ min: 0.01, max: 5000, noNaN: true }),
    strike: fc.double({ min: 0.01, max: 5000, noNaN: true }),
    years: fc.double({ min: 0.001, max: 5, noNaN: true }),
    volatility: fc.double({ min: 0.01, max: 4, noNaN: true }),
    rate: fc.double({ min: -0.02, max: 0.15, noNaN: true }),
    dividendYield: fc.double({ min: 0, max: 0.1, noNaN: true }),
  });

  it('call minus put is the share less its dividends minus the discounted strike', () => {
    fc.assert(
      fc.property(terms, (option) => {
        const difference = priceOption({ ...option, type: 'call' }).price - priceOption({ ...option, type: 'put' }).price;
        const { shareValue, strikeValue } = discounted(option);
        expect(Math.abs(difference - (shareValue - strikeValue))).toBeLessThanOrEqual(
          1e-12 * Math.max(option.spot, option.strike),
        );
      }),
    );
  });

  it('the price lies between discounted intrinsic value and the share (call) or the discounted strike (put)', () => {
    fc.assert(
      fc.property(terms, (option) => {
        const { shareValue, strikeValue } = discounted(option);
        const call = priceOption({ ...option, type: 'call' }).price;
        const put = priceOption({ ...option, type: 'put' }).price;
        const rounding = 1e-12 * Math.max(option.spot, option.strike);
        expect(call).toBeGreaterThanOrEqual(Math.max(0, shareValue - strikeValue));
        expect(put).toBeGreaterThanOrEqual(Math.max(0, strikeValue - shareValue));
        expect(call).toBeLessThanOrEqual(shareValue + rounding);
        expect(put).toBeLessThanOrEqual(strikeValue + rounding);
      }),
    );
  });

  it('the price never falls when volatility rises', () => {
    fc.assert(
      fc.property(terms, fc.double({ min: 0.001, max: 1, noNaN: true }), (option, rise) => {
        for (const type of ['call', 'put'] as const) {
          const before = priceOption({ ...option, type }).price;
          const after = priceOption({ ...option, type, volatility: option.volatility + rise }).price;
          expect(after).toBeGreaterThanOrEqual(before - 1e-12 * Math.max(option.spot, option.strike));
        }
      }),
    );
  });

  it('each Greek is the slope of the price', () => {
    const ordinary = fc.record({
      type: fc.constantFrom<OptionType>('call', 'put'),
      spot: fc.double({ min: 80, max: 120, noNaN: true }),
      strike: fc.constant(100),
      years: fc.double({ min: 0.1, max: 2, noNaN: true }),
      volatility: fc.double({ min: 0.1, max: 0.8, noNaN: true }),
      rate: fc.double({ min: 0, max: 0.1, noNaN: true }),
      dividendYield: fc.double({ min: 0, max: 0.05, noNaN: true }),
    });
    fc.assert(
      fc.property(ordinary, (option) => {
        const { delta, gamma, thetaPerDay, vegaPerVolPoint, rhoPerPct } = priceOption(option);
        expect(slope(option, 'spot', 1e-3)).toBeCloseTo(delta, 6);
        expect(slope(option, 'years', 1e-5)).toBeCloseTo(-thetaPerDay * 365, 4);
        expect(slope(option, 'volatility', 1e-5)).toBeCloseTo(vegaPerVolPoint * 100, 4);
        expect(slope(option, 'rate', 1e-5)).toBeCloseTo(rhoPerPct * 100, 4);
        const deltaChange =
          priceOption({ ...option, spot: option.spot + 1e-3 }).delta - priceOption({ ...option, spot: option.spot - 1e-3 }).delta;
        expect(deltaChange / 2e-3).toBeCloseTo(gamma, 6);
      }),
    );
  });
});

describe('yearsToExpiry', () => {
  it('counts to 16:00 in New York, whose clock may change on the way', () => {
    expect(yearsToExpiry(new Date('2025-06-18T20:00:00Z'), '2025-07-18')).toBe(30 / 365);
    expect(yearsToExpiry(new Date('2025-03-07T21:00:00Z'), '2025-03-21')).toBeCloseTo((14 - 1 / 24) / 365, 15);
  });

  it('is 0 at the close of the expiration session, and negative after it', () => {
    const { closeInstant } = xnysCalendar();
    expect(yearsToExpiry(closeInstant('2025-06-20'), '2025-06-20')).toBe(0);
    expect(yearsToExpiry(closeInstant('2025-06-23'), '2025-06-20')).toBe(-3 / 365);
  });

  it('reaches expirations on a Saturday and beyond the calendar', () => {
    expect(yearsToExpiry(new Date('2014-11-21T21:00:00Z'), '2014-11-22')).toBe(1 / 365);
    expect(yearsToExpiry(new Date('2028-01-21T21:00:00Z'), '2029-01-20')).toBe(1);
  });
});

function greekPerYearAndUnit(figures: OptionFigures, greek: string): number {
  const byName: Readonly<Record<string, number>> = {
    delta: figures.delta,
    gamma: figures.gamma,
    theta: figures.thetaPerDay * 365,
    'theta per day': figures.thetaPerDay,
    vega: figures.vegaPerVolPoint * 100,
    rho: figures.rhoPerPct * 100,
  };
  return byName[greek] ?? Number.NaN;
}

function rounded({ price, delta, gamma, thetaPerDay, vegaPerVolPoint, rhoPerPct }: OptionFigures): OptionFigures {
  const to = (digits: number, value: number): number => Number(value.toFixed(digits));
  return {
    price: to(3, price),
    delta: to(4, delta),
    gamma: to(5, gamma),
    thetaPerDay: to(4, thetaPerDay),
    vegaPerVolPoint: to(4, vegaPerVolPoint),
    rhoPerPct: to(4, rhoPerPct),
  };
}

function discounted(option: Omit<PricedOption, 'type'>): Readonly<{ shareValue: number; strikeValue: number }> {
  const { spot, strike, years, rate, dividendYield = 0 } = option;
  return { shareValue: spot * Math.exp(-dividendYield * years), strikeValue: strike * Math.exp(-rate * years) };
}

function slope(option: PricedOption, figure: 'spot' | 'years' | 'volatility' | 'rate', step: number): number {
  const up = priceOption({ ...option, [figure]: option[figure] + step }).price;
  const down = priceOption({ ...option, [figure]: option[figure] - step }).price;
  return (up - down) / (2 * step);
}
