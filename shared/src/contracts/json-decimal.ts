// Money and quantities come as JSON numbers and are reckoned as decimals: the shortest decimal of a number is the one that was meant.
import { z } from 'zod';
import { decimalsOf, parseDecimal } from '../csv/decimal-text.js';

/** The number as a plain decimal, never with an exponent; null for one no decimal of 20 places can say. */
export function plainDecimal(value: number): string | null {
  const text = String(value);
  if (!text.includes('e-')) return parseDecimal(text);
  const fixed = value.toFixed(20);
  return Number(fixed) === value ? parseDecimal(fixed) : null;
}

/** A number in a request with so many decimals at most, below `below`. The endpoint adds the lower bound it needs. */
export function decimalField({ decimals, below, belowWords }: Readonly<{ decimals: number; below: number; belowWords: string }>) {
  return z
    .number()
    .lt(below, `must be below ${belowWords}`)
    .refine((value) => hasDecimals(value, decimals), `may have at most ${decimals} decimals`);
}

function hasDecimals(value: number, decimals: number): boolean {
  const text = plainDecimal(value);
  return text !== null && decimalsOf(text) <= decimals;
}
