// The worker process: database, job threads, queues, and on SIGTERM the same in reverse.
import { reportProcessGauges } from '@closebell/shared/infra/process-gauges';
import { runProgram } from '@closebell/shared/infra/run-program';
import { startJobThreads } from './job-threads.js';
import { openContext } from './open-context.js';
import { startWorker } from './worker.js';

await runProgram({
  name: 'worker',
  start: async (config, logger) => {
    const { context, close } = await openContext(config, logger);
    try {
      const runner = startJobThreads({ config, databaseUrl: context.db.url, threadsMax: config.workerThreads, logger });
      const worker = await startWorker(context, { runner });
      const gauges = reportProcessGauges('worker', context.metrics);
      await runner.ready;
      const providers = context.providers.map(({ name }) => name);
      logger.info({ queue: worker.transport.backend, providers, threads: config.workerThreads }, 'worker ready');
      return {
        stop: async () => {
          gauges.stop();
          await worker.stop();
          await close();
        },
      };
    } catch (cause) {
      await close();
      throw cause;
    }
  },
});
