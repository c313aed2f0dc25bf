// Refresh tokens by their hash: a login begins a family, each use replaces the token, and one used twice ends the family.
// A family with a revoked token has ended, whatever its other tokens say: one may be added while the family is being revoked.
import { inTransaction, type Db, type Queryable } from './client.js';
import { USER_COLUMNS, type UserRow } from './users.js';

export type NewRefreshToken = Readonly<{ userId: string; tokenHash: Uint8Array<ArrayBuffer>; lifetimeDays: number }>;

/** Begins a family; its id names the login in access tokens. */
export async function beginTokenFamily({ pool }: Db, { userId, tokenHash, lifetimeDays }: NewRefreshToken): Promise<string> {
  const { rows } = await pool.query<{ family_id: string }>(
    `INSERT INTO refresh_tokens (family_id, user_id, token_hash, expires_at)
     VALUES (gen_random_uuid(), $1, $2, clock_timestamp() + make_interval(days => $3)) RETURNING family_id`,
    [userId, tokenHash, lifetimeDays],
  );
  const [family] = rows;
  if (family === undefined) throw new Error('the refresh token was not inserted');
  return family.family_id;
}

export type Rotation =
  | Readonly<{ outcome: 'rotated'; familyId: string; user: UserRow }>
  /** The token was used before, or its login has ended: its whole family is revoked now. */
  | Readonly<{ outcome: 'revoked' | 'expired' | 'unknown' }>;

export type RotationRequest = Readonly<{ tokenHash: Uint8Array; nextHash: Uint8Array; lifetimeDays: number }>;

type StoredToken = Readonly<{ id: string; family_id: string; user_id: string; is_expired: boolean; is_spent: boolean }>;

/** Replaces a token by the next of its family. Of two uses at once one wins, and the other counts as the second use that it is. */
export async function rotateToken(db: Db, { tokenHash, nextHash, lifetimeDays }: RotationRequest): Promise<Rotation> {
  return inTransaction(db, async (client) => {
    const { rows } = await client.query<StoredToken>(
      `SELECT id, family_id, user_id, expires_at <= clock_timestamp() AS is_expired, replaced_at IS NOT NULL OR EXISTS (
         SELECT 1 FROM refresh_tokens other WHERE other.family_id = used.family_id AND other.revoked_at IS NOT NULL) AS is_spent
       FROM refresh_tokens used WHERE token_hash = $1 FOR UPDATE`,
      [tokenHash],
    );
    const token = rows[0];
    if (token === undefined) return { outcome: 'unknown' };
    if (token.is_spent) {
      await client.query(REVOKE_FAMILY, [token.family_id]);
      return { outcome: 'revoked' };
    }
    if (token.is_expired) return { outcome: 'expired' };
    const user = await client.query<UserRow>(`SELECT ${USER_COLUMNS} FROM users WHERE id = $1 AND is_active`, [token.user_id]);
    if (user.rows[0] === undefined) return { outcome: 'unknown' };
    await client.query(`UPDATE refresh_tokens SET replaced_at = clock_timestamp() WHERE id = $1`, [token.id]);
    await client.query(
      `INSERT INTO refresh_tokens (family_id, user_id, token_hash, expires_at) VALUES ($1, $2, $3, clock_timestamp() + make_interval(days => $4))`,
      [token.family_id, token.user_id, nextHash, lifetimeDays],
    );
    return { outcome: 'rotated', familyId: token.family_id, user: user.rows[0] };
  });
}

const REVOKE_FAMILY = `UPDATE refresh_tokens SET revoked_at = clock_timestamp() WHERE family_id = $1 AND revoked_at IS NULL`;

/** Ends a login: its refresh tokens, and with them the access tokens that name it. False when it had ended before. */
export async function revokeFamily(client: Queryable, familyId: string): Promise<boolean> {
  const { rowCount } = await client.query(REVOKE_FAMILY, [familyId]);
  return rowCount !== 0;
}

/** Ends every login of the user, and every impersonation of him. */
export async function revokeLogins(client: Queryable, userId: string): Promise<void> {
  await client.query(`UPDATE refresh_tokens SET revoked_at = clock_timestamp() WHERE user_id = $1 AND revoked_at IS NULL`, [
    userId,
  ]);
}

/** Begins a family that nobody has a token of, so that it ends when it is revoked and is never refreshed: an impersonation of the user. */
export async function beginTokenlessFamily(
  client: Queryable,
  { userId, lifetimeSeconds }: Readonly<{ userId: string; lifetimeSeconds: number }>,
): Promise<string> {
  const { rows } = await client.query<{ family_id: string }>(
    `INSERT INTO refresh_tokens (family_id, user_id, token_hash, expires_at)
     VALUES (gen_random_uuid(), $1, sha256(uuid_send(gen_random_uuid())), clock_timestamp() + make_interval(secs => $2)) RETURNING family_id`,
    [userId, lifetimeSeconds],
  );
  return rows[0]!.family_id;
}

/** Ends the login that a refresh token, also a used one, belongs to. */
export async function revokeFamilyOfToken({ pool }: Db, tokenHash: Uint8Array): Promise<void> {
  await pool.query(
    `UPDATE refresh_tokens SET revoked_at = clock_timestamp()
     WHERE revoked_at IS NULL AND family_id = (SELECT family_id FROM refresh_tokens WHERE token_hash = $1)`,
    [tokenHash],
  );
}

/** No access token lives longer: one that names the family must still find it. */
const FAMILY_KEPT_DAYS = 2;

/** Deletes the families of which no token can be used any more. Returns how many tokens went. */
export async function pruneRefreshTokens(client: Queryable): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM refresh_tokens WHERE family_id IN (
       SELECT family_id FROM refresh_tokens GROUP BY family_id HAVING max(expires_at) < clock_timestamp() - make_interval(days => $1))`,
    [FAMILY_KEPT_DAYS],
  );
  return rowCount ?? 0;
}
