// Double submit: a page of another site can make the browser send the cookie, but cannot read it to repeat it in a header.
import { AppError } from '@closebell/shared/errors';
import type { Request } from 'express';
import { timingSafeEqual } from 'node:crypto';
import { cookieOf, CSRF_COOKIE } from './cookies.js';

/** For writes whose credentials came as a cookie. Throws ERR_AUTH_004. */
export function requireCsrf(request: Request): void {
  const cookie = cookieOf(request, CSRF_COOKIE);
  const header = request.get('x-csrf-token');
  if (cookie === null || header === undefined || !isEqual(cookie, header)) throw new AppError('ERR_AUTH_004');
}

function isEqual(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
