// The built programs, run as users run them: another process, with its own environment and nothing of ours.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { childrenOf } from '../support/processes.js';

export const ROOT = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** `output` is stdout and stderr as they came. */
export type ProgramEnd = Readonly<{ code: number | null; output: string }>;

export type RunningProgram = Readonly<{
  pid: number;
  output: () => string;
  /** The processes that it started and that live. */
  children: () => readonly number[];
  kill: (signal: NodeJS.Signals) => void;
  ended: Promise<ProgramEnd>;
}>;

type Environment = Readonly<Record<string, string>>;

/** Of our own environment it sees only where programs are. Prices are simulated unless the test names providers. */
export function startProgram(file: string, args: readonly string[], env: Environment): RunningProgram {
  const child = spawn(process.execPath, [path.resolve(ROOT, file), ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], MARKET_DATA_PROVIDERS: 'simulated', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  return {
    pid: child.pid!,
    output: () => output,
    children: () => childrenOf(child.pid!),
    kill: (signal) => void child.kill(signal),
    // Ended with its last word: `close`, where `exit` would not wait for the streams.
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, output }))),
  };
}

export function runProgram(file: string, args: readonly string[], env: Environment): Promise<ProgramEnd> {
  return startProgram(file, args, env).ended;
}
