import { FenceLostError } from '@closebell/prisma/job-runs';
import { AppError } from '@closebell/shared/errors';
import { expect, test } from 'vitest';
import { packError, unpackError } from './packed-error.js';

/** There and back, as between two threads. */
const sent = (thrown: unknown): Error => unpackError(structuredClone(packError(thrown)), 'job');

test('an error of ours keeps class, code, message, details, stack and cause', () => {
  const cause = new TypeError('the reason');
  const error = new AppError('ERR_SYS_002', { message: 'away', details: { after: [1, 2] }, cause });
  const arrived = sent(error);
  expect(arrived).toBeInstanceOf(AppError);
  expect(arrived).toMatchObject({
    code: 'ERR_SYS_002',
    message: 'away',
    details: { after: [1, 2] },
    retryable: true,
    stack: error.stack,
  });
  expect(arrived.cause).toMatchObject({ name: 'TypeError', message: 'the reason', stack: cause.stack });
});

test('a lost hold is known as one', () => {
  expect(sent(new FenceLostError('job'))).toBeInstanceOf(FenceLostError);
});

test('what cannot be copied, repeats itself or is no error arrives as text', () => {
  expect(sent(new AppError('ERR_SYS_001', { details: () => 1 }))).toMatchObject({ details: '() => 1' });
  const ring = new Error('ring');
  ring.cause = ring;
  expect(sent(ring).message).toBe('ring');
  expect(sent('timed-out').message).toBe('timed-out');
});
