// Every response names its request, so that a user's report leads to the log line.
import type { NextFunction, Request, Response } from 'express';
import { randomUUID } from 'node:crypto';

const SANE = /^[\w.:/+=-]{1,100}$/;

/** Keeps the X-Request-Id that a caller or proxy gave, if it is short and plain, else makes one. */
export function requestId(request: Request, response: Response, next: NextFunction): void {
  const given = request.get('x-request-id');
  response.set('X-Request-Id', given !== undefined && SANE.test(given) ? given : randomUUID());
  next();
}

export function requestIdOf(response: Response): string {
  return response.get('X-Request-Id') ?? '';
}
