// A whole installation in which every route can be called: the API over HTTP, and people whose records reach into
// every table that belongs to somebody.
import { randomBytes, randomUUID } from 'node:crypto';
import { hashPassword } from '@closebell/api/auth/passwords';
import { newRefreshToken } from '@closebell/api/auth/refresh-token';
import { signAccessToken } from '@closebell/api/auth/tokens';
import { beginTokenFamily } from '@closebell/prisma/refresh-tokens';
import type { PrismaDb } from '@closebell/prisma/prisma-client';
import { createUser } from '@closebell/prisma/users';
import type { Config } from '@closebell/shared/config';
import { startTestApp, TEST_PASSWORD, type TestApp } from '../support/app.js';
import { makeRecords, type Ids, type Marks } from './records.js';

/** Wednesday, after the close. */
export const NOW = '2025-03-12T22:00:00Z';
export const SESSION = '2025-03-12';

export type Person = Readonly<{
  userId: string;
  email: string;
  accessToken: string;
  refreshToken: string;
  /** The login: what access tokens name. */
  sessionId: string;
  /** Authorization with the person's own token. */
  headers: Readonly<Record<string, string>>;
  ids: Ids;
}>;

export type PersonOptions = Readonly<{ isSuperuser?: boolean; marks?: Marks }>;

export type Installation = Readonly<{ url: string; db: PrismaDb; config: Config; close: () => Promise<void> }>;

export type Site = Installation &
  Readonly<{
    /** With records of every kind. */
    person: (options?: PersonOptions) => Promise<Person>;
    /** A token of the person's login that was good a minute ago. */
    expiredTokenOf: (person: Person) => Promise<string>;
  }>;

/** The API in this process, whose worker `workOff` is. */
export async function startSite(): Promise<Site & Readonly<{ app: TestApp }>> {
  const app = await startTestApp({ marketNow: new Date(NOW) });
  const { db, config } = app.context;
  return { ...(await siteOf({ url: app.url, db, config, close: app.close })), app };
}

export async function siteOf(installation: Installation): Promise<Site> {
  const { db, config } = installation;
  // Of everybody: hashing is slow by design.
  const passwordHash = await hashPassword(TEST_PASSWORD);
  const sign = (userId: string, sessionId: string, lifetimeSeconds: number) =>
    signAccessToken({ userId, sessionId, actorId: null, isSuperuser: false, lifetimeSeconds }, config);

  return {
    ...installation,
    person: async ({ isSuperuser = false, marks } = {}) => {
      const email = `${marks?.text ?? 'person'}-${randomBytes(6).toString('hex')}@example.com`;
      const user = await createUser(db, { email, passwordHash, fullName: marks?.text ?? 'Ada Test', isSuperuser });
      if (user === null) throw new Error(`${email} is taken`);
      const { token: refreshToken, tokenHash } = newRefreshToken();
      const sessionId = await beginTokenFamily(db, { userId: user.id, tokenHash, lifetimeDays: 1 });
      const accessToken = await sign(user.id, sessionId, 900);
      const ids = await makeRecords(db, user.id, marks);
      const headers = { Authorization: `Bearer ${accessToken}` };
      return { userId: user.id, email, accessToken, refreshToken, sessionId, headers, ids };
    },
    expiredTokenOf: ({ userId, sessionId }) => sign(userId, sessionId, -60),
  };
}

/** For names that must be taken by nobody. */
export const freshName = (): string => `n${randomUUID().replaceAll('-', '').slice(0, 12)}`;
