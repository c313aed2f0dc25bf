import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exactValueE4, formatScaled, lotValueE4, parseScaled } from './exact-value.js';

const size = (quantity: string, multiplier = 1) => ({ quantityE8: parseScaled(quantity, 8), multiplier });
const priceE6 = (price: string) => Number(parseScaled(price, 6));

describe('the value of a lot', () => {
  test.each([
    ['100', '150.25', 1, 150_250_000],
    ['-100', '145', 1, -145_000_000],
    ['5', '3.75', 100, 18_750_000],
    ['0.5', '0.0001', 1, 1],
    ['-0.5', '0.0001', 1, -1],
    ['0.4', '0.0001', 1, 0],
    ['12.34567891', '9.876543', 1, 1_219_326],
  ])('%s × %s × %s is rounded once, half away from zero', (quantity, price, multiplier, expected) => {
    expect(lotValueE4(size(quantity, multiplier), priceE6(price))).toBe(expected);
  });

  test('equals the value by integers for every quantity, price and split', () => {
    const quantity = fc.bigInt({ min: -(10n ** 16n), max: 10n ** 16n });
    const price = fc.integer({ min: 0, max: 10 ** 9 });
    const ratio = fc.record({ numerator: fc.integer({ min: 1, max: 50 }), denominator: fc.integer({ min: 1, max: 50 }) });
    fc.assert(
      fc.property(quantity, price, fc.constantFrom(1, 100), ratio, (quantityE8, p, multiplier, split) => {
        const lot = { quantityE8, multiplier };
        fc.pre(Math.abs((Number(quantityE8) * multiplier * p * split.numerator) / split.denominator / 1e10) < 2 ** 52);
        expect(lotValueE4(lot, p, split)).toBe(exactValueE4(lot, p, split));
      }),
      { numRuns: 5_000 },
    );
  });

  test('equals the value by integers where the product is a tie', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 7 }), fc.boolean(), (whole, short) => {
        // quantity 0.5 × an odd price of 1e-4 steps: exactly half a unit of the last place.
        const quantityE8 = short ? -50_000_000n : 50_000_000n;
        const value = lotValueE4({ quantityE8, multiplier: 1 }, (2 * whole + 1) * 100);
        expect(value).toBe(short ? -(whole + 1) : whole + 1);
      }),
    );
  });

  test('refuses what would not be exact', () => {
    expect(() => lotValueE4(size('999999999', 100), priceE6('9999999'))).toThrow(/too large to be exact/);
  });
});

describe('scaled decimals', () => {
  test('survive the way there and back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), (value) => {
        expect(parseScaled(formatScaled(value, 4), 4)).toBe(value);
      }),
    );
  });

  test.each(['1e5', 'NaN', '', '1,000', ' 1', '0.00001', '--1', '.5'])('%j is refused at four places', (text) => {
    expect(() => parseScaled(text, 4)).toThrow(TypeError);
  });
});
