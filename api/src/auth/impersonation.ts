// A superuser acting as a user: begun, ended, and everything done in between on record under both ids.
import { recordAudit } from '@closebell/prisma/audit';
import { inTransaction, type Db } from '@closebell/prisma/client';
import { beginTokenlessFamily, revokeFamily } from '@closebell/prisma/refresh-tokens';
import { findUserById, type UserRow } from '@closebell/prisma/users';
import type { Endpoint } from '@closebell/shared/contracts/endpoint';
import { AppError } from '@closebell/shared/errors';
import type { ApiContext } from '../context.js';
import type { Principal } from './principal.js';
import { signAccessToken } from './tokens.js';

/** Whatever ACCESS_TOKEN_MINUTES says: there is no refresh. */
export const IMPERSONATION_SECONDS = 8 * 3_600;

export type ImpersonationWish = Readonly<{ targetId: string; reason: string | null; requestId: string }>;
export type Impersonation = Readonly<{ token: string; expiresAt: Date; user: UserRow }>;

/** Throws ERR_ADMIN_002, ERR_ADMIN_003 (oneself) or ERR_ADMIN_006 (superusers and deactivated accounts). */
export async function beginImpersonation(
  { db, config, verifyToken }: ApiContext,
  { userId: actorId, sessionId: actorSessionId }: Principal,
  { targetId, reason, requestId }: ImpersonationWish,
): Promise<Impersonation> {
  const user = await findUserById(db, targetId);
  if (user === null) throw new AppError('ERR_ADMIN_002');
  if (user.id === actorId) throw new AppError('ERR_ADMIN_003');
  if (user.isSuperuser || !user.isActive) throw new AppError('ERR_ADMIN_006');
  const lifetimeSeconds = IMPERSONATION_SECONDS;
  const sessionId = await inTransaction(db, async (client) => {
    await recordAudit(client, {
      actorId,
      actingAsId: user.id,
      action: 'impersonation.start',
      subject: user.id,
      details: { reason },
      requestId,
    });
    return beginTokenlessFamily(client, { userId: user.id, lifetimeSeconds });
  });
  const claims = { userId: user.id, sessionId, actorId, actorSessionId, isSuperuser: false, lifetimeSeconds };
  const token = await signAccessToken(claims, config);
  const { expiresAt } = await verifyToken(token);
  return { token, expiresAt, user };
}

/** Ends the impersonation at once: its token is one of a revoked login. */
export async function endImpersonation(
  db: Db,
  { actorId, userId, sessionId }: Readonly<{ actorId: string; userId: string; sessionId: string }>,
  requestId: string,
): Promise<void> {
  await inTransaction(db, async (client) => {
    if (!(await revokeFamily(client, sessionId))) return;
    await recordAudit(client, { actorId, actingAsId: userId, action: 'impersonation.stop', subject: userId, requestId });
  });
}

export type ImpersonatedRequest = Readonly<{
  principal: Principal | null;
  definition: Pick<Endpoint, 'method' | 'path'>;
  params: Readonly<Record<string, unknown>>;
  requestId: string;
}>;

/** For every request before it is acted on: what a superuser changes as another user is on record even if the request then fails. */
export async function recordImpersonated(
  db: Db,
  { principal, definition: { method, path }, params, requestId }: ImpersonatedRequest,
): Promise<void> {
  const impersonator = principal?.impersonator ?? null;
  if (principal === null || impersonator === null || method === 'get') return;
  await recordAudit(db.pool, {
    actorId: impersonator.userId,
    actingAsId: principal.userId,
    action: 'impersonation.request',
    subject: typeof params['id'] === 'string' ? params['id'] : null,
    details: { method: method.toUpperCase(), route: path, params },
    requestId,
  });
}
