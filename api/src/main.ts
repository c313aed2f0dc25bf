// The API process: database, context, socket, and on SIGTERM the same in reverse.
import { runProgram } from '@closebell/shared/infra/run-program';
import { startApi } from './start.js';

await runProgram({
  name: 'api',
  start: async (config, logger) => {
    const { url, context, stop } = await startApi(config, logger);
    logger.info({ url, queue: context.transport.backend }, 'api ready');
    console.log(`Closebell API on ${url}   documentation: ${url}/docs   queues: ${url}/admin/queues`);
    return { stop };
  },
});
