// The API alone, as operators run it, and users of it who need no password.
import { randomBytes, randomUUID } from 'node:crypto';
import { signAccessToken } from '@closebell/api/auth/tokens';
import { closeDb, createDb, type Db } from '@closebell/prisma/client';
import { withPrisma } from '@closebell/prisma/prisma-client';
import { beginTokenFamily } from '@closebell/prisma/refresh-tokens';
import { createUser } from '@closebell/prisma/users';
import { freePort } from '@closebell/shared/infra/free-port';
import { createTestDatabase } from './database.js';
import { makePortfolio } from './ledger.js';
import { spawnProgram } from './programs.js';
import { testConfig } from './worker.js';

export type ApiUser = Readonly<{ userId: string; headers: Readonly<Record<string, string>> }>;
export type ApiProcess = Readonly<{
  url: string;
  db: Db;
  addUser: () => Promise<ApiUser>;
  /** An empty portfolio of the user; its id. */
  addPortfolio: (userId: string) => Promise<string>;
  stop: () => Promise<void>;
}>;

/** On a database of its own, with rate limits on. */
export async function startApiProcess(env: Readonly<Record<string, string>> = {}): Promise<ApiProcess> {
  const { url: databaseUrl } = await createTestDatabase();
  const port = await freePort();
  const all = { ENVIRONMENT: 'test', LOG_LEVEL: 'info', RATE_LIMITS: 'true', DATABASE_URL: databaseUrl, ...env };
  const program = spawnProgram(['node', 'api/dist/main.js'], {
    env: { ...all, PORT: String(port) },
    readyWhen: 'Closebell API on',
  });
  await program.ready;
  const db = withPrisma(createDb({ databaseUrl, poolMax: 4, applicationName: 'test' }));
  return {
    url: `http://127.0.0.1:${port}`,
    db,
    addUser: async () => {
      const user = await createUser(db, { email: `${randomUUID()}@example.com`, passwordHash: 'none', fullName: 'Ada Test' });
      if (user === null) throw new Error('the address is taken');
      const tokenHash = new Uint8Array(randomBytes(32));
      const sessionId = await beginTokenFamily(db, { userId: user.id, tokenHash, lifetimeDays: 1 });
      const claims = { userId: user.id, sessionId, actorId: null, isSuperuser: false, lifetimeSeconds: 3_600 };
      return { userId: user.id, headers: { Authorization: `Bearer ${await signAccessToken(claims, testConfig())}` } };
    },
    addPortfolio: (userId) => makePortfolio(db, { userId, asOf: '2025-03-12' }),
    stop: async () => {
      await program.kill('SIGTERM');
      await closeDb(db);
    },
  };
}
