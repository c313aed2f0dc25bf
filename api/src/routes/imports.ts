import { findImport, type ImportRow } from '@closebell/prisma/imports';
import type { Db } from '@closebell/prisma/client';
import { getImport, getImportErrors } from '@closebell/shared/contracts/onboarding';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import type { ApiContext } from '../context.js';
import { csvLine } from '@closebell/shared/csv/csv-line';
import { route } from '../route.js';

export function importRoutes(router: Router, context: ApiContext): void {
  route(router, context, getImport, async ({ params, principal }) => {
    const found = await requireOwnImport(context.db, params.id, principal.userId);
    return {
      status: 200,
      body: {
        import_id: found.id,
        status: found.status,
        file_name: found.file_name,
        portfolio_id: found.portfolio_id,
        rows_total: found.rows_total,
        rows_valid: found.rows_valid,
        total_errors: found.errors_total,
        errors: found.errors,
        error: found.error_code === null ? null : { code: found.error_code, message: found.error_text ?? '' },
        warnings: found.warnings,
        created_at: found.created_at.toISOString(),
        finished_at: found.finished_at?.toISOString() ?? null,
      },
    };
  });

  route(router, context, getImportErrors, async ({ params, query, principal }) => {
    const { id, errors, errors_total: errorsTotal } = await requireOwnImport(context.db, params.id, principal.userId);
    if (query.format === 'json') return { status: 200, body: { import_id: id, total_errors: errorsTotal, errors } };
    const lines = errors.map(({ row, symbol, code, message, field, value }) =>
      csvLine([row, symbol, code, message, field, value]),
    );
    return {
      status: 200,
      body: csvLine(['row', 'symbol', 'code', 'message', 'field', 'value']) + lines.join(''),
      headers: {
        'Content-Type': 'text/csv; charset=utf-8',
        'Content-Disposition': `attachment; filename="import-${id}-errors.csv"`,
      },
    };
  });
}

async function requireOwnImport(db: Db, importId: string, userId: string): Promise<ImportRow> {
  const found = await findImport(db.pool, importId);
  if (found === null || found.user_id !== userId) throw new AppError('ERR_BATCH_003', { message: 'There is no such import.' });
  return found;
}
