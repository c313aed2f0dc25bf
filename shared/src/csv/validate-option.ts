// The option columns of one row. An OCC symbol fills those that are empty; one that is given must agree with it.

import type { ParsedOccSymbol } from '../calc/occ-symbol.js';
import { charactersMax } from './columns.js';
import { decimalsOf, parseDecimal, plainNumberAdvice, wholeDigitsOf, type DecimalText } from './decimal-text.js';
import { isIsoDate } from './date-text.js';
import type { PositionRow } from './parse.js';
import { got, type ReportFault } from './row-errors.js';
import { hasSymbolCharacters, isRootOf, normaliseSymbol, underlyingOfRoot } from './symbols.js';

export type OptionType = 'CALL' | 'PUT';

export type OptionContract = Readonly<{
  underlyingSymbol: string;
  strikePrice: DecimalText;
  expirationDate: string;
  optionType: OptionType;
}>;

/** What is known of the contract: null for what is missing or at fault. */
export type PartialContract = Readonly<{ [K in keyof OptionContract]: OptionContract[K] | null }>;

export const NO_OPTION: PartialContract = { underlyingSymbol: null, strikePrice: null, expirationDate: null, optionType: null };

/** What an OCC symbol can express. */
const STRIKE_DECIMALS = 3;
const STRIKE_WHOLE_DIGITS = 5;

/** Checks the four option columns against each other, the row's OCC symbol (null when it has none) and its entry date (null when at fault). */
export function checkOption(
  cells: PositionRow['cells'],
  occ: ParsedOccSymbol | null,
  entryDate: string | null,
  report: ReportFault,
): PartialContract {
  return {
    underlyingSymbol: checkUnderlying(cells.underlying_symbol, occ, report),
    strikePrice: checkStrike(cells.strike_price, occ, report),
    expirationDate: checkExpiration(cells.expiration_date, occ, entryDate, report),
    optionType: checkOptionType(cells, occ, report),
  };
}

/** The contract when all of it is known, else null. */
export function wholeContract({
  underlyingSymbol,
  strikePrice,
  expirationDate,
  optionType,
}: PartialContract): OptionContract | null {
  if (underlyingSymbol === null || strikePrice === null || expirationDate === null || optionType === null) return null;
  return { underlyingSymbol, strikePrice, expirationDate, optionType };
}

function checkUnderlying(cell: string, occ: ParsedOccSymbol | null, report: ReportFault): string | null {
  const field = 'underlying_symbol';
  if (cell === '') {
    if (occ !== null) return underlyingOfRoot(occ.root);
    return report(
      'ERR_POS_019',
      field,
      'Underlying Symbol is required for an option: the ticker the option is on, like SPY',
      cell,
    );
  }
  if (cell.length > charactersMax(field) || !hasSymbolCharacters(cell)) {
    const message = `Underlying Symbol may have at most ${charactersMax(field)} letters, digits and . _ - /; ${got(cell)}`;
    return report('ERR_POS_019', field, message, cell);
  }
  const underlying = normaliseSymbol(cell);
  if (occ !== null && !isRootOf(occ.root, underlying)) {
    const message = `Underlying Symbol must agree with the option symbol, which is on ${underlyingOfRoot(occ.root)}; ${got(cell)}`;
    return report('ERR_POS_019', field, message, cell);
  }
  return underlying;
}

function checkStrike(cell: string, occ: ParsedOccSymbol | null, report: ReportFault): DecimalText | null {
  const field = 'strike_price';
  if (cell === '') {
    if (occ !== null) return occ.strike;
    return report('ERR_POS_020', field, 'Strike Price is required for an option, like 460 or 152.5', cell);
  }
  const strike = parseDecimal(cell);
  if (strike === null) {
    return report(
      'ERR_POS_020',
      field,
      `Strike Price must look like 460 or 152.5; ${got(cell)}: ${plainNumberAdvice(cell)}`,
      cell,
    );
  }
  if (strike === '0' || strike.startsWith('-')) {
    return report('ERR_POS_020', field, `Strike Price must be above zero; ${got(cell)}`, cell);
  }
  if (decimalsOf(strike) > STRIKE_DECIMALS) {
    return report('ERR_POS_020', field, `Strike Price may have at most ${STRIKE_DECIMALS} decimals; ${got(cell)}`, cell);
  }
  if (wholeDigitsOf(strike) > STRIKE_WHOLE_DIGITS) {
    return report('ERR_POS_020', field, `Strike Price must be below 100000; ${got(cell)}`, cell);
  }
  if (occ !== null && strike !== occ.strike) {
    return report(
      'ERR_POS_020',
      field,
      `Strike Price must agree with the option symbol, which says ${occ.strike}; ${got(cell)}`,
      cell,
    );
  }
  return strike;
}

function checkExpiration(
  cell: string,
  occ: ParsedOccSymbol | null,
  entryDate: string | null,
  report: ReportFault,
): string | null {
  const field = 'expiration_date';
  if (cell === '' && occ === null) {
    return report('ERR_POS_021', field, 'Expiration Date is required for an option, like 2028-01-21', cell);
  }
  if (cell !== '' && !isIsoDate(cell)) {
    return report('ERR_POS_021', field, `Expiration Date must be a day of the calendar like 2028-01-21; ${got(cell)}`, cell);
  }
  if (cell !== '' && occ !== null && cell !== occ.expirationDate) {
    const message = `Expiration Date must agree with the option symbol, which says ${occ.expirationDate}; ${got(cell)}`;
    return report('ERR_POS_021', field, message, cell);
  }
  const expirationDate = occ?.expirationDate ?? cell;
  if (entryDate !== null && expirationDate < entryDate) {
    const message = `Expiration Date must not be before Entry Date ${entryDate}; ${got(expirationDate)}`;
    return report('ERR_POS_021', field, message, expirationDate);
  }
  return expirationDate;
}

/** Option Type, or what the OCC symbol or a subtype CALL or PUT say in its place. */
function checkOptionType(cells: PositionRow['cells'], occ: ParsedOccSymbol | null, report: ReportFault): OptionType | null {
  const cell = cells.option_type;
  const fromSymbol = occ === null ? null : optionTypeOf(occ.type);
  if (cell === '') {
    const optionType = fromSymbol ?? optionTypeOf(cells.investment_subtype);
    return optionType ?? report('ERR_POS_022', 'option_type', 'Option Type is required for an option: CALL or PUT', cell);
  }
  const optionType = optionTypeOf(cell);
  if (optionType === null) {
    return report('ERR_POS_022', 'option_type', `Option Type must be CALL or PUT; ${got(cell)}`, cell);
  }
  if (fromSymbol !== null && optionType !== fromSymbol) {
    const message = `Option Type must agree with the option symbol, which says ${fromSymbol}; ${got(cell)}`;
    return report('ERR_POS_022', 'option_type', message, cell);
  }
  return optionType;
}

function optionTypeOf(text: string): OptionType | null {
  const upper = text.toUpperCase();
  return upper === 'CALL' || upper === 'PUT' ? upper : null;
}
