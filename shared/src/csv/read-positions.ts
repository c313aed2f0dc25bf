// The one way from an uploaded file to positions: for imports, previews and tests alike.

import type { FileError } from './file-errors.js';
import { parsePositionsFile } from './parse.js';
import { WARNINGS_LISTED_MAX, validateRows, type ValidateOptions, type ValidatedRows } from './validate.js';

export type ReadPositions =
  | Readonly<{ ok: false; fileError: FileError }>
  | (ValidatedRows & Readonly<{ ok: true; rowsTotal: number; rowsValid: number }>);

/**
 * Reads a portfolio CSV. A fault of the whole file is `fileError`; else all row errors come together (the first 1,000 and their total) beside
 * the positions of the valid rows. Never throws, whatever the bytes are.
 */
export function readPositions(bytes: Uint8Array, fileName: string, options: ValidateOptions): ReadPositions {
  const file = parsePositionsFile(bytes, fileName);
  if (!file.ok) return file;
  const { positions, errors, totalErrors, warnings } = validateRows(file.rows, options);
  return {
    ok: true,
    positions,
    errors,
    totalErrors,
    rowsTotal: file.rows.length,
    rowsValid: positions.length,
    warnings: [...file.warnings, ...warnings].slice(0, WARNINGS_LISTED_MAX),
  };
}
