// The API process: configuration, database, context, socket, and on SIGTERM the same in reverse.
import { parseConfig } from '@closebell/shared/config';
import { createLogger } from '@closebell/shared/infra/logger';
import { startApi } from './start.js';

/** Shorter than an orchestrator's patience. */
const STOP_WITHIN_MS = 9_000;

const parsed = parseConfig(process.env);
if (!parsed.ok) {
  console.error(
    `The configuration has ${parsed.faults.length} fault(s):\n${parsed.faults.map((fault) => `  ${fault}`).join('\n')}`,
  );
  process.exit(1);
}

const logger = createLogger({ name: 'api', level: parsed.config.logLevel });
try {
  const api = await startApi(parsed.config, logger);
  logger.info({ url: api.url, queue: api.context.transport.backend }, 'api ready');
  console.log(`Closebell API on ${api.url}   documentation: ${api.url}/docs   queues: ${api.url}/admin/queues`);

  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'api stops');
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    await api.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
} catch (error) {
  logger.fatal({ err: error }, 'the api could not start');
  process.exit(1);
}
