// npm run create-superuser: makes a superuser, or makes one of an existing account. Asks for what the environment
// (SUPERUSER_EMAIL, SUPERUSER_PASSWORD, SUPERUSER_NAME) does not say.
import { closeDb, createDb } from '@closebell/prisma/client';
import { recordAudit } from '@closebell/prisma/audit';
import { migrate } from '@closebell/prisma/migrate';
import { withPrisma, type PrismaDb } from '@closebell/prisma/prisma-client';
import { createUser, promoteUser, type UserRow } from '@closebell/prisma/users';
import { parseConfig } from '@closebell/shared/config';
import { checkRegistration } from '@closebell/shared/contracts/registration';
import { ERRORS } from '@closebell/shared/errors';
import { openDatabase } from '@closebell/shared/infra/database';
import { dnsUuid5 } from '@closebell/shared/infra/name-uuid';
import { createInterface, type Interface } from 'node:readline/promises';
import { hashPassword } from '../auth/passwords.js';

const parsed = parseConfig(process.env);
if (!parsed.ok) {
  console.error(parsed.faults.join('\n'));
  process.exit(1);
}
const { config } = parsed;
const database = await openDatabase(config);
await migrate(database.url);
const db = withPrisma(createDb({ databaseUrl: database.url, poolMax: 1, applicationName: 'closebell-create-superuser' }));
const terminal = createInterface({ input: process.stdin, output: process.stdout });
try {
  const outcome = await makeSuperuser(db, terminal);
  console.log(outcome.message);
  process.exitCode = outcome.ok ? 0 : 1;
} finally {
  terminal.close();
  await closeDb(db);
  await database.close();
}

type Outcome = Readonly<{ ok: boolean; message: string }>;

async function makeSuperuser(target: PrismaDb, questions: Interface): Promise<Outcome> {
  const email = (process.env['SUPERUSER_EMAIL'] ?? (await questions.question('E-mail: '))).trim();
  const promoted = await promoteUser(target, email);
  if (promoted !== null) return noted(target, promoted, 'user.promote', `${promoted.email} is a superuser now.`);

  const password = process.env['SUPERUSER_PASSWORD'] ?? (await questions.question('Password (shown as you type): '));
  const fullName = process.env['SUPERUSER_NAME'] ?? (await questions.question('Full name: '));
  const checked = checkRegistration({ email, password, full_name: fullName });
  if (!checked.ok) return { ok: false, message: checked.codes.map((code) => ERRORS[code].message).join('\n') };
  const user = await createUser(target, {
    email: checked.registration.email,
    fullName: checked.registration.fullName,
    passwordHash: await hashPassword(password),
    isSuperuser: true,
    ...(config.deterministicUuids ? { id: dnsUuid5(checked.registration.email) } : {}),
  });
  if (user === null) return { ok: false, message: ERRORS.ERR_USER_001.message };
  return noted(target, user, 'user.create-superuser', `${user.email} was made a superuser.`);
}

async function noted(target: PrismaDb, user: UserRow, action: string, message: string): Promise<Outcome> {
  await recordAudit(target.pool, { actorId: null, action, subject: user.id });
  return { ok: true, message };
}
