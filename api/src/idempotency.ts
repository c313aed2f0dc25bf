// The first answer to a request that has an Idempotency-Key, kept and given again to its repeats; what it does is done once.
import { claimKey, forgetKey, keepAnswer, releaseKey, type KeptAnswer, type KeyHold } from '@closebell/prisma/idempotency-keys';
import type { Db } from '@closebell/prisma/client';
import { IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED } from '@closebell/shared/contracts/endpoint';
import { AppError, type ErrorCode } from '@closebell/shared/errors';
import type { Request, Response } from 'express';
import { createHash } from 'node:crypto';
import type { Reply } from './reply.js';
import { requestFault } from './request-fault.js';
import type { Upload } from './uploads.js';

export type OnceRequest = Readonly<{
  raw: Request;
  response: Response;
  userId: string;
  /** As the schemas read them: other spellings of the same request are the same request. */
  parts: Readonly<{ query: unknown; body: unknown }>;
  upload: Upload;
}>;

type Handle = (hold: KeyHold | null) => Promise<Reply | undefined>;

const KEY = /^[\x21-\x7e]{1,200}$/;
const RETRY_AFTER_S = '1';

/**
 * Replies below 500 and refusals are kept; what may pass (ERRORS says which) and failures are not, and the repeat does it again.
 * Throws ERR_REQ_001 for an unusable key, ERR_IDEM_001 for one of another request and ERR_IDEM_002 while the first is being answered.
 */
export async function answerOnce(db: Db, request: OnceRequest, handle: Handle): Promise<Reply | undefined> {
  const { raw, response, userId } = request;
  const key = keyOf(raw);
  if (key === null) return handle(null);
  const claim = await claimKey(db.pool, { userId, key, requestHash: hashOf(request) });
  switch (claim.state) {
    case 'held':
      return answerFirst(db, claim.hold, handle);
    case 'answered':
      response.set(IDEMPOTENCY_REPLAYED, 'true');
      return replay(claim.answer);
    case 'being_answered':
      response.set('Retry-After', RETRY_AFTER_S);
      throw new AppError('ERR_IDEM_002');
    case 'of_another_request':
      throw new AppError('ERR_IDEM_001');
  }
}

function keyOf(raw: Request): string | null {
  const key = raw.get(IDEMPOTENCY_KEY);
  if (key === undefined) return null;
  if (KEY.test(key)) return key;
  const message = 'Must be 1 to 200 visible ASCII characters, without spaces: a UUID, for example';
  throw requestFault(IDEMPOTENCY_KEY, message);
}

function hashOf({ raw, parts: { query, body }, upload: { fields, file } }: OnceRequest): Buffer {
  const sortedFields = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  // The text ends at its own last bracket, so that no text and file can pass for another two.
  const hash = createHash('sha256').update(JSON.stringify([raw.method, raw.baseUrl + raw.path, query, body, sortedFields]));
  return (file === null ? hash : hash.update(file.bytes)).digest();
}

async function answerFirst({ pool }: Db, hold: KeyHold, handle: Handle): Promise<Reply | undefined> {
  try {
    const reply = await handle(hold);
    if (reply !== undefined) await keepAnswer(pool, hold, answerOf(reply));
    return reply;
  } catch (cause) {
    // The cause is what the client and the log must learn of; a key that can't be written to now frees itself in time.
    await endWithout(pool, hold, cause).catch(() => {});
    throw cause;
  }
}

async function endWithout(pool: Db['pool'], hold: KeyHold, cause: unknown): Promise<void> {
  // Nobody knows how far it came: what it made stays known.
  if (!(cause instanceof AppError)) return releaseKey(pool, hold);
  if (cause.status === null || cause.retryable) return forgetKey(pool, hold);
  const { status, code, message, details } = cause;
  return keepAnswer(pool, hold, { status, headers: null, body: JSON.stringify({ code, message, details }) });
}

const JSON_TYPE = 'application/json; charset=utf-8';

function answerOf({ status, headers = {}, body }: Reply): KeptAnswer {
  if (body === undefined) return { status, headers, body: null };
  return { status, headers: { ...headers, 'Content-Type': JSON_TYPE }, body: JSON.stringify(body) };
}

/** A refusal is thrown again, so that it names the request that asks now. */
function replay({ status, headers, body }: KeptAnswer): Reply {
  if (headers !== null) return body === null ? { status, headers } : { status, headers, body };
  const { code, message, details } = JSON.parse(body ?? '') as Readonly<{ code: ErrorCode; message: string; details?: unknown }>;
  throw new AppError(code, { message, details });
}
