// The built programs in processes of their own, as operators run them.
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url)).replace(/test\/dist\/$/, '');

export type Program = Readonly<{
  child: ChildProcess;
  /** Resolves when the program has printed its ready line; rejects with its output when it ends before. */
  ready: Promise<void>;
  /** Resolves with the exit code; null after a signal. */
  gone: Promise<number | null>;
  /** Everything printed so far. */
  output: () => string;
  kill: (signal: NodeJS.Signals) => Promise<void>;
}>;

export type ProgramOptions = Readonly<{ env?: Readonly<Record<string, string>>; cwd?: string; readyWhen?: string }>;

/**
 * Runs a command as written; `node` is the one that runs the tests. Nothing of the environment is handed on but the PATH. Prices are
 * simulated unless the test names providers: none may reach the network by default.
 */
export function spawnProgram(command: readonly string[], { env = {}, cwd = ROOT, readyWhen = '' }: ProgramOptions = {}): Program {
  const [name = '', ...args] = command;
  const child = spawn(name === 'node' ? process.execPath : name, args, {
    cwd,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', MARKET_DATA_PROVIDERS: 'simulated', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const gone = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const ready = new Promise<void>((resolve, reject) => {
    const onData = (data: Buffer): void => {
      output += data.toString();
      if (output.includes(readyWhen)) resolve();
    };
    child.stdout.on('data', onData);
    child.stderr.on('data', onData);
    void gone.then((code) =>
      reject(new Error(`${command.join(' ')} ended with ${code} before it was ready:\n${output.slice(-4000)}`)),
    );
  });
  ready.catch(() => {});
  return {
    child,
    ready,
    gone,
    output: () => output,
    kill: async (signal) => {
      child.kill(signal);
      await gone;
    },
  };
}
