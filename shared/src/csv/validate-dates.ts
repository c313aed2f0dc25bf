// Entry and exit of one row. `today` is the date in New York, given by the caller at the time of the check.

import { isIsoDate, yearsBefore } from './date-text.js';
import { decimalsOf, parseDecimal, plainNumberAdvice, type DecimalText } from './decimal-text.js';
import type { InvestmentClass } from './investment-classes.js';
import type { PositionRow } from './parse.js';
import { got, type ReportFault } from './row-errors.js';
import { isPriceTooLarge, priceDecimals } from './validate-numbers.js';

export type Exit = Readonly<{ exitDate: string | null; exitPrice: DecimalText | null }>;

const NO_EXIT: Exit = { exitDate: null, exitPrice: null };
const YEARS_MAX = 100;

export function checkEntryDate(cell: string, today: string, report: ReportFault): string | null {
  const field = 'entry_date';
  if (cell === '')
    return report('ERR_POS_012', field, 'Entry Date is required: the day the position was opened, like 2024-01-15', cell);
  if (!isIsoDate(cell)) {
    const message = looksIso(cell)
      ? `Entry Date must be a day of the calendar; ${got(cell)}`
      : `Entry Date must look like 2024-01-15; ${got(cell)}`;
    return report('ERR_POS_013', field, message, cell);
  }
  if (cell > today) return report('ERR_POS_014', field, `Entry Date must not be after today, ${today}; ${got(cell)}`, cell);
  const earliest = yearsBefore(today, YEARS_MAX);
  if (cell < earliest)
    return report('ERR_POS_015', field, `Entry Date must not be before ${earliest}, 100 years ago; ${got(cell)}`, cell);
  return cell;
}

/** Exit date and price: both or neither. Every fault is ERR_POS_018, on the column it is in. `entryDate` is null when it is at fault itself. */
export function checkExit(
  cells: PositionRow['cells'],
  context: Readonly<{ entryDate: string | null; today: string; investmentClass: InvestmentClass | null }>,
  report: ReportFault,
): Exit {
  const { exit_date: dateCell, exit_price_per_share: priceCell } = cells;
  if (dateCell === '' && priceCell === '') return NO_EXIT;
  if (dateCell === '') {
    report('ERR_POS_018', 'exit_date', 'Exit Date is missing: give it with Exit Price Per Share, or leave both empty', dateCell);
  }
  if (priceCell === '') {
    const message = 'Exit Price Per Share is missing: give it with Exit Date, or leave both empty';
    report('ERR_POS_018', 'exit_price_per_share', message, priceCell);
  }
  return {
    exitDate: dateCell === '' ? null : checkExitDate(dateCell, context.entryDate, context.today, report),
    exitPrice: priceCell === '' ? null : checkExitPrice(priceCell, context.investmentClass, report),
  };
}

function checkExitDate(cell: string, entryDate: string | null, today: string, report: ReportFault): string | null {
  const fault = (message: string) => report('ERR_POS_018', 'exit_date', `${message}; ${got(cell)}`, cell);
  if (!isIsoDate(cell)) return fault('Exit Date must be a day of the calendar like 2024-01-15');
  if (cell > today) return fault(`Exit Date must not be after today, ${today}`);
  if (entryDate !== null && cell < entryDate) return fault(`Exit Date must not be before Entry Date ${entryDate}`);
  return cell;
}

function checkExitPrice(cell: string, investmentClass: InvestmentClass | null, report: ReportFault): DecimalText | null {
  const fault = (message: string) => report('ERR_POS_018', 'exit_price_per_share', message, cell);
  const price = parseDecimal(cell);
  if (price === null) return fault(`Exit Price Per Share must look like 150.25; ${got(cell)}: ${plainNumberAdvice(cell)}`);
  if (price.startsWith('-')) return fault(`Exit Price Per Share must be zero or more; ${got(cell)}`);
  const decimals = priceDecimals(investmentClass);
  if (decimalsOf(price) > decimals) return fault(`Exit Price Per Share may have at most ${decimals} decimals; ${got(cell)}`);
  if (isPriceTooLarge(price)) return fault(`Exit Price Per Share is too large: it must be below 10 million; ${got(cell)}`);
  return price;
}

function looksIso(cell: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(cell);
}
