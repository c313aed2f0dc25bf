// A request's Idempotency-Key: who is answering for it, what was made for it, and the answer that its repeats get. All by the database's clock.
import { AppError } from '@closebell/shared/errors';
import { inTransaction, keepNothingElse, type AlsoKeep, type Db, type Queryable } from './client.js';

export type KeyedRequest = Readonly<{
  userId: string;
  key: string;
  /** sha256 of all that makes two requests the same. */
  requestHash: Uint8Array;
}>;

/** The right to act and answer for a key. It is lost to whoever takes the key over once `heldUntil` has passed. */
export type KeyHold = Readonly<{
  userId: string;
  key: string;
  /** As Postgres writes it: a Date would lose the microseconds that tell two holds apart. */
  heldUntil: string;
  /** What an earlier try made before it was cut off; null when it made nothing. */
  made: unknown;
}>;

/** `body` is the text as it was sent, so that a repeat gets it to the byte. */
export type KeptAnswer = Readonly<{ status: number; headers: Readonly<Record<string, string>> | null; body: string | null }>;

export type KeyClaim =
  | Readonly<{ state: 'held'; hold: KeyHold }>
  | Readonly<{ state: 'answered'; answer: KeptAnswer }>
  | Readonly<{ state: 'being_answered' }>
  | Readonly<{ state: 'of_another_request' }>;

/** Longer than an upload waits for its import, shorter than a client whose request was cut off cares to wait. */
const HELD_SECONDS = 10;

/** Takes the key, or takes it over from a try that was cut off; else tells what stands against it. */
export async function claimKey(client: Queryable, { userId, key, requestHash }: KeyedRequest): Promise<KeyClaim> {
  const { rows } = await client.query<KeyRow>(CLAIM_KEY, [userId, key, requestHash, HELD_SECONDS]);
  const [row] = rows;
  // Another request took the key while the statement ran, which therefore can't see the row.
  if (row === undefined) return { state: 'being_answered' };
  const { held_until: heldUntil, is_same: isSame, status, headers, body } = row;
  if (heldUntil !== null) return { state: 'held', hold: { userId, key, heldUntil, made: body } };
  if (!isSame) return { state: 'of_another_request' };
  return status === null
    ? { state: 'being_answered' }
    : { state: 'answered', answer: { status, headers, body: body as string | null } };
}

type KeyRow = Readonly<{
  held_until: string | null;
  is_same: boolean;
  status: number | null;
  headers: Readonly<Record<string, string>> | null;
  /** What was made, until the answer takes its place. */
  body: unknown;
}>;

const CLAIM_KEY = `
  WITH held AS (
    INSERT INTO idempotency_keys AS known (user_id, key, request_hash, locked_until)
    VALUES ($1, $2, $3, clock_timestamp() + make_interval(secs => $4))
    ON CONFLICT (user_id, key) DO UPDATE SET locked_until = EXCLUDED.locked_until
      WHERE known.request_hash = EXCLUDED.request_hash AND known.status IS NULL AND known.locked_until <= clock_timestamp()
    RETURNING locked_until::text AS held_until, body)
  SELECT held_until, true AS is_same, NULL::int AS status, NULL::jsonb AS headers, body FROM held
  UNION ALL
  SELECT NULL, request_hash = $3, status, headers, body FROM idempotency_keys
  WHERE user_id = $1 AND key = $2 AND NOT EXISTS (SELECT 1 FROM held)`;

/**
 * Runs `work` in one transaction that also notes under the key what it made, which must be JSON and not null; a later try gets that
 * instead of a second one. Without a hold an ordinary transaction. Throws ERR_IDEM_002, with nothing kept, when the hold was lost meanwhile.
 */
export async function inTransactionOnce<T>(db: Db, hold: KeyHold | null, work: (client: Queryable) => Promise<T>): Promise<T> {
  return makeOnce(hold, (note) =>
    inTransaction(db, async (client) => {
      const made = await work(client);
      await note(client, made);
      return made;
    }),
  );
}

/** The same for what opens its transaction itself: `make` calls `note` in it, last. */
export async function makeOnce<T>(hold: KeyHold | null, make: (note: AlsoKeep<T>) => Promise<T>): Promise<T> {
  if (hold === null) return make(keepNothingElse);
  if (hold.made !== null) return hold.made as T;
  return make((client, made) => noteMade(client, hold, made));
}

async function noteMade(client: Queryable, { userId, key, heldUntil }: KeyHold, made: unknown): Promise<void> {
  const { rowCount } = await client.query(`UPDATE idempotency_keys SET body = $4 WHERE ${IS_HELD}`, [
    userId,
    key,
    heldUntil,
    JSON.stringify(made),
  ]);
  if (rowCount === 0) throw new AppError('ERR_IDEM_002');
}

const IS_HELD = `user_id = $1 AND key = $2 AND locked_until = $3::timestamptz AND status IS NULL`;

/** Keeps the answer for repeats. One whose hold was lost changes nothing: who took over answers. */
export async function keepAnswer(
  client: Queryable,
  { userId, key, heldUntil }: KeyHold,
  { status, headers, body }: KeptAnswer,
): Promise<void> {
  await client.query(`UPDATE idempotency_keys SET status = $4, headers = $5, body = $6 WHERE ${IS_HELD}`, [
    userId,
    key,
    heldUntil,
    status,
    headers === null ? null : JSON.stringify(headers),
    // A text within JSON, because jsonb itself would put the fields into another order.
    body === null ? null : JSON.stringify(body),
  ]);
}

/** Lets a repeat try at once; it goes on from what was made, if anything was. */
export async function releaseKey(client: Queryable, { userId, key, heldUntil }: KeyHold): Promise<void> {
  await client.query(`UPDATE idempotency_keys SET locked_until = '-infinity' WHERE ${IS_HELD}`, [userId, key, heldUntil]);
}

/** Forgets the key and what was made for it: a repeat does everything again. */
export async function forgetKey(client: Queryable, { userId, key, heldUntil }: KeyHold): Promise<void> {
  await client.query(`DELETE FROM idempotency_keys WHERE ${IS_HELD}`, [userId, key, heldUntil]);
}

/** Deletes keys older than the given age; returns how many went. */
export async function pruneKeys(client: Queryable, ageHours: number): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM idempotency_keys WHERE created_at < clock_timestamp() - make_interval(hours => $1)`,
    [ageHours],
  );
  return rowCount ?? 0;
}
