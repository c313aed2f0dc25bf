// Who asks, and acting as whom. Bearer wins over the cookie; what a user may do is read from the database, not believed from the token.
import { findUserById, type SessionUser } from '@closebell/prisma/users';
import { AppError } from '@closebell/shared/errors';
import type { Request } from 'express';
import type { ApiContext } from '../context.js';
import { AUTH_COOKIE, cookieOf } from './cookies.js';

export type Principal = Readonly<{
  userId: string;
  email: string;
  fullName: string;
  isActive: boolean;
  /** False while impersonating, whoever is behind it. */
  isSuperuser: boolean;
  createdAt: Date;
  /** The superuser who acts as this user; null when the user acts alone. */
  impersonator: Readonly<{ userId: string; email: string }> | null;
  /** The login that the token belongs to: the family of its refresh tokens. */
  sessionId: string;
  /** When the access token does. */
  expiresAt: Date;
  via: 'bearer' | 'cookie';
}>;

/** Throws ERR_AUTH_001 (none or invalid), ERR_AUTH_002 (expired) or ERR_AUTH_003 (logged out since). */
export async function authenticate(context: ApiContext, request: Request): Promise<Principal> {
  const { token, via } = credentialsOf(request);
  const { expiresAt, actorId, ...session } = await context.verifyToken(token);
  const user = await requireSession(context, session);
  const impersonator = actorId === null ? null : await requireActor(context.db, actorId);
  return {
    userId: user.id,
    email: user.email,
    fullName: user.fullName,
    isActive: user.isActive,
    isSuperuser: user.isSuperuser && impersonator === null,
    createdAt: user.createdAt,
    impersonator,
    sessionId: session.sessionId,
    expiresAt,
    via,
  };
}

/** For what outlives its request: throws as `authenticate` does once the login has ended or its token has expired. */
export async function requireStillLoggedIn(context: ApiContext, principal: Principal): Promise<void> {
  if (principal.expiresAt.getTime() <= Date.now()) throw new AppError('ERR_AUTH_002');
  await requireSession(context, principal);
  if (principal.impersonator !== null) await requireActor(context.db, principal.impersonator.userId);
}

/** Looked up for every request, so that a login that is revoked ends at once. */
async function requireSession(
  { sessions }: ApiContext,
  { userId, sessionId }: Pick<Principal, 'userId' | 'sessionId'>,
): Promise<SessionUser> {
  const user = await sessions({ userId, familyId: sessionId });
  if (user === null || !user.isActive) throw new AppError('ERR_AUTH_001');
  if (user.sessionRevoked) throw new AppError('ERR_AUTH_003');
  return user;
}

function credentialsOf(request: Request): Readonly<{ token: string; via: 'bearer' | 'cookie' }> {
  const header = request.get('authorization');
  if (header !== undefined) {
    const token = /^Bearer +(\S+) *$/i.exec(header)?.[1];
    if (token === undefined)
      throw new AppError('ERR_AUTH_001', { message: 'Send the access token as "Authorization: Bearer …".' });
    return { token, via: 'bearer' };
  }
  const cookie = cookieOf(request, AUTH_COOKIE);
  if (cookie === null) throw new AppError('ERR_AUTH_001');
  return { token: cookie, via: 'cookie' };
}

/** An impersonation ends the moment its superuser is one no longer. */
async function requireActor(db: ApiContext['db'], actorId: string): Promise<NonNullable<Principal['impersonator']>> {
  const actor = await findUserById(db, actorId);
  if (actor === null || !actor.isActive || !actor.isSuperuser) throw new AppError('ERR_AUTH_003');
  return { userId: actor.id, email: actor.email };
}
