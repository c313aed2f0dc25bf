// One worker: serves the queues, runs the timers, and stops without losing anything.
import { createTransport, type Transport } from '@closebell/shared/infra/queues';
import { QUEUES, type QueueName } from '@closebell/shared/jobs';
import type { WorkerContext } from './context.js';
import { inlineRunner, type HandlerRunner } from './handler-run.js';
import { startRelay, type RelayOptions } from './relay.js';
import { runJob } from './run-job.js';
import { submitDueTicksOf } from './schedules.js';

export type RunningWorker = Readonly<{ transport: Transport; stop: () => Promise<void> }>;

export type WorkerOptions = RelayOptions &
  Readonly<{
    queuePrefix?: string;
    /** Where handlers run; ended with the worker. By default in this very thread. */
    runner?: HandlerRunner;
  }>;

/** How many jobs of a queue one worker runs at a time; parents that wait for children hold no place. */
function concurrencyOf(queue: QueueName, calculations: number): number {
  const places: Record<QueueName, number> = {
    imports: 2,
    preprocessing: 4,
    calculations,
    batches: 2,
    'market-data': 4,
    exports: 2,
    maintenance: 2,
  };
  return places[queue];
}

export async function startWorker(context: WorkerContext, options: WorkerOptions = {}): Promise<RunningWorker> {
  const { config, db, logger } = context;
  const { queuePrefix, runner = inlineRunner(context) } = options;
  const transport = await createTransport({
    redisUrl: config.redisUrl,
    databaseUrl: db.url,
    logger,
    leaseMs: config.jobLeaseMs,
    ...(queuePrefix === undefined ? {} : { prefix: queuePrefix }),
  });
  const shutdown = new AbortController();
  const workers = QUEUES.map((queue) =>
    transport.serve(queue, {
      concurrency: concurrencyOf(queue, config.workerConcurrency),
      onEntry: (entry) => runJob(context, entry, { leaseMs: config.jobLeaseMs, shutdown: shutdown.signal, runner }),
      onSchedule: (schedule) => submitDueTicksOf(context, schedule),
    }),
  );
  if (options.schedules !== false) await transport.syncSchedules();
  const relay = startRelay(context, transport, options);
  return {
    transport,
    // Workers before queues, queues before the database, which its opener closes.
    stop: async () => {
      shutdown.abort();
      await Promise.allSettled([relay.stop(), ...workers.map((worker) => worker.close())]);
      await runner.stop();
      await transport.close();
    },
  };
}
