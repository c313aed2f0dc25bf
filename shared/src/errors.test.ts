import { describe, expect, it } from 'vitest';
import { AppError, ERRORS } from './errors.js';

/** The warning, and what a job ends with. */
const NEVER_AN_ANSWER = /^ERR_BATCH_001$|^ERR_JOB_00[123]$/;

describe('the error table', () => {
  const entries = Object.entries(ERRORS);

  it('has a client or server status for every code that can be the answer to a request', () => {
    for (const [code, { status }] of entries) {
      if (NEVER_AN_ANSWER.test(code)) expect(status).toBeNull();
      else expect(status, code).toSatisfy((value: number) => value >= 400 && value < 600);
    }
  });

  it('calls only what passes by itself retryable', () => {
    const retryable = entries.filter(([, entry]) => entry.retryable).map(([code]) => code);
    expect(retryable).toEqual(['ERR_JOB_002', 'ERR_IDEM_002', 'ERR_RATE_001', 'ERR_REQ_005', 'ERR_SYS_001', 'ERR_SYS_002']);
  });

  it('has a sentence of its own for every code', () => {
    const messages = entries.map(([, { message }]) => message);
    expect(new Set(messages).size).toBe(messages.length);
    for (const message of messages) expect(message).toMatch(/^[A-Z].+\.$/);
  });
});

describe('AppError', () => {
  it('takes status, retry rule and message from the table', () => {
    const error = new AppError('ERR_PORT_404');
    expect(error).toMatchObject({ code: 'ERR_PORT_404', status: 404, retryable: false, message: ERRORS.ERR_PORT_404.message });
    expect(error).not.toHaveProperty('cause');
  });

  it('keeps details and the cause, and lets the message be more precise', () => {
    const cause = new Error('connection refused');
    const error = new AppError('ERR_SYS_002', { message: 'The queue is down.', details: { service: 'redis' }, cause });
    expect(error).toMatchObject({ message: 'The queue is down.', details: { service: 'redis' }, cause, retryable: true });
  });
});
