import { hasAccountName } from '@closebell/prisma/portfolios';
import { submitImport } from '@closebell/prisma/imports';
import { createPortfolioFromCsv, getCsvTemplate, previewImport } from '@closebell/shared/contracts/onboarding';
import { FLAG_FAULT, readFlag } from '@closebell/shared/contracts/portfolio-form';
import { csvTemplate } from '@closebell/shared/csv/template';
import { AppError } from '@closebell/shared/errors';
import { countSubmit } from '@closebell/shared/metrics';
import type { Router } from 'express';
import { createHash } from 'node:crypto';
import type { ApiContext } from '../context.js';
import { answerImport } from '../import-answer.js';
import { requireForm } from '../import-form.js';
import { userOrigin } from '../job-origin.js';
import { preferredWaitMs } from '../preferred-wait.js';
import { previewPositions, viewPosition } from '../preview.js';
import { requestFault } from '../request-fault.js';
import { route } from '../route.js';

export function onboardingRoutes(router: Router, context: ApiContext): void {
  route(router, context, getCsvTemplate, async () => ({
    status: 200,
    body: csvTemplate(),
    headers: {
      'Content-Type': 'text/csv; charset=utf-8',
      'Content-Disposition': 'attachment; filename="closebell_portfolio_template.csv"',
      'Cache-Control': 'public, max-age=3600',
    },
  }));

  route(router, context, createPortfolioFromCsv, async ({ principal, requestId, now, upload, keyHold, raw }) => {
    const { db, jobEnds } = context;
    const { form, file } = requireForm(upload, { calendar: context.calendar, now });
    // The import that an earlier try made may have taken the name.
    const isFirstTry = (keyHold?.made ?? null) === null;
    if (isFirstTry && (await hasAccountName(db.pool, principal.userId, form.account_name))) throw new AppError('ERR_PORT_001');
    const { importId, jobId } = await submitImport(db, {
      userId: principal.userId,
      fileName: file.name,
      file: file.bytes,
      sha256: createHash('sha256').update(file.bytes).digest(),
      request: form,
      origin: userOrigin(principal, requestId),
      keyHold,
    });
    countSubmit(context.metrics, 'import-positions', true);
    await jobEnds.wait(jobId, preferredWaitMs(raw.get('prefer')));
    return answerImport(db, importId);
  });

  route(router, context, previewImport, async ({ now, upload: { fields, file } }) => {
    if (file === null) throw new AppError('ERR_PORT_007');
    const allowMultipleLots = readFlag(fields['allow_multiple_lots']);
    if (allowMultipleLots === null) {
      throw requestFault('allow_multiple_lots', FLAG_FAULT);
    }
    const today = context.calendar.newYorkDate(now);
    const read = await previewPositions({ bytes: file.bytes, fileName: file.name, today, allowMultipleLots });
    for (const { code } of read.ok ? read.errors : [read.fileError])
      context.metrics.count('closebell_csv_errors_total', { code });
    if (!read.ok) throw new AppError(read.fileError.code, { message: read.fileError.message });
    const { positions, errors, totalErrors, rowsTotal, rowsValid, warnings } = read;
    return {
      status: 200,
      body: {
        importable: totalErrors === 0,
        rows_total: rowsTotal,
        rows_valid: rowsValid,
        total_errors: totalErrors,
        positions: positions.map(viewPosition),
        errors,
        warnings,
      },
    };
  });
}
