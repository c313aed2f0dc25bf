import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, TEST_PASSWORD, type TestApp } from '../support/app.js';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

const COMMAND = fileURLToPath(new URL('../../api/dist/commands/create-superuser.js', import.meta.url));

async function createSuperuser(
  env: Readonly<Record<string, string>>,
  typed = '',
): Promise<Readonly<{ code: number | null; output: string }>> {
  const child = spawn(process.execPath, [COMMAND], {
    env: { PATH: process.env['PATH'], DATABASE_URL: app.context.db.url, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.end(typed);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output };
}

const auditOf = async (email: string) => {
  const user = await app.context.db.prisma.user.findUniqueOrThrow({ where: { email } });
  const entries = await app.context.db.prisma.auditEntry.findMany({ where: { subject: user.id } });
  return entries.map(({ action }) => action);
};

describe('create-superuser', () => {
  it('makes an account from the environment that logs in as superuser', async () => {
    const email = 'root@example.com';
    const { code, output } = await createSuperuser({
      SUPERUSER_EMAIL: email,
      SUPERUSER_PASSWORD: TEST_PASSWORD,
      SUPERUSER_NAME: 'Root',
    });
    expect([code, output]).toEqual([0, expect.stringContaining(email)]);
    const { headers } = await app.login({ email });
    expect(await (await fetch(`${app.url}/api/v1/auth/me`, { headers })).json()).toMatchObject({
      is_superuser: true,
      full_name: 'Root',
    });
    expect(await auditOf(email)).toEqual(['user.create-superuser']);
  });

  it('promotes an existing account and leaves its password alone', async () => {
    const email = await app.register();
    expect((await createSuperuser({ SUPERUSER_EMAIL: email.toUpperCase(), SUPERUSER_PASSWORD: 'Other-horse-8' })).code).toBe(0);
    const { headers } = await app.login({ email });
    expect(await (await fetch(`${app.url}/api/v1/auth/me`, { headers })).json()).toMatchObject({ is_superuser: true });
    expect(await auditOf(email)).toEqual(['user.promote']);
  });

  it('asks for what the environment does not say', async () => {
    const { code, output } = await createSuperuser(
      { SUPERUSER_PASSWORD: TEST_PASSWORD, SUPERUSER_NAME: 'Typed' },
      'typed@example.com\n',
    );
    expect([code, output]).toEqual([0, expect.stringContaining('typed@example.com was made a superuser')]);
  });

  it('refuses a weak password, saying what to change', async () => {
    const { code, output } = await createSuperuser({
      SUPERUSER_EMAIL: 'weak@example.com',
      SUPERUSER_PASSWORD: 'weak',
      SUPERUSER_NAME: 'Weak',
    });
    expect([code, output]).toEqual([1, expect.stringContaining('at least 8 characters')]);
  });
});
