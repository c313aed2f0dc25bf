// npm start: the API and a worker on one machine, as two processes that live and die together.
import { migrate } from '@closebell/prisma/migrate';
import { parseConfig, type Config } from '@closebell/shared/config';
import { openDatabase } from '@closebell/shared/infra/database';
import { createLogger } from '@closebell/shared/infra/logger';
import {
  API_PROGRAM,
  describeEnding,
  startProcess,
  stopProcesses,
  WORKER_PROGRAM,
  type ChildProcess,
} from '../child-processes.js';

const parsed = parseConfig(process.env);
if (!parsed.ok) {
  console.error(`The configuration has ${parsed.faults.length} fault(s):`);
  for (const fault of parsed.faults) console.error(`  ${fault}`);
  process.exit(1);
}
process.exit(await runAll(parsed.config));

/** The exit code: 0 when it was asked to stop and all went well, else 1. */
async function runAll(config: Config): Promise<number> {
  const logger = createLogger({ name: 'start', level: config.logLevel });
  const asked = nextStopSignal();
  try {
    const database = await openDatabase(config, (message) => logger.info(message));
    try {
      // Before either starts, so that neither meets a schema half made.
      await migrate(database.url);
      return await runUntil(asked, { ...process.env, DATABASE_URL: database.url }, (message) => logger.info(message));
    } finally {
      await database.close();
    }
  } catch (error) {
    console.error(`Closebell could not start: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

async function runUntil(asked: Promise<string>, env: NodeJS.ProcessEnv, log: (message: string) => void): Promise<number> {
  const programs = [
    { name: 'api', file: API_PROGRAM, env, logFile: null },
    { name: 'worker', file: WORKER_PROGRAM, env, logFile: null },
  ];
  const processes = await Promise.all(programs.map(startProcess));
  const first = await Promise.race([asked, ...processes.map(whenEnded)]);
  if (typeof first === 'string') log(`${first}: the API and the worker stop`);
  else console.error(`The ${first.name} ${first.how}, so all of Closebell stops. Its last messages are above.`);
  await stopProcesses(processes);
  return typeof first === 'string' ? 0 : 1;
}

async function whenEnded({ name, ended }: ChildProcess): Promise<Readonly<{ name: string; how: string }>> {
  return { name, how: describeEnding(await ended) };
}

/** The first request to stop; those that follow change nothing. Ctrl-C in a terminal reaches the children as well, which bear it. */
function nextStopSignal(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal));
  });
}
