// Reads an upload where it disturbs nobody: 10 MB of hostile CSV take seconds, and a thread that has other work would let that work's leases lapse.
import { Worker } from 'node:worker_threads';
import type { ReadPositions } from '../csv/read-positions.js';
import { readBounded, type UploadToRead } from './read-bounded.js';

/** What a thread costs to start is more than such a file takes to read. */
const INLINE_BYTES_MAX = 100_000;
const MEMORY_MB_MAX = 512;

/** Small files at once, others in a thread of their own. Rejects with the signal's reason when it aborts, and with the thread's error. */
export async function readUpload(upload: UploadToRead, signal: AbortSignal): Promise<ReadPositions> {
  signal.throwIfAborted();
  if (upload.bytes.length <= INLINE_BYTES_MAX) return readBounded(upload);
  const thread = new Worker(THREAD_FILE, {
    workerData: upload,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB_MAX },
    // Not the parent's: a test runner's flags would lead the thread to sources it cannot run.
    execArgv: [],
  });
  let onAbort = (): void => {};
  try {
    return await new Promise<ReadPositions>((resolve, reject) => {
      onAbort = () => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort, { once: true });
      thread.once('message', resolve);
      thread.once('error', reject);
      thread.once('exit', (code) => reject(new Error(`the reading thread ended with ${code} and no answer`)));
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
    await thread.terminate();
  }
}

/** Threads run compiled files: from `src`, as tests run it, this leads to `dist` too. */
const THREAD_FILE = new URL('../../dist/infra/read-upload-thread.js', import.meta.url);
