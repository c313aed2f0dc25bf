import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { impliedVolatility, type QuotedOption } from './implied-volatility.js';
import { priceOption, type OptionType } from './option-pricing.js';

type GoldenRow = QuotedOption & Readonly<{ volatility: number; volatilityError: number | null; solvable: boolean }>;
const golden = (
  JSON.parse(readFileSync(new URL('./golden/implied-volatility.json', import.meta.url), 'utf8')) as { rows: readonly GoldenRow[] }
).rows;

const quoted: QuotedOption = { type: 'call', premium: 5, spot: 100, strike: 100, years: 0.25, rate: 0.05 };

describe('impliedVolatility', () => {
  it.each(golden.filter(({ solvable }) => solvable))(
    'finds $volatility in a $type premium of $premium, strike $strike',
    (row) => {
      const answer = impliedVolatility(row);
      if (!answer.ok) return expect.fail(answer.reason);
      // The file counts one rounding of the premium; spot and strike, larger in the money, are rounded too.
      const roundings = 4 * (Math.max(row.spot, row.strike) / row.premium);
      expect(Math.abs(answer.volatility - row.volatility)).toBeLessThanOrEqual(1e-11 + roundings * (row.volatilityError ?? 0));
    },
  );

  it.each(golden.filter(({ solvable }) => !solvable))(
    'gives no figure for a $type premium of $premium, strike $strike, which has lost it',
    (row) => {
      expect(impliedVolatility(row)).toMatchObject({ ok: false });
    },
  );

  it('tells a premium below intrinsic value', () => {
    expect(impliedVolatility({ ...quoted, spot: 120, premium: 19 })).toEqual({ ok: false, reason: 'below_intrinsic' });
    expect(impliedVolatility({ ...quoted, premium: -0.01 })).toEqual({ ok: false, reason: 'below_intrinsic' });
    expect(impliedVolatility({ ...quoted, type: 'put', strike: 150, premium: 45 })).toEqual({
      ok: false,
      reason: 'below_intrinsic',
    });
  });

  it('tells a premium no option can have: the share for a call, the discounted strike for a put', () => {
    expect(impliedVolatility({ ...quoted, premium: 100 })).toEqual({ ok: false, reason: 'above_maximum' });
    expect(impliedVolatility({ ...quoted, type: 'put', premium: 99.5 })).toEqual({ ok: false, reason: 'above_maximum' });
    expect(impliedVolatility({ ...quoted, spot: 0, premium: 1 })).toEqual({ ok: false, reason: 'above_maximum' });
  });

  it('tells a premium that is intrinsic value and nothing more', () => {
    const intrinsic = 150 - 100 * Math.exp(-0.05 * 0.25);
    expect(impliedVolatility({ ...quoted, spot: 150, premium: intrinsic })).toEqual({ ok: false, reason: 'unresolvable' });
    expect(impliedVolatility({ ...quoted, strike: 150, premium: 0 })).toEqual({ ok: false, reason: 'unresolvable' });
  });

  it('tells an expired option before anything else', () => {
    expect(impliedVolatility({ ...quoted, years: 0 })).toEqual({ ok: false, reason: 'expired' });
    expect(impliedVolatility({ ...quoted, years: -0.1, premium: 1000 })).toEqual({ ok: false, reason: 'expired' });
  });

  it('refuses figures no option can have', () => {
    for (const wrong of [{ premium: Number.NaN }, { strike: -1 }, { spot: Infinity }]) {
      expect(() => impliedVolatility({ ...quoted, ...wrong })).toThrow(RangeError);
    }
  });

  it('gives back the volatility an option was priced with, or says it is unresolvable', () => {
    const priced = fc.record({
      type: fc.constantFrom<OptionType>('call', 'put'),
      spot: fc.double({ min: 1, max: 1000, noNaN: true }),
      strike: fc.double({ min: 1, max: 1000, noNaN: true }),
      years: fc.double({ min: 0.002, max: 3, noNaN: true }),
      volatility: fc.double({ min: 0.02, max: 4, noNaN: true }),
      rate: fc.double({ min: 0, max: 0.1, noNaN: true }),
      dividendYield: fc.double({ min: 0, max: 0.05, noNaN: true }),
    });
    fc.assert(
      fc.property(priced, (option) => {
        const { price } = priceOption(option);
        const answer = impliedVolatility({ ...option, premium: price });
        if (answer.ok) {
          const again = priceOption({ ...option, volatility: answer.volatility }).price;
          expect(Math.abs(again - price)).toBeLessThanOrEqual(1e-12 * Math.max(option.spot, option.strike));
          expect(Math.abs(answer.volatility - option.volatility)).toBeLessThanOrEqual(1e-6);
        } else {
          // Only where a change of a tenth of a volatility point hardly shows in the price.
          expect(priceOption(option).vegaPerVolPoint / 10).toBeLessThan(1e-4 * option.spot);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
