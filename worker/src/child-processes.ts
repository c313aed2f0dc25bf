// The processes that a parent starts and answers for: the API and the worker, under `npm start` and in the demo.
// Each has a channel to its parent, which closes however the parent ends, SIGKILL included; then the child stops as on SIGTERM.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export type Program = Readonly<{
  name: string;
  /** The compiled main file, below the repository's root. */
  file: string;
  env: NodeJS.ProcessEnv;
  /** Where stdout and stderr go: a file, which is appended to, or null for the parent's own. */
  logFile: string | null;
}>;

/** How a process ended: by itself with a code, or by a signal. */
export type Ending = Readonly<{ code: number | null; signal: NodeJS.Signals | null }>;

export type ChildProcess = Readonly<{
  name: string;
  pid: number;
  /** Resolves when the process has ended; never rejects. */
  ended: Promise<Ending>;
  signal: (signal: NodeJS.Signals) => void;
}>;

export const API_PROGRAM = 'api/dist/main.js';
export const WORKER_PROGRAM = 'worker/dist/main.js';

const END_WITH_PARENT = new URL('./end-with-parent.js', import.meta.url).href;
const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
/** Somewhat longer than a process gives itself, so that its own last words are heard. */
const STOP_WITHIN_MS = 8_500;

/** Runs a program under the Node of this process. Throws when the process cannot be made or its log cannot be written. */
export async function startProcess({ name, file, env, logFile }: Program): Promise<ChildProcess> {
  const output = logFile === null ? 'inherit' : openSync(logFile, 'a');
  const args = ['--import', END_WITH_PARENT, path.join(ROOT, file)];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', output, output, 'ipc'] });
  if (typeof output === 'number') closeSync(output);
  const ended = new Promise<Ending>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  await once(child, 'spawn');
  // From now on an error is one of signals or messages, to a process that has just ended: `ended` tells of that.
  child.on('error', () => {});
  return { name, pid: child.pid!, ended, signal: (signal) => void child.kill(signal) };
}

/** Asks all to stop with SIGTERM, ends with SIGKILL those that take longer than 8.5 s, and resolves when all are gone. */
export async function stopProcesses(processes: readonly ChildProcess[]): Promise<void> {
  const allEnded = Promise.all(processes.map(({ ended }) => ended));
  for (const process of processes) process.signal('SIGTERM');
  const patience = new AbortController();
  const isLate = await Promise.race([
    allEnded.then(() => false),
    sleep(STOP_WITHIN_MS, true, { signal: patience.signal }).catch(() => false),
  ]);
  patience.abort();
  if (isLate) for (const process of processes) process.signal('SIGKILL');
  await allEnded;
}

export function describeEnding({ code, signal }: Ending): string {
  return signal === null ? `ended with code ${code}` : `was ended by ${signal}`;
}
