// Invite codes: what a new one looks like, and whether one that is given lets its holder in.
import { isUsableCode } from '@closebell/prisma/invite-codes';
import { plainInviteCode } from '@closebell/shared/contracts/registration';
import { createHash, randomInt, timingSafeEqual } from 'node:crypto';
import type { ApiContext } from '../context.js';

/** Without the letters and digits that pass for each other: 31 of them, so that a code of 16 has 79 bits. */
const ALPHABET = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789';
const GROUPS = 4;
const GROUP_LENGTH = 4;

/** Like K7QX-2MVR-9TBA-HE4C. */
export function newInviteCode(): string {
  const group = (): string => Array.from({ length: GROUP_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
  return Array.from({ length: GROUPS }, group).join('-');
}

/** `listed`: one of the database, whose uses are counted. */
export type Invite = Readonly<{ kind: 'configured' }> | Readonly<{ kind: 'listed'; code: string }>;

/** Null for a code that lets nobody in: unknown, revoked, expired or used up. */
export async function findInvite({ db, config }: Pick<ApiContext, 'db' | 'config'>, given: string): Promise<Invite | null> {
  const code = plainInviteCode(given);
  if (isConfiguredCode(code, config.inviteCode)) return { kind: 'configured' };
  return (await isUsableCode(db.pool, code)) ? { kind: 'listed', code } : null;
}

/** Compares digests: how long it takes tells nothing about the code, nor about its length. */
export function isConfiguredCode(given: string, configured: string): boolean {
  const digest = (code: string): Buffer => createHash('sha256').update(plainInviteCode(code)).digest();
  return timingSafeEqual(digest(given), digest(configured));
}
