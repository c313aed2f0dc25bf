// What a contribution or withdrawal must be like, asked under the ledger's lock.
import type { Queryable } from '@closebell/prisma/client';
import {
  findEquityChange,
  loadEquityKnown,
  type EquityChangeRow,
  type EquityChangeTerms,
} from '@closebell/prisma/equity-changes';
import type { LockedLedger } from '@closebell/prisma/ledger-changes';
import { parseScaled } from '@closebell/shared/calc/exact-value';
import { DELETE_DAYS, EDIT_DAYS, type EquityChangeType } from '@closebell/shared/contracts/equity-changes';
import { plainDecimal } from '@closebell/shared/contracts/json-decimal';
import { yearsBefore } from '@closebell/shared/csv/date-text';
import { AppError } from '@closebell/shared/errors';
import { leastEquityFrom } from '@closebell/shared/ledger/least-equity';
import type { LedgerFlow } from '@closebell/shared/ledger/ledger';
import { requestFault } from './request-fault.js';

const DAY_S = 86_400;

const YEARS_MAX = 100;

/** Throws ERR_EQUITY_001, ERR_EQUITY_002, or ERR_REQ_001 for a day of another century. `today`: in New York. */
export function requireEnterable(
  { amount, change_date: date }: Readonly<{ amount: number; change_date: string }>,
  today: string,
): void {
  if (!(amount > 0)) throw new AppError('ERR_EQUITY_001');
  if (date > today) throw new AppError('ERR_EQUITY_002', { details: { change_date: date, today } });
  const earliest = yearsBefore(today, YEARS_MAX);
  if (date >= earliest) return;
  const message = `must not be before ${earliest}, ${YEARS_MAX} years ago`;
  throw requestFault('change_date', message);
}

export function termsOf(
  entered: Readonly<{ change_type: EquityChangeType; amount: number; change_date: string; notes?: string | null | undefined }>,
): EquityChangeTerms {
  const { change_type: changeType, amount, change_date: changeDate, notes = null } = entered;
  return { changeType, amount: plainDecimal(amount)!, changeDate, notes };
}

/** Throws ERR_EQUITY_008, and where its window has closed ERR_EQUITY_006 or 007. */
export async function requireChangeable(
  client: Queryable,
  portfolioId: string,
  changeId: string,
  wish: 'edit' | 'delete',
): Promise<EquityChangeRow> {
  const found = await findEquityChange(client, portfolioId, changeId);
  if (found === null) throw new AppError('ERR_EQUITY_008');
  const [days, code] = wish === 'edit' ? ([EDIT_DAYS, 'ERR_EQUITY_006'] as const) : ([DELETE_DAYS, 'ERR_EQUITY_007'] as const);
  if (found.age_seconds > days * DAY_S)
    throw new AppError(code, { details: { created_at: found.created_at.toISOString(), days } });
  return found;
}

/**
 * Throws ERR_EQUITY_003. A withdrawal at or before the anchor is inside the stated balance, which is what it left: however large, the equity
 * before it was larger.
 */
export async function requireEquity(
  client: Queryable,
  portfolioId: string,
  ledger: LockedLedger,
  { changeType, amount, changeDate }: EquityChangeTerms,
  replaced: EquityChangeRow | null = null,
): Promise<void> {
  if (changeType !== 'WITHDRAWAL' || changeDate <= ledger.equityAsOf) return;
  // Other notes are no other withdrawal, whatever has become of the equity since.
  if (replaced !== null && isSameFlow(replaced, { changeType, amount, changeDate })) return;
  // What was inside the stated balance has no part in what followed.
  const without = replaced === null || replaced.change_date <= ledger.equityAsOf ? null : flowOf(replaced);
  const haveE4 = leastEquityFrom(await loadEquityKnown(client, portfolioId, ledger), changeDate, without);
  const needE4 = Number(parseScaled(amount, 4));
  if (needE4 <= haveE4) return;
  const [need, have] = [needE4 / 1e4, haveE4 / 1e4];
  throw new AppError('ERR_EQUITY_003', {
    message: `The withdrawal of ${need} is larger than the equity from ${changeDate} on, of which ${have} is the least. Withdraw at most that.`,
    details: { need, have, change_date: changeDate },
  });
}

function isSameFlow(
  before: EquityChangeRow,
  { changeType, amount, changeDate }: Pick<EquityChangeTerms, 'changeType' | 'amount' | 'changeDate'>,
): boolean {
  return before.change_type === changeType && before.change_date === changeDate && Number(before.amount) === Number(amount);
}

function flowOf({ change_type: type, change_date: date, amount }: EquityChangeRow): LedgerFlow {
  return { date, amount: type === 'WITHDRAWAL' ? `-${amount}` : amount };
}
