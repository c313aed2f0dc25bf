// The body of a job thread: runs handlers over a context of its own and tells how they ended. Run by job-threads.ts, never imported.
import { createLogger } from '@closebell/shared/infra/logger';
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { connectContext } from './connect-context.js';
import { runHandler } from './handler-run.js';
import { packError } from './packed-error.js';
import { runKey, type FromThread, type RunEnd, type ThreadStart, type ToThread } from './thread-messages.js';

/** Each of the jobs that a thread runs at a time holds one connection, or two where it reads side by side. */
const POOL_MAX = 8;
/** A handler may keep its thread for many seconds; the others' wait for a connection must not run out meanwhile. */
const CONNECT_WITHIN_MS = 60_000;

// Who waits for an answer of an API on the same machine comes first. On Linux it holds for this thread alone: leases are kept as ever.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const port = parentPort!;
const { config, databaseUrl } = workerData as ThreadStart;
const logger = createLogger({ name: 'worker', level: config.logLevel });
const { context, close } = await connectContext(config, {
  databaseUrl,
  poolMax: POOL_MAX,
  connectWithinMs: CONNECT_WITHIN_MS,
  logger,
});
const running = new Map<string, Readonly<{ stop: AbortController; ended: Promise<void> }>>();

port.on('message', (message: ToThread) => {
  switch (message.type) {
    case 'run': {
      const stop = new AbortController();
      const key = runKey(message.hold);
      running.set(key, { stop, ended: run(message, key, stop.signal) });
      return;
    }
    case 'abort':
      return running.get(message.key)?.stop.abort(message.reason);
    case 'close':
      return void closeThread();
  }
});
tell({ type: 'ready' });

async function run({ job, hold }: Extract<ToThread, { type: 'run' }>, key: string, signal: AbortSignal): Promise<void> {
  const end = await runHandler(context, job, hold, signal).then(
    (outcome): RunEnd => ({ ok: true, outcome }),
    (thrown: unknown): RunEnd => ({ ok: false, error: packError(thrown) }),
  );
  running.delete(key);
  try {
    tell({ type: 'ended', key, end });
  } catch (cause) {
    // An outcome that cannot be copied would not fit into its row either.
    tell({ type: 'ended', key, end: { ok: false, error: packError(cause) } });
  }
}

/** The main thread waits so long for this, and then ends us. */
async function closeThread(): Promise<void> {
  await Promise.all([...running.values()].map(({ ended }) => ended));
  await close();
  port.close();
}

function tell(message: FromThread): void {
  port.postMessage(message);
}
