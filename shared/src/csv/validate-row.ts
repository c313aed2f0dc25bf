// One row to one position, or to everything that is wrong with it.

import type { DecimalText } from './decimal-text.js';
import type { InvestmentClass, InvestmentSubtype } from './investment-classes.js';
import type { PositionRow } from './parse.js';
import { got, shownValue, type ReportFault, type RowError } from './row-errors.js';
import { looksLikeOccSymbol, occSymbolOf, readOccSymbol } from './symbols.js';
import { checkClass, checkSubtype, checkSymbol, filledOptionColumns } from './validate-classification.js';
import { checkEntryDate, checkExit, type Exit } from './validate-dates.js';
import { checkEntryPrice, checkQuantity, isValueTooLarge } from './validate-numbers.js';
import { NO_OPTION, checkOption, wholeContract, type OptionType, type PartialContract } from './validate-option.js';

/** A valid row. Decimals are text in canonical form, dates YYYY-MM-DD, symbols in their stored spelling. */
export type ParsedPosition = Readonly<{
  /** The file's line number of the row's first line. */
  row: number;
  symbol: string;
  /** Negative for a short. */
  quantity: DecimalText;
  entryPrice: DecimalText;
  entryDate: string;
  investmentClass: InvestmentClass;
  investmentSubtype: InvestmentSubtype | null;
  underlyingSymbol: string | null;
  strikePrice: DecimalText | null;
  expirationDate: string | null;
  optionType: OptionType | null;
  exitDate: string | null;
  exitPrice: DecimalText | null;
}>;

export type CheckedRow = Readonly<{
  /** Null when the row has an error. */
  position: ParsedPosition | null;
  /** What makes rows duplicates of each other; null when symbol or entry date are at fault. */
  lotKeys: LotKeys | null;
  errors: readonly RowError[];
  warnings: readonly string[];
}>;

/** `lot`: one security or contract and entry date. `exact`: prices and quantity too; null when one of them is at fault. */
export type LotKeys = Readonly<{ lot: string; exact: string | null }>;

/** Checks one row on `today`, the date in New York. */
export function checkRow(row: PositionRow, today: string): CheckedRow {
  const errors: RowError[] = [];
  const report: ReportFault = (code, field, message, value) => {
    errors.push({ row: row.line, symbol: shownValue(row.cells.symbol), code, message, field, value: shownValue(value) });
    return null;
  };
  if (row.extraCell !== null) {
    reportExtraCell(row.extraCell, report);
    return { position: null, lotKeys: null, errors, warnings: [] };
  }
  const draft = draftOf(row, today, report);
  const lotKeys = lotKeysOf(draft);
  if (errors.length > 0) return { position: null, lotKeys, errors, warnings: [] };
  return { position: wholePosition(draft), lotKeys, errors, warnings: warningsOf(row, draft) };
}

type Draft = Readonly<{ row: number; isAdjusted: boolean } & PartialContract & Exit> & {
  readonly [K in 'symbol' | 'quantity' | 'entryPrice' | 'entryDate' | 'investmentClass' | 'investmentSubtype']:
    | ParsedPosition[K]
    | null;
};

function draftOf({ line, cells }: PositionRow, today: string, report: ReportFault): Draft {
  const occ = readOccSymbol(cells.symbol);
  const investmentClass = checkClass(cells, occ, report);
  const quantity = checkQuantity(cells, report);
  const entryPrice = checkEntryPrice(cells, investmentClass, report);
  const entryDate = checkEntryDate(cells.entry_date, today, report);
  // An option symbol with an impossible date is one fault, not one in each of the columns it would have filled.
  const isOption = investmentClass === 'OPTIONS' && (occ !== null || !looksLikeOccSymbol(cells.symbol));
  const contract = isOption ? checkOption(cells, occ, entryDate, report) : NO_OPTION;
  const symbol = checkSymbol(cells, { occ, contract, investmentClass }, report);
  const investmentSubtype = checkSubtype(cells, investmentClass, contract, report);
  const exit = checkExit(cells, { entryDate, today, investmentClass }, report);
  checkValue({ quantity, entryPrice, investmentClass, exit }, report);
  const isAdjusted = occ?.isAdjusted ?? false;
  return {
    row: line,
    symbol,
    quantity,
    entryPrice,
    entryDate,
    investmentClass,
    investmentSubtype,
    ...contract,
    ...exit,
    isAdjusted,
  };
}

