// The cookies of a login, set and cleared alike. Scripts can read only the CSRF cookie.
import type { Config } from '@closebell/shared/config';
import type { CookieOptions, Request, Response } from 'express';
import { randomBytes } from 'node:crypto';

export const AUTH_COOKIE = 'auth_token';
export const REFRESH_COOKIE = 'refresh_token';
export const CSRF_COOKIE = 'csrf_token';

/** The refresh token travels nowhere but to the routes that use it. */
const REFRESH_PATH = '/api/v1/auth';

export type LoginTokens = Readonly<{ accessToken: string; refreshToken: string }>;

export function setLoginCookies(response: Response, config: Config, { accessToken, refreshToken }: LoginTokens): void {
  const accessMs = config.accessTokenMinutes * 60_000;
  const loginMs = config.refreshTokenDays * 86_400_000;
  response.cookie(AUTH_COOKIE, accessToken, { ...secret(config), path: '/', maxAge: accessMs });
  response.cookie(REFRESH_COOKIE, refreshToken, { ...secret(config), path: REFRESH_PATH, maxAge: loginMs });
  response.cookie(CSRF_COOKIE, randomBytes(32).toString('base64url'), { ...shared(config), path: '/', maxAge: loginMs });
}

export function clearLoginCookies(response: Response, config: Config): void {
  response.clearCookie(AUTH_COOKIE, { ...secret(config), path: '/' });
  response.clearCookie(REFRESH_COOKIE, { ...secret(config), path: REFRESH_PATH });
  response.clearCookie(CSRF_COOKIE, { ...shared(config), path: '/' });
}

export function cookieOf(request: Request, name: string): string | null {
  const value: unknown = (request.cookies as Record<string, unknown> | undefined)?.[name];
  return typeof value === 'string' && value !== '' ? value : null;
}

function shared(config: Config): CookieOptions {
  return {
    sameSite: config.cookieSameSite,
    secure: config.environment === 'production',
    ...(config.cookieDomain === null ? {} : { domain: config.cookieDomain }),
  };
}

function secret(config: Config): CookieOptions {
  return { ...shared(config), httpOnly: true };
}
