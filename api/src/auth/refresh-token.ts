// The refresh token as its holder sees it, and as it is stored: the database alone is of no use to a thief.
import { createHash, randomBytes } from 'node:crypto';

export type RefreshToken = Readonly<{ token: string; tokenHash: Uint8Array<ArrayBuffer> }>;

export function newRefreshToken(): RefreshToken {
  const token = randomBytes(32).toString('base64url');
  return { token, tokenHash: hashRefreshToken(token) };
}

export function hashRefreshToken(token: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(createHash('sha256').update(token).digest());
}
