// The worker's side of an import: the file goes out, its outcome comes back. A portfolio and all its lots, or nothing.
import type { PortfolioForm } from '@closebell/shared/contracts/portfolio-form';
import type { RowError } from '@closebell/shared/csv/row-errors';
import type { ParsedPosition } from '@closebell/shared/csv/validate-row';
import type { ErrorCode } from '@closebell/shared/errors';
import { randomUUID } from 'node:crypto';
import type { Db, Queryable } from './client.js';
import { inFencedTransaction, type JobHold } from './job-runs.js';

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

export type AcceptedImport = ReadRows &
  Readonly<{
    importId: string;
    userId: string;
    request: PortfolioForm;
    /** The anchor session, and the target session of now. */
    equityAsOf: string;
    openedOn: string;
    positions: readonly ParsedPosition[];
    /** The id to take if it is free, for installations with foretold ids. */
    preferredId: string | null;
  }>;

/** Inserts the portfolio and its lots; null when the user has a live portfolio of this account name. */
export async function acceptImport(db: Db, hold: JobHold, accepted: AcceptedImport): Promise<string | null> {
  return inFencedTransaction(db, hold, async (client) => {
    const portfolioId = await insertPortfolio(client, accepted);
    if (portfolioId === null) return null;
    await insertPositions(client, portfolioId, accepted.positions);
    await client.query(
      `UPDATE imports SET status = 'completed', portfolio_id = $2, rows_total = $3, rows_valid = $4, warnings = $5, finished_at = clock_timestamp()
       WHERE id = $1 AND status IN ('queued', 'running')`,
      [accepted.importId, portfolioId, accepted.rowsTotal, accepted.rowsValid, JSON.stringify(accepted.warnings)],
    );
    return portfolioId;
  });
}

/** The partial unique index on live account names decides, so that of several uploads at once exactly one gets the name. */
async function insertPortfolio(
  client: Queryable,
  { userId, request, equityAsOf, openedOn, preferredId }: AcceptedImport,
): Promise<string | null> {
  const { rows } = await client.query<{ id: string }>(
    `INSERT INTO portfolios (id, user_id, name, account_name, account_type, equity_balance, equity_as_of, opened_on, description)
     VALUES (CASE WHEN EXISTS (SELECT 1 FROM portfolios WHERE id = $1) THEN $9 ELSE $1 END::uuid, $2, $3, $4, $5, $6, $7, $8, $10)
     ON CONFLICT (user_id, account_name) WHERE deleted_at IS NULL DO NOTHING RETURNING id`,
    [
      preferredId ?? randomUUID(),
      userId,
      request.portfolio_name,
      request.account_name,
      request.account_type,
      request.equity_balance,
      equityAsOf,
      openedOn,
      randomUUID(),
      request.description,
    ],
  );
  return rows[0]?.id ?? null;
}

async function insertPositions(client: Queryable, portfolioId: string, positions: readonly ParsedPosition[]): Promise<void> {
  const column = <T>(value: (position: ParsedPosition) => T): readonly T[] => positions.map(value);
  await client.query(
    `INSERT INTO positions (portfolio_id, symbol, investment_class, investment_subtype, quantity, entry_price, entry_date, exit_price, exit_date,
       underlying_symbol, strike_price, expiration_date, option_type)
     SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::numeric[], $6::numeric[], $7::date[], $8::numeric[], $9::date[], $10::text[],
       $11::numeric[], $12::date[], $13::text[])`,
    [
      portfolioId,
      column(({ symbol }) => symbol),
      column(({ investmentClass }) => investmentClass),
      column(({ investmentSubtype }) => investmentSubtype),
      column(({ quantity }) => quantity),
      column(({ entryPrice }) => entryPrice),
      column(({ entryDate }) => entryDate),
      column(({ exitPrice }) => exitPrice),
      column(({ exitDate }) => exitDate),
      column(({ underlyingSymbol }) => underlyingSymbol),
      column(({ strikePrice }) => strikePrice),
      column(({ expirationDate }) => expirationDate),
      column(({ optionType }) => optionType),
    ],
  );
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
