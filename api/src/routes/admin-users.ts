import { inTransaction } from '@closebell/prisma/client';
import { changeRights, listUsers as listAccounts, type ListedUser } from '@closebell/prisma/user-rights';
import { changeUser, listUsers } from '@closebell/shared/contracts/admin-users';
import type { Router } from 'express';
import { audited } from '../audited.js';
import type { ApiContext } from '../context.js';
import { route } from '../route.js';

export function adminUserRoutes(router: Router, context: ApiContext): void {
  const { db } = context;

  route(router, context, listUsers, async ({ query }) => {
    const { users, total } = await listAccounts(db.pool, query);
    return { status: 200, body: { users: users.map(viewUser), total } };
  });

  route(router, context, changeUser, async ({ params, body, principal, requestId }) => {
    const alsoKeep = audited<ListedUser>({ principal, requestId }, ({ id }) => ({
      action: 'user.change',
      subject: id,
      details: body,
    }));
    const user = await inTransaction(db, async (client) => {
      const changed = await changeRights(client, {
        userId: params.id,
        actorId: principal.userId,
        isActive: body.is_active,
        isSuperuser: body.is_superuser,
      });
      await alsoKeep(client, changed);
      return changed;
    });
    return { status: 200, body: viewUser(user) };
  });
}

function viewUser({ created_at: createdAt, ...user }: ListedUser) {
  return { ...user, created_at: createdAt.toISOString() };
}
