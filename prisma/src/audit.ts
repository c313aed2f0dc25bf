// Who did what, acting as whom. Entries are added and read, never changed.
import type { Db } from './client.js';
import { Prisma } from './generated/client.js';

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

export async function recordAudit({ prisma }: Db, { details, ...entry }: NewAuditEntry): Promise<void> {
  await prisma.auditEntry.create({ data: { ...entry, details: details ?? Prisma.DbNull } });
}