function checkValue(
  {
    quantity,
    entryPrice,
    investmentClass,
    exit,
  }: Pick<Draft, 'quantity' | 'entryPrice' | 'investmentClass'> & { readonly exit: Exit },
  report: ReportFault,
): void {
  if (quantity === null || investmentClass === null) return;
  if (entryPrice !== null && isValueTooLarge(quantity, entryPrice, investmentClass)) {
    const message = 'Quantity × Entry Price Per Share is too large: the value of a position must be below 100 billion';
    report('ERR_POS_005', 'quantity', message, quantity);
    return;
  }
  if (exit.exitPrice !== null && isValueTooLarge(quantity, exit.exitPrice, investmentClass)) {
    const message = 'Quantity × Exit Price Per Share is too large: the value of a position must be below 100 billion';
    report('ERR_POS_018', 'exit_price_per_share', message, exit.exitPrice);
  }
}

function reportExtraCell({ number, headerCells, text }: NonNullable<PositionRow['extraCell']>, report: ReportFault): void {
  const message =
    `The row has content in cell ${number} but the header has ${headerCells} columns; ${got(text)}: ` +
    'put quotes around a cell that contains the delimiter';
  report('ERR_CSV_006', 'row', message, text);
}

/** Options are told apart by contract, whatever their rows call them. */
function lotKeysOf(draft: Draft): LotKeys | null {
  const { quantity, entryPrice, entryDate, exitDate, exitPrice } = draft;
  const security = securityOf(draft);
  if (security === null || entryDate === null) return null;
  const lot = `${security}|${entryDate}`;
  const isPriced = quantity !== null && entryPrice !== null;
  return { lot, exact: isPriced ? `${lot}|${quantity}|${entryPrice}|${exitDate ?? ''}|${exitPrice ?? ''}` : null };
}

function securityOf(draft: Draft): string | null {
  const { symbol, investmentClass } = draft;
  if (investmentClass !== 'OPTIONS' || symbol === null || readOccSymbol(symbol) !== null) return symbol;
  const contract = wholeContract(draft);
  if (contract === null) return symbol;
  const { underlyingSymbol, expirationDate, optionType, strikePrice } = contract;
  return occSymbolOf(contract) ?? `${underlyingSymbol} ${expirationDate} ${optionType} ${strikePrice}`;
}

/** Without a reported error every required part is there: anything else is a fault of ours. */
function wholePosition(draft: Draft): ParsedPosition {
  const { row, symbol, quantity, entryPrice, entryDate, investmentClass } = draft;
  if (symbol === null || quantity === null || entryPrice === null || entryDate === null || investmentClass === null) {
    throw new Error(`Row ${row} has neither a position nor an error`);
  }
  return {
    row,
    symbol,
    quantity,
    entryPrice,
    entryDate,
    investmentClass,
    investmentSubtype: draft.investmentSubtype,
    underlyingSymbol: draft.underlyingSymbol,
    strikePrice: draft.strikePrice,
    expirationDate: draft.expirationDate,
    optionType: draft.optionType,
    exitDate: draft.exitDate,
    exitPrice: draft.exitPrice,
  };
}

function warningsOf({ line, cells }: PositionRow, { investmentClass, isAdjusted }: Draft): readonly string[] {
  const ignored = investmentClass === 'OPTIONS' ? [] : filledOptionColumns(cells);
  return [
    ...(ignored.length > 0
      ? [`Row ${line}: ${ignored.join(', ')} ignored, because Investment Class is ${investmentClass}.`]
      : []),
    ...(isAdjusted
      ? [`Row ${line}: ${shownValue(cells.symbol)} is an adjusted or mini option; it is valued as 100 shares a contract.`]
      : []),
  ];
}
