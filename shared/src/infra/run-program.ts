// The life of a program: its configuration, its start, its end when it is asked to stop, and what its exit code says of it.
import { parseConfig, type Config } from '../config.js';
import { createLogger, type Logger } from './logger.js';

export type RunningProgram = Readonly<{
  /** Takes down what was started; resolves when nothing is left. */
  stop: () => Promise<void>;
  /** Resolves when the program cannot go on, with the reason; never, when nothing but a signal ends it. */
  failed?: Promise<string>;
}>;

export type ProgramOptions = Readonly<{
  /** As it stands in the log. */
  name: string;
  start: (config: Config, logger: Logger) => Promise<RunningProgram>;
  /** What takes longer to stop is cut off. Shorter than the ten seconds that an orchestrator waits. */
  stopWithinMs?: number;
}>;

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** Ends the process: code 0 when it was asked to stop and did, else 1. A second signal changes nothing. */
export async function runProgram({ name, start, stopWithinMs = 8_000 }: ProgramOptions): Promise<never> {
  const parsed = parseConfig(process.env);
  if (!parsed.ok) {
    console.error([`The configuration has ${parsed.faults.length} fault(s):`, ...parsed.faults].join('\n  '));
    process.exit(1);
  }
  const logger = createLogger({ name, level: parsed.config.logLevel });
  const asked = nextSignal((signal) => {
    logger.info({ signal }, `${name} stops`);
    cutOffAfter(stopWithinMs, name, logger);
  });
  const { stop, failed } = await start(parsed.config, logger).catch((error: unknown) => endFailed(name, logger, error));
  const failure = await Promise.race([asked, failed ?? asked]);
  if (failure !== null) {
    console.error(failure);
    cutOffAfter(stopWithinMs, name, logger);
  }
  await stop();
  process.exit(failure === null ? 0 : 1);
}

function endFailed(name: string, logger: Logger, error: unknown): never {
  const plain = plainFault(error);
  if (plain === null) logger.fatal({ err: error }, `the ${name} could not start`);
  else console.error(`The ${name} could not start: ${plain}`);
  process.exit(1);
}

/** Resolves at the first signal, with null: nothing failed. Ctrl-C in a terminal reaches children as well, and comes more than once. */
function nextSignal(onSignal: (signal: string) => void): Promise<null> {
  return new Promise((resolve) => {
    let wasAsked = false;
    const listener = (signal: string): void => {
      if (wasAsked) return;
      wasAsked = true;
      onSignal(signal);
      resolve(null);
    };
    for (const signal of SIGNALS) process.on(signal, listener);
  });
}

function cutOffAfter(stopWithinMs: number, name: string, logger: Logger): void {
  setTimeout(() => {
    logger.error({ stopWithinMs }, `${name} did not stop in time and is cut off`);
    process.exit(1);
  }, stopWithinMs).unref();
}

/** What a user can mend, in one line with how; null for anything else, which needs its stack. */
function plainFault(error: unknown): string | null {
  const { code, port } = error as Readonly<{ code?: string; port?: number }>;
  if (code === 'EADDRINUSE') return `port ${port} is taken. Set PORT to another one, or stop what listens there`;
  if (code === 'EACCES' && port !== undefined) return `port ${port} needs more rights. Set PORT to one above 1023`;
  return null;
}
