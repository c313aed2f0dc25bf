// Passwords as argon2id hashes. Hashing runs on the thread pool, so that a login does not stop the other requests.
import { hash, verify } from '@node-rs/argon2';

/** 19 MiB, two passes: the minimum that OWASP's password storage recommendations name for argon2id. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const ARGON2ID = 2;

/** A hash of these costs that nobody knows a password for. */
const NOBODY = '$argon2id$v=19$m=19456,t=2,p=1$a3xkCp9bQsLwJ0nMZtHcVQ$UvpmMDYWz+qU4n2GXwNrTgE8b1kSdFjR0hVyCaPeo5I';

export async function hashPassword(password: string): Promise<string> {
  return hash(password, { ...COST, algorithm: ARGON2ID });
}

/** Takes as long for an account that does not exist (`passwordHash` null) as for one that does: the answer's time tells nothing. */
export async function verifyPassword(password: string, passwordHash: string | null): Promise<boolean> {
  const matches = await verify(passwordHash ?? NOBODY, password);
  return passwordHash !== null && matches;
}
