// Accounts. E-mail addresses differ by more than case: the column is citext, and its unique index decides who was first.
import type { Db } from './client.js';
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

export type NewUser = Readonly<{
  /** Left out: a random one. */
  id?: string;
  email: string;
  passwordHash: string;
  fullName: string;
  isSuperuser?: boolean;
}>;

/** Null when the address is taken. */
export async function createUser({ prisma }: Db, user: NewUser): Promise<UserRow | null> {
  try {
    return await prisma.user.create({ data: user });
  } catch (cause) {
    if (violatedUnique(cause) !== null) return null;
    throw cause;
  }
}

export async function findUserById({ prisma }: Db, userId: string): Promise<UserRow | null> {
  return prisma.user.findUnique({ where: { id: userId } });
}

export async function findUserByEmail({ prisma }: Db, email: string): Promise<UserRow | null> {
  return prisma.user.findUnique({ where: { email } });
}

/** Makes the account with this address an active superuser; null when there is none. */
export async function promoteUser({ prisma }: Db, email: string): Promise<UserRow | null> {
  const [user] = await prisma.user.updateManyAndReturn({ where: { email }, data: { isSuperuser: true, isActive: true } });
  return user ?? null;
}

export type SessionUser = UserRow & Readonly<{ sessionRevoked: boolean }>;

/** The user and whether the login `familyId` was revoked, in the one look that every request takes. */
export async function findSessionUser({ pool }: Db, userId: string, familyId: string): Promise<SessionUser | null> {
  const { rows } = await pool.query<SessionUser>(
    `SELECT id, email, password_hash AS "passwordHash", full_name AS "fullName", is_active AS "isActive", is_superuser AS "isSuperuser",
       created_at AS "createdAt",
       EXISTS (SELECT 1 FROM refresh_tokens WHERE family_id = $2 AND revoked_at IS NOT NULL) AS "sessionRevoked"
     FROM users WHERE id = $1`,
    [userId, familyId],
  );
  return rows[0] ?? null;
}
