// Decimals as cells write them. They stay text: what the user wrote is stored, and no binary fraction comes near it.

/** A decimal without needless signs, zeros or point: '0', '-12.5', '0.0001'. */
export type DecimalText = string;

const DECIMAL = /^([+-]?)(\d+\.?\d*|\.\d+)$/;
const CHARACTERS_MAX = 40;

/** The canonical form of a plain decimal of at most 40 characters; null for anything else (1e5, $5, 1,000, NaN). */
export function parseDecimal(cell: string): DecimalText | null {
  if (cell.length > CHARACTERS_MAX) return null;
  const [, sign, digits] = DECIMAL.exec(cell) ?? [];
  if (digits === undefined) return null;
  const [whole = '', fraction = ''] = digits.split('.');
  const wholeText = whole.replace(/^0+/, '') || '0';
  const fractionText = fraction.replace(/0+$/, '');
  const magnitude = fractionText === '' ? wholeText : `${wholeText}.${fractionText}`;
  return sign === '-' && magnitude !== '0' ? `-${magnitude}` : magnitude;
}

/** Digits after the point. */
export function decimalsOf(decimal: DecimalText): number {
  const point = decimal.indexOf('.');
  return point < 0 ? 0 : decimal.length - point - 1;
}

/** Digits before the point, 1 for '0.5': |decimal| is below 10 to that power. */
export function wholeDigitsOf(decimal: DecimalText): number {
  const point = decimal.indexOf('.');
  return (point < 0 ? decimal.length : point) - (decimal.startsWith('-') ? 1 : 0);
}

/** |decimal| in whole units of 10^-decimals, exact. The decimal must not have more decimals than that. */
export function magnitudeInUnits(decimal: DecimalText, decimals: number): bigint {
  const [whole = '', fraction = ''] = decimal.replace('-', '').split('.');
  return BigInt(whole + fraction.padEnd(decimals, '0'));
}

/** What to change in a cell that is no plain decimal. */
export function plainNumberAdvice(text: string): string {
  // The start tells; a pattern over megabytes of digits would overflow the stack.
  const cell = text.slice(0, CHARACTERS_MAX);
  if (/^[+-]?(nan|inf(inity)?)$/i.test(cell)) return 'a number is needed';
  if (/^[+-]?[\d.]+e[+-]?\d+$/i.test(cell)) return 'write the number out, without an exponent';
  if (/[$€£¥]/.test(cell)) return 'leave out the currency sign';
  if (cell.includes('%')) return 'leave out the % sign';
  if (/^\(.*\)$/.test(cell)) return 'write a minus sign in place of the brackets';
  if (/^[+-]?\d+,\d{1,2}$/.test(cell)) return 'write a decimal point in place of the comma';
  if (/\d[,' \u00a0\u202f]\d/.test(cell)) return 'leave out thousands separators';
  if (/^[-+]?\d{16,}/.test(cell)) return 'the number is too large';
  return 'use digits, a decimal point and a minus sign only';
}
