// Who did what, acting as whom. Entries are added and read, never changed.
import type { Queryable } from './client.js';
import { Prisma } from './generated/client.js';
import type { PrismaDb } from './prisma-client.js';

export type NewAuditEntry = Readonly<{
  /** Null: nobody logged in, as at the command line. */
  actorId: string | null;
  actingAsId?: string | null;
  /** What it was done to and what was done, like "job.retry". */
  action: string;
  /** The id of what it was done to. */
  subject?: string | null;
  details?: Prisma.InputJsonObject;
  requestId?: string | null;
}>;

export async function recordAudit({ prisma }: PrismaDb, { details, ...entry }: NewAuditEntry): Promise<void> {
  await prisma.auditEntry.create({ data: { ...entry, details: details ?? Prisma.DbNull } });
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
