// Symbol, investment class and subtype of one row: what the row is about.

import type { ParsedOccSymbol } from '../calc/occ-symbol.js';
import { POSITION_COLUMNS, charactersMax, columnName } from './columns.js';
import {
  INVESTMENT_CLASSES,
  classesWithSubtype,
  subtypesOf,
  type InvestmentClass,
  type InvestmentSubtype,
} from './investment-classes.js';
import type { PositionRow } from './parse.js';
import { got, type ReportFault } from './row-errors.js';
import { hasSymbolCharacters, looksLikeOccSymbol, normaliseSymbol, occSymbolOf, withoutBlanks } from './symbols.js';
import { wholeContract, type PartialContract } from './validate-option.js';

const OPTION_ONLY_COLUMNS = POSITION_COLUMNS.filter(({ classes }) => classes.every((one) => one === 'OPTIONS'));

/** The class as written or, when empty, as the row tells: an option's symbol or columns, `CASH_…`, else PUBLIC. */
export function checkClass(
  cells: PositionRow['cells'],
  occ: ParsedOccSymbol | null,
  report: ReportFault,
): InvestmentClass | null {
  const cell = cells.investment_class;
  if (cell === '') return inferredClass(cells);
  const investmentClass = INVESTMENT_CLASSES.find((one) => one === cell.toUpperCase());
  if (investmentClass === undefined) {
    const message = `Investment Class must be PUBLIC, OPTIONS or PRIVATE, or empty; ${got(cell)}`;
    return report('ERR_POS_016', 'investment_class', message, cell);
  }
  if (occ !== null && investmentClass !== 'OPTIONS') {
    const message = `Investment Class must be OPTIONS or empty, because Symbol is an option symbol; ${got(cell)}`;
    return report('ERR_POS_016', 'investment_class', message, cell);
  }
  return investmentClass;
}

/** The names of the option columns that are filled in a row. */
export function filledOptionColumns(cells: PositionRow['cells']): readonly string[] {
  return OPTION_ONLY_COLUMNS.filter(({ field }) => cells[field] !== '').map(({ field }) => columnName(field));
}

/** The stored symbol; null when it is at fault. An option's is its OCC symbol, unless the user gave it a name of its own. */
export function checkSymbol(
  cells: PositionRow['cells'],
  {
    occ,
    contract,
    investmentClass,
  }: Readonly<{ occ: ParsedOccSymbol | null; contract: PartialContract; investmentClass: InvestmentClass | null }>,
  report: ReportFault,
): string | null {
  const cell = cells.symbol;
  if (occ !== null) return withoutBlanks(cell);
  if (cell === '') {
    if (investmentClass === 'OPTIONS' && cells.underlying_symbol !== '') return contractSymbol(contract, cells, report);
    const message = 'Symbol is required (an option may leave it empty when Underlying Symbol is given)';
    return report('ERR_POS_001', 'symbol', message, cell);
  }
  if (cell.length > charactersMax('symbol')) {
    const message = `Symbol may have at most ${charactersMax('symbol')} characters; this one has ${cell.length}`;
    return report('ERR_POS_002', 'symbol', message, cell);
  }
  if (looksLikeOccSymbol(cell)) {
    return report(
      'ERR_POS_003',
      'symbol',
      `Symbol reads like an option symbol with an impossible date or strike; ${got(cell)}`,
      cell,
    );
  }
  if (!hasSymbolCharacters(cell)) {
    return report('ERR_POS_003', 'symbol', `Symbol may have letters, digits and . _ - / only; ${got(cell)}`, cell);
  }
  const symbol = normaliseSymbol(cell);
  return symbol === contract.underlyingSymbol ? contractSymbol(contract, cells, report) : symbol;
}

/** The subtype, upper-case with underscores; null when the cell is empty or at fault. */
export function checkSubtype(
  cells: PositionRow['cells'],
  investmentClass: InvestmentClass | null,
  contract: PartialContract,
  report: ReportFault,
): InvestmentSubtype | null {
  const cell = cells.investment_subtype;
  if (cell === '' || investmentClass === null) return null;
  const subtype = cell.toUpperCase().replaceAll(/[ -]/g, '_');
  const allowed = subtypesOf(investmentClass);
  if (!allowed.includes(subtype)) {
    const others = classesWithSubtype(subtype);
    const advice = others.length > 0 ? ` (${subtype} belongs to Investment Class ${others.join(' or ')})` : '';
    const message = `Investment Subtype of ${investmentClass} must be one of ${allowed.join(', ')}, or empty; ${got(cell)}${advice}`;
    return report('ERR_POS_017', 'investment_subtype', message, cell);
  }
  if (contract.optionType !== null && subtype !== contract.optionType) {
    const message = `Investment Subtype must agree with the option's type, which is ${contract.optionType}; ${got(cell)}`;
    return report('ERR_POS_017', 'investment_subtype', message, cell);
  }
  return subtype as InvestmentSubtype;
}

function inferredClass(cells: PositionRow['cells']): InvestmentClass {
  if (looksLikeOccSymbol(cells.symbol) || filledOptionColumns(cells).length > 0) return 'OPTIONS';
  return cells.symbol.toUpperCase().startsWith('CASH_') ? 'PRIVATE' : 'PUBLIC';
}

/** The OCC symbol of the contract; null, without a word, when a part of it is at fault and was reported. */
function contractSymbol(partial: PartialContract, cells: PositionRow['cells'], report: ReportFault): string | null {
  const contract = wholeContract(partial);
  if (contract === null) return null;
  const symbol = occSymbolOf(contract);
  if (symbol !== null) return symbol;
  const message = `Symbol is required: no option symbol can be made from Underlying Symbol ${contract.underlyingSymbol} and the other option columns`;
  return report('ERR_POS_001', 'symbol', message, cells.symbol);
}
