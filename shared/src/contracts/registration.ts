// What an account needs: each fault has a code of its own, and all faults of a registration are told at once by the first.
import { z } from 'zod';
import type { ErrorCode } from '../errors.js';

export const EMAIL_LENGTH_MAX = 254;
export const PASSWORD_LENGTH_MAX = 200;
export const FULL_NAME_LENGTH_MAX = 200;

export type Registration = Readonly<{ email: string; password: string; fullName: string }>;
export type RegistrationResult =
  | Readonly<{ ok: true; registration: Registration }>
  | Readonly<{ ok: false; codes: readonly ErrorCode[] }>;

/** E-mail and name are trimmed, the address lower-cased; a password is taken as it is. */
export function checkRegistration(given: Readonly<{ email: string; password: string; full_name: string }>): RegistrationResult {
  const email = given.email.trim().toLowerCase();
  const fullName = given.full_name.trim();
  const codes: ErrorCode[] = [];
  if (email.length > EMAIL_LENGTH_MAX || !z.email().safeParse(email).success) codes.push('ERR_USER_002');
  if (!isStrongPassword(given.password)) codes.push('ERR_USER_003');
  if (fullName === '') codes.push('ERR_USER_004');
  return codes.length > 0 ? { ok: false, codes } : { ok: true, registration: { email, password: given.password, fullName } };
}

function isStrongPassword(password: string): boolean {
  return password.length >= 8 && /\p{Lu}/u.test(password) && /\p{Ll}/u.test(password) && /\d/.test(password);
}

/** Codes are handed on by mail and mouth: case and surrounding blanks don't count. Two are the same when this is. */
export function plainInviteCode(code: string): string {
  return code.trim().toUpperCase();
}
