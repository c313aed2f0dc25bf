import { impersonate, stopImpersonation } from '@closebell/shared/contracts/impersonation';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import { beginImpersonation, endImpersonation, IMPERSONATION_SECONDS } from '../auth/impersonation.js';
import type { ApiContext } from '../context.js';
import { route } from '../route.js';

export function impersonationRoutes(router: Router, context: ApiContext): void {
  route(router, context, impersonate, async ({ body, principal, requestId }) => {
    const wish = { targetId: body.target_user_id, reason: body.reason ?? null, requestId };
    const { token, expiresAt, user } = await beginImpersonation(context, principal, wish);
    const { id, email, fullName, isSuperuser } = user;
    return {
      status: 200,
      headers: { 'Cache-Control': 'no-store' },
      body: {
        access_token: token,
        token_type: 'bearer',
        expires_in: IMPERSONATION_SECONDS,
        expires_at: expiresAt.toISOString(),
        user: { id, email, full_name: fullName, is_superuser: isSuperuser },
      },
    };
  });

  route(router, context, stopImpersonation, async ({ principal, requestId }) => {
    const { userId, sessionId, impersonator } = principal;
    if (impersonator === null) throw new AppError('ERR_ADMIN_004');
    await endImpersonation(context.db, { actorId: impersonator.userId, userId, sessionId }, requestId);
    return { status: 200, body: { message: 'The impersonation has ended. Go on with your own token.' } };
  });
}
