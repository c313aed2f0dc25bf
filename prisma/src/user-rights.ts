// Accounts as superusers see and change them.
import { AppError } from '@closebell/shared/errors';
import type { Queryable } from './client.js';
import { revokeLogins } from './refresh-tokens.js';

export type ListedUser = Readonly<{
  id: string;
  email: string;
  full_name: string;
  is_active: boolean;
  is_superuser: boolean;
  is_demo: boolean;
  has_portfolio: boolean;
  /** Of the invite code the account was made with. */
  invite_cohort: string | null;
  created_at: Date;
}>;

const LISTED_USER = `
  SELECT u.id, u.email, u.full_name, u.is_active, u.is_superuser, u.is_demo, u.created_at, invite.cohort AS invite_cohort,
    EXISTS (SELECT 1 FROM portfolios p WHERE p.user_id = u.id AND p.deleted_at IS NULL) AS has_portfolio
  FROM users u LEFT JOIN invite_codes invite ON invite.id = u.invite_code_id`;

export type UserFilter = Readonly<{ email?: string | undefined; limit: number; offset: number }>;

/** A part of the address, whatever its case. Not LIKE: "_" is an ordinary character of addresses. */
const HAS_ADDRESS = `($1::text IS NULL OR strpos(lower(email::text), lower($1)) > 0)`;

/** Newest first; `total` is the number of all that match. */
export async function listUsers(
  client: Queryable,
  { email, limit, offset }: UserFilter,
): Promise<Readonly<{ users: readonly ListedUser[]; total: number }>> {
  const [page, count] = await Promise.all([
    client.query<ListedUser>(`${LISTED_USER} WHERE ${HAS_ADDRESS} ORDER BY u.created_at DESC, u.id LIMIT $2 OFFSET $3`, [
      email ?? null,
      limit,
      offset,
    ]),
    client.query<{ total: number }>(`SELECT count(*) AS total FROM users WHERE ${HAS_ADDRESS}`, [email ?? null]),
  ]);
  return { users: page.rows, total: count.rows[0]!.total };
}

export type RightsChange = Readonly<{
  userId: string;
  /** The superuser who changes it. */
  actorId: string;
  isActive?: boolean | undefined;
  isSuperuser?: boolean | undefined;
}>;

type Rights = Readonly<{ id: string; is_active: boolean; is_superuser: boolean }>;

/**
 * In a transaction. A change ends the user's logins and impersonations at once. Nobody takes his own rights, and who changes them must be a
 * superuser still when his turn has come: so one is always left, also of two who would demote each other at once.
 * Throws ERR_ADMIN_001, ERR_ADMIN_002 or ERR_ADMIN_005.
 */
export async function changeRights(client: Queryable, change: RightsChange): Promise<ListedUser> {
  const { userId, actorId } = change;
  const { rows } = await client.query<Rights>(
    `SELECT id, is_active, is_superuser FROM users WHERE (is_superuser AND is_active) OR id = $1 ORDER BY id FOR NO KEY UPDATE`,
    [userId],
  );
  const actor = rows.find(({ id }) => id === actorId);
  const user = rows.find(({ id }) => id === userId);
  if (actor === undefined || !actor.is_active || !actor.is_superuser) throw new AppError('ERR_ADMIN_001');
  if (user === undefined) throw new AppError('ERR_ADMIN_002');
  const next = { isActive: change.isActive ?? user.is_active, isSuperuser: change.isSuperuser ?? user.is_superuser };
  if (userId === actorId && !(next.isActive && next.isSuperuser)) throw new AppError('ERR_ADMIN_005');
  if (next.isActive !== user.is_active || next.isSuperuser !== user.is_superuser) {
    await client.query(`UPDATE users SET is_active = $2, is_superuser = $3 WHERE id = $1`, [
      userId,
      next.isActive,
      next.isSuperuser,
    ]);
    await revokeLogins(client, userId);
  }
  const changed = await client.query<ListedUser>(`${LISTED_USER} WHERE u.id = $1`, [userId]);
  return changed.rows[0]!;
}
