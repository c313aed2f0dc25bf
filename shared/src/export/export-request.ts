// What can be asked of an export or a report, and how the files are called.

export const EXPORT_PARTS = ['positions', 'history', 'analytics'] as const;
export type ExportPart = (typeof EXPORT_PARTS)[number];

export const EXPORT_FORMATS = ['csv', 'json', 'xlsx'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export const REPORT_FORMATS = ['html', 'json', 'xlsx'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** Days that a file is kept for. */
export const EXPORT_KEPT_DAYS = 7;

export const CONTENT_TYPES: Readonly<Record<ExportFormat | ReportFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  json: 'application/json; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  html: 'text/html; charset=utf-8',
};

const NAME_LENGTH_MAX = 60;

/** `closebell_<account>_<session>.csv`: the account in letters that every file system and header takes. `words` come before the session. */
export function exportFileName(
  accountName: string,
  sessionDate: string | null,
  format: ExportFormat | ReportFormat,
  words: readonly string[] = [],
): string {
  const account = accountName
    .replaceAll(/[^A-Za-z0-9-]+/g, '_')
    .slice(0, NAME_LENGTH_MAX)
    .replaceAll(/^[_-]+|[_-]+$/g, '');
  const parts = ['closebell', account === '' ? 'portfolio' : account, ...words, ...(sessionDate === null ? [] : [sessionDate])];
  return `${parts.join('_')}.${format}`;
}
