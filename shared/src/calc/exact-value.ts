// The value of a lot, exact to the fourth decimal: the one rounding of the whole ledger. Everything else adds these integers up.

/** A ratio of new shares to old ones, in lowest terms or not; 1:1 where nothing split. */
export type ShareRatio = Readonly<{ numerator: number; denominator: number }>;

export const NO_SPLIT: ShareRatio = { numerator: 1, denominator: 1 };

/** What does not change over a lot's life: its signed quantity in 1e-8 units and how many units a contract stands for. */
export type LotSize = Readonly<{ quantityE8: bigint; multiplier: number }>;

/**
 * quantity × multiplier × price × ratio in units of 1e-4, rounded half away from zero; negative for a short.
 *
 * float64 decides unless the product lies so near a tie that its own error could tip it; then BigInt decides.
 * Throws when the value leaves the safe integers (|value| ≥ 9.007e11 money units).
 *
 * @param priceE6 price in units of 1e-6, a non-negative integer
 */
export function lotValueE4(size: LotSize, priceE6: number, ratio: ShareRatio = NO_SPLIT): number {
  return lotValuer(size, ratio)(priceE6);
}

/** The same for many prices of one lot: what they share is worked out once. */
export function lotValuer(size: LotSize, ratio: ShareRatio = NO_SPLIT): (priceE6: number) => number {
  const units = (Number(size.quantityE8) * size.multiplier * ratio.numerator) / ratio.denominator;
  return (priceE6) => {
    const product = Math.abs(units * priceE6) / 1e10;
    const whole = Math.floor(product);
    // Five roundings of relative size 2^-53 lie behind `product`; eight times that is a safe bound.
    const doubt = product * 2 ** -50;
    const fraction = product - whole;
    if (Math.abs(fraction - 0.5) <= doubt || product > 2 ** 49) return exactValueE4(size, priceE6, ratio);
    return signed(fraction > 0.5 ? whole + 1 : whole, units);
  };
}

/** The same by integers only: slow, and never in doubt. */
export function exactValueE4({ quantityE8, multiplier }: LotSize, priceE6: number, ratio: ShareRatio = NO_SPLIT): number {
  const dividend = quantityE8 * BigInt(multiplier) * BigInt(priceE6) * BigInt(ratio.numerator);
  const divisor = 10n ** 10n * BigInt(ratio.denominator);
  const magnitude = dividend < 0n ? -dividend : dividend;
  const rounded = (2n * magnitude + divisor) / (2n * divisor);
  return assertSafe(signed(Number(rounded), dividend < 0n ? -1 : 1), 'the value of a lot');
}

/** −0 would show as "-0" in a hash: zero has one spelling. */
function signed(magnitude: number, sign: number): number {
  if (magnitude === 0) return 0;
  return sign < 0 ? -magnitude : magnitude;
}

/** Sums of 1e-4 units are exact as long as they stay below 2^53. */
export function assertSafe(valueE4: number, what: string): number {
  if (!Number.isSafeInteger(valueE4)) throw new RangeError(`${what} is too large to be exact: ${valueE4} in units of 0.0001`);
  return valueE4;
}

/** Adds money up in whole units of 1e-4, so that the sum has no digits that its parts lack. */
export function addMoney(values: readonly number[]): number {
  return values.reduce((sumE4, value) => sumE4 + Math.round(value * 1e4), 0) / 1e4;
}

/** Reads a plain decimal such as '-12.5' as an integer of 10^-decimals. Throws on anything else, also on lost digits. */
export function parseScaled(text: string, decimals: number): bigint {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  const [, sign, whole = '', fraction = ''] = match ?? [];
  if (match === null || /[^0]/.test(fraction.slice(decimals)))
    throw new TypeError(`'${text}' is no decimal of ${decimals} places`);
  const magnitude = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
  return sign === '-' ? -magnitude : magnitude;
}

/** Writes an integer of 10^-decimals as a plain decimal with all its places: 15000 in 1e-4 units is '1.5000'. */
export function formatScaled(value: bigint | number, decimals: number): string {
  const digits = (value < 0 ? -BigInt(value) : BigInt(value)).toString().padStart(decimals + 1, '0');
  const split = digits.length - decimals;
  return `${value < 0 ? '-' : ''}${digits.slice(0, split)}.${digits.slice(split)}`;
}
