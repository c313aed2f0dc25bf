// npm start: the API and a worker on one machine, as two processes that live and die together.
import { migrateAndSeed } from '@closebell/prisma/migrate';
import type { Config } from '@closebell/shared/config';
import { openDatabase } from '@closebell/shared/infra/database';
import type { Logger } from '@closebell/shared/infra/logger';
import { runProgram, type RunningProgram } from '@closebell/shared/infra/run-program';
import {
  API_PROGRAM,
  describeEnding,
  startProcess,
  stopProcesses,
  WORKER_PROGRAM,
  type ChildProcess,
} from '../child-processes.js';

/** The children have theirs, then the embedded database. */
const STOP_WITHIN_MS = 9_800;

await runProgram({ name: 'start', start: startAll, stopWithinMs: STOP_WITHIN_MS });

async function startAll(config: Config, logger: Logger): Promise<RunningProgram> {
  console.log(pricesLine(config));
  const database = await openDatabase(config, (message) => logger.info(message));
  try {
    // Before either starts, so that neither meets a schema half made.
    await migrateAndSeed(database.url);
    const env = { ...process.env, DATABASE_URL: database.url };
    const programs = [
      { name: 'api', file: API_PROGRAM, env, logFile: null },
      { name: 'worker', file: WORKER_PROGRAM, env, logFile: null },
    ];
    const processes = await Promise.all(programs.map(startProcess));
    return {
      stop: async () => {
        await stopProcesses(processes);
        await database.close();
      },
      failed: Promise.race(processes.map(whenEnded)),
    };
  } catch (cause) {
    await database.close();
    throw cause;
  }
}

/** Whose prices the figures will rest on, and how to do without a network. */
function pricesLine({ marketDataProviders: providers, simulationSeed }: Config): string {
  if (providers.includes('simulated')) return `Prices are SIMULATED (seed ${simulationSeed}): no real market data.`;
  const names = providers.join(', then ');
  return `Prices come from ${names}. To try Closebell without a network: MARKET_DATA_PROVIDERS=simulated npm start`;
}

async function whenEnded({ name, ended }: ChildProcess): Promise<string> {
  return `The ${name} ${describeEnding(await ended)}, so all of Closebell stops. Its last messages are above.`;
}
