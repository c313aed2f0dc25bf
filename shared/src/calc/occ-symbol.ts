// Option symbols of the Options Clearing Corporation: root (padded to 6), expiration yymmdd, C or P, strike × 1000 in 8 digits.
import { isCalendarDate } from '../calendar/calendar-date.js';
import type { OptionType } from './option-pricing.js';

const ROOT_LENGTH = 6;
const STRIKE_DIGITS = 8;
const STRIKE_DECIMALS = 3;

/** Root and padding together fill at most 6 places, which the length of the whole ensures. */
const SYMBOL = /^(?=.{16,21}$)([A-Z]{1,6}|[A-Z]{1,5}\d) *(\d{2})(\d{2})(\d{2})([CP])(\d{8})$/;
const ROOT = /^([A-Z]{1,6}|[A-Z]{1,5}\d)$/;
const STRIKE = /^(\d{1,5})(?:\.(\d{1,3}))?$/;

export type OccContract = Readonly<{
  root: string;
  /** 'YYYY-MM-DD', 2000 to 2099. Not always a session: until 2015 standard contracts expired on Saturdays. */
  expirationDate: string;
  type: OptionType;
  /** Dollars as an exact decimal, without needless zeros when parsed: '130.75'. Above 0 and below 100,000. */
  strike: string;
}>;

/** `isAdjusted`: the root ends in a digit, so the contract is an adjusted or mini one and doesn't stand for 100 shares. */
export type ParsedOccSymbol = OccContract & Readonly<{ isAdjusted: boolean }>;

/** Reads a symbol in either case, its root padded with blanks or not; null for anything else. */
export function parseOccSymbol(text: string): ParsedOccSymbol | null {
  const parts = SYMBOL.exec(text.trim().toUpperCase());
  if (parts === null) return null;
  const [, root = '', year, month, day, right, thousandths = ''] = parts;
  const expirationDate = `20${year}-${month}-${day}`;
  if (!isCalendarDate(expirationDate) || Number(thousandths) === 0) return null;
  return {
    root,
    expirationDate,
    type: right === 'C' ? 'call' : 'put',
    strike: inDollars(thousandths),
    isAdjusted: /\d$/.test(root),
  };
}

/** The 21 characters of the standard form. Throws RangeError for a contract that it cannot express. */
export function formatOccSymbol({ root, expirationDate, type, strike }: OccContract): string {
  const thousandths = inThousandths(strike);
  if (!ROOT.test(root) || !isCalendarDate(expirationDate) || !expirationDate.startsWith('20') || thousandths === null) {
    throw new RangeError(`No OCC symbol for root ${root}, expiration ${expirationDate}, strike ${strike}`);
  }
  const yymmdd = expirationDate.slice(2).replaceAll('-', '');
  return `${root.padEnd(ROOT_LENGTH)}${yymmdd}${type === 'call' ? 'C' : 'P'}${thousandths}`;
}

function inDollars(thousandths: string): string {
  const whole = Number(thousandths.slice(0, -STRIKE_DECIMALS));
  const fraction = thousandths.slice(-STRIKE_DECIMALS).replace(/0+$/, '');
  return fraction === '' ? `${whole}` : `${whole}.${fraction}`;
}

function inThousandths(strike: string): string | null {
  const [, whole, fraction = ''] = STRIKE.exec(strike) ?? [];
  if (whole === undefined) return null;
  const thousandths = `${whole}${fraction.padEnd(STRIKE_DECIMALS, '0')}`.padStart(STRIKE_DIGITS, '0');
  return Number(thousandths) === 0 ? null : thousandths;
}
