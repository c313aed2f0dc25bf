import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

/** Resolves as soon as `condition` holds. Throws, naming `what` was awaited, when it does not within the time. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await sleep(POLL_MS);
  }
}
