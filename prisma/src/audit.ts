// Who did what, acting as whom. Entries are added and read, never changed.
import type { Queryable } from './client.js';

export type NewAuditEntry = Readonly<{
  /** Null: nobody logged in, as at the command line. */
  actorId: string | null;
  actingAsId?: string | null;
  /** What it was done to and what was done, like "job.retry". */
  action: string;
  /** The id of what it was done to. */
  subject?: string | null;
  details?: Readonly<Record<string, unknown>>;
  requestId?: string | null;
}>;

/** For the transaction of what was done: neither is kept without the other. */
export async function recordAudit(client: Queryable, entry: NewAuditEntry): Promise<void> {
  const { actorId, actingAsId = null, action, subject = null, details = null, requestId = null } = entry;
  await client.query(
    `INSERT INTO audit_log (actor_id, acting_as_id, action, subject, details, request_id) VALUES ($1, $2, $3, $4, $5, $6)`,
    [actorId, actingAsId, action, subject, details, requestId],
  );
}

export type AuditEntry = Readonly<{
  id: number;
  at: Date;
  actor_id: string | null;
  acting_as_id: string | null;
  action: string;
  subject: string | null;
  details: unknown;
  request_id: string | null;
}>;

export type AuditFilter = Readonly<{ action?: string | undefined; before?: number | undefined; limit: number }>;

/** Newest first; `before` is the id of the last entry of the page before. */
export async function listAudit(client: Queryable, { action, before, limit }: AuditFilter): Promise<readonly AuditEntry[]> {
  const { rows } = await client.query<AuditEntry>(
    `SELECT id, at, actor_id, acting_as_id, action, subject, details, request_id FROM audit_log
     WHERE ($1::text IS NULL OR action = $1) AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [action ?? null, before ?? null, limit],
  );
  return rows;
}
