// Whom the embedded Postgres runs as. It refuses to run as root, so root starts it as the user `postgres`,
// who must then be able to reach the binaries and the data.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The account to spawn Postgres with; null means as ourselves, which is right for everybody but root. */
export type PostgresAccount = Readonly<{ uid: number; gid: number }> | null;

/**
 * The owner of an existing cluster when root starts it again, else the user `postgres` (made if the system has none).
 * Throws when a normal user meets a cluster of somebody else, because Postgres would refuse it less clearly.
 */
export async function postgresAccount(clusterDir: string): Promise<PostgresAccount> {
  const uid = process.getuid?.();
  if (uid === undefined) return null;
  const owner = await stat(clusterDir).catch(() => null);
  if (uid === 0) return owner ? { uid: owner.uid, gid: owner.gid } : await postgresUser();
  if (owner && owner.uid !== uid) {
    throw new Error(
      `The database in ${clusterDir} belongs to another user (uid ${owner.uid}), who started it first. ` +
        'Start as that user or as root, or set CLOSEBELL_DATA_DIR to another folder.',
    );
  }
  return null;
}

/** Where root's databases stand that Postgres could not reach in the folder asked for. */
const FALLBACK_DIR = '/var/lib/closebell';

/**
 * The folder for the database that is kept under `folder`: that folder, made if absent. Root in a home of mode 700 is the exception:
 * the user that Postgres then runs as may not go there, so the database stands in /var/lib/closebell, under a name made from the folder's.
 */
export async function databaseHome(folder: string): Promise<string> {
  const dir = path.resolve(folder);
  await makeFolder(dir);
  const account = await postgresAccount(path.join(dir, 'cluster'));
  if (await canEnter(dir, account)) return dir;
  const fallback = path.join(FALLBACK_DIR, createHash('sha256').update(dir).digest('hex').slice(0, 16));
  await makeFolder(fallback);
  return fallback;
}

async function makeFolder(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true }).catch((cause: unknown) => {
    throw new Error(`Cannot make the data folder ${dir}. Set CLOSEBELL_DATA_DIR to a folder you may write to.`, { cause });
  });
}

/** Whether the account can enter `dir` through every folder above it. */
export async function canEnter(dir: string, account: PostgresAccount): Promise<boolean> {
  if (account === null) return true;
  try {
    await run('/bin/sh', ['-c', 'cd "$0"', dir], { ...account, cwd: '/' });
    return true;
  } catch {
    return false;
  }
}

async function postgresUser(): Promise<PostgresAccount> {
  const found = await lookUp('postgres');
  if (found) return found;
  try {
    await run('groupadd', ['--system', '--force', 'postgres']);
    await run('useradd', ['--system', '--gid', 'postgres', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres']);
  } catch (cause) {
    throw new Error('Postgres does not run as root, and no user "postgres" could be made. Start as a normal user.', { cause });
  }
  return await lookUp('postgres');
}

async function lookUp(name: string): Promise<PostgresAccount> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return null;
  }
}
