// The worker's side of an import: the file goes out, its outcome comes back. A portfolio and all its lots, or nothing.
import type { PortfolioForm } from '@closebell/shared/contracts/portfolio-form';
import type { RowError } from '@closebell/shared/csv/row-errors';
import type { ParsedPosition } from '@closebell/shared/csv/validate-row';
import type { ErrorCode } from '@closebell/shared/errors';
import type { Db, Queryable } from './client.js';
import { inFencedTransaction, type JobHold } from './job-runs.js';
import { insertPortfolio, type NewPortfolio } from './portfolios.js';
import { insertLots } from './positions.js';

export type PendingImport = Readonly<{
  userId: string;
  fileName: string;
  file: Buffer;
  request: PortfolioForm;
  status: string;
  portfolioId: string | null;
}>;

export async function loadPendingImport(client: Queryable, importId: string): Promise<PendingImport | null> {
  const { rows } = await client.query<PendingImport>(
    `SELECT user_id AS "userId", file_name AS "fileName", file, request, status, portfolio_id AS "portfolioId" FROM imports WHERE id = $1`,
    [importId],
  );
  return rows[0] ?? null;
}

export type ReadRows = Readonly<{ rowsTotal: number; rowsValid: number; warnings: readonly string[] }>;

export type AcceptedImport = ReadRows & NewPortfolio & Readonly<{ importId: string; positions: readonly ParsedPosition[] }>;

/** Inserts the portfolio and its lots; null when the user has a live portfolio of this account name. */
export async function acceptImport(db: Db, hold: JobHold, accepted: AcceptedImport): Promise<string | null> {
  return inFencedTransaction(db, hold, async (client) => {
    const portfolioId = await insertPortfolio(client, accepted);
    if (portfolioId === null) return null;
    await insertLots(client, portfolioId, accepted.positions);
    await client.query(
      `UPDATE imports SET status = 'completed', portfolio_id = $2, rows_total = $3, rows_valid = $4, warnings = $5, finished_at = clock_timestamp()
       WHERE id = $1 AND status IN ('queued', 'running')`,
      [accepted.importId, portfolioId, accepted.rowsTotal, accepted.rowsValid, JSON.stringify(accepted.warnings)],
    );
    return portfolioId;
  });
}

export type RejectedImport = Partial<ReadRows> &
  Readonly<{ importId: string; code: ErrorCode; message: string; errors?: readonly RowError[]; errorsTotal?: number }>;

/** Stores why nothing was imported. */
export async function rejectImport(db: Db, hold: JobHold, rejected: RejectedImport): Promise<void> {
  const { importId, code, message, errors = [], errorsTotal = 0, rowsTotal = null, rowsValid = null, warnings = [] } = rejected;
  await inFencedTransaction(db, hold, (client) =>
    client.query(
      `UPDATE imports SET status = 'failed', error_code = $2, error_text = $3, errors = $4, errors_total = $5, rows_total = $6, rows_valid = $7,
         warnings = $8, finished_at = clock_timestamp() WHERE id = $1 AND status IN ('queued', 'running')`,
      [importId, code, message, JSON.stringify(errors), errorsTotal, rowsTotal, rowsValid, JSON.stringify(warnings)],
    ),
  );
}
