// Preloaded into a worker program (node --import), and so into its job threads: handlers that do what none of ours may.
// A `ping` does what the first word of its nonce says, and times out after 2 s; a `cleanup-incomplete` takes half a second.
import { setTimeout as sleep } from 'node:timers/promises';
import { HANDLERS } from '@closebell/worker/jobs/handlers';
import { JOBS } from '@closebell/shared/jobs';

const done = { outcome: 'done', result: {} };

const ping = async (_, { job, payload, signal }) => {
  const [deed] = payload.nonce.split(' ');
  if (deed === 'block') for (;;);
  if (deed === 'exhaust' && job.attempts_made === 1) exhaustMemory();
  if (deed === 'throw' && job.attempts_made === 1)
    setImmediate(() => {
      throw new Error('nobody catches this');
    });
  if (deed === 'throw' && job.attempts_made === 1) await sleep(60_000, undefined, { signal });
  if (deed === 'heed') await sleep(60_000, undefined, { signal });
  return done;
};

const cleanupIncomplete = async () => {
  await sleep(500);
  return done;
};

function exhaustMemory() {
  const kept = [];
  for (;;) kept.push(Array.from({ length: 1_000_000 }).fill(0.5));
}

Object.assign(HANDLERS, { ping, 'cleanup-incomplete': cleanupIncomplete });
if (process.env['PING_TIMEOUT_MS']) Object.assign(JOBS.ping, { timeoutMs: Number(process.env['PING_TIMEOUT_MS']) });
