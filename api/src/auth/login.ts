// Logging in with e-mail address and password, for the API and for the board alike.
import { findUserByEmail, type UserRow } from '@closebell/prisma/users';
import { AppError } from '@closebell/shared/errors';
import type { Request, Response } from 'express';
import type { ApiContext } from '../context.js';
import { addressOf, spendAll } from '../middleware/rate-limit.js';
import { verifyPassword } from './passwords.js';

export type LoginAttempt = Readonly<{ email: string; password: string; raw: Request; response: Response }>;

/** The active user. Throws the same ERR_AUTH_001, after the same time, for an unknown address, a wrong password and an inactive account. */
export async function logIn(context: ApiContext, { email, password, raw, response }: LoginAttempt): Promise<UserRow> {
  const account = `${addressOf(raw)} ${email.toLowerCase()}`;
  // Taken before the password is looked at, so that guesses sent at once count as well; a good login gets it back.
  await spendAll(context, response, account, ['failedLogins']);
  const user = await findUserByEmail(context.db, email);
  const matches = await verifyPassword(password, user?.passwordHash ?? null);
  if (user === null || !matches || !user.isActive)
    throw new AppError('ERR_AUTH_001', { message: 'E-mail address or password is wrong.' });
  await context.rateLimiter.refund('failedLogins', account);
  return user;
}
