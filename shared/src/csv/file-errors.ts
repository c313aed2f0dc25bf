// What makes a whole upload unusable, before any row is looked at.

import type { ErrorCode } from '../errors.js';

export type FileErrorCode = Extract<ErrorCode, `ERR_CSV_${string}`>;

/** A fault of the whole file. `line`: the file's line number it is on, where it has one. */
export type FileError = Readonly<{ code: FileErrorCode; message: string; line?: number }>;

export type FileFailure = Readonly<{ ok: false; fileError: FileError }>;

export function fileFailure(code: FileErrorCode, message: string): FileFailure {
  return { ok: false, fileError: { code, message } };
}

/** ERR_CSV_006 on a line. `fault` says what is wrong with it. */
export function malformedFile({ line, message: fault }: Readonly<{ line: number; message: string }>): FileFailure {
  return { ok: false, fileError: { code: 'ERR_CSV_006', message: `The file cannot be read: line ${line}: ${fault}.`, line } };
}
