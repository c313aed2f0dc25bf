// Errors on their way between threads. A structured copy would lose their class, and with it how the job goes on.
import { FenceLostError } from '@closebell/prisma/job-runs';
import { AppError, type ErrorCode } from '@closebell/shared/errors';

type Told = Readonly<{ message: string; stack: string | null; cause: PackedError | null }>;

export type PackedError =
  | (Told & Readonly<{ type: 'app'; code: ErrorCode; details: unknown }>)
  | (Told & Readonly<{ type: 'fence-lost' }>)
  | (Told & Readonly<{ type: 'other'; name: string }>);

/** A chain of causes longer than this says nothing more, and may be a ring. */
const CAUSES_MAX = 5;

/** Anything that was thrown, made of what can be copied. */
export function packError(thrown: unknown, causesMax = CAUSES_MAX): PackedError {
  if (!(thrown instanceof Error)) return { type: 'other', name: 'Error', message: String(thrown), stack: null, cause: null };
  const cause = thrown.cause === undefined || causesMax === 0 ? null : packError(thrown.cause, causesMax - 1);
  const told = { message: thrown.message, stack: thrown.stack ?? null, cause };
  if (thrown instanceof AppError) return { type: 'app', ...told, code: thrown.code, details: copyable(thrown.details) };
  if (thrown instanceof FenceLostError) return { type: 'fence-lost', ...told };
  return { type: 'other', ...told, name: thrown.name };
}

/** The error again, with its class where one is looked for; `jobId` is the job it ended. */
export function unpackError(packed: PackedError, jobId: string): Error {
  const error = remade(packed, jobId);
  if (packed.stack !== null) error.stack = packed.stack;
  return error;
}

function remade(packed: PackedError, jobId: string): Error {
  const cause = packed.cause === null ? undefined : unpackError(packed.cause, jobId);
  switch (packed.type) {
    case 'app':
      return new AppError(packed.code, { message: packed.message, details: packed.details, cause });
    case 'fence-lost':
      return new FenceLostError(jobId);
    case 'other': {
      const error = new Error(packed.message, cause === undefined ? undefined : { cause });
      error.name = packed.name;
      return error;
    }
  }
}

/** Details are plain records by convention; one that is not is told as text rather than lost with its error. */
function copyable(details: unknown): unknown {
  try {
    return structuredClone(details);
  } catch {
    return String(details);
  }
}
