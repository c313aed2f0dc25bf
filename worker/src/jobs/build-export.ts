import { loadPortfolioFigures } from '@closebell/prisma/portfolio-figures';
import { exportDocument } from '@closebell/shared/export/export-document';
import { CONTENT_TYPES, exportFileName, type ExportFormat, type ExportPart } from '@closebell/shared/export/export-request';
import { csvOf } from '@closebell/shared/export/export-table';
import type { PortfolioFigures } from '@closebell/shared/export/portfolio-figures';
import { exportTable } from '@closebell/shared/export/tables';
import type { Handler } from '../context.js';
import { keepFile } from '../export/kept-file.js';
import { workbookOf } from '../export/workbook.js';

/** The parts asked for, as of one instant, in the format asked for. */
export const buildExport: Handler<'build-export'> = (context, run) =>
  keepFile(context, run, async () => {
    const { portfolioId, format, parts } = run.payload;
    const figures = await loadPortfolioFigures(context.db, portfolioId);
    if (figures === null) return null;
    // Spreadsheets and documents name their parts inside.
    const words = format === 'csv' ? parts.filter((part) => part !== 'positions') : [];
    return {
      fileName: exportFileName(figures.portfolio.account_name, figures.snapshot?.snapshot_date ?? null, format, words),
      contentType: CONTENT_TYPES[format],
      file: await render(figures, format, parts, run.job.created_at),
    };
  });

async function render(
  figures: PortfolioFigures,
  format: ExportFormat,
  parts: readonly ExportPart[],
  exportedAt: Date,
): Promise<Uint8Array> {
  switch (format) {
    case 'csv':
      return Buffer.from(parts.map((part) => csvOf(exportTable(part, figures))).join(''));
    case 'json':
      return Buffer.from(JSON.stringify(exportDocument(figures, parts, exportedAt.toISOString())));
    case 'xlsx':
      return workbookOf(parts.map((part) => exportTable(part, figures)));
  }
}
