// What a request does to lots: checked as the rows of a file are, and the days that it is about.
import type { Queryable } from '@closebell/prisma/client';
import { findPosition, type LotRow, type LotTermsEntered } from '@closebell/prisma/positions';
import type { ReadLots } from '@closebell/shared/contracts/position-form';
import { ROW_ERRORS_LISTED_MAX } from '@closebell/shared/csv/validate';
import { AppError } from '@closebell/shared/errors';
import type { ChangedDays } from './ledger-change-answer.js';

/** Throws the first fault's code, with all of them in details.errors. */
export function requireLots(read: ReadLots): Extract<ReadLots, { ok: true }> {
  if (read.ok) return read;
  const [first] = read.errors;
  if (first === undefined) throw new Error('lots were refused without a fault');
  throw new AppError(first.code, {
    message: `${first.message}.`,
    details: { errors: read.errors.slice(0, ROW_ERRORS_LISTED_MAX), total_errors: read.errors.length },
  });
}

/** Under the ledger's lock. Throws ERR_POSITION_404, or ERR_POSITION_001 for a lot that a trade has opened or closed. */
export async function requireEnteredLot(client: Queryable, positionId: string): Promise<LotRow> {
  const found = await findPosition(client, positionId);
  if (found === null) throw new AppError('ERR_POSITION_404');
  if (found.lot.openedByTrade !== null || found.lot.closedByTrade !== null) throw new AppError('ERR_POSITION_001');
  return found.lot;
}

type Lifetime = Pick<LotTermsEntered, 'entryDate' | 'exitDate'>;

/** Of lots that come or go as a whole. */
export function daysOf(lots: readonly Lifetime[]): ChangedDays {
  return { from: earliest(lots.map(({ entryDate }) => entryDate)), until: latestExit(lots) };
}

/** Of one lot that was changed: where nothing but its exit is another, only the exit counts. */
export function daysBetween(before: LotRow, after: LotRow): ChangedDays {
  const until = latestExit([before, after]);
  if (!isOnlyExitChanged(before, after)) return { from: earliest([before.entryDate, after.entryDate]), until };
  const exits = [before.exitDate, after.exitDate].filter((date) => date !== null);
  return { from: exits.length === 0 ? after.entryDate : earliest(exits), until };
}

/** Whether what the model has marked so far was of another option. */
export function isOtherOption(before: LotRow, after: LotRow): boolean {
  return OPTION_TERMS.some((term) => before[term] !== after[term]);
}

const OPTION_TERMS = [
  'investmentClass',
  'underlyingSymbol',
  'strikePrice',
  'expirationDate',
  'optionType',
  'entryPrice',
  'entryDate',
] as const satisfies readonly (keyof LotRow)[];

function isOnlyExitChanged(before: LotRow, after: LotRow): boolean {
  const { exitDate: _, exitPrice: __, ...rest } = before;
  const terms = Object.keys(rest) as (keyof typeof rest)[];
  return terms.every((term) => term === 'createdAt' || before[term] === after[term]);
}

function earliest(dates: readonly string[]): string {
  return dates.reduce((a, b) => (a < b ? a : b));
}

/** Null while one of them is held. */
function latestExit(lots: readonly Lifetime[]): string | null {
  const exits = lots.map(({ exitDate }) => exitDate).filter((date) => date !== null);
  return exits.length < lots.length ? null : exits.reduce((a, b) => (a > b ? a : b));
}
