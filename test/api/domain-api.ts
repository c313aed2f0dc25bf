// The whole API over a database of the test's own, its market clock set, and users whose requests carry real tokens.
import { randomBytes, randomUUID } from 'node:crypto';
import { signAccessToken } from '@closebell/api/auth/tokens';
import type { Db } from '@closebell/prisma/client';
import { beginTokenFamily } from '@closebell/prisma/refresh-tokens';
import { createUser } from '@closebell/prisma/users';
import { startTestApp } from '../support/app.js';
import { createCaller, type Caller } from './caller.js';

export type DomainApi = Readonly<{
  db: Db;
  user: () => Promise<Caller>;
  superuser: () => Promise<Caller>;
  /** Sends no credentials. */
  nobody: Caller;
  close: () => Promise<void>;
}>;

/** `now`: where the market clock starts, an instant. */
export async function startDomainApi(now: string): Promise<DomainApi> {
  const { url, context, close } = await startTestApp({ marketNow: new Date(now) });
  const { config, db } = context;

  const join = async (isSuperuser: boolean): Promise<Caller> => {
    const email = `${randomUUID()}@example.com`;
    const user = await createUser(db, { email, passwordHash: 'none', fullName: 'Ada Test', isSuperuser });
    if (user === null) throw new Error(`${email} is taken`);
    const sessionId = await beginTokenFamily(db, {
      userId: user.id,
      tokenHash: new Uint8Array(randomBytes(32)),
      lifetimeDays: 1,
    });
    const token = await signAccessToken({ userId: user.id, sessionId, actorId: null, isSuperuser, lifetimeSeconds: 900 }, config);
    return createCaller(url, user.id, { Authorization: `Bearer ${token}` });
  };
  return {
    db,
    user: () => join(false),
    superuser: () => join(true),
    nobody: createCaller(url, '', {}),
    close,
  };
}
