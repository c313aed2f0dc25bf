// The whole API over a database of the test's own, its market clock set, and users whose requests carry real tokens.
import { randomBytes, randomUUID } from 'node:crypto';
import { createApp } from '@closebell/api/app';
import { signAccessToken } from '@closebell/api/auth/tokens';
import { openContext } from '@closebell/api/context';
import { listen } from '@closebell/api/server';
import type { Db } from '@closebell/prisma/client';
import { beginTokenFamily } from '@closebell/prisma/refresh-tokens';
import { createUser } from '@closebell/prisma/users';
import { createLogger } from '@closebell/shared/infra/logger';
import { createTestDatabase } from '../support/database.js';
import { testConfig } from '../support/worker.js';
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
  const { url: databaseUrl } = await createTestDatabase();
  const config = testConfig({ DATABASE_URL: databaseUrl, CLOSEBELL_NOW: now, RATE_LIMITS: 'false' });
  const { context, close } = await openContext(config, databaseUrl, createLogger({ name: 'test', level: config.logLevel }));
  const server = await listen(createApp(context), { host: '127.0.0.1', port: 0 });

  const join = async (isSuperuser: boolean): Promise<Caller> => {
    const email = `${randomUUID()}@example.com`;
    const user = await createUser(context.db, { email, passwordHash: 'none', fullName: 'Ada Test', isSuperuser });
    if (user === null) throw new Error(`${email} is taken`);
    const sessionId = await beginTokenFamily(context.db, {
      userId: user.id,
      tokenHash: new Uint8Array(randomBytes(32)),
      lifetimeDays: 1,
    });
    const token = await signAccessToken({ userId: user.id, sessionId, actorId: null, isSuperuser, lifetimeSeconds: 900 }, config);
    return createCaller(server.url, user.id, { Authorization: `Bearer ${token}` });
  };
  return {
    db: context.db,
    user: () => join(false),
    superuser: () => join(true),
    nobody: createCaller(server.url, '', {}),
    close: async () => {
      await server.close(0);
      await close();
    },
  };
}
