// Quantity and entry price of one row.

import type { PositionRow } from './parse.js';
import {
  decimalsOf,
  magnitudeInUnits,
  parseDecimal,
  plainNumberAdvice,
  wholeDigitsOf,
  type DecimalText,
} from './decimal-text.js';
import type { InvestmentClass } from './investment-classes.js';
import { got, type ReportFault } from './row-errors.js';

const QUANTITY_DECIMALS = 6;
const PRICE_DECIMALS_MAX = 4;
/** Quantities are below 1 billion, prices below 10 million, position values below 100 billion. */
const QUANTITY_WHOLE_DIGITS = 9;
const PRICE_WHOLE_DIGITS = 7;
const VALUE_WHOLE_DIGITS = 11;

/** Decimals a price of this class may have. */
export function priceDecimals(investmentClass: InvestmentClass | null): number {
  return investmentClass === 'PUBLIC' || investmentClass === 'PRIVATE' ? 2 : PRICE_DECIMALS_MAX;
}

/** Whether a price, of either sign, is 10 million or more. */
export function isPriceTooLarge(price: DecimalText): boolean {
  return wholeDigitsOf(price) > PRICE_WHOLE_DIGITS;
}

/** Whether quantity × multiplier × price, whatever the signs, is 100 billion or more. */
export function isValueTooLarge(quantity: DecimalText, price: DecimalText, investmentClass: InvestmentClass): boolean {
  const multiplier = investmentClass === 'OPTIONS' ? 100n : 1n;
  const wholeDigits = wholeDigitsOf(quantity) + wholeDigitsOf(price) + (multiplier === 1n ? 0 : 2);
  if (wholeDigits <= VALUE_WHOLE_DIGITS) return false;
  const value = magnitudeInUnits(quantity, QUANTITY_DECIMALS) * multiplier * magnitudeInUnits(price, PRICE_DECIMALS_MAX);
  return value >= 10n ** BigInt(VALUE_WHOLE_DIGITS + QUANTITY_DECIMALS + PRICE_DECIMALS_MAX);
}

/** The quantity, negative for a short; null when it is at fault. */
export function checkQuantity(cells: PositionRow['cells'], report: ReportFault): DecimalText | null {
  const cell = cells.quantity;
  if (cell === '') {
    return report(
      'ERR_POS_004',
      'quantity',
      'Quantity is required: the number of shares, units or contracts, negative for a short',
      cell,
    );
  }
  const quantity = parseDecimal(cell);
  if (quantity === null) {
    return report(
      'ERR_POS_005',
      'quantity',
      `Quantity must look like 100 or -12.5; ${got(cell)}: ${plainNumberAdvice(cell)}`,
      cell,
    );
  }
  if (quantity === '0') {
    return report('ERR_POS_006', 'quantity', 'Quantity must not be zero; write the number held or remove the row', cell);
  }
  if (decimalsOf(quantity) > QUANTITY_DECIMALS) {
    return report('ERR_POS_007', 'quantity', `Quantity may have at most ${QUANTITY_DECIMALS} decimals; ${got(cell)}`, cell);
  }
  if (wholeDigitsOf(quantity) > QUANTITY_WHOLE_DIGITS) {
    return report('ERR_POS_005', 'quantity', `Quantity is too large: it must be below 1 billion; ${got(cell)}`, cell);
  }
  return quantity;
}

/** The entry price per share, above zero; null when it is at fault. */
export function checkEntryPrice(
  cells: PositionRow['cells'],
  investmentClass: InvestmentClass | null,
  report: ReportFault,
): DecimalText | null {
  const cell = cells.entry_price_per_share;
  const field = 'entry_price_per_share';
  if (cell === '') {
    return report('ERR_POS_008', field, 'Entry Price Per Share is required: what one share, unit or option share cost', cell);
  }
  const price = parseDecimal(cell);
  if (price === null) {
    return report(
      'ERR_POS_009',
      field,
      `Entry Price Per Share must look like 150.25; ${got(cell)}: ${plainNumberAdvice(cell)}`,
      cell,
    );
  }
  if (price === '0' || price.startsWith('-')) {
    const message = `Entry Price Per Share must be above zero (a short has a negative Quantity); ${got(cell)}`;
    return report('ERR_POS_010', field, message, cell);
  }
  const decimals = priceDecimals(investmentClass);
  if (decimalsOf(price) > decimals) {
    const message = `Entry Price Per Share may have at most ${decimals} decimals for ${investmentClass ?? 'any class'}; ${got(cell)}`;
    return report('ERR_POS_011', field, message, cell);
  }
  if (isPriceTooLarge(price)) {
    return report('ERR_POS_009', field, `Entry Price Per Share is too large: it must be below 10 million; ${got(cell)}`, cell);
  }
  return price;
}
