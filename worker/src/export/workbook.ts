// Tables as a spreadsheet: a sheet each, its header frozen, numbers as numbers and dates as dates. A text stays a text, whatever it begins with.
import type { ColumnKind, ExportCell, ExportTable } from '@closebell/shared/export/export-table';
import writeXlsxFile, { type Cell } from 'write-excel-file/node';

export async function workbookOf(tables: readonly ExportTable[]): Promise<Uint8Array> {
  const sheets = tables.map(({ title, columns, rows }) => ({
    sheet: title,
    stickyRowsCount: 1,
    dateFormat: 'yyyy-mm-dd',
    columns: columns.map(({ name }) => ({ width: Math.max(12, name.length + 2) })),
    data: [
      columns.map(({ name }) => ({ value: name, type: String, fontWeight: 'bold' as const })),
      ...rows.map((row) => row.map((cell, i) => sheetCell(cell, columns[i]?.kind ?? 'text'))),
    ],
  }));
  return writeXlsxFile(sheets).toBuffer();
}

function sheetCell(cell: ExportCell, kind: ColumnKind): Cell {
  if (cell === null) return null;
  if (typeof cell === 'number' || kind === 'number') return { value: Number(cell), type: Number };
  if (kind === 'date') return { value: new Date(`${cell}T00:00:00Z`), type: Date };
  return { value: cell, type: String };
}
