// Accounts. E-mail addresses differ by more than case: the column is citext, and its unique index decides who was first.
import pg from 'pg';
import type { Db } from './client.js';
import { IS_USABLE } from './invite-codes.js';
import type { PrismaDb } from './prisma-client.js';
import { violatedUnique } from './unique-violation.js';

export type UserRow = Readonly<{
  id: string;
  email: string;
  passwordHash: string;
  fullName: string;
  isActive: boolean;
  isSuperuser: boolean;
  createdAt: Date;
}>;

/** A UserRow, for statements that are not Prisma's. */
export const USER_COLUMNS = `id, email, password_hash AS "passwordHash", full_name AS "fullName", is_active AS "isActive", is_superuser AS "isSuperuser",
  created_at AS "createdAt"`;

export type NewUser = Readonly<{
  /** Left out: a random one. */
  id?: string;
  email: string;
  passwordHash: string;
  fullName: string;
  isSuperuser?: boolean;
}>;

/** Null when the address is taken. */
export async function createUser({ prisma }: PrismaDb, user: NewUser): Promise<UserRow | null> {
  try {
    return await prisma.user.create({ data: user });
  } catch (cause) {
    if (violatedUnique(cause) !== null) return null;
    throw cause;
  }
}

/**
 * Makes the account and counts the use of its invite code, both or neither: of many at once no more get in than the code allows.
 * `not_invited`: there is no such code, or it was revoked, has expired or is used up.
 */
export async function createInvitedUser(
  { pool }: Db,
  { id, email, passwordHash, fullName }: Omit<NewUser, 'isSuperuser'>,
  inviteCode: string,
): Promise<UserRow | 'address_taken' | 'not_invited'> {
  try {
    const { rows } = await pool.query<UserRow>(
      `WITH used AS (UPDATE invite_codes SET uses = uses + 1 WHERE code = $1 AND ${IS_USABLE} RETURNING id)
       INSERT INTO users (id, email, password_hash, full_name, invite_code_id)
       SELECT coalesce($2::uuid, gen_random_uuid()), $3, $4, $5, used.id FROM used RETURNING ${USER_COLUMNS}`,
      [inviteCode, id ?? null, email, passwordHash, fullName],
    );
    return rows[0] ?? 'not_invited';
  } catch (cause) {
    if (cause instanceof pg.DatabaseError && cause.code === UNIQUE_VIOLATION) return 'address_taken';
    throw cause;
  }
}

const UNIQUE_VIOLATION = '23505';

export async function findUserById({ prisma }: PrismaDb, userId: string): Promise<UserRow | null> {
  return prisma.user.findUnique({ where: { id: userId } });
}

export async function findUserByEmail({ prisma }: PrismaDb, email: string): Promise<UserRow | null> {
  return prisma.user.findUnique({ where: { email } });
}

/** Makes the account with this address an active superuser; null when there is none. */
export async function promoteUser({ prisma }: PrismaDb, email: string): Promise<UserRow | null> {
  const [user] = await prisma.user.updateManyAndReturn({ where: { email }, data: { isSuperuser: true, isActive: true } });
  return user ?? null;
}

export type SessionKey = Readonly<{ userId: string; familyId: string }>;
export type SessionUser = Omit<UserRow, 'passwordHash'> & Readonly<{ sessionRevoked: boolean }>;

/** The users and whether the login `familyId` of each was revoked, in the order of the keys: the one look that every request takes. */
export async function findSessionUsers({ pool }: Db, keys: readonly SessionKey[]): Promise<readonly (SessionUser | null)[]> {
  const { rows } = await pool.query<SessionUser | { id: null }>(
    `SELECT users.id, email, full_name AS "fullName", is_active AS "isActive", is_superuser AS "isSuperuser", users.created_at AS "createdAt",
       EXISTS (SELECT 1 FROM refresh_tokens WHERE family_id = asked.family_id AND revoked_at IS NOT NULL) AS "sessionRevoked"
     FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS asked (user_id, family_id, place)
     LEFT JOIN users ON users.id = asked.user_id ORDER BY asked.place`,
    [keys.map(({ userId }) => userId), keys.map(({ familyId }) => familyId)],
  );
  return rows.map((row) => (row.id === null ? null : row));
}
