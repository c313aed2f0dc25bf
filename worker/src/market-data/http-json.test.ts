import { expect, test } from 'vitest';
import { retryAfterMs } from './http-json.js';

const NOW = new Date('2025-01-02T15:00:00Z');

test.each([
  ['7', 7_000],
  ['0.5', 500],
  ['0', 0],
  ['-3', 0],
  ['Thu, 02 Jan 2025 15:00:30 GMT', 30_000],
  ['Thu, 02 Jan 2025 14:59:00 GMT', 0],
  ['soon', null],
  [' ', null],
  [null, null],
])('Retry-After %j means a wait of %j ms', (header, expected) => {
  expect(retryAfterMs(header, NOW)).toBe(expected);
});
