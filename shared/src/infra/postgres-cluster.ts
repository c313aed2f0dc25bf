// The folder a Postgres server lives in and the programs that fill and run it. Starting and stopping are embedded-postgres.ts.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, cp, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { canEnter, databaseHome, postgresAccount, type PostgresAccount } from './postgres-account.js';

export type PostgresCluster = Readonly<{ dir: string; account: PostgresAccount; binDir: string }>;

export const SUPERUSER = 'closebell';
export const DATABASE = 'closebell';

/** Where the superuser's password is kept, in the cluster's folder. */
export const PASSWORD_FILE = 'closebell.password';

/**
 * The cluster under `folder`, made when it is not there: user and database `closebell`, a random password, 127.0.0.1 only.
 * `durable` false trades safety against power cuts for speed; it is fixed when the cluster is made.
 */
export async function openCluster(folder: string, durable: boolean, log: (message: string) => void): Promise<PostgresCluster> {
  const home = await databaseHome(folder);
  const dir = path.join(home, 'cluster');
  const account = await postgresAccount(dir);
  const cluster = { dir, account, binDir: await reachableBinaries(home, account) };
  if (!existsSync(dir)) {
    log(`making a new database folder in ${home}`);
    await makeCluster(cluster, durable);
  }
  return cluster;
}

/** Runs one of Postgres's programs as the cluster's account. Throws with the program's own words when it fails. */
export async function runProgram(cluster: PostgresCluster, program: string, args: readonly string[], input = ''): Promise<void> {
  const env = { ...withoutPostgresVariables(process.env), LC_ALL: 'C' };
  await new Promise<void>((resolve, reject) => {
    const options = { env, cwd: cluster.dir, ...cluster.account };
    const child = execFile(path.join(cluster.binDir, program), args, options, (cause, stdout, stderr) => {
      if (cause) reject(new Error(`${program} failed: ${(stderr || stdout || cause.message).trim()}`, { cause }));
      else resolve();
    });
    // A program that ends before it reads its input is judged by its exit code alone.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** Keeps a note of ours beside the cluster's own files, under the same owner. */
export async function addFile(cluster: PostgresCluster, name: string, text: string): Promise<void> {
  const file = path.join(cluster.dir, name);
  await writeFile(file, text);
  await giveTo(cluster.account, [file]);
}

/** Fills a folder under a passing name and renames it, so that a cluster is either whole or absent. */
async function makeCluster(cluster: PostgresCluster, durable: boolean): Promise<void> {
  const draft = { ...cluster, dir: await mkdtemp(`${cluster.dir}-`) };
  const password = `${draft.dir}.password`;
  try {
    await writeFile(password, randomBytes(24).toString('hex'), { mode: 0o600 });
    await giveTo(cluster.account, [draft.dir, password]);
    await runProgram(draft, 'initdb', initdbArguments(draft.dir, password, durable));
    await runProgram(draft, 'postgres', ['--single', '-D', draft.dir, 'postgres'], `CREATE DATABASE ${DATABASE};\n`);
    await rename(password, path.join(draft.dir, PASSWORD_FILE));
    await rename(draft.dir, cluster.dir);
  } catch (cause) {
    // Another process was quicker: its cluster is as good as ours.
    if (!existsSync(cluster.dir)) throw cause;
  } finally {
    await rm(draft.dir, { recursive: true, force: true });
    await rm(password, { force: true });
  }
}

function initdbArguments(dir: string, password: string, durable: boolean): readonly string[] {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'timezone=UTC',
    'log_timezone=UTC',
    'log_checkpoints=off',
    // "log" leaves out ERROR: a unique key doing its duty is no news, and a failed statement's text may hold a user's data.
    'log_min_messages=log',
    ...(durable ? [] : ['fsync=off', 'full_page_writes=off']),
  ];
  return [
    `--pgdata=${dir}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${password}`,
    '--auth=scram-sha-256',
    // The builtin locale sorts alike on every system, whatever locales it has.
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(durable ? [] : ['--no-sync']),
    ...settings.flatMap((setting) => ['-c', setting]),
  ];
}

/** The binaries in node_modules; a copy beside the data when the account may not go there, as under a home of mode 700. */
async function reachableBinaries(folder: string, account: PostgresAccount): Promise<string> {
  const installed = installedBinaries();
  if (await canEnter(path.join(installed, 'bin'), account)) return path.join(installed, 'bin');
  const copy = path.join(folder, 'server');
  if (!existsSync(copy)) {
    const draft = await mkdtemp(`${copy}-`);
    await cp(installed, draft, { recursive: true, verbatimSymlinks: true });
    await giveTo(account, [draft]);
    // When another process was quicker, its copy is as good as ours.
    await rename(draft, copy).catch(() => rm(draft, { recursive: true, force: true }));
  }
  return path.join(copy, 'bin');
}

/** The package for this platform is a dependency of embedded-postgres, so it is looked up from there. */
function installedBinaries(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const require = createRequire(import.meta.url);
    const requireFromThere = createRequire(require.resolve('embedded-postgres'));
    return path.join(path.dirname(requireFromThere.resolve(name)), '..', 'native');
  } catch (cause) {
    throw new Error(`There is no embedded Postgres for this system (${name}). Set DATABASE_URL to a Postgres server instead.`, {
      cause,
    });
  }
}

async function giveTo(account: PostgresAccount, paths: readonly string[]): Promise<void> {
  if (account === null) return;
  for (const each of paths) await chown(each, account.uid, account.gid);
}

/** PGDATA, PGPORT and their like belong to some other server of this machine. */
function withoutPostgresVariables(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('PG')));
}
