import { expect, it } from 'vitest';
import { preferredWaitMs } from './preferred-wait.js';

it.each([
  [undefined, 5_000],
  ['', 5_000],
  ['return=minimal', 5_000],
  ['respond-async', 0],
  ['Respond-Async', 0],
  ['wait=10', 10_000],
  ['wait=0', 0],
  ['respond-async, wait=2', 2_000],
  ['wait=600', 30_000],
  ['wait=-1', 5_000],
  ['wait=soon', 5_000],
])('Prefer: %s waits %d ms', (prefer, waitMs) => {
  expect(preferredWaitMs(prefer)).toBe(waitMs);
});
