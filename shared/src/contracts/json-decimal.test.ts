import { describe, expect, it } from 'vitest';
import { decimalField, plainDecimal } from './json-decimal.js';

describe('a JSON number', () => {
  it.each([
    [0.1, '0.1'],
    [150, '150'],
    [-12.5, '-12.5'],
    [123456789.1, '123456789.1'],
    [0.000001, '0.000001'],
    [1e-7, '0.0000001'],
    [1.5e-8, '0.000000015'],
  ])('%d is the decimal %s', (value, text) => {
    expect(plainDecimal(value)).toBe(text);
  });

  it.each([Number.NaN, Infinity, 1e300, 1e-185, 5e-324])('%d is none', (value) => {
    expect(plainDecimal(value)).toBeNull();
  });

  it('is refused with a decimal too many, at its bound, and where it is no number', () => {
    const field = decimalField({ decimals: 2, below: 1_000, belowWords: '1,000' });
    expect(field.safeParse(999.99).success).toBe(true);
    for (const value of [999.999, 1_000, 1e300, Infinity, '10']) expect(field.safeParse(value).success).toBe(false);
  });
});
