// The columns of a target price file, and the spelling of its text cells.

export const TARGET_COLUMNS = ['symbol', 'target_price', 'target_date', 'downside_price', 'notes'] as const;
export type TargetField = (typeof TARGET_COLUMNS)[number];
export const REQUIRED_TARGET_COLUMNS = ['symbol', 'target_price'] as const satisfies readonly TargetField[];

/** The column that a header cell names, whatever its case, blanks and underscores; undefined for a cell that names none. */
export function targetFieldOf(headerCell: string): TargetField | undefined {
  const key = keyOf(headerCell);
  return TARGET_COLUMNS.find((field) => keyOf(field) === key);
}

function keyOf(name: string): string {
  return name.replaceAll(/[\s_]/g, '').toLowerCase();
}

// A text that a spreadsheet would run as a formula stands behind one apostrophe more than it has itself, so that it comes back as it was.

export function neutralised(text: string): string {
  return /^'*[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

export function withoutNeutralising(cell: string): string {
  return /^'+[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell;
}
