// The worker process: configuration, context, queues, and on SIGTERM the same in reverse.
import { parseConfig } from '@closebell/shared/config';
import { createLogger } from '@closebell/shared/infra/logger';
import { openContext } from './open-context.js';
import { startWorker } from './worker.js';

/** Longer than a step of any job, shorter than an orchestrator's patience. */
const STOP_WITHIN_MS = 9_000;

const parsed = parseConfig(process.env);
if (!parsed.ok) {
  console.error(
    `The configuration has ${parsed.faults.length} fault(s):\n${parsed.faults.map((fault) => `  ${fault}`).join('\n')}`,
  );
  process.exit(1);
}

const logger = createLogger({ name: 'worker', level: parsed.config.logLevel });
try {
  const { context, close } = await openContext(parsed.config, logger);
  const worker = await startWorker(context);
  logger.info({ queue: worker.transport.backend, providers: context.providers.map(({ name }) => name) }, 'worker ready');

  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'worker stops');
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    await worker.stop();
    await close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
} catch (error) {
  logger.fatal({ err: error }, 'the worker could not start');
  process.exit(1);
}
