// An upload read but not stored: its first positions and every fault.
import { PREVIEW_POSITIONS_MAX, type PreviewedPosition } from '@closebell/shared/contracts/onboarding';
import type { ReadPositions } from '@closebell/shared/csv/read-positions';
import type { ParsedPosition } from '@closebell/shared/csv/validate-row';
import { AppError } from '@closebell/shared/errors';
import type { UploadToRead } from '@closebell/shared/infra/read-bounded';
import { readUpload } from '@closebell/shared/infra/read-upload';

const TIMEOUT_MS = 10_000;

/** With the first 1,000 positions only; the totals count all. Throws ERR_SYS_002 when the file takes longer than 10 seconds. */
export async function previewPositions(upload: UploadToRead): Promise<ReadPositions> {
  const late = AbortSignal.timeout(TIMEOUT_MS);
  try {
    return await readUpload({ ...upload, positionsMax: PREVIEW_POSITIONS_MAX }, late);
  } catch (cause) {
    if (!late.aborted) throw cause;
    throw new AppError('ERR_SYS_002', { message: 'The file takes too long to preview. Import it instead.', cause });
  }
}

export function viewPosition(position: ParsedPosition): PreviewedPosition {
  return {
    row: position.row,
    symbol: position.symbol,
    quantity: Number(position.quantity),
    entry_price: Number(position.entryPrice),
    entry_date: position.entryDate,
    investment_class: position.investmentClass,
    investment_subtype: position.investmentSubtype,
    underlying_symbol: position.underlyingSymbol,
    strike_price: position.strikePrice === null ? null : Number(position.strikePrice),
    expiration_date: position.expirationDate,
    option_type: position.optionType,
    exit_date: position.exitDate,
    exit_price: position.exitPrice === null ? null : Number(position.exitPrice),
  };
}
