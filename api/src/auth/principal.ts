// Who asks, and acting as whom. Bearer wins over the cookie; what a user may do is read from the database, not believed from the token.
import type { SessionUser } from '@closebell/prisma/users';
import { AppError } from '@closebell/shared/errors';
import type { Request } from 'express';
import type { ApiContext } from '../context.js';
import { AUTH_COOKIE, cookieOf } from './cookies.js';

export type Principal = Readonly<{
  userId: string;
  email: string;
  fullName: string;
  isActive: boolean;
  /** Never while impersonating: superusers cannot be impersonated, and one who was made a superuser since is one no longer. */
  isSuperuser: boolean;
  createdAt: Date;
  /** The superuser who acts as this user; null when the user acts alone. */
  impersonator: Impersonator | null;
  /** The login that the token belongs to: the family of its refresh tokens. */
  sessionId: string;
  /** When the access token does. */
  expiresAt: Date;
  via: 'bearer' | 'cookie';
}>;

/** `sessionId`: the login that the impersonation was begun from. */
export type Impersonator = Readonly<{ userId: string; email: string; sessionId: string }>;

/** Throws ERR_AUTH_001 (none or invalid), ERR_AUTH_002 (expired) or ERR_AUTH_003 (logged out since). */
export async function authenticate(context: ApiContext, request: Request): Promise<Principal> {
  const { token, via } = credentialsOf(request);
  const { expiresAt, actorId, actorSessionId, ...session } = await context.verifyToken(token);
  const actor = actorId === null || actorSessionId === null ? null : { userId: actorId, sessionId: actorSessionId };
  const [user, impersonator] = await Promise.all([requireSession(context, session), requireActor(context, actor)]);
  if (impersonator !== null && user.isSuperuser) throw new AppError('ERR_AUTH_003');
  return {
    userId: user.id,
    email: user.email,
    fullName: user.fullName,
    isActive: user.isActive,
    isSuperuser: user.isSuperuser,
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
  await Promise.all([requireSession(context, principal), requireActor(context, principal.impersonator)]);
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

/** An impersonation ends the moment its superuser logs out or is one no longer. */
async function requireActor(
  { sessions }: ApiContext,
  actor: Pick<Impersonator, 'userId' | 'sessionId'> | null,
): Promise<Impersonator | null> {
  if (actor === null) return null;
  const user = await sessions({ userId: actor.userId, familyId: actor.sessionId });
  if (user === null || user.sessionRevoked || !user.isActive || !user.isSuperuser) throw new AppError('ERR_AUTH_003');
  return { userId: user.id, email: user.email, sessionId: actor.sessionId };
}
