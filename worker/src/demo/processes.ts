// The demo's API and worker, each in a process of its own with a log file.
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@closebell/shared/infra/free-port';
import {
  API_PROGRAM,
  describeEnding,
  startProcess,
  stopProcesses,
  WORKER_PROGRAM,
  type ChildProcess,
} from '../child-processes.js';
import { newLogFile } from './data-folder.js';

export type DemoProcesses = Readonly<{ ready: (signal: AbortSignal) => Promise<void>; stop: () => Promise<void> }>;

export type DemoProcessesOptions = Readonly<{
  url: string;
  env: NodeJS.ProcessEnv;
  logDir: string;
  /** Called when one ends that was not stopped, with what to tell the user. */
  onDeath: (cause: Error) => void;
}>;

const READY_WITHIN_MS = 60_000;
const READY_POLL_MS = 100;
const LOG_LINES_SHOWN = 12;
const PORTS_TRIED = 50;

export async function startDemoProcesses({ url, env, logDir, onDeath }: DemoProcessesOptions): Promise<DemoProcesses> {
  const started: ChildProcess[] = [];
  let stopping = false;
  const start = async (name: string, file: string): Promise<void> => {
    const logFile = await newLogFile(logDir, name);
    const process = await startProcess({ name, file, env, logFile });
    started.push(process);
    void process.ended.then(async (ending) => {
      if (!stopping)
        onDeath(new Error(`The ${name} ${describeEnding(ending)}. The end of ${logFile}:\n${await lastLines(logFile)}`));
    });
  };
  const stop = async (): Promise<void> => {
    stopping = true;
    await stopProcesses(started);
  };
  try {
    await start('api', API_PROGRAM);
    await start('worker', WORKER_PROGRAM);
  } catch (cause) {
    await stop();
    throw cause;
  }
  return { ready: (signal) => untilReady(url, signal), stop };
}

/** `wanted`, or the next port above it that is free. */
export async function nextFreePort(wanted: number): Promise<number> {
  if (wanted === 0) return await freePort();
  for (let port = wanted; port < Math.min(wanted + PORTS_TRIED, 65_536); port += 1) {
    if ((await freePort(port)) === port) return port;
  }
  throw new Error(`The ports from ${wanted} on are all taken. Set PORT to one that is free.`);
}

async function untilReady(url: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  let seen = 'it does not answer';
  while (performance.now() < deadline) {
    const response = await fetch(`${url}/health/ready`, { signal }).catch(() => null);
    if (response?.ok) return;
    if (response) seen = await response.text();
    await sleep(READY_POLL_MS, undefined, { signal });
  }
  throw new Error(`The API at ${url} was not ready within ${READY_WITHIN_MS / 1000} s: ${seen}`);
}

async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.trimEnd().split('\n').slice(-LOG_LINES_SHOWN).map(readable);
  return text.trim() === '' ? '  (it is empty)' : lines.map((line) => `  ${line}`).join('\n');
}

type LogLine = Readonly<{ msg?: string; err?: Readonly<{ message?: string }> }>;

/** A structured line as its message and error; any other line as it is. */
function readable(line: string): string {
  try {
    const { msg, err } = JSON.parse(line) as LogLine;
    return [msg, err?.message].filter((part) => part !== undefined && part !== '').join(': ') || line;
  } catch {
    return line;
  }
}
