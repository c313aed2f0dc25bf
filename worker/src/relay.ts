// The timers every worker runs beside its queues: rows on their way to the queue, rows brought back, due times of schedules and values.
// They are no jobs on the queue, because they heal it.
import { relayDueJobs, rescueJobs } from '@closebell/prisma/job-relay';
import { JOBS_CHANNEL } from '@closebell/prisma/jobs';
import { listen } from '@closebell/prisma/listen';
import type { Transport } from '@closebell/shared/infra/queues';
import type { WorkerContext } from './context.js';
import { submitDueTicks } from './schedules.js';
import { submitDueSlot } from './value-slots.js';

export type Relay = Readonly<{ stop: () => Promise<void> }>;

export type RelayOptions = Readonly<{ sweepMs?: number; rescueMs?: number; enqueuedForMs?: number; schedules?: boolean }>;

const RELAY_LIMIT = 200;
const RESCUE_LIMIT = 1_000;

export function startRelay(
  context: WorkerContext,
  transport: Transport,
  { sweepMs = 1_000, rescueMs = 2_000, enqueuedForMs = 15_000, schedules = true }: RelayOptions = {},
): Relay {
  const { db, logger, metrics } = context;
  const relay = repeating('relay', sweepMs, logger, async () => {
    while ((await relayDueJobs(db, RELAY_LIMIT, (jobs) => transport.enqueue(jobs.map(toEntry)))) === RELAY_LIMIT);
  });
  const rescue = repeating('rescuer', rescueMs, logger, async () => {
    const rescued = await rescueJobs(db, { enqueuedForMs, limit: RESCUE_LIMIT, holds: transport.holds });
    if (rescued === null || rescued.requeued + rescued.failed + rescued.reEnqueued === 0) return;
    metrics.count('closebell_jobs_taken_over_total', {}, rescued.requeued);
    metrics.count('closebell_jobs_given_up_total', {}, rescued.failed);
    metrics.count('closebell_jobs_rescued_total', {}, rescued.reEnqueued);
    logger.warn(rescued, 'jobs rescued');
  });
  const ticks = schedules ? repeating('schedules', 20_000, logger, () => submitDueTicks(context)) : null;
  let lastSlot: Date | null = null;
  const recordsValues = schedules && context.config.recordValuesEveryMs > 0;
  const slots = recordsValues
    ? repeating('value slots', 1_000, logger, async () => {
        lastSlot = await submitDueSlot(context, lastSlot);
      })
    : null;
  const listener = listen(db.url, JOBS_CHANNEL, { onNotify: relay.now, onConnect: relay.now });
  return {
    stop: async () => {
      await Promise.all([listener.close(), relay.stop(), rescue.stop(), ticks?.stop(), slots?.stop()]);
    },
  };
}

type Due = Readonly<{
  id: string;
  fence: number;
  queue: Parameters<Transport['holds']>[0]['queue'];
  kind: string;
  priority: number;
}>;
const toEntry = ({ id, ...rest }: Due) => ({ ...rest, jobId: id });

type Repeating = Readonly<{ now: () => void; stop: () => Promise<void> }>;

/** Runs `work` at once, every `everyMs` and on demand, never twice at a time; a failure waits for the next turn. */
function repeating(name: string, everyMs: number, logger: WorkerContext['logger'], work: () => Promise<void>): Repeating {
  let running: Promise<void> | null = null;
  let again = false;
  let stopped = false;
  const turn = async (): Promise<void> => {
    do {
      again = false;
      try {
        await work();
      } catch (error) {
        if (!stopped) logger.warn({ err: error, timer: name }, 'timer failed');
      }
    } while (again && !stopped);
    running = null;
  };
  const now = (): void => {
    if (stopped) return;
    if (running) again = true;
    else running = turn();
  };
  const timer = setInterval(now, everyMs);
  now();
  return {
    now,
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}
