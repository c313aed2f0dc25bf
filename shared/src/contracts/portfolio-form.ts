// The form beside an uploaded CSV: its fields as text, checked into what an import needs. All faults are reported together.
import { isCalendarDate } from '../calendar/calendar-date.js';
import { CalendarRangeError } from '../calendar/calendar-range-error.js';
import type { TradingCalendar } from '../calendar/trading-calendar.js';
import { decimalsOf, parseDecimal } from '../csv/decimal-text.js';
import { ERRORS, type ErrorCode } from '../errors.js';

export const ACCOUNT_TYPES = ['taxable', 'ira', 'roth_ira', '401k', '403b', '529', 'hsa', 'trust', 'other'] as const;

export type PortfolioForm = Readonly<{
  portfolio_name: string;
  account_name: string;
  account_type: string;
  /** A plain decimal above 0 with at most 4 decimals: text, so that no digit is lost. */
  equity_balance: string;
  /** A complete session; null: the target session when the import runs. */
  equity_as_of: string | null;
  description: string | null;
  allow_multiple_lots: boolean;
}>;

export type FormIssue = Readonly<{ path: string; code: ErrorCode; message: string }>;
export type ReadForm = Readonly<{ ok: true; form: PortfolioForm }> | Readonly<{ ok: false; issues: readonly FormIssue[] }>;
export type FormOptions = Readonly<{ calendar: TradingCalendar; now: Date }>;

const PORTFOLIO_NAME_MAX = 255;
const ACCOUNT_NAME_MAX = 100;
const DESCRIPTION_MAX = 2_000;
const EQUITY_MAX = 1e9;
const MONEY_DECIMALS = 4;

/** `fields` as a multipart parser gives them; unknown ones are ignored. Issues stand in the order of the form. */
export function readPortfolioForm(fields: Readonly<Record<string, unknown>>, { calendar, now }: FormOptions): ReadForm {
  const issues: FormIssue[] = [];
  const report = (field: string, code: ErrorCode, message: string = ERRORS[code].message): null => {
    issues.push({ path: field, code, message });
    return null;
  };
  const text = (field: string): string => readText(fields[field], (message) => report(field, 'ERR_REQ_001', message));

  const name = checkName(text('portfolio_name'), PORTFOLIO_NAME_MAX, (fault) =>
    report('portfolio_name', fault === 'empty' ? 'ERR_PORT_002' : 'ERR_PORT_003'),
  );
  const accountName = checkName(text('account_name'), ACCOUNT_NAME_MAX, (fault) =>
    report('account_name', fault === 'empty' ? 'ERR_PORT_011' : 'ERR_PORT_010'),
  );
  const accountType = text('account_type').toLowerCase();
  if (!ACCOUNT_TYPES.some((type) => type === accountType)) report('account_type', 'ERR_PORT_009');
  const equity = checkEquity(text('equity_balance'), (code, message) => report('equity_balance', code, message));
  const asOf = text('equity_as_of');
  const session =
    asOf === '' ? null : checkAsOf(asOf, calendar, now, (message) => report('equity_as_of', 'ERR_REQ_001', message));
  const description = text('description');
  if (description.length > DESCRIPTION_MAX)
    report('description', 'ERR_REQ_001', `must have at most ${DESCRIPTION_MAX} characters`);
  const allowMultipleLots = readFlag(text('allow_multiple_lots')) ?? report('allow_multiple_lots', 'ERR_REQ_001', FLAG_FAULT);

  if (issues.length > 0 || name === null || accountName === null || equity === null || allowMultipleLots === null) {
    return { ok: false, issues };
  }
  return {
    ok: true,
    form: {
      portfolio_name: name,
      account_name: accountName,
      account_type: accountType,
      equity_balance: equity,
      equity_as_of: session,
      description: description === '' ? null : description,
      allow_multiple_lots: allowMultipleLots,
    },
  };
}

/** Control characters other than line breaks and tabs: the database cannot keep all of them, and no name needs one. */
const CONTROL = /[^\P{Cc}\t\n\r]/u;

/** Trimmed; '' for a field that is absent, or reported. */
function readText(value: unknown, report: (message: string) => null): string {
  if (value === undefined) return '';
  if (typeof value !== 'string') {
    report('must be given once, as text');
    return '';
  }
  if (CONTROL.test(value)) {
    report('must not have control characters');
    return '';
  }
  return value.trim();
}

function checkName(name: string, charactersMax: number, report: (fault: 'empty' | 'long') => null): string | null {
  if (name === '') return report('empty');
  return Array.from(name).length > charactersMax ? report('long') : name;
}

function checkEquity(text: string, report: (code: ErrorCode, message?: string) => null): string | null {
  if (text === '') return report('ERR_PORT_004');
  const equity = parseDecimal(text);
  if (equity === null) {
    return report(
      'ERR_PORT_005',
      'The equity balance must be a plain number above zero, like 250000.00: no signs, separators or exponent.',
    );
  }
  if (equity === '0' || equity.startsWith('-')) return report('ERR_PORT_005');
  if (Number(equity) >= EQUITY_MAX) return report('ERR_PORT_006');
  if (decimalsOf(equity) > MONEY_DECIMALS) {
    return report('ERR_PORT_005', `The equity balance must be a number above zero with at most ${MONEY_DECIMALS} decimals.`);
  }
  return equity;
}

/** The session whose closing equity is meant: the date itself, or the session before a weekend or holiday. */
function checkAsOf(text: string, calendar: TradingCalendar, now: Date, report: (message: string) => null): string | null {
  if (!isCalendarDate(text)) return report('must be a date like 2024-01-15');
  const latest = calendar.latestCompleteSession(now);
  try {
    const session = calendar.sessionOnOrBefore(text);
    return session <= latest ? session : report(`must not be after ${latest}, the last complete session`);
  } catch (error) {
    if (!(error instanceof CalendarRangeError)) throw error;
    return report(`must lie between ${calendar.firstDate} and ${latest}, the last complete session`);
  }
}

/** What a field that is neither true nor false is told. */
export const FLAG_FAULT = 'must be true or false';

const FLAGS: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [undefined, false],
  ['', false],
  ['false', false],
  ['0', false],
  ['true', true],
  ['1', true],
]);

/** A form's flag, absent meaning false; null for anything else than true, false, 1 and 0. */
export function readFlag(field: unknown): boolean | null {
  return FLAGS.get(typeof field === 'string' ? field.trim().toLowerCase() : field) ?? null;
}
