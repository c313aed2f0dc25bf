// What an import came to, as the upload's answer: 201 with the portfolio, 202 while it goes on, or the error it ended with.
import type { Db } from '@closebell/prisma/client';
import { findImport, type ImportRow } from '@closebell/prisma/imports';
import { findPortfolio } from '@closebell/prisma/portfolios';
import { AppError, ERRORS, type ErrorCode } from '@closebell/shared/errors';

const RETRY_AFTER_S = '1';

/** Throws the import's error when it failed: a fault of the file, of its rows (ERR_PORT_008), or a name taken meanwhile. */
export async function answerImport(db: Db, importId: string) {
  const found = await findImport(db.pool, importId);
  if (found === null) throw new Error(`import ${importId} is gone`);
  if (found.status === 'failed') throw importError(found);
  return found.status === 'completed' && found.portfolio_id !== null ? created(db, found, found.portfolio_id) : pending(found);
}

async function created(
  db: Db,
  { id, request, rows_total: rowsTotal, rows_valid: rowsValid, warnings }: ImportRow,
  portfolioId: string,
) {
  const portfolio = await findPortfolio(db.pool, portfolioId);
  if (portfolio === null)
    throw new AppError('ERR_PORT_404', { message: 'The portfolio was imported, and has been deleted since.' });
  return {
    status: 201,
    headers: { Location: `/api/v1/portfolios/${portfolioId}` },
    body: {
      portfolio_id: portfolioId,
      portfolio_name: request.portfolio_name,
      account_name: request.account_name,
      account_type: request.account_type,
      equity_balance: portfolio.equity_balance,
      equity_as_of: portfolio.equity_as_of,
      positions_imported: rowsValid ?? 0,
      positions_failed: 0,
      total_positions: rowsTotal ?? 0,
      warnings,
      import_id: id,
      calculate_url: `/api/v1/portfolio/${portfolioId}/calculate`,
      message: `Portfolio created with ${rowsValid ?? 0} positions.`,
      next_step: 'POST to calculate_url to compute its figures.',
    },
  };
}

function pending({ id, status }: ImportRow) {
  const pollUrl = importUrl(id);
  const message =
    status === 'cancelled' ? 'The import was cancelled; nothing was stored.' : 'The import goes on. Ask poll_url how it ends.';
  return {
    status: 202,
    headers: { Location: pollUrl, 'Retry-After': RETRY_AFTER_S },
    body: { import_id: id, status, poll_url: pollUrl, message },
  };
}

export function importUrl(importId: string): string {
  return `/api/v1/imports/${importId}`;
}

/** Codes that a job ends with are not answers to a request: those become ERR_SYS_001. */
function importError({ id, error_code: code, error_text: text, errors, errors_total: errorsTotal }: ImportRow): AppError {
  if (!isAnswerable(code)) return new AppError('ERR_SYS_001', { details: { import_id: id } });
  const rowDetails = code === 'ERR_PORT_008' ? { errors, total_errors: errorsTotal } : {};
  return new AppError(code, { ...(text === null ? {} : { message: text }), details: { import_id: id, ...rowDetails } });
}

function isAnswerable(code: string | null): code is ErrorCode {
  return code !== null && code in ERRORS && ERRORS[code as ErrorCode].status !== null;
}
