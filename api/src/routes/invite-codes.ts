import { inTransaction, type Queryable } from '@closebell/prisma/client';
import { inTransactionOnce } from '@closebell/prisma/idempotency-keys';
import {
  changeInviteCode as changeCode,
  insertInviteCode,
  listInviteCodes as listCodes,
  revokeInviteCode as revokeCode,
  type InviteCodeRow,
  type InviteTerms,
} from '@closebell/prisma/invite-codes';
import { changeInviteCode, createInviteCode, listInviteCodes, revokeInviteCode } from '@closebell/shared/contracts/invite-codes';
import { AppError } from '@closebell/shared/errors';
import type { Router } from 'express';
import { audited } from '../audited.js';
import { isConfiguredCode, newInviteCode } from '../auth/invite-codes.js';
import type { Principal } from '../auth/principal.js';
import type { ApiContext } from '../context.js';
import { cutPage } from '../page.js';
import { route } from '../route.js';

export function inviteCodeRoutes(router: Router, context: ApiContext): void {
  const { db, config } = context;

  route(router, context, createInviteCode, async ({ body, principal, requestId, keyHold }) => {
    const code = body.code ?? newInviteCode();
    if (isConfiguredCode(code, config.inviteCode)) throw new AppError('ERR_INVITE_003');
    const terms = { cohort: null, usesMax: null, expiresAt: null, ...termsOf(body) };
    const alsoKeep = audited({ principal, requestId }, deed('create'));
    const made = await inTransactionOnce(db, keyHold, async (client) => {
      const row = await insertInviteCode(client, { ...terms, code, createdBy: principal.userId });
      await alsoKeep(client, row);
      return viewInvite(row);
    });
    return { status: 201, body: made };
  });

  route(router, context, listInviteCodes, async ({ query: { cursor, limit } }) => {
    const rows = await listCodes(db.pool, { before: cursor, limit: limit + 1 });
    const { page, nextCursor } = cutPage(rows, limit, ({ id }) => id);
    return { status: 200, body: { invite_codes: page.map(viewInvite), next_cursor: nextCursor } };
  });

  const change = async (who: Who, verb: string, work: (client: Queryable) => Promise<InviteCodeRow>) => {
    const alsoKeep = audited(who, deed(verb));
    const row = await inTransaction(db, async (client) => {
      const changed = await work(client);
      await alsoKeep(client, changed);
      return changed;
    });
    return { status: 200, body: viewInvite(row) };
  };

  route(router, context, changeInviteCode, async ({ params, body, principal, requestId }) =>
    change({ principal, requestId }, 'change', (client) => changeCode(client, params.id, termsOf(body))),
  );

  route(router, context, revokeInviteCode, async ({ params, principal, requestId }) =>
    change({ principal, requestId }, 'revoke', (client) => revokeCode(client, params.id)),
  );
}

type Who = Readonly<{ principal: Principal; requestId: string }>;

type GivenTerms = Readonly<{
  cohort?: string | null | undefined;
  uses_max?: number | null | undefined;
  expires_at?: string | null | undefined;
}>;

/** What is left out stays out. */
function termsOf({ cohort, uses_max: usesMax, expires_at: expiresAt }: GivenTerms): Partial<InviteTerms> {
  return {
    ...(cohort === undefined ? {} : { cohort }),
    ...(usesMax === undefined ? {} : { usesMax }),
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt === null ? null : new Date(expiresAt) }),
  };
}

/** Not the code itself: the entry outlives it, and whoever may read the log can list the codes. */
function deed(verb: string) {
  return ({ id, cohort, uses_max, expires_at }: InviteCodeRow) => ({
    action: `invite-code.${verb}`,
    subject: id,
    details: { cohort, uses_max, expires_at },
  });
}

function viewInvite({ uses, uses_max, expires_at, revoked_at, created_at, ...code }: InviteCodeRow) {
  return {
    ...code,
    uses,
    uses_max,
    uses_left: uses_max === null ? null : uses_max - uses,
    expires_at: expires_at?.toISOString() ?? null,
    revoked_at: revoked_at?.toISOString() ?? null,
    created_at: created_at.toISOString(),
  };
}
