import { loadPortfolioFigures } from '@closebell/prisma/portfolio-figures';
import { CONTENT_TYPES, EXPORT_PARTS, exportFileName, type ReportFormat } from '@closebell/shared/export/export-request';
import type { PortfolioFigures } from '@closebell/shared/export/portfolio-figures';
import { performanceTable, reportDocument } from '@closebell/shared/export/report-document';
import { reportPage } from '@closebell/shared/export/report-page';
import { exportTable } from '@closebell/shared/export/tables';
import type { Handler } from '../context.js';
import { keepFile } from '../export/kept-file.js';
import { workbookOf } from '../export/workbook.js';

/** Everything that is known of a portfolio at one session, in one file to read, keep or pass on. */
export const buildReport: Handler<'build-report'> = (context, run) =>
  keepFile(context, run, async () => {
    const { portfolioId, asOfDate, format } = run.payload;
    const figures = await loadPortfolioFigures(context.db, portfolioId, asOfDate);
    if (figures === null) return null;
    const session = figures.snapshot?.snapshot_date ?? null;
    return {
      fileName: exportFileName(figures.portfolio.account_name, session, format, ['report']),
      contentType: CONTENT_TYPES[format],
      file: await render(figures, format, run.job.created_at),
    };
  });

async function render(figures: PortfolioFigures, format: ReportFormat, madeAt: Date): Promise<Uint8Array> {
  switch (format) {
    case 'html':
      return Buffer.from(reportPage(figures, madeAt.toISOString()));
    case 'json':
      return Buffer.from(JSON.stringify(reportDocument(figures, madeAt.toISOString())));
    case 'xlsx':
      return workbookOf([...EXPORT_PARTS.map((part) => exportTable(part, figures)), performanceTable(figures.history)]);
  }
}
