// The one shape of an error. What it says comes from the table of codes; what caused it goes to the log and nowhere else.
import { AppError, ERRORS, type ErrorCode } from '@closebell/shared/errors';
import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Logger } from '@closebell/shared/infra/logger';
import { requestIdOf } from './request-id.js';

/** For an address that no router knows. */
export function notFound(request: Request): never {
  throw new AppError('ERR_REQ_404', {
    message: `There is nothing at ${request.method} ${request.path.slice(0, 200)}. See /docs for what there is.`,
  });
}

export function errorHandler(logger: Logger): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (cause: unknown, _request, response, _next) => {
    const error = asAppError(cause);
    const status = error.status ?? 500;
    if (status >= 500) logger.error({ err: cause, requestId: requestIdOf(response) }, 'request failed');
    // The answer has begun: all that is left is to let the client see that it is cut off.
    if (response.headersSent) response.destroy();
    else sendError(response, error, status);
  };
}

function sendError(response: Response, error: AppError, status: number): void {
  response.removeHeader('Content-Disposition');
  if (status === 401) response.set('WWW-Authenticate', 'Bearer realm="closebell"');
  response.status(status).set('Cache-Control', 'no-store');
  response.json(errorBody(error, requestIdOf(response)));
}

/** What every error is answered with. */
export function errorBody({ code, message, details }: AppError, requestId: string): Readonly<Record<string, unknown>> {
  return {
    error: {
      code,
      message,
      ...(details === undefined ? {} : { details }),
      documentation_url: `/docs/errors#${code}`,
      request_id: requestId,
    },
  };
}

function asAppError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const code = codeOfParser(cause) ?? (isDependencyDown(cause) ? 'ERR_SYS_002' : 'ERR_SYS_001');
  return new AppError(code, { message: ERRORS[code].message, cause });
}

/** The JSON parser's refusals, and Express's own of a path that is no UTF-8. */
function codeOfParser(cause: unknown): ErrorCode | null {
  const { type, status } = cause as { type?: unknown; status?: unknown };
  if (type === 'entity.too.large') return 'ERR_REQ_003';
  if (typeof status === 'number' && status >= 400 && status < 500) return 'ERR_REQ_002';
  return null;
}

const CONNECTION_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
  '57P01',
  '57P02',
  '57P03',
  '53300',
  'P1001',
  'P1017',
]);

/** Whether the database is out of reach, as told by pg, by Prisma around it, or by the pool. */
function isDependencyDown(cause: unknown): boolean {
  for (let error = cause; error instanceof Error; error = error.cause) {
    const { code, message } = error as Error & { code?: unknown };
    if (typeof code === 'string' && CONNECTION_CODES.has(code)) return true;
    if (/timeout exceeded when trying to connect|Connection terminated/.test(message)) return true;
  }
  return false;
}
