// Numbers with sixty decimal places, for answers by another route than the product's: textbook formulas in any order, since no digit is lost.

/** A number times 10^60. */
export type Decimal = bigint;

const PLACES = 60;
export const ONE: Decimal = 10n ** BigInt(PLACES);

/** Reads digits with an optional sign and point. Throws SyntaxError for anything else. */
export function decimal(text: string): Decimal {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const magnitude = BigInt(whole + fraction.padEnd(PLACES, '0'));
  return text.startsWith('-') ? -magnitude : magnitude;
}

/** The nearest float64. */
export function toNumber(value: Decimal): number {
  const digits = (value < 0n ? -value : value).toString().padStart(PLACES + 1, '0');
  return Number(`${value < 0n ? '-' : ''}${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`);
}

export function times(a: Decimal, b: Decimal): Decimal {
  return (a * b) / ONE;
}

/** Throws RangeError for a divisor of 0. */
export function over(a: Decimal, b: Decimal): Decimal {
  return (a * ONE) / b;
}

export function sum(values: readonly Decimal[]): Decimal {
  return values.reduce((total, value) => total + value, 0n);
}

export function larger(a: Decimal, b: Decimal): Decimal {
  return a > b ? a : b;
}

/** Rounded to `places`, half away from zero. */
export function rounded(value: Decimal, places: number): Decimal {
  const unit = 10n ** BigInt(PLACES - places);
  const magnitude = (((value < 0n ? -value : value) + unit / 2n) / unit) * unit;
  return value < 0n ? -magnitude : magnitude;
}

/** By Newton's method in whole numbers. */
export function squareRoot(value: Decimal): Decimal {
  if (value < 0n) throw new RangeError('no root of a negative number');
  if (value === 0n) return 0n;
  const square = value * ONE;
  let root = 1n << BigInt(Math.ceil(square.toString(2).length / 2));
  for (;;) {
    const next = (root + square / root) / 2n;
    if (next >= root) return root;
    root = next;
  }
}

/** By its power series, at a 1024th of the exponent. */
export function exponential(exponent: Decimal): Decimal {
  const halvings = 10;
  const part = exponent / 2n ** BigInt(halvings);
  let result = 0n;
  for (let n = 1n, term = ONE; term !== 0n; n++) {
    result += term;
    term = times(term, part) / n;
  }
  for (let i = 0; i < halvings; i++) result = times(result, result);
  return result;
}

/** By Halley's method on the exponential. */
export function logarithm(value: Decimal): Decimal {
  let result = decimal(Math.log(toNumber(value)).toFixed(15));
  for (let i = 0; i < 4; i++) {
    const power = exponential(result);
    result += 2n * over(value - power, value + power);
  }
  return result;
}

/** Φ(x) = ½ + φ(x)·(x + x³/3 + x⁵/(3·5) + …). */
export function normalProbability(x: Decimal): Decimal {
  const density = over(exponential(-times(x, x) / 2n), squareRoot(2n * pi()));
  let series = 0n;
  for (let odd = 1n, term = x; term !== 0n; odd += 2n) {
    series += term;
    term = times(times(term, x), x) / (odd + 2n);
  }
  return ONE / 2n + times(density, series);
}

/** Machin's formula. */
function pi(): Decimal {
  return 4n * (4n * inverseTangent(5n) - inverseTangent(239n));
}

/** Of 1/n. */
function inverseTangent(n: bigint): Decimal {
  let result = 0n;
  for (let odd = 1n, power = ONE / n, sign = 1n; power !== 0n; odd += 2n, power /= n * n, sign = -sign)
    result += (sign * power) / odd;
  return result;
}
