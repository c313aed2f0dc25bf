// The demo's corner of the data folder: its account, its logs, and the note that it runs.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { removeEmbeddedPostgres } from '@closebell/shared/infra/embedded-postgres';

/** Made with the folder's first demo, and the same ever after. */
export type DemoAccount = Readonly<{ email: string; password: string; jwtSecret: string }>;

export type DemoFolder = Readonly<{
  account: DemoAccount;
  logDir: string;
  noteRunning: (url: string) => Promise<void>;
  noteEnded: () => Promise<void>;
}>;

/** Holds the account. `isOurs` says that a demo made the folder, so that a reset may remove it whole. */
const ACCOUNT_FILE = 'demo.json';
const RUN_FILE = 'demo-run.json';
const EMAIL = 'demo@closebell.local';

/** Opens or makes the folder. Throws, saying what to do, when another demo runs on it or it cannot be written. */
export async function openDemoFolder(dataDir: string): Promise<DemoFolder> {
  const dir = path.resolve(dataDir);
  try {
    await refuseSecondDemo(dir);
    const account = (await readAccount(dir)) ?? (await makeAccount(dir));
    const logDir = path.join(dir, 'logs');
    await mkdir(logDir, { recursive: true });
    const runFile = path.join(dir, RUN_FILE);
    return {
      account,
      logDir,
      noteRunning: (url) => writeFile(runFile, JSON.stringify({ pid: process.pid, url })),
      noteEnded: () => rm(runFile, { force: true }),
    };
  } catch (cause) {
    throw explained(cause, dir);
  }
}

/** The log file of one process; the one of the run before stays beside it as `<name>.previous.log`. */
export async function newLogFile(logDir: string, name: string): Promise<string> {
  const file = path.join(logDir, `${name}.log`);
  if (existsSync(file)) await rename(file, path.join(logDir, `${name}.previous.log`));
  return file;
}

/** Removes the folder, and stops a database server that a killed demo left behind. Throws unless a demo made the folder. */
export async function resetDemoFolder(dataDir: string): Promise<void> {
  const dir = path.resolve(dataDir);
  if (!existsSync(dir)) return;
  try {
    await refuseSecondDemo(dir);
    const account = await readAccount(dir);
    if (!account?.isOurs) {
      throw new Error(
        `${dir} was not made by the demo, so --reset leaves it alone. Remove it yourself if nothing in it is needed.`,
      );
    }
    await removeEmbeddedPostgres(path.join(dir, 'postgres'));
    await rm(dir, { recursive: true, force: true });
  } catch (cause) {
    throw explained(cause, dir);
  }
}

/** The note outlives a killed demo, and its number may be another process's by now: only an API that answers proves it. */
async function refuseSecondDemo(dir: string): Promise<void> {
  const note = await readJson<{ pid: number; url: string }>(path.join(dir, RUN_FILE));
  if (note === null || !isAlive(note.pid)) return;
  const answers = await fetch(`${note.url}/health`, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (!answers) return;
  throw new Error(
    `A demo already runs on ${dir}: process ${note.pid}, at ${note.url}. ` +
      'Stop it (Ctrl-C in its terminal), or set CLOSEBELL_DATA_DIR to another folder.',
  );
}

type KeptAccount = DemoAccount & Readonly<{ isOurs: boolean }>;

async function readAccount(dir: string): Promise<KeptAccount | null> {
  const account = await readJson<KeptAccount>(path.join(dir, ACCOUNT_FILE));
  return account !== null && typeof account.password === 'string' && typeof account.jwtSecret === 'string' ? account : null;
}

async function makeAccount(dir: string): Promise<KeptAccount> {
  await mkdir(dir, { recursive: true });
  const account = {
    email: EMAIL,
    password: `Aa1-${randomBytes(9).toString('base64url')}`,
    jwtSecret: randomBytes(48).toString('base64url'),
    isOurs: (await readdir(dir)).length === 0,
  };
  await writeFile(path.join(dir, ACCOUNT_FILE), `${JSON.stringify(account, null, 2)}\n`, { mode: 0o600 });
  return account;
}

async function readJson<T>(file: string): Promise<T | null> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return null;
    throw cause;
  });
  if (text === null) return null;
  try {
    return JSON.parse(text) as T;
  } catch {
    // Cut off by a crash while it was written: as good as absent.
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A refused file operation in plain words; anything else as it is. */
function explained(cause: unknown, dir: string): unknown {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS' && code !== 'ENOTDIR' && code !== 'ENOSPC') return cause;
  const reason = code === 'ENOSPC' ? 'the disk is full' : 'it may not be read or written';
  return new Error(
    `The data folder ${dir} cannot be used: ${reason} (${code}). Start as the user who owns it, or set CLOSEBELL_DATA_DIR to another folder.`,
    { cause },
  );
}
